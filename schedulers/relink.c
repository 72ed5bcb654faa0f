/* SPDX-License-Identifier: Apache-2.0 */

/* A population of plans, each the best of a tabu search. The first comes from the first plan, the next from plans in
 * random order, until there are enough or a quarter of the time is over. From then on two of them are drawn, and the
 * search goes on from a plan on the way from the one to the other; what it finds takes the place of the worst, unless
 * it is there already.
 *
 * The way from one list of tasks to another is one of swaps of neighbours that stand the other way round in the other:
 * none of them breaks the order of a job. Swaps on one line are what counts as distance. */

#include "schedulers/relink.h"

#include "schedulers/tabu.h"

#include <stdlib.h>
#include <string.h>

enum {
    TASKS_LEAST = 2, /* in a job: lines alone are searched better in other ways */
    TASKS_MAX = 2000,
    DUES_MAX = 100,
    DUE_TASKS_MAX = 1000,
    PLANS_MAX = 30,
    PLANS_LEAST = 4,
    ASK_EVERY = 16,
    GROW_SHARE = 65536 / 4
};

struct elite {
    struct critical_order order;
    int64_t cost;
};

struct relink {
    struct critical *c;
    struct tabu tabu;
    struct random random;
    struct elite plan[PLANS_MAX];
    int32_t plans, wanted, best;
    struct critical_order child;
    int32_t *place; /* scratch, by task */
    int64_t tried;
    int32_t patience; /* steps without a better plan */
};

static bool relink_knows(const struct problem *p, int32_t lane, int32_t lanes) {
    (void)lane, (void)lanes;
    if (p->tasks < TASKS_LEAST * p->jobs || p->tasks > TASKS_MAX || !critical_knows(p))
        return false;
    return p->dues == 0 || (p->dues <= DUES_MAX && p->tasks <= DUE_TASKS_MAX);
}

static void copy_order(struct critical_order *to, const struct critical_order *from, int32_t tasks) {
    memcpy(to->order, from->order, (size_t)tasks * sizeof *to->order);
    memcpy(to->option, from->option, (size_t)tasks * sizeof *to->option);
}

/* Steps cost more where many lines or ends are looked at. */
static int32_t patience_for(const struct critical *c) {
    if (c->ends > 1)
        return 1000;
    return c->p->option_offset[c->tasks] > c->tasks ? 5000 : 12500;
}

static void *relink_make(const struct searcher_brief *brief) {
    const struct problem *p = brief->p;
    struct relink *r = takt_alloc(sizeof *r);
    r->c = critical_new(p, brief->plan);
    r->random.state = brief->seed;
    tabu_init(&r->tabu, r->c, random_next(&r->random));
    for (int32_t k = 0; k < PLANS_MAX; k++)
        r->plan[k].order = critical_order_new(p->tasks);
    r->child = critical_order_new(p->tasks);
    r->place = takt_alloc((size_t)p->tasks * sizeof *r->place);
    r->wanted = PLANS_MAX;
    r->patience = patience_for(r->c);
    return r;
}

static void relink_free(void *self) {
    struct relink *r = self;
    if (r == NULL)
        return;
    for (int32_t k = 0; k < PLANS_MAX; k++)
        critical_order_free(&r->plan[k].order);
    critical_order_free(&r->child);
    free(r->place);
    tabu_done(&r->tabu);
    critical_free(r->c);
    free(r);
}

/* Tasks of random jobs, one after the other, each on the line where it ends first. */
static void random_plan(struct relink *r) {
    const struct problem *p = r->c->p;
    int32_t *left = takt_alloc((size_t)p->tasks * sizeof *left), *next = takt_alloc((size_t)p->tasks * sizeof *next);
    int32_t *free_at = takt_alloc((size_t)p->lines * sizeof *free_at), count = 0, *end = r->place;
    for (int32_t i = 0; i < p->tasks; i++)
        if (r->c->node[i].job_before == r->c->none)
            for (int32_t k = i; k < p->tasks; k = r->c->node[k].job_behind) {
                next[i] = i;
                left[count++] = i; /* as often as its chain has tasks */
            }
    for (int32_t k = 0; k < p->tasks; k++) {
        int32_t drawn = random_below(&r->random, count), chain = left[drawn], task = next[chain], best = -1;
        const struct critical_node *n = &r->c->node[task];
        int32_t ready = n->job_before < p->tasks ? end[n->job_before] + r->c->node[n->job_before].lag : n->release;
        left[drawn] = left[--count];
        next[chain] = n->job_behind;
        for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++) {
            int32_t line = p->option_line[o], start = free_at[line] > ready ? free_at[line] : ready;
            if (best < 0 || start + p->option_time[o] < end[task]) {
                best = o;
                end[task] = start + p->option_time[o];
            }
        }
        free_at[p->option_line[best]] = end[task];
        r->child.order[k] = task;
        r->child.option[task] = best;
    }
    free(left);
    free(next);
    free(free_at);
}

/* Places by task in the order of an elite. */
static void find_places(struct relink *r, const struct critical_order *o) {
    for (int32_t k = 0; k < r->c->tasks; k++)
        r->place[o->order[k]] = k;
}

/* Pairs on a line that stand the other way round in the other plan, and tasks that stand on another line; r->place
 * holds the places in b. */
static int32_t distance(const struct relink *r, const struct critical_order *a, const struct critical_order *b) {
    struct critical *c = r->c;
    const struct problem *p = c->p;
    int32_t far = 0;
    memset(c->line_count, 0, (size_t)p->lines * sizeof *c->line_count);
    for (int32_t k = 0; k < c->tasks; k++) {
        int32_t task = a->order[k], line = p->option_line[a->option[task]];
        int32_t *row = &c->line_task[c->line_offset[line]], place = r->place[task];
        for (int32_t i = 0; i < c->line_count[line]; i++)
            far += row[i] > place;
        row[c->line_count[line]++] = place;
        far += a->option[task] != b->option[task];
    }
    return far;
}

/* From `a` so many steps towards `b`, whose places are in r->place. */
static void walk(struct relink *r, const struct critical_order *a, const struct critical_order *b, int32_t steps,
                 int32_t far) {
    const struct problem *p = r->c->p;
    int32_t *list = r->child.order, tasks = r->c->tasks;
    copy_order(&r->child, a, tasks);
    for (int32_t i = 0; i < tasks; i++)
        if (a->option[i] != b->option[i] && random_below(&r->random, far) < steps)
            r->child.option[i] = b->option[i];
    for (bool moved = true; moved && steps > 0;) {
        moved = false;
        uint64_t chance = 0;
        for (int32_t k = 0; k + 1 < tasks && steps > 0; k++) {
            int32_t x = list[k], y = list[k + 1];
            if (r->place[x] < r->place[y])
                continue;
            moved = true;
            if (chance < 2)
                chance = random_next(&r->random) | UINT64_C(1) << 63;
            bool swap = chance & 1;
            chance >>= 1;
            if (!swap)
                continue;
            list[k] = y;
            list[k + 1] = x;
            steps -= p->option_line[r->child.option[x]] == p->option_line[r->child.option[y]];
        }
    }
}

static void begin(struct relink *r) {
    critical_restore(r->c, &r->child);
    tabu_begin(&r->tabu);
}

/* A plan goes into the population, if there is none like it. */
static void keep(struct relink *r, const struct critical_order *order, int64_t cost) {
    int32_t at = r->plans;
    find_places(r, order);
    for (int32_t k = 0; k < r->plans; k++)
        if (r->plan[k].cost == cost && distance(r, &r->plan[k].order, order) == 0)
            return;
    if (r->plans < r->wanted) {
        r->plans++;
    } else {
        at = 0;
        for (int32_t k = 1; k < r->plans; k++)
            if (r->plan[k].cost > r->plan[at].cost)
                at = k;
        if (cost > r->plan[at].cost)
            return;
    }
    copy_order(&r->plan[at].order, order, r->c->tasks);
    r->plan[at].cost = cost;
    for (int32_t k = 0; k < r->plans; k++)
        if (r->plan[k].cost < r->plan[r->best].cost)
            r->best = k;
}

/* Where the next tabu search begins. */
static void next_plan(struct relink *r) {
    keep(r, &r->tabu.best, r->tabu.best_cost);
    if (r->plans == r->wanted) {
        int32_t a = random_below(&r->random, r->plans), b = random_below(&r->random, r->plans - 1);
        b += b >= a;
        find_places(r, &r->plan[b].order);
        int32_t far = distance(r, &r->plan[a].order, &r->plan[b].order);
        if (far >= 10) {
            walk(r, &r->plan[a].order, &r->plan[b].order, far / 4 + random_below(&r->random, far / 2), far);
            begin(r);
            return;
        }
        int32_t worse = r->plan[a].cost > r->plan[b].cost ? a : b; /* they are alike: one of them goes */
        if (worse == r->best)
            worse = a + b - worse;
        r->plans--;
        struct elite gone = r->plan[worse];
        r->plan[worse] = r->plan[r->plans];
        r->plan[r->plans] = gone;
        r->best = r->best == r->plans ? worse : r->best;
    }
    random_plan(r);
    begin(r);
}

static void relink_run(void *self, const struct searcher_stretch *stretch, const struct solve_limits *limits) {
    struct relink *r = self;
    for (int64_t k = 0; stretch->moves == 0 || k < stretch->moves; k++) {
        if (k % ASK_EVERY == 0) {
            int32_t at = searcher_progress(stretch, limits, k);
            if (at < 0)
                break;
            if (at >= GROW_SHARE && r->wanted == PLANS_MAX)
                r->wanted = r->plans > PLANS_LEAST ? r->plans : PLANS_LEAST;
        }
        r->tried++;
        if (!tabu_step(&r->tabu) || r->tabu.step - r->tabu.improved > r->patience)
            next_plan(r);
    }
}

static int64_t relink_best_cost(const void *self) {
    const struct relink *r = self;
    int64_t cost = r->tabu.best_cost;
    return r->plans > 0 && r->plan[r->best].cost < cost ? r->plan[r->best].cost : cost;
}

static const struct critical_order *best_order(const struct relink *r) {
    bool kept = r->plans > 0 && r->plan[r->best].cost <= r->tabu.best_cost;
    return kept ? &r->plan[r->best].order : &r->tabu.best;
}

static struct schedule *relink_best(void *self) {
    struct relink *r = self;
    return critical_schedule_of(r->c, best_order(r));
}

static int64_t relink_tried(const void *self) {
    return ((const struct relink *)self)->tried;
}

static void relink_adopt(void *self, const void *other) {
    const struct relink *o = other;
    struct relink *r = self;
    struct critical_order now = critical_order_new(r->c->tasks);
    critical_save(r->c, &now); /* the graph's lines are scratch for distances */
    keep(r, best_order(o), relink_best_cost(o));
    critical_restore(r->c, &now);
    critical_order_free(&now);
}

const struct searcher_kind relink_kind = {
    .name = "relink",
    .knows = relink_knows,
    .make = relink_make,
    .free = relink_free,
    .run = relink_run,
    .best_cost = relink_best_cost,
    .best = relink_best,
    .tried = relink_tried,
    .adopt = relink_adopt,
};
