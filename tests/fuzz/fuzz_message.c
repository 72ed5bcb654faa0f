/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a frame, read as every message that carries orders: a message that is taken has a type, and an order that is
 * taken has items, a body that is JSON, and the same hash when it is read again from its own text. */
#include "base/arena.h"
#include "daemon/wire/message.h"
#include "daemon/wire/order.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t secret[RECIPIENT_SECRET_SIZE];

static void must(bool fine) {
    if (!fine)
        abort();
}

static void check_body(const char *body) {
    struct message m;
    struct refusal refusal;
    must(strlen(body) > 1 && body[0] == '{');
    char *text = takt_alloc(strlen(body) + 32);
    strcat(strcpy(text, body[1] == '}' ? "{\"type\":\"b\"" : "{\"type\":\"b\","), body + 1);
    must(message_read(text, strlen(text), &m, &refusal));
    message_done(&m);
    free(text);
}

static void check_order(const struct reader *r, struct arena *arena, struct accept_order *ret) {
    must(ret->row.order_ref && *ret->row.order_ref && ret->row.item_count >= 1 && ret->row.item_count <= ITEMS_MAX);
    for (uint32_t i = 0; i < ret->row.item_count; i++)
        must(ret->row.items[i].quantity >= 1 && ret->row.items[i].quantity <= ITEM_QUANTITY_MAX &&
             text_is_plain(ret->row.items[i].options));
    check_body(ret->body);
    struct accept_order again;
    must(order_read(r, arena, secret, &again));
    must(memcmp(again.hash, ret->hash, sizeof ret->hash) == 0 && again.row.recipient_key == ret->row.recipient_key);
}

static void read_all(const struct message *m, struct arena *arena) {
    struct refusal refusal = {0};
    struct reader r = message_reader(m, &refusal);
    struct accept_order order;
    struct store_amend amend = {0};
    char country[STORE_COUNTRY_SIZE];
    if (order_read(&r, arena, secret, &order))
        check_order(&r, arena, &order);
    else
        must(refusal.kind != REFUSAL_NONE);
    amendment_read(&r, arena, secret, &amend);
    recipient_read_country(&r, country);
}

static void read_again(const struct message *m) {
    struct message again;
    struct refusal refusal;
    char *text = message_text(m);
    if (strlen(text) <= MESSAGE_SIZE_MAX) {
        must(message_read(text, strlen(text), &again, &refusal));
        must(strcmp(m->type, again.type) == 0 && strcmp(m->id, again.id) == 0);
        message_done(&again);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct message m;
    struct refusal refusal = {0};
    if (message_read(data, size, &m, &refusal)) {
        struct arena *arena = arena_new();
        must(m.type[0] != '\0');
        read_all(&m, arena);
        read_again(&m);
        arena_free(arena);
    } else {
        must(refusal.kind == REFUSAL_BAD_MESSAGE && refusal.detail[0] != '\0');
    }
    message_done(&m);
    return 0;
}
