/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* An order on the wire ↔ `struct accept_order`, and an amendment ↔ `struct store_amend`.
 *
 * Read first (what the sender wrote, whatever the plant is), then checked against the plant. An order that reads but is not
 * fine by today's plant may have been accepted yesterday; who sends it again must hear `duplicate`, so the caller asks the
 * store before refusing (daemon/intake).
 *
 * The hash is BLAKE2b-256 over the version 1, channel, campaign, items (product, options in canonical order, quantity,
 * personalization), recipient, shipping and metadata by name; not over placed_at nor members that the protocol does not
 * define. The body is JSON {"recipient"?, "items"?, "metadata"?}, each only if there is something in it; items has one
 * element an item, the personalization or null.
 *
 * Threads: no state. Ownership: all that rows point to is copied to the arena, so the message may go.
 * Errors: false and the reader's refusal. */

#include "config/plant.h"
#include "daemon/store/store.h"
#include "daemon/wire/items.h"
#include "daemon/wire/reader.h"
#include "daemon/wire/recipient.h"

enum { ORDER_REF_MAX = 128, ORDER_NAME_MAX = 64, METADATA_MAX = 32, METADATA_TEXT_MAX = 512 };

/* Fills row (but creator, and what the store gives), hash and body. row.order_ref is filled whenever it could be read, also on
 * failure; else NULL. */
bool order_read(const struct reader *order, struct arena *arena, const uint8_t secret[RECIPIENT_SECRET_SIZE],
                struct accept_order *ret);
/* Products, options and service are the plant's; no campaign or quote is named, since neither is offered yet. */
bool order_check(const struct reader *order, const struct plant *plant);

/* Fills order_ref, set_…, row and body; an amendment that sets nothing is refused. */
bool amendment_read(const struct reader *message, struct arena *arena, const uint8_t secret[RECIPIENT_SECRET_SIZE],
                    struct store_amend *ret);
bool amendment_check(const struct reader *message, const struct plant *plant);
