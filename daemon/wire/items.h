/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The items of an order, amendment or quote: what is asked for, read without looking at the plant, and then judged by it.
 *
 * The two are apart because an order that was accepted once stays a duplicate whatever the plant says today.
 * Threads: no state. Ownership: rows come from the arena; texts lie in the message but for canonical options. */

#include "config/plant.h"
#include "daemon/store/store.h"
#include "daemon/wire/digest.h"
#include "daemon/wire/reader.h"
#include "daemon/wire/writer.h"

enum {
    ITEMS_MAX = 100,
    ITEM_QUANTITY_MAX = 10000,
    ITEM_OPTIONS_MAX = 32,
    PERSONALIZATION_TEXT_MAX = 500,
    PERSONALIZATION_ARTWORK_MAX = 1024
};

struct personalization {
    const char *text, *artwork, *sha256; /* NULL: not given; all three: the item is not personalised */
};

struct items {
    struct item_row *rows;
    struct personalization *personal;
    uint32_t count;
};

/* The member `items`, from 1 to ITEMS_MAX. */
bool items_read(const struct reader *parent, struct arena *arena, struct items *ret);

/* Every product is made here, every option of it is chosen and no other: `unknown-product`, `unknown-option`. */
bool items_check(const struct reader *parent, const struct plant *plant);

void items_digest(const struct items *items, struct digest *d);
bool items_personalised(const struct items *items);
/* [null, {"text": …}, …]: one element an item. */
void items_write_personal(const struct items *items, struct writer *w, const char *name);
