/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/sim/feed.h"

#include "base/time.h"
#include "daemon/intake/capacity.h"
#include "daemon/sim/gztext.h"
#include "daemon/wire/order.h"

#include <stdlib.h>
#include <string.h>

enum { QUANTITY_MAX = 10000 };

struct feed {
    char *path;
    struct gztext *text;
    struct tree tree;
    struct feed_message message;
    int64_t last_s;
};

int feed_open(const char *path, struct feed **ret, struct takt_error *err) {
    struct gztext *text;
    int r = gztext_open(path, &text, err);
    if (r < 0)
        return r;
    struct feed *f = takt_alloc(sizeof *f);
    *f = (struct feed){.path = takt_strdup(path), .text = text, .last_s = INT64_MIN};
    *ret = f;
    return 0;
}

void feed_close(struct feed *f) {
    if (f == NULL)
        return;
    tree_done(&f->tree);
    gztext_close(f->text);
    free(f->path);
    free(f);
}

static struct reader root(const struct feed *f, struct refusal *refusal) {
    return (struct reader){.node = f->tree.nodes, .value_kind = REFUSAL_BAD_MESSAGE, .refusal = refusal};
}

static bool read_message(struct feed *f, struct refusal *refusal) {
    struct reader r = root(f, refusal);
    struct feed_message *m = &f->message;
    *m = (struct feed_message){0};
    if (!reader_time(&r, "at", READ_REQUIRED, &m->at_s) ||
        !reader_text(&r, "creator", READ_REQUIRED, ORDER_NAME_MAX, &m->creator))
        return false;
    if (!reader_has(&r, "order"))
        return reader_text(&r, "cancel", READ_REQUIRED, ORDER_REF_MAX, &m->cancel);
    if (reader_has(&r, "cancel"))
        return reader_problem(&r, "cancel", REFUSAL_BAD_MESSAGE, "a line has an order or a cancel, not both");
    struct reader order;
    return reader_object(&r, "order", READ_REQUIRED, &order);
}

static int parse(struct feed *f, const char *line, size_t length, struct takt_error *err) {
    struct refusal refusal = {0};
    tree_done(&f->tree);
    if (!tree_parse(&f->tree, line, length, &refusal))
        return takt_fail(err, TAKT_EDATA, "%s:%u: %s", f->path, gztext_line(f->text), refusal.detail);
    if (f->tree.nodes->kind != TREE_OBJECT)
        return takt_fail(err, TAKT_EDATA, "%s:%u: a line of a feed is a JSON object", f->path, gztext_line(f->text));
    if (!read_message(f, &refusal))
        return takt_fail(err, TAKT_EDATA, "%s:%u: %s%s%s", f->path, gztext_line(f->text), refusal.at,
                         refusal.at[0] != '\0' ? ": " : "", refusal.detail);
    if (f->message.at_s < f->last_s)
        return takt_fail(err, TAKT_EDATA, "%s:%u: goes back in time; a feed is in order of `at`", f->path,
                         gztext_line(f->text));
    f->last_s = f->message.at_s;
    return 0;
}

int feed_next(struct feed *f, const struct feed_message **ret, struct takt_error *err) {
    char *line;
    size_t length;
    do {
        int r = gztext_next(f->text, &line, &length, err);
        if (r < 0)
            return r;
        if (line == NULL) {
            *ret = NULL;
            return 0;
        }
    } while (strspn(line, " \t\r") == length);
    int r = parse(f, line, length, err);
    if (r == 0)
        *ret = &f->message;
    return r;
}

static void scale(struct accept_order *order, int64_t scale_ppm, struct arena *arena) {
    struct item_row *items = arena_memdup(arena, order->row.items, order->row.item_count * sizeof *items);
    for (uint32_t i = 0; i < order->row.item_count; i++) {
        int64_t quantity = (items[i].quantity * scale_ppm + 500000) / 1000000;
        items[i].quantity = quantity < 1 ? 1 : quantity > QUANTITY_MAX ? QUANTITY_MAX : (uint32_t)quantity;
    }
    order->row.items = items;
}

bool feed_order(const struct feed *f, const struct feed_terms *terms, struct arena *arena, struct accept_order *ret,
                struct refusal *ret_refusal) {
    uint8_t secret[RECIPIENT_SECRET_SIZE];
    struct reader r = root(f, ret_refusal), order;
    *ret_refusal = (struct refusal){0};
    recipient_secret(terms->plant->id, secret);
    if (!reader_object(&r, "order", READ_REQUIRED, &order) || !order_read(&order, arena, secret, ret) ||
        !order_check(&order, terms->plant))
        return false;
    if (plant_creator_find(terms->plant, f->message.creator) < 0)
        return refuse(ret_refusal, REFUSAL_UNKNOWN_CREATOR, "/creator", "no creator \"%s\"", f->message.creator);
    ret->row.creator = arena_strdup(arena, f->message.creator);
    if (terms->scale_ppm != 1000000)
        scale(ret, terms->scale_ppm, arena);
    return capacity_check(&order, terms->plant, terms->estimate, &ret->row, terms->now_s);
}

unsigned feed_line(const struct feed *f) {
    return gztext_line(f->text);
}

unsigned feed_permille(struct feed *f) {
    return gztext_permille(f->text);
}
