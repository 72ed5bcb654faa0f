/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Descriptors in reserve. libzmq accepts connections until no descriptor is left, which takes them from the log, the store and
 * reloads, and ends the process where the endpoint is ipc. So it is given an accept4 of ours (the program's own comes before
 * the C library's), which closes at once what would get a descriptor of the reserve, as if the other end had hung up.
 *
 * The last ACCEPT_RESERVE descriptors are for no connection; the ACCEPT_RESERVE_LOCAL before them for connections of this
 * machine alone, so that an operator gets in while the world knocks.
 *
 * Threads: any. */

#include <stdint.h>

enum { ACCEPT_RESERVE = 32, ACCEPT_RESERVE_LOCAL = 32 };

/* Connections that were closed for want of descriptors, since the start. */
uint64_t accept_refused(void);
