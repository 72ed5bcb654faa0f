/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Does anybody listen at an address of ZeroMQ's (tcp://HOST:PORT, ipc://PATH)? Asked of the system that is there: that it refuses
 * says that the process is gone while its machine is well; silence says nothing.
 *
 * Threads: no state. Cost: at most timeout_ms, and what finding the host's name takes. */

#include <stdbool.h>

/* true: somebody answered that nobody listens there. */
bool probe_refused(const char *address, int timeout_ms);
