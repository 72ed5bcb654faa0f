/* SPDX-License-Identifier: Apache-2.0 */

/* Whether a store is the one that a daemon worked with, and what its configuration is. */

#include "daemon/store/operation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- is it the one ---- */

enum kinship {
    KIN_SAME,    /* the same, at least as far */
    KIN_OLDER,   /* the same of before, by its files or its database: it knows nothing of it itself */
    KIN_BEHIND,  /* restored from a dump of before what was seen */
    KIN_STRANGE, /* something else */
};

/* Of one generation two stores may still differ: copies that both went on. The audit log shows it. */
static int is_branch(struct tables *t, const struct store_place *seen, bool *ret) {
    struct audit_link link;
    uint8_t hash[STORE_HASH_SIZE];
    int code = 0;
    *ret = false;
    if (seen->audit == 0)
        return 0;
    audit_head(&t->state, hash);
    if (seen->audit < (uint64_t)t->state.audit) {
        code = t->ops->audit_get(t, seen->audit, t->scratch, &link);
        if (code == TAKT_ENOENT)
            *ret = true;
        if (code == 0)
            memcpy(hash, link.hash, sizeof hash);
    }
    *ret = *ret || memcmp(hash, seen->audit_hash, sizeof hash) != 0;
    return code == TAKT_ENOENT ? 0 : code;
}

static int judge(struct tables *t, const struct store_place *seen, enum kinship *ret) {
    const struct store_state *s = &t->state;
    bool branch;
    *ret = KIN_SAME;
    if (seen->generation == (uint64_t)s->parent && seen->generation != (uint64_t)s->generation) {
        *ret = seen->change > (uint64_t)s->parted ? KIN_BEHIND : KIN_SAME;
        return 0;
    }
    if (seen->generation != (uint64_t)s->generation) {
        *ret = KIN_STRANGE;
        return 0;
    }
    if (seen->change > (uint64_t)s->change || seen->cursor > (uint64_t)s->cursor || seen->audit > (uint64_t)s->audit ||
        seen->shipment > (uint64_t)s->last_shipment) {
        *ret = KIN_OLDER;
        return 0;
    }
    int code = is_branch(t, seen, &branch);
    *ret = branch ? KIN_OLDER : KIN_SAME;
    return code;
}

static int refuse_kin(struct store_adopt *q, const struct store_state *s, enum kinship kin) {
    unsigned long long seen = q->seen.change, has = (unsigned long long)(kin == KIN_BEHIND ? s->parted : s->change);
    if (kin == KIN_STRANGE && s->change == 0)
        return takt_fail(&q->head.err, TAKT_ESTALE,
                         "the store is empty, but the one that was worked with here had come to change %llu", seen);
    if (kin == KIN_STRANGE)
        return takt_fail(&q->head.err, TAKT_ESTALE, "this is not the store that was worked with here up to change %llu",
                         seen);
    if (has >= seen)
        return takt_fail(&q->head.err, TAKT_ESTALE,
                         "the store is another copy of the one that was worked with here: they parted before change %llu",
                         seen);
    return takt_fail(&q->head.err, TAKT_ESTALE,
                     "the store is an older copy: it ends with change %llu, but change %llu was made here; orders and shipments "
                     "of between are not in it",
                     has, seen);
}

/* ---- take it ---- */

/* So that nobody is ever told a number twice that meant something else before. */
static void go_on_further(struct store_state *s) {
    int64_t *const numbers[] = {&s->epoch,  &s->publish_no, &s->plan_version, &s->change,       &s->cursor,
                                &s->promise, &s->last_order, &s->last_lot,     &s->last_shipment};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        *numbers[i] += STORE_GAP;
}

static void take(struct tables *t, const struct store_adopt *q, enum kinship kin) {
    struct store_state *s = &t->state;
    char about[64];
    if (kin == KIN_OLDER) {
        s->parent = s->generation;
        s->parted = s->change;
        s->generation = (int64_t)q->fresh;
        s->taken = TAKEN_FORCED;
        go_on_further(s);
    }
    snprintf(about, sizeof about, "%lld%s", (long long)s->parted, q->known ? "" : " unseen");
    audit_noted(t, q->now_s, kin == KIN_STRANGE ? "taken for another" : "restored", about);
    s->taken |= TAKEN_NOTED;
}

int operation_adopt(struct tables *t, struct store_request *r) {
    struct store_adopt *q = (struct store_adopt *)r;
    struct store_state *s = &t->state;
    enum kinship kin = KIN_SAME;
    int code = q->known ? judge(t, &q->seen, &kin) : TAKT_OK;
    if (code < 0)
        return code;
    /* whoever restored it with --force has said so already */
    bool forced = (s->taken & TAKEN_FORCED) != 0 && (kin == KIN_BEHIND || (s->taken & TAKEN_NOTED) == 0);
    if (kin != KIN_SAME && !q->force && !forced)
        return refuse_kin(q, s, kin);
    bool restored = s->parent != 0 && !(s->taken & TAKEN_NOTED);
    q->ret_taken = kin == KIN_OLDER || kin == KIN_STRANGE || restored;
    if (s->generation == 0)
        s->generation = (int64_t)q->fresh;
    if (q->ret_taken)
        take(t, q, kin);
    return 0;
}

/* ---- configuration ---- */

int operation_configure(struct tables *t, struct store_request *r) {
    const struct store_configure *q = (const struct store_configure *)r;
    char first[17];
    snprintf(first, sizeof first, "%s", q->digest);
    int64_t digest = (int64_t)strtoull(first, NULL, 16);
    if (digest == t->state.configured)
        return 0;
    t->state.configured = digest;
    audit_noted(t, q->now_s, "configured", q->digest);
    return 0;
}
