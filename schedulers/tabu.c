/* SPDX-License-Identifier: Apache-2.0 */

/* A step gathers candidates along the longest ways, each with its estimate, and takes one that does not lead back.
 *
 * With one end the least estimate is taken; a way back is free if it seems to give a new best. With several ends the
 * estimate sees too little: the ways to most of them lie elsewhere. There the few least estimates are tried in turn,
 * exactly, as long as an estimate is below the best true cost; and of the ends that cost something only two are looked
 * at in a step, drawn by chance: steps become several times cheaper, and the search no worse. */

#include "schedulers/tabu.h"

#include <stdlib.h>
#include <string.h>

enum {
    TABLE_BITS = 14,
    SEEN_BITS = 8,
    TENURE_LEAST = 10,
    TENURE_OF_ENDS = 5,
    CANDIDATES_MAX = 1000,
    TRIES_MAX = 10,
    ENDS_TRIED = 2
};

struct forbidden {
    uint64_t key;
    int64_t until;
};

struct candidate {
    struct critical_move move;
    int64_t cost; /* by estimate */
};

struct tabu_work {
    struct forbidden table[1 << TABLE_BITS];
    int32_t *path;
    int64_t *block_seen; /* by task: the step in which a block that begins there was looked at */
    int32_t *block_last;
    int64_t *task_seen; /* … in which its other lines were */
    int32_t tenure;
    struct candidate candidate[CANDIDATES_MAX];
    int32_t count;
    struct critical_move seen[1 << SEEN_BITS]; /* lately considered, and in which step */
    int64_t seen_at[1 << SEEN_BITS];
};

void tabu_init(struct tabu *t, struct critical *c, uint64_t seed) {
    size_t n = (size_t)c->tasks;
    struct tabu_work *w = takt_alloc(sizeof *w);
    *t = (struct tabu){.c = c, .random = {seed}, .work = w};
    t->best = critical_order_new(c->tasks);
    w->path = takt_alloc(n * sizeof *w->path);
    w->block_seen = takt_alloc(n * sizeof *w->block_seen);
    w->block_last = takt_alloc(n * sizeof *w->block_last);
    w->task_seen = takt_alloc(n * sizeof *w->task_seen);
    w->tenure = (c->ends > 1 ? TENURE_OF_ENDS : TENURE_LEAST) + c->p->jobs / (c->p->lines > 0 ? c->p->lines : 1);
    tabu_begin(t);
}

void tabu_done(struct tabu *t) {
    if (t->work == NULL)
        return;
    critical_order_free(&t->best);
    free(t->work->path);
    free(t->work->block_seen);
    free(t->work->block_last);
    free(t->work->task_seen);
    free(t->work);
}

static void remember(struct tabu *t) {
    t->best_cost = t->c->cost;
    t->improved = t->step;
    critical_save(t->c, &t->best);
}

void tabu_begin(struct tabu *t) {
    memset(t->work->table, 0, sizeof t->work->table);
    remember(t);
}

static uint64_t mix(uint64_t key, int32_t number) {
    return (key ^ (uint64_t)(uint32_t)number) * UINT64_C(0x9e3779b97f4a7c15) ^ key >> 29;
}

/* That `first` stands before `second` on a line; that a task stands on a line. */
static uint64_t key_of_pair(int32_t first, int32_t second) {
    return mix(mix(UINT64_C(0x2545f4914f6cdd1d), first), second);
}

static uint64_t key_of_line(int32_t task, int32_t line) {
    return mix(mix(UINT64_C(0x51afd7ed558ccd00), task), line);
}

static struct forbidden *slot(struct tabu *t, uint64_t key) {
    return &t->work->table[key >> (64 - TABLE_BITS)];
}

static bool is_forbidden(struct tabu *t, uint64_t key) {
    const struct forbidden *f = slot(t, key);
    return f->key == key && f->until > t->step;
}

static void forbid(struct tabu *t, uint64_t key, int32_t tenure) {
    *slot(t, key) = (struct forbidden){key, t->step + tenure};
}

static bool leads_back(struct tabu *t, const struct critical_move *m) {
    const struct critical *c = t->c;
    const struct critical_node *n = &c->node[m->task];
    if (m->option != n->option)
        return is_forbidden(t, key_of_line(m->task, c->p->option_line[m->option]));
    const int32_t *row = &c->line_task[c->line_offset[n->line]];
    for (int32_t k = m->index; k < n->index; k++)
        if (is_forbidden(t, key_of_pair(m->task, row[k])))
            return true;
    for (int32_t k = n->index + 1; k <= m->index; k++)
        if (is_forbidden(t, key_of_pair(row[k], m->task)))
            return true;
    return false;
}

/* The way back is closed for a while. */
static void forbid_way_back(struct tabu *t, const struct critical_move *m) {
    const struct critical *c = t->c;
    const struct critical_node *n = &c->node[m->task];
    int32_t tenure = t->work->tenure + random_below(&t->random, t->work->tenure / 2 + 1);
    if (m->option != n->option) {
        forbid(t, key_of_line(m->task, n->line), tenure);
        return;
    }
    const int32_t *row = &c->line_task[c->line_offset[n->line]];
    for (int32_t k = m->index; k < n->index; k++)
        forbid(t, key_of_pair(row[k], m->task), tenure);
    for (int32_t k = n->index + 1; k <= m->index; k++)
        forbid(t, key_of_pair(m->task, row[k]), tenure);
}

static void consider(struct tabu *t, const struct critical_move *m) {
    struct tabu_work *w = t->work;
    uint64_t hash = mix(mix(1, m->task), m->index) >> (64 - SEEN_BITS);
    struct critical_move *seen = &w->seen[hash];
    if (w->seen_at[hash] == t->step && seen->task == m->task && seen->option == m->option && seen->index == m->index)
        return;
    *seen = *m;
    w->seen_at[hash] = t->step;
    if (w->count < CANDIDATES_MAX)
        w->candidate[w->count++] = (struct candidate){*m, critical_estimate(t->c, m)};
}

static void move_behind(struct tabu *t, int32_t first, int32_t last) {
    const struct critical_node *n = t->c->node;
    if (critical_may_follow(t->c, first, last))
        consider(t, &(struct critical_move){first, n[first].option, n[last].index});
}

static void move_before(struct tabu *t, int32_t first, int32_t last) {
    const struct critical_node *n = t->c->node;
    if (critical_may_precede(t->c, first, last))
        consider(t, &(struct critical_move){last, n[last].option, n[first].index});
}

/* A block of the path, from one place of it to another; at its front or rear nothing is gained where it is closed. */
static void try_block(struct tabu *t, const int32_t *block, int32_t count, bool front, bool rear) {
    struct tabu_work *w = t->work;
    int32_t first = block[0], last = block[count - 1];
    if (w->block_seen[first] == t->step && w->block_last[first] == last)
        return;
    w->block_seen[first] = t->step;
    w->block_last[first] = last;
    if (count == 2) {
        if (front || rear)
            move_behind(t, first, last);
        return;
    }
    for (int32_t k = 0; k < count - 1 && rear; k++)
        move_behind(t, block[k], last);
    for (int32_t k = 1; k < count && front; k++)
        move_before(t, first, block[k]);
    for (int32_t k = 1; k < count - 1 && front; k++)
        move_behind(t, first, block[k]);
    for (int32_t k = 1; k < count - 1 && rear; k++)
        move_before(t, block[k], last);
}

static void try_lines(struct tabu *t, int32_t task) {
    const struct critical *c = t->c;
    const struct problem *p = c->p;
    int32_t from, to;
    if (t->work->task_seen[task] == t->step)
        return;
    t->work->task_seen[task] = t->step;
    for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++)
        if (o != c->node[task].option && critical_span(c, task, o, &from, &to))
            for (int32_t k = from; k <= to; k++)
                consider(t, &(struct critical_move){task, o, k});
}

static bool is_costly(const struct critical_end *e) {
    return e->tick > 0 || (e->due != PROBLEM_NONE && e->done > e->due);
}

static void try_path(struct tabu *t, int32_t end) {
    const struct critical *c = t->c;
    const int32_t *path = t->work->path;
    int32_t count = critical_path(c, end, &t->random, t->work->path), from = 0;
    bool whole = end == 0 && c->p->objective.makespan > 0;
    for (int32_t k = 0; k < count; k++) {
        if (c->p->option_offset[path[k] + 1] - c->p->option_offset[path[k]] > 1)
            try_lines(t, path[k]);
        if (k + 1 < count && c->node[path[k]].behind == path[k + 1])
            continue;
        if (k > from)
            try_block(t, &path[from], k - from + 1, from > 0 || c->changes, k + 1 < count || !whole || c->changes);
        from = k + 1;
    }
}

/* The ways to ends that cost something; no more than some of them, drawn by chance, if there are many. */
static void try_paths(struct tabu *t) {
    const struct critical *c = t->c;
    int32_t costly = 0, wanted = ENDS_TRIED;
    for (int32_t e = 0; e < c->ends; e++)
        costly += is_costly(&c->end[e]);
    for (int32_t e = 0; e < c->ends; e++)
        if (is_costly(&c->end[e]) && random_below(&t->random, costly--) < wanted) {
            wanted--;
            try_path(t, e);
        }
}

/* The best by estimate, ties drawn by chance; -1: all lead back. */
static int32_t choose(struct tabu *t) {
    struct tabu_work *w = t->work;
    int32_t best = -1, ties = 0;
    for (int32_t k = 0; k < w->count; k++) {
        const struct candidate *x = &w->candidate[k];
        if (best >= 0 && x->cost > w->candidate[best].cost)
            continue;
        if (x->cost >= t->best_cost && leads_back(t, &x->move))
            continue;
        if (best < 0 || x->cost < w->candidate[best].cost)
            ties = 0;
        if (random_below(&t->random, ++ties) == 0)
            best = k;
    }
    return best;
}

/* The best by its true cost among those whose estimates are least: no further than to an estimate that is as high. */
static int32_t choose_tried(struct tabu *t) {
    struct tabu_work *w = t->work;
    int64_t least = INT64_MAX;
    int32_t best = -1, ties = 0;
    for (int32_t tries = 0; tries < TRIES_MAX; tries++) {
        int32_t next = -1;
        for (int32_t k = 0; k < w->count; k++)
            if (w->candidate[k].cost < least && (next < 0 || w->candidate[k].cost < w->candidate[next].cost))
                next = k;
        if (next < 0)
            break;
        struct candidate *x = &w->candidate[next];
        bool back = leads_back(t, &x->move);
        x->cost = INT64_MAX;
        if (back || !critical_try(t->c, &x->move))
            continue;
        int64_t cost = t->c->cost;
        critical_retract(t->c);
        if (cost > least)
            continue;
        if (cost < least)
            ties = 0;
        least = cost;
        if (random_below(&t->random, ++ties) == 0)
            best = next;
    }
    return best;
}

bool tabu_step(struct tabu *t) {
    struct critical *c = t->c;
    struct tabu_work *w = t->work;
    t->step++;
    w->count = 0;
    try_paths(t);
    if (w->count == 0)
        return false;
    int32_t chosen = c->ends > 1 ? choose_tried(t) : choose(t);
    struct critical_move way = w->candidate[chosen >= 0 ? chosen : random_below(&t->random, w->count)].move;
    forbid_way_back(t, &way);
    critical_move(c, &way);
    if (c->cost < t->best_cost)
        remember(t);
    return true;
}
