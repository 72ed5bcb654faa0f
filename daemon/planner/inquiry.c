/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/inquiry.h"

#include "daemon/wire/items.h"
#include "daemon/wire/recipient.h"
#include "daemon/wire/reply.h"

#include <stdlib.h>
#include <string.h>

/* ---- quotes ---- */

/* `fabric=white;ink=dark` as {"fabric": "white", "ink": "dark"}. */
static void write_options(struct writer *w, const char *canonical, struct arena *arena) {
    char *next = arena_strdup(arena, canonical);
    writer_object(w, "options");
    for (char *pair; next && *next && (pair = strsep(&next, ";")) != NULL;) {
        char *value = strchr(pair, '=');
        *value++ = '\0';
        writer_text(w, pair, value);
    }
    writer_end(w);
}

void inquiry_write_quote(struct writer *w, const char *id, const struct plant *plant, const struct ask *ask) {
    reply_begin(w, "quote", id);
    writer_text(w, "creator", plant->creators[ask->u.quote.creator].id);
    writer_list(w, "items");
    for (size_t i = 0; i < ask->u.quote.item_count; i++) {
        const struct ask_item *item = &ask->u.quote.items[i];
        writer_object(w, NULL);
        writer_text(w, "product", plant->products[item->product].id);
        write_options(w, item->options, ask->arena);
        writer_integer(w, "quantity", item->quantity);
        writer_boolean(w, "personalised", item->personalised);
        writer_end(w);
    }
    writer_end(w);
    if (*ask->u.quote.country) {
        writer_object(w, "recipient");
        writer_object(w, "address");
        writer_text(w, "country", ask->u.quote.country);
        writer_end(w);
        writer_end(w);
    }
    reply_end(w);
}

static bool read_items(const struct reader *message, const struct plant *plant, struct ask *ret) {
    struct items items;
    struct reader list, one;
    if (!items_read(message, ret->arena, &items) || !items_check(message, plant) ||
        !reader_list(message, "items", READ_REQUIRED, 1, ITEMS_MAX, &list))
        return false;
    struct ask_item *asked = arena_array(ret->arena, items.count, sizeof *asked);
    for (uint32_t i = 0; i < items.count; i++) {
        asked[i] = (struct ask_item){.product = plant_product_find(plant, items.rows[i].product),
                                     .options = items.rows[i].options,
                                     .quantity = items.rows[i].quantity};
        if (!reader_list_object(&list, i, &one) || !reader_boolean(&one, "personalised", READ_REQUIRED, &asked[i].personalised))
            return false;
    }
    ret->u.quote.items = asked;
    ret->u.quote.item_count = items.count;
    return true;
}

bool inquiry_read_quote(const struct reader *message, const struct plant *plant, struct ask *ret) {
    const char *creator;
    char *country = arena_alloc(ret->arena, STORE_COUNTRY_SIZE);
    if (!reader_text(message, "creator", READ_REQUIRED, 64, &creator) || !recipient_read_country(message, country) ||
        !read_items(message, plant, ret))
        return false;
    ret->kind = ASK_QUOTE;
    ret->u.quote.creator = plant_creator_find(plant, creator);
    ret->u.quote.service = plant->service_count > 0 ? 0 : -1;
    ret->u.quote.country = country;
    ret->u.quote.ret_deliver_by_day = TAKT_DAY_NONE;
    return ret->u.quote.creator >= 0 || reader_problem(message, "creator", REFUSAL_UNKNOWN_CREATOR, "%s", "");
}

void inquiry_write_quoted(struct writer *w, const char *id, const struct ask *ask) {
    if (ask->refusal.kind != REFUSAL_NONE)
        reply_problem(w, id, &ask->refusal);
    else
        reply_quoted(w, id, ask->u.quote.ret_ship_by_s, ask->u.quote.ret_deliver_by_day, ask->u.quote.ret_valid_until_s);
}

static void read_problem(const struct reader *message, struct refusal *ret) {
    static const enum refusal_kind kinds[] = {
#define X(name, wire, title) REFUSAL_##name,
        REFUSALS(X)
#undef X
    };
    const char *problem = "", *detail = "", *at = "";
    reader_text(message, "problem", READ_REQUIRED, 64, &problem);
    reader_text(message, "detail", READ_OPTIONAL, sizeof ret->detail - 1, &detail);
    reader_text(message, "at", READ_OPTIONAL, sizeof ret->at - 1, &at);
    for (size_t i = 1; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(refusal_name(kinds[i]), problem) == 0) {
            refuse(ret, kinds[i], at, "%s", detail);
            return;
        }
    refuse(ret, REFUSAL_INTERNAL, "", "the planner's answer cannot be understood");
}

void inquiry_read_quoted(const struct reader *message, bool quoted, struct ask *ask) {
    if (!quoted)
        read_problem(message, &ask->refusal);
    else if (!reader_time(message, "ship_by", READ_REQUIRED, &ask->u.quote.ret_ship_by_s) ||
             !reader_day(message, "deliver_by", READ_OPTIONAL, &ask->u.quote.ret_deliver_by_day) ||
             !reader_time(message, "valid_until", READ_REQUIRED, &ask->u.quote.ret_valid_until_s))
        refuse(&ask->refusal, REFUSAL_INTERNAL, "", "the planner's answer cannot be understood");
}

/* ---- estimates ---- */

void inquiry_write_estimate(struct writer *w, const struct estimate *e) {
    reply_begin(w, "estimate", "");
    writer_time(w, "at", e->at_s);
    writer_list(w, "products");
    for (size_t i = 0; i < e->product_count; i++) {
        const struct estimate_product *p = &e->products[i];
        writer_object(w, NULL);
        writer_text(w, "product", e->plant->products[i].id);
        writer_time(w, "packed", p->packed_s); /* missing: never */
        writer_integer(w, "lot", p->lot);
        writer_integer(w, "more_s", p->more_s);
        writer_integer(w, "most", p->most);
        writer_end(w);
    }
    writer_end(w);
    reply_end(w);
}

static bool read_product(const struct reader *one, const struct plant *plant, struct estimate_product *products) {
    const char *id;
    int64_t lot, most;
    struct estimate_product p = {.packed_s = TAKT_TIME_NEVER};
    if (!reader_text(one, "product", READ_REQUIRED, 64, &id) || !reader_time(one, "packed", READ_OPTIONAL, &p.packed_s) ||
        !reader_integer(one, "lot", READ_REQUIRED, 0, UINT32_MAX, &lot) ||
        !reader_integer(one, "more_s", READ_REQUIRED, 0, READ_INTEGER_MAX, &p.more_s) ||
        !reader_integer(one, "most", READ_REQUIRED, 0, UINT32_MAX, &most))
        return false;
    int32_t place = plant_product_find(plant, id);
    p.lot = (uint32_t)lot;
    p.most = (uint32_t)most;
    if (place >= 0)
        products[place] = p;
    return true;
}

struct estimate *inquiry_read_estimate(const struct reader *message, struct plant *plant) {
    struct reader list, one;
    struct estimate *e = takt_alloc(sizeof *e);
    e->product_count = plant->product_count;
    e->plant = plant_ref(plant);
    e->products = takt_realloc(NULL, e->product_count + 1, sizeof *e->products);
    for (size_t i = 0; i < e->product_count; i++) /* of what the planner does not know, everything is taken */
        e->products[i] = (struct estimate_product){.packed_s = TAKT_TIME_NONE, .most = UINT32_MAX};
    bool good = reader_time(message, "at", READ_REQUIRED, &e->at_s) &&
                reader_list(message, "products", READ_REQUIRED, 0, SIZE_MAX, &list);
    for (size_t i = 0; good && i < reader_count(&list); i++)
        good = reader_list_object(&list, i, &one) && read_product(&one, plant, e->products);
    if (good)
        return e;
    estimate_free(e);
    return NULL;
}
