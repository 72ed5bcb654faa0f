/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/custody.h"

#include "base/arena.h"
#include "config/print.h"
#include "daemon/operate/log.h"
#include "daemon/store/operation.h"
#include "daemon/store/witness.h"
#include "daemon/wire/digest.h"

#include <stdlib.h>
#include <string.h>

enum { NOTE_MS = 1000, CONFIGURE_MS = 5000, ERASURES_PAGE = 1000, HEX_SIZE = STORE_HASH_SIZE * 2 + 1 };

struct custody {
    struct store *store;
    struct witness *witness; /* NULL: nothing is to be remembered of this store */
    struct store_where where;
    struct store_configure configure;
    char digest[HEX_SIZE];
    bool wrote;              /* since the place was last asked for */
    bool asking, configuring;
    bool configured;         /* the digest is known to the store */
    bool gone_back;          /* the store is behind its mark, and it was told */
    bool failed;             /* to write the witness, and it was told */
    int64_t note_ms, configure_ms;
};

/* ---- the witness ---- */

static void told(struct custody *c, int code, const struct takt_error *err) {
    if (code < 0 && !c->failed)
        log_err("store", "%s; until that is mended, an older copy of the store may go unnoticed", err->text);
    c->failed = code < 0;
}

/* A database that failed over to a standby that had not everything: the mark stays where it is, so that the next start asks
 * somebody. */
static bool has_gone_back(struct custody *c) {
    const struct store_place *now = &c->where.ret_place;
    struct store_place before;
    bool back = witness_place(c->witness, &before) && before.generation == now->generation && before.change > now->change;
    if (back && !c->gone_back)
        log_write(LOG_LEVEL_ERR, "store", LOG_MESSAGE_STORE_OLD, NULL,
                  "the store has gone back from change %llu to %llu: what was accepted between is not in it",
                  (unsigned long long)before.change, (unsigned long long)now->change);
    c->gone_back = back;
    return back;
}

static void note(struct custody *c) {
    struct takt_error err = {0};
    if (c->where.head.code == 0 && !has_gone_back(c))
        told(c, witness_note(c->witness, &c->where.ret_place, &err), &err);
}

/* ---- configuration ---- */

void custody_plant(struct custody *c, const struct plant *plant) {
    struct arena *arena = arena_new();
    struct plant_value *values;
    struct digest d;
    uint8_t hash[STORE_HASH_SIZE];
    size_t count;
    plant_values(plant, true, arena, &values, &count);
    digest_begin(&d, sizeof hash, NULL);
    for (size_t i = 0; i < count; i++) {
        digest_text(&d, values[i].path);
        digest_text(&d, values[i].text);
    }
    digest_end(&d, hash);
    sodium_bin2hex(c->digest, sizeof c->digest, hash, sizeof hash);
    arena_free(arena);
    c->configured = false;
    c->configure_ms = INT64_MIN;
}

/* ---- start ---- */

static int adopt(struct store *store, const struct witness *w, bool force, int64_t now_s, struct takt_error *err) {
    struct store_adopt q = {.head = {.op = STORE_ADOPT}, .force = force, .now_s = now_s};
    q.known = w != NULL && witness_place(w, &q.seen);
    randombytes_buf(&q.fresh, sizeof q.fresh);
    q.fresh = (q.fresh & INT64_MAX) | 1;
    int code = store_call(store, &q.head);
    if (code == TAKT_ESTALE)
        return takt_fail(err, code, "%s. Put the right one in its place, or take this one: taktd --force", q.head.err.text);
    if (code < 0)
        return takt_fail(err, code, "%s", q.head.err.text);
    if (q.ret_taken)
        log_write(LOG_LEVEL_WARNING, "store", LOG_MESSAGE_STORE_OLD, NULL,
                  "a restored store is taken; what was made after its copy is not in it");
    return 0;
}

/* What the witness knows and this copy does not. */
static int erase_again(struct store *store, const struct witness *w, int64_t now_s, struct takt_error *err) {
    size_t count;
    const struct erasure_row *rows = witness_erasures(w, &count);
    int code = 0;
    for (size_t from = 0; from < count && code == 0; from += ERASURES_PAGE) {
        struct arena *arena = arena_new();
        struct store_erase q = {.head = {.op = STORE_ERASE, .arena = arena},
                                .again = rows + from,
                                .again_count = count - from < ERASURES_PAGE ? count - from : ERASURES_PAGE,
                                .now_s = now_s};
        code = store_call(store, &q.head);
        if (code < 0)
            takt_fail(err, code, "%s", q.head.err.text);
        arena_free(arena);
    }
    return code;
}

/* What the store knows and the witness does not: of other machines, or of a copy that is put back. */
static int copy_erasures(struct store *store, struct witness *w, struct takt_error *err) {
    struct store_erasures q = {.head = {.op = STORE_ERASURES}, .limit = ERASURES_PAGE};
    int code = 0;
    do {
        q.head.arena = arena_new();
        code = store_call(store, &q.head);
        if (code < 0)
            takt_fail(err, code, "%s", q.head.err.text);
        else
            code = witness_erased(w, q.ret_rows, q.ret_count, err);
        q.after = q.ret_count > 0 ? q.ret_rows[q.ret_count - 1].order : 0;
        arena_free(q.head.arena);
    } while (code == 0 && q.ret_count == q.limit);
    return code;
}

static int begin(struct custody *c, const struct plant *plant, bool force, int64_t now_s, struct takt_error *err) {
    struct arena *arena = arena_new();
    const char *prefix = witness_prefix(plant->store, plant->id, arena);
    int code = prefix == NULL ? TAKT_OK : witness_open(prefix, &c->witness, err);
    arena_free(arena);
    if (code == 0)
        code = adopt(c->store, c->witness, force, now_s, err);
    if (code < 0 || c->witness == NULL)
        return code;
    code = erase_again(c->store, c->witness, now_s, err);
    if (code < 0)
        return code;
    struct takt_error kept = {0};
    told(c, copy_erasures(c->store, c->witness, &kept), &kept);
    c->wrote = true; /* the mark comes with the first turn: a full disk is the store's to tell of */
    return 0;
}

int custody_begin(struct store *store, const struct plant *plant, bool force, int64_t now_s, struct custody **ret,
                  struct takt_error *err) {
    struct custody *c = takt_alloc(sizeof *c);
    c->store = store;
    int code = begin(c, plant, force, now_s, err);
    if (code < 0) {
        witness_close(c->witness);
        free(c);
        return code;
    }
    custody_plant(c, plant);
    *ret = c;
    return 0;
}

void custody_end(struct custody *c) {
    if (c == NULL)
        return;
    if (c->witness != NULL && c->wrote) {
        c->where.head.op = STORE_WHERE;
        if (store_call(c->store, &c->where.head) == 0)
            note(c);
    }
    witness_close(c->witness);
    free(c);
}

/* ---- while it runs ---- */

static int64_t configure_due_ms(const struct custody *c) {
    if (c->configured || c->configuring)
        return INT64_MAX;
    return c->configure_ms == INT64_MIN ? INT64_MIN : c->configure_ms + CONFIGURE_MS;
}

static int64_t note_due_ms(const struct custody *c) {
    return c->witness == NULL || !c->wrote || c->asking ? INT64_MAX : c->note_ms + NOTE_MS;
}

int64_t custody_wait_ms(const struct custody *c, int64_t mono_ms) {
    int64_t configure_ms = configure_due_ms(c), note_ms = note_due_ms(c);
    int64_t due_ms = configure_ms < note_ms ? configure_ms : note_ms;
    return due_ms == INT64_MAX ? INT64_MAX : due_ms <= mono_ms ? 0 : due_ms - mono_ms;
}

void custody_turn(struct custody *c, int64_t mono_ms, int64_t now_s) {
    if (configure_due_ms(c) <= mono_ms) {
        c->configure = (struct store_configure){.head = {.op = STORE_CONFIGURE}, .digest = c->digest, .now_s = now_s};
        c->configuring = store_submit(c->store, &c->configure.head) == 0;
        c->configure_ms = mono_ms;
    }
    if (note_due_ms(c) > mono_ms)
        return;
    c->where = (struct store_where){.head = {.op = STORE_WHERE}};
    c->asking = store_submit(c->store, &c->where.head) == 0;
    c->wrote = !c->asking;
    c->note_ms = mono_ms;
}

static void keep_erasures(struct custody *c, struct store_erase *q) {
    struct takt_error err = {0};
    int code = witness_erased(c->witness, q->ret_rows, q->ret_count, &err);
    if (code < 0)
        q->head.code = takt_fail(&q->head.err, TAKT_ESTORE,
                                 "erased, but the list that makes it last is not written (%s): do it again", err.text);
}

bool custody_done(struct custody *c, struct store_request *r) {
    if (r == &c->where.head) {
        c->asking = false;
        note(c);
        return true;
    }
    if (r == &c->configure.head) {
        c->configuring = false;
        c->configured = r->code == 0 && strcmp(c->configure.digest, c->digest) == 0;
        return true;
    }
    c->wrote = c->wrote || (r->code == 0 && operation_writes(r->op) && r->op != STORE_BEAT && r->op != STORE_PRESENT);
    if (r->op == STORE_ERASE && r->code == 0 && c->witness != NULL)
        keep_erasures(c, (struct store_erase *)r);
    return false;
}
