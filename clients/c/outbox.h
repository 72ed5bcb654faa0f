/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* libtakt's outbox: an append file with a line for each order that is pushed, `+ORDER`, synced, and for each that has its
 * receipt, `-ORDER_REF`. What a crash leaves: an order without its second line is read and pushed again; a line that was cut
 * short is dropped. One process at a time: the file is locked.
 *
 * Threads: one owner. Errors: -1 with a line in error. */

#include <stddef.h>

struct outbox;

typedef void outbox_order_fn(void *arg, const char *order_json);

/* Hands over what is left of earlier processes, and rewrites the file with that. */
struct outbox *outbox_open(const char *path, outbox_order_fn *each, void *arg, char *error, size_t error_size);
void outbox_close(struct outbox *o); /* NULL is fine */

int outbox_put(struct outbox *o, const char *order_json, char *error, size_t error_size); /* one line of JSON; synced */
void outbox_done(struct outbox *o, const char *order_ref);
