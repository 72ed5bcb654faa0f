/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What every hello says: the protocol, and who is there.
 *
 * Who a connection with a key is follows from the key; its hello may leave the name out, and a name that is another's is
 * refused. Without keys the hello has to name it. Whether that name is in the plant is for the caller to see.
 *
 * Threads: no state. */

#include "daemon/wire/reader.h"

enum { PROTOCOL_VERSION = 1 };

/* member: `creator`, `consumer` or `terminal`. owner: of the connection's key; NULL: no keys are asked for. false: refused. */
bool hello_read(const struct reader *r, const char *member, const char *owner, const char **ret_name);
