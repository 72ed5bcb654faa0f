/* SPDX-License-Identifier: Apache-2.0 */

/* Acceptances are most of what is written, and PostgreSQL's work on one group is the larger part of the time that it
 * takes. So a second server process gets the next group while the first is at work: a group's rows are sent on the
 * lane that is free, with the numbers that they will have if nobody else writes until then. Its end is sent as soon as
 * the group before it has been committed: lock the plant's row, which must be as it was foreseen, put counts and state,
 * COMMIT. Only that part comes one after the other, so numbers are still given in the order of commits, and whoever
 * reads under the plant's state misses nothing (I1).
 *
 * A1. Whoever holds the plant's lock may wait for rows that a group here has written, so no group here waits for the
 * lock: it takes it at once or is undone.
 *
 * A2. A group that is undone (another process has written, a key was there, a failure) takes those begun after it with
 * it: all are run again one by one, under the lock from the start; and the next groups are not begun ahead.
 *
 * A3. Nothing is asked while a group is made: the answer would not hold what is under way. An order that needs to be
 * looked for, and one whose key is in the other group under way, make a group run by itself. Without the latter the
 * younger could hold a key that the older one waits for, and the older one's end is what the younger waits for.
 *
 * A4. If what came of a COMMIT is not known, `settle` changes the plant's row, so that a transaction which the server
 * has not got round to yet cannot find it as foreseen. */

#include "daemon/store/postgres_ahead.h"

#include "daemon/clock.h"
#include "daemon/store/operation.h"
#include "daemon/store/postgres_fetch.h"
#include "daemon/store/postgres_schema.h"

#include <stdlib.h>
#include <string.h>

enum { ALONE_GROUPS = 16, RETRY_MS = 5000 };

static struct pg_ahead *oldest(struct postgres_store *s) {
    return &s->ahead[s->ahead_first];
}

static struct pg_ahead *youngest(struct postgres_store *s) {
    return &s->ahead[(s->ahead_first + s->ahead_count - 1) % LANES];
}

/* ---- whether ---- */

static bool may_go_ahead(struct postgres_store *s, const struct store_request *chain) {
    if (s->alone > 0) {
        s->alone--;
        return false;
    }
    bool others = s->ahead_count > 0;
    struct pg_link *first = &s->lanes[0].link;
    if (s->ahead_count == LANES || (others && youngest(s)->lost) || s->stale || s->unsettled || s->careful > 0 ||
        s->trouble != LINK_WELL || link_lost(first) || (!others && !link_holds(first)))
        return false;
    for (const struct store_request *r = chain; r != NULL; r = r->next)
        if (r->op != STORE_ACCEPT)
            return false;
    return pg_schema_has_months(s, chain);
}

static bool lane_is_there(struct postgres_store *s) {
    enum link_trouble trouble = s->trouble;
    if (link_holds(s->link))
        return true;
    if (clock_mono_ms() < s->lane_retry_at_ms)
        return false;
    s->lane_retry_at_ms = clock_mono_ms() + RETRY_MS;
    bool there = pg_connect(s) == 0;
    s->failed = 0;
    s->trouble = trouble; /* the other lane works: this is none */
    return there;
}

/* ---- the two parts of a group ---- */

static void keep_counts(struct postgres_store *s, struct pg_ahead *g) {
    g->creator_count = 0;
    for (struct creator_count *c = s->tables.creators; c != NULL; c = c->hh.next) {
        if (!c->changed)
            continue;
        c->changed = false;
        ARRAY_GROW(g->creators, g->creator_count, g->creator_room);
        struct creator_after *after = &g->creators[g->creator_count++];
        after->creator = c->creator;
        memcpy(after->orders, c->orders, sizeof after->orders);
    }
}

static int send_rows(struct postgres_store *s, struct pg_ahead *g) {
    static const char begin_text[] = "BEGIN ISOLATION LEVEL READ COMMITTED";
    s->failed = 0;
    if (link_pipe(s->link) < 0 ||
        link_push(s->link, PQsendQueryParams(s->link->conn, begin_text, 0, NULL, NULL, NULL, NULL, 0), begin_text) < 0)
        return pg_failed(s);
    g->before = s->tables.state;
    s->going_ahead = true;
    pg_fetch_group(s, g->chain);
    audit_begin(&s->tables);
    for (struct store_request *r = g->chain; r != NULL && s->failed == 0; r = r->next) {
        takt_error_clear(&r->err);
        r->code = operation_run(&s->tables, r);
    }
    if (s->failed == 0)
        audit_end(&s->tables);
    pg_flush(s);
    s->going_ahead = false;
    g->after = s->tables.state;
    keep_counts(s, g);
    return s->failed;
}

static void send_end(struct postgres_store *s, struct pg_ahead *g) {
    pg_lane_use(s, g->lane);
    g->ending = true;
    s->failed = 0;
    pg_match_state(s, &g->before);
    for (size_t i = 0; i < g->creator_count && s->failed == 0; i++) {
        const int64_t *n = g->creators[i].orders;
        pg_put(s, PG_CREATOR_PUT, g->creators[i].creator, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]);
    }
    if (s->failed == 0)
        pg_put_state(s, &g->after);
    pg_run(s, PG_WRITER_PUT, s->writer, ++s->number);
    pg_flush(s);
    if (s->failed == 0)
        link_end(s->link, "COMMIT");
}

/* A2 */
static void undo(struct postgres_store *s, struct pg_ahead *g) {
    enum link_trouble trouble = s->trouble;
    pg_lane_use(s, g->lane);
    pg_roll_back(s);
    g->lost = true;
    s->trouble = trouble;
    s->alone = ALONE_GROUPS;
}

static void undo_all(struct postgres_store *s) {
    for (size_t i = 0; i < s->ahead_count; i++)
        undo(s, &s->ahead[(s->ahead_first + i) % LANES]);
    pg_lane_use(s, &s->lanes[0]);
    s->failed = 0;
}

bool pg_ahead_begin(struct postgres_store *s, struct store_request *chain) {
    if (!may_go_ahead(s, chain))
        return false;
    struct pg_lane *lane = &s->lanes[s->ahead_count > 0 && youngest(s)->lane == &s->lanes[0]];
    enum link_trouble trouble = s->trouble;
    pg_lane_use(s, lane);
    bool there = lane_is_there(s);
    if (there) {
        s->ahead_count++;
        struct pg_ahead *g = youngest(s);
        g->chain = chain;
        g->lane = lane;
        g->ending = g->lost = false;
        there = send_rows(s, g) == 0;
        if (!there) {
            undo(s, g);
            s->ahead_count--;
        } else if (s->ahead_count == 1) {
            send_end(s, g);
        }
    }
    s->trouble = trouble;
    pg_lane_use(s, &s->lanes[0]);
    return there;
}

/* ---- the end ---- */

static void end_well(struct postgres_store *s, const struct pg_ahead *g) {
    s->committed = g->after;
    s->wrote = true;
    pg_works(s);
    if (s->ahead_count > 0)
        send_end(s, oldest(s));
}

struct store_request *pg_ahead_finish(struct postgres_store *s) {
    if (s->ahead_count == 0)
        return NULL;
    struct pg_ahead *g = oldest(s);
    struct store_request *chain = g->chain;
    enum link_trouble trouble = s->trouble;
    pg_lane_use(s, g->lane);
    s->link->sqlstate[0] = '\0';
    enum commit_outcome outcome = g->lost ? COMMIT_UNDONE : pg_commit(s);
    struct takt_error why = s->link->failure;
    if (outcome != COMMIT_DONE && !g->lost) {
        s->trouble = trouble;
        pg_needs_care(s);
        undo_all(s);
    }
    s->ahead_first = (s->ahead_first + 1) % LANES;
    s->ahead_count--;
    if (outcome == COMMIT_DONE)
        end_well(s, g);
    pg_lane_use(s, &s->lanes[0]);
    if (outcome == COMMIT_UNKNOWN)
        pg_find_out(s, chain, &why);
    else if (outcome == COMMIT_UNDONE)
        pg_run_alone(s, chain);
    return chain;
}

void pg_ahead_done(struct postgres_store *s) {
    for (size_t i = 0; i < LANES; i++)
        free(s->ahead[i].creators);
}
