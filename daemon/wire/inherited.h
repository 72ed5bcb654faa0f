/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Listening sockets that the service manager made and holds (taktd.socket): who connects while the daemon is started again
 * waits for it instead of being refused.
 *
 * Guarantees:
 *  - A socket is for the endpoint that has its address, whatever the manager calls it: who may come in from where is the
 *    plant's to say (endpoint_check), not the manager's.
 *  - Addresses are those of endpoints: `ipc://PATH`, `tcp://HOST:PORT`, and `HOST:PORT` for the HTTP port. `*`, 0.0.0.0 and [::]
 *    are one, as are localhost and 127.0.0.1.
 *  - A socket that is no endpoint's is told in the log and closed.
 *
 * Threads: inherited_begin and inherited_keep before any other thread is there; then any. Ownership: what is taken is the
 * taker's to close. */

#include <stdbool.h>
#include <stddef.h>

/* Takes over what the environment announces (LISTEN_FDS), and takes it out of the environment. */
void inherited_begin(void);
/* Of those, the sockets of these addresses (NULL among them is fine). */
void inherited_keep(const char *const addresses[], size_t count);
/* Is, or was, there a socket for it? */
bool inherited_has(const char *address);
/* -1: there is none, or it has been taken. */
int inherited_take(const char *address);
/* Closes what was not taken. */
void inherited_end(void);
