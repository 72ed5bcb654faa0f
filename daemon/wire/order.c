/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire/order.h"

#include "base/arena.h"
#include "base/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONTENT_VERSION = 1 };

struct shipping {
    const char *service; /* "": the plant's first */
    int32_t wish_day;
};

struct metadatum {
    const char *name;
    char *value; /* JSON */
};

struct metadata {
    struct metadatum list[METADATA_MAX];
    size_t count;
};

/* All of an order, as it lies in the message. */
struct content {
    const char *channel, *campaign;
    struct items items;
    struct recipient recipient;
    bool has_recipient;
    struct shipping shipping;
    struct metadata metadata;
};

/* ---- reading ---- */

static bool read_order_ref(const struct reader *r, struct arena *arena, const char **ret) {
    const char *text = NULL;
    if (!reader_text(r, "order_ref", READ_REQUIRED, ORDER_REF_MAX, &text))
        return false;
    *ret = arena_strdup(arena, text);
    return true;
}

static bool read_shipping(const struct reader *r, struct shipping *ret, bool *ret_given) {
    struct reader self;
    *ret = (struct shipping){.service = "", .wish_day = TAKT_DAY_NONE};
    if (!reader_object(r, "shipping", READ_OPTIONAL, &self))
        return false;
    *ret_given = self.node != NULL;
    return self.node == NULL || (reader_text(&self, "service", READ_OPTIONAL, ORDER_NAME_MAX, &ret->service) &&
                                 reader_day(&self, "deliver_by", READ_OPTIONAL, &ret->wish_day));
}

static bool read_metadatum(const struct reader *self, const char *name, struct arena *arena, char **ret) {
    const char *text = "";
    int64_t integer = 0;
    bool boolean = false;
    struct writer w = {0};
    switch (reader_kind(self, name)) {
    case MEMBER_BOOLEAN:
        reader_boolean(self, name, READ_REQUIRED, &boolean);
        writer_boolean(&w, NULL, boolean);
        break;
    case MEMBER_INTEGER:
        if (!reader_integer(self, name, READ_REQUIRED, -READ_INTEGER_MAX, READ_INTEGER_MAX, &integer))
            return false;
        writer_integer(&w, NULL, integer);
        break;
    case MEMBER_TEXT:
        if (!reader_text(self, name, READ_OPTIONAL, METADATA_TEXT_MAX, &text))
            return false;
        writer_text(&w, NULL, text);
        break;
    default:
        return reader_problem(self, name, REFUSAL_BAD_MESSAGE, "metadata is text, integers, true and false");
    }
    *ret = arena_strndup(arena, w.bytes, w.size);
    writer_done(&w);
    return true;
}

static int by_name(const void *a, const void *b) {
    const struct metadatum *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static bool read_metadata(const struct reader *r, struct arena *arena, struct metadata *ret) {
    struct reader self;
    void *at = NULL;
    const char *name;
    if (!reader_object(r, "metadata", READ_OPTIONAL, &self))
        return false;
    if (self.node == NULL)
        return true;
    if (reader_count(&self) > METADATA_MAX)
        return reader_problem(&self, NULL, REFUSAL_BAD_MESSAGE, "metadata has more than %d members", METADATA_MAX);
    while (reader_next(&self, &at, &name)) {
        if (strlen(name) > ORDER_NAME_MAX || *name == '\0' || !text_is_plain(name))
            return reader_problem(&self, NULL, REFUSAL_BAD_MESSAGE, "a name in metadata is empty, too long or not plain text");
        struct metadatum *m = &ret->list[ret->count];
        m->name = name;
        if (!read_metadatum(&self, name, arena, &m->value))
            return false;
        ret->count++;
    }
    qsort(ret->list, ret->count, sizeof *ret->list, by_name);
    return true;
}

static bool read_content(const struct reader *r, struct arena *arena, struct content *ret) {
    int64_t placed_at_s;
    bool has_shipping;
    *ret = (struct content){.channel = "", .campaign = ""};
    return reader_text(r, "channel", READ_OPTIONAL, ORDER_NAME_MAX, &ret->channel) &&
           reader_text(r, "campaign", READ_OPTIONAL, ORDER_NAME_MAX, &ret->campaign) &&
           reader_time(r, "placed_at", READ_OPTIONAL, &placed_at_s) && items_read(r, arena, &ret->items) &&
           recipient_read(r, &ret->recipient, &ret->has_recipient) && read_shipping(r, &ret->shipping, &has_shipping) &&
           read_metadata(r, arena, &ret->metadata);
}

/* ---- content → rows ---- */

static void hash_content(const struct content *c, uint8_t ret[STORE_HASH_SIZE]) {
    struct digest d;
    digest_begin(&d, STORE_HASH_SIZE, NULL);
    digest_number(&d, CONTENT_VERSION);
    digest_text(&d, c->channel);
    digest_text(&d, c->campaign);
    items_digest(&c->items, &d);
    recipient_digest(&c->recipient, &d);
    digest_text(&d, c->shipping.service);
    digest_number(&d, c->shipping.wish_day);
    digest_number(&d, (int64_t)c->metadata.count);
    for (size_t i = 0; i < c->metadata.count; i++) {
        digest_text(&d, c->metadata.list[i].name);
        digest_text(&d, c->metadata.list[i].value);
    }
    digest_end(&d, ret);
}

static const char *write_body(const struct content *c, bool items, struct arena *arena) {
    struct writer w = {0};
    writer_object(&w, NULL);
    if (c->has_recipient)
        recipient_write(&c->recipient, &w, "recipient");
    if (items)
        items_write_personal(&c->items, &w, "items");
    if (c->metadata.count > 0) {
        writer_object(&w, "metadata");
        for (size_t i = 0; i < c->metadata.count; i++)
            writer_json(&w, c->metadata.list[i].name, c->metadata.list[i].value);
        writer_end(&w);
    }
    writer_end(&w);
    const char *body = arena_strndup(arena, w.bytes, w.size);
    writer_done(&w);
    return body;
}

/* Options are in the arena already. */
static void fill_items(const struct items *items, struct arena *arena, struct order_row *ret) {
    for (uint32_t i = 0; i < items->count; i++)
        items->rows[i].product = arena_strdup(arena, items->rows[i].product);
    ret->items = items->rows;
    ret->item_count = items->count;
}

static void fill_recipient(const struct recipient *r, const uint8_t *secret, struct order_row *ret) {
    if (r->field[RECIPIENT_COUNTRY])
        snprintf(ret->country, sizeof ret->country, "%s", r->field[RECIPIENT_COUNTRY]);
    ret->recipient_key = recipient_key(r, secret);
}

bool order_read(const struct reader *order, struct arena *arena, const uint8_t secret[RECIPIENT_SECRET_SIZE],
                struct accept_order *ret) {
    struct content content;
    *ret = (struct accept_order){0};
    struct order_row *row = &ret->row;
    if (!read_order_ref(order, arena, &row->order_ref) || !read_content(order, arena, &content))
        return false;
    hash_content(&content, ret->hash);
    row->channel = arena_strdup(arena, content.channel);
    row->campaign = arena_strdup(arena, content.campaign);
    row->service = arena_strdup(arena, content.shipping.service);
    row->wish_day = content.shipping.wish_day;
    row->ship_by_s = row->planned_packed_s = row->packed_at_s = TAKT_TIME_NONE;
    row->deliver_by_day = TAKT_DAY_NONE;
    if (content.has_recipient)
        fill_recipient(&content.recipient, secret, row);
    fill_items(&content.items, arena, row);
    ret->body = write_body(&content, items_personalised(&content.items), arena);
    return true;
}

bool amendment_read(const struct reader *message, struct arena *arena, const uint8_t secret[RECIPIENT_SECRET_SIZE],
                    struct store_amend *ret) {
    struct content content = {.channel = "", .campaign = ""};
    if (!read_order_ref(message, arena, &ret->order_ref))
        return false;
    ret->set_items = reader_has(message, "items");
    if ((ret->set_items && !items_read(message, arena, &content.items)) ||
        !recipient_read(message, &content.recipient, &ret->set_recipient) ||
        !read_shipping(message, &content.shipping, &ret->set_shipping))
        return false;
    if (!ret->set_items && !ret->set_recipient && !ret->set_shipping)
        return reader_problem(message, NULL, REFUSAL_BAD_MESSAGE, "an amendment sets recipient, items or shipping");
    content.has_recipient = ret->set_recipient;
    if (ret->set_recipient)
        fill_recipient(&content.recipient, secret, &ret->row);
    if (ret->set_items)
        fill_items(&content.items, arena, &ret->row);
    ret->row.service = arena_strdup(arena, content.shipping.service);
    ret->row.wish_day = content.shipping.wish_day;
    ret->body = write_body(&content, ret->set_items, arena);
    return true;
}

/* ---- judging ---- */

static bool check_service(const struct reader *r, const struct plant *plant) {
    struct reader self;
    const char *name = NULL;
    if (!reader_object(r, "shipping", READ_OPTIONAL, &self))
        return false;
    if (self.node == NULL)
        return true;
    if (!reader_text(&self, "service", READ_OPTIONAL, ORDER_NAME_MAX, &name))
        return false;
    if (name == NULL || plant_service_find(plant, name) >= 0)
        return true;
    const char **names = takt_alloc(plant->service_count * sizeof *names + 1);
    for (size_t i = 0; i < plant->service_count; i++)
        names[i] = plant->services[i].id;
    const char *near = nearest_name(name, names, plant->service_count);
    if (near)
        reader_problem(&self, "service", REFUSAL_UNKNOWN_SERVICE, "no service \"%s\"; did you mean \"%s\"?", name, near);
    else
        reader_problem(&self, "service", REFUSAL_UNKNOWN_SERVICE, "no service \"%s\"", name);
    free(names);
    return false;
}

bool order_check(const struct reader *order, const struct plant *plant) {
    const char *campaign = NULL;
    if (!reader_text(order, "campaign", READ_OPTIONAL, ORDER_NAME_MAX, &campaign))
        return false;
    if (campaign)
        return reader_problem(order, "campaign", REFUSAL_UNKNOWN_CAMPAIGN, "campaigns are not offered yet; send the order without");
    if (reader_has(order, "quote_id"))
        return reader_problem(order, "quote_id", REFUSAL_UNKNOWN_QUOTE, "held quotes are not offered yet; send the order without");
    return items_check(order, plant) && check_service(order, plant);
}

bool amendment_check(const struct reader *message, const struct plant *plant) {
    return (!reader_has(message, "items") || items_check(message, plant)) && check_service(message, plant);
}
