/* SPDX-License-Identifier: Apache-2.0 */

/* The virtual table `fresh`: it is there without being made, has no index, and is read from its beginning to its end. */

#include "daemon/store/sqlite_fresh.h"

#include "base/arena.h"
#include "daemon/store/items.h"

#include <stdlib.h>
#include <string.h>

static const char declaration[] =
    "CREATE TABLE fresh (creator, order_ref, no, hash, accepted_at_s, channel, campaign, service, wish_day, country, "
    "recipient_key, state, items, body)";
enum column {
    CREATOR, ORDER_REF, NO, HASH, ACCEPTED_AT_S, CHANNEL, CAMPAIGN, SERVICE, WISH_DAY, COUNTRY, RECIPIENT_KEY, STATE, ITEMS, BODY
};

struct fresh_table {
    sqlite3_vtab base; /* SQLite's: first */
    struct fresh *fresh;
};

struct fresh_cursor {
    sqlite3_vtab_cursor base; /* likewise */
    const struct fresh *fresh;
    size_t at;
};

void fresh_init(struct fresh *f) {
    *f = (struct fresh){.arena = arena_new()};
}

void fresh_done(struct fresh *f) {
    free(f->orders);
    arena_free(f->arena);
}

void fresh_clear(struct fresh *f) {
    f->count = 0;
    arena_clear(f->arena);
}

void fresh_add(struct fresh *f, const struct order_row *row, const uint8_t hash[STORE_HASH_SIZE], const char *body) {
    ARRAY_GROW(f->orders, f->count, f->cap);
    struct fresh_order *o = &f->orders[f->count++];
    *o = (struct fresh_order){
        .row = *row, .items = items_format(row->items, row->item_count, f->arena), .body = body != NULL ? body : ""};
    memcpy(o->hash, hash, sizeof o->hash);
}

/* ---- the table ---- */

static int connect(sqlite3 *db, void *fresh, int argc, const char *const *argv, sqlite3_vtab **ret, char **err) {
    (void)argc, (void)argv, (void)err;
    struct fresh_table *t = sqlite3_malloc(sizeof *t);
    if (t == NULL)
        return SQLITE_NOMEM;
    *t = (struct fresh_table){.fresh = fresh};
    *ret = &t->base;
    return sqlite3_declare_vtab(db, declaration);
}

static int disconnect(sqlite3_vtab *t) {
    sqlite3_free(t);
    return SQLITE_OK;
}

static int choose_index(sqlite3_vtab *t, sqlite3_index_info *info) {
    (void)t;
    info->estimatedCost = FRESH_MAX;
    info->estimatedRows = FRESH_MAX;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *t, sqlite3_vtab_cursor **ret) {
    struct fresh_cursor *c = sqlite3_malloc(sizeof *c);
    if (c == NULL)
        return SQLITE_NOMEM;
    *c = (struct fresh_cursor){.fresh = ((struct fresh_table *)t)->fresh};
    *ret = &c->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *c) {
    sqlite3_free(c);
    return SQLITE_OK;
}

static int to_the_first(sqlite3_vtab_cursor *c, int index, const char *name, int argc, sqlite3_value **argv) {
    (void)index, (void)name, (void)argc, (void)argv;
    ((struct fresh_cursor *)c)->at = 0;
    return SQLITE_OK;
}

static int to_the_next(sqlite3_vtab_cursor *c) {
    ((struct fresh_cursor *)c)->at++;
    return SQLITE_OK;
}

static int is_behind(sqlite3_vtab_cursor *c) {
    const struct fresh_cursor *cursor = (const struct fresh_cursor *)c;
    return cursor->fresh == NULL || cursor->at >= cursor->fresh->count;
}

static int rowid(sqlite3_vtab_cursor *c, sqlite3_int64 *ret) {
    *ret = (sqlite3_int64)((struct fresh_cursor *)c)->at;
    return SQLITE_OK;
}

static void give_text(sqlite3_context *to, const char *text) {
    sqlite3_result_text(to, text != NULL ? text : "", -1, SQLITE_STATIC);
}

static int give_column(sqlite3_vtab_cursor *c, sqlite3_context *to, int column) {
    const struct fresh_cursor *cursor = (const struct fresh_cursor *)c;
    const struct fresh_order *o = &cursor->fresh->orders[cursor->at];
    switch ((enum column)column) {
    case CREATOR: give_text(to, o->row.creator); break;
    case ORDER_REF: give_text(to, o->row.order_ref); break;
    case NO: sqlite3_result_int64(to, (sqlite3_int64)o->row.no); break;
    case HASH: sqlite3_result_blob(to, o->hash, sizeof o->hash, SQLITE_STATIC); break;
    case ACCEPTED_AT_S: sqlite3_result_int64(to, o->row.accepted_at_s); break;
    case CHANNEL: give_text(to, o->row.channel); break;
    case CAMPAIGN: give_text(to, o->row.campaign); break;
    case SERVICE: give_text(to, o->row.service); break;
    case WISH_DAY:
        if (o->row.wish_day != TAKT_DAY_NONE)
            sqlite3_result_int(to, o->row.wish_day);
        break;
    case COUNTRY: give_text(to, o->row.country); break;
    case RECIPIENT_KEY: sqlite3_result_int64(to, (sqlite3_int64)o->row.recipient_key); break;
    case STATE: sqlite3_result_int(to, (int)o->row.state); break;
    case ITEMS: give_text(to, o->items); break;
    case BODY: give_text(to, o->body); break;
    }
    return SQLITE_OK;
}

int fresh_register(sqlite3 *db, struct fresh *f) {
    static const sqlite3_module module = {
        .xConnect = connect,
        .xBestIndex = choose_index,
        .xDisconnect = disconnect,
        .xOpen = open_cursor,
        .xClose = close_cursor,
        .xFilter = to_the_first,
        .xNext = to_the_next,
        .xEof = is_behind,
        .xColumn = give_column,
        .xRowid = rowid,
    };
    return sqlite3_create_module(db, "fresh", &module, f);
}
