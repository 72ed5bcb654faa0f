/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire/hello.h"

#include <string.h>

enum { NAME_MAX_BYTES = 200, CLIENT_MAX_BYTES = 200 };

bool hello_read(const struct reader *r, const char *member, const char *owner, const char **ret_name) {
    int64_t protocol = 0;
    const char *client = NULL, *name = owner;
    if (!reader_integer(r, "protocol", READ_REQUIRED, 0, READ_INTEGER_MAX, &protocol) ||
        !reader_text(r, "client", READ_OPTIONAL, CLIENT_MAX_BYTES, &client))
        return false;
    if (protocol != PROTOCOL_VERSION)
        return reader_problem(r, "protocol", REFUSAL_BAD_PROTOCOL, "protocol %d is spoken here", PROTOCOL_VERSION);
    if (!reader_text(r, member, owner ? READ_OPTIONAL : READ_REQUIRED, NAME_MAX_BYTES, &name))
        return false;
    if (owner && strcmp(name, owner) != 0)
        return reader_problem(r, member, REFUSAL_NOT_ALLOWED, "this connection's key is that of '%s'", owner);
    *ret_name = name;
    return true;
}
