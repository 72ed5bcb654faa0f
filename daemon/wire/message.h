/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A message: the bytes of one frame, parsed into its type, its id and its document.
 *
 * Strict: one JSON object in UTF-8, no key twice, at most MESSAGE_LEVELS_MAX levels and MESSAGE_VALUES_MAX values, a text `type` of at most 64 bytes, and `id`, if
 * there is one, a text of 1 to 64 bytes. What else is in it is read with daemon/wire/reader.h.
 *
 * Threads: one owner at a time. Ownership: the bytes may go once it is read; message_done frees it.
 * Errors: false and a refusal `bad-message` that says where. `id` is filled even then, if it could be read.
 * Cost: linear in the bytes. */

#include "daemon/wire/reader.h"

enum {
    MESSAGE_SIZE_MAX = 1 << 20,
    MESSAGE_LEVELS_MAX = TREE_LEVELS_MAX,
    MESSAGE_VALUES_MAX = TREE_VALUES_MAX,
    MESSAGE_ID_MAX = 64
};

struct message {
    char type[65];
    char id[MESSAGE_ID_MAX + 1]; /* "": none */
    struct tree tree;
};

bool message_read(const void *bytes, size_t size, struct message *ret, struct refusal *ret_refusal);
void message_done(struct message *m); /* also after a failure, and of a zeroed one */

/* The members of the message itself; refusals go to `refusal`. */
struct reader message_reader(const struct message *m, struct refusal *refusal);

/* For messages that need one: refuses where there is no id. */
bool message_needs_id(const struct message *m, struct refusal *ret_refusal);

/* The document as compact JSON, from malloc: for what is kept as it came. */
char *message_text(const struct message *m);
