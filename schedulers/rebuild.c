/* SPDX-License-Identifier: Apache-2.0 */

/* A window of the list is opened (critical_window.h), some moves are made in it, and it is closed. A move takes out tasks that stand
 * near each other in the list, half of the time about one that makes an order late, and puts them back in random order. It is given up
 * as soon as the tasks that are back cost more than annealing would take: those that are still out can only add to it.
 *
 * Putting back is greedy, which is as good as a low temperature; so temperatures are far higher than those of single moves, and never
 * fall to where nothing that costs more is taken. */

#include "schedulers/rebuild.h"

#include "schedulers/critical_window.h"
#include "schedulers/lane.h"

#include <stdlib.h>

enum {
    TASKS_LEAST = 2, /* in a job, as in relink.c */
    TASKS_MAX = 1000,
    DUES_MAX = 100,
    WINDOW = 128,
    MOVES_IN_WINDOW = 32,
    OUT_LEAST = 8,
    OUT_MORE = 16,    /* less than so many more */
    OUT_OF_EACH = 2,  /* one of so many neighbours in the list is taken out */
    HOT_PERCENT = 150, /* of the typical cost */
    COLD_PERCENT = 25,
};

struct rebuild {
    struct critical *c;
    struct critical_window *window;
    struct random random;
    struct critical_order best;
    int64_t best_cost, hot, cold, tried;
};

/* Every fourth lane is left to relink.c: its plans are often worse, and now and then the better ones. */
static bool rebuild_knows(const struct problem *p, int32_t lane, int32_t lanes) {
    (void)lanes;
    return lane % 4 != 3 && p->dues > 1 && p->dues <= DUES_MAX && p->tasks >= TASKS_LEAST * p->jobs && p->tasks <= TASKS_MAX && critical_knows(p);
}

static void *rebuild_make(const struct searcher_brief *brief) {
    struct critical *c = critical_new(brief->p, brief->plan);
    if (c->ends < 2) { /* not all orders cost something */
        critical_free(c);
        return NULL;
    }
    struct rebuild *r = takt_alloc(sizeof *r);
    r->c = c;
    r->window = critical_window_new(c);
    r->random.state = brief->seed;
    r->best = critical_order_new(c->tasks);
    critical_save(c, &r->best);
    r->best_cost = c->cost;
    int64_t typical = lane_typical_cost(brief->p) * 65536 / 100;
    r->hot = typical * HOT_PERCENT;
    r->cold = typical * COLD_PERCENT;
    return r;
}

static void rebuild_free(void *self) {
    struct rebuild *r = self;
    critical_order_free(&r->best);
    critical_window_free(r->window);
    critical_free(r->c);
    free(r);
}

static int32_t clip(int32_t value, int32_t most) {
    return value < 0 ? 0 : value > most ? most : value;
}

/* Which tasks go out, in the order in which they go back in. */
static int32_t choose(struct rebuild *r, int32_t *ret) {
    struct random *random = &r->random;
    int32_t count = critical_window_count(r->window), wanted = clip(OUT_LEAST + random_below(random, OUT_MORE), count), found = 0;
    int32_t span = clip(OUT_OF_EACH * wanted, count), from = random_below(random, count - span + 1);
    int32_t cause = random_below(random, 2) == 0 ? critical_window_cause(r->window, random) : -1;
    if (cause >= 0)
        from = clip(cause - random_below(random, span), count - span);
    for (int32_t k = 0; k < span && found < wanted; k++)
        if (random_below(random, span - k) < wanted - found)
            ret[found++] = critical_window_at(r->window, from + k);
    for (int32_t k = found - 1; k > 0; k--) {
        int32_t other = random_below(random, k + 1), number = ret[k];
        ret[k] = ret[other];
        ret[other] = number;
    }
    return found;
}

/* False: it costs more than `most`, and the window is to be restored. */
static bool make_move(struct rebuild *r, int64_t most) {
    int32_t out[OUT_LEAST + OUT_MORE], count = choose(r, out);
    critical_window_take(r->window, out, count);
    for (int32_t k = 0; k < count; k++)
        if (!critical_window_put(r->window, out[k], most, &r->random))
            return false;
    return critical_window_cost(r->window) <= most;
}

/* Moves in one window, until one gives a new best. */
static int64_t visit(struct rebuild *r, int64_t warmth, int64_t moves) {
    int32_t tasks = r->c->tasks, size = clip(WINDOW, tasks), from = clip(random_below(&r->random, tasks + size / 2) - size / 4, tasks - size);
    int64_t made = 0;
    critical_window_open(r->window, from, from + size);
    critical_window_save(r->window);
    while (made < moves && critical_window_cost(r->window) >= r->best_cost) {
        made++;
        if (make_move(r, critical_window_cost(r->window) + lane_patience(&r->random, warmth)))
            critical_window_save(r->window);
        else
            critical_window_restore(r->window);
    }
    critical_window_close(r->window);
    if (r->c->cost < r->best_cost) {
        r->best_cost = r->c->cost;
        critical_save(r->c, &r->best);
    }
    return made;
}

static void rebuild_run(void *self, const struct searcher_stretch *stretch, const struct solve_limits *limits) {
    struct rebuild *r = self;
    for (int64_t done = 0; stretch->moves == 0 || done < stretch->moves;) {
        int32_t at = searcher_progress(stretch, limits, done);
        if (at < 0)
            break;
        int64_t left = stretch->moves - done, moves = stretch->moves > 0 && left < MOVES_IN_WINDOW ? left : MOVES_IN_WINDOW;
        int64_t made = visit(r, lane_temperature(r->hot, r->cold, at), moves);
        r->tried += made;
        done += made;
    }
}

static int64_t rebuild_best_cost(const void *self) {
    return ((const struct rebuild *)self)->best_cost;
}

static struct schedule *rebuild_best(void *self) {
    struct rebuild *r = self;
    return critical_schedule_of(r->c, &r->best);
}

static int64_t rebuild_tried(const void *self) {
    return ((const struct rebuild *)self)->tried;
}

static void rebuild_adopt(void *self, const void *other) {
    critical_restore(((struct rebuild *)self)->c, &((const struct rebuild *)other)->best);
}

const struct searcher_kind rebuild_kind = {
    .name = "rebuild",
    .knows = rebuild_knows,
    .make = rebuild_make,
    .free = rebuild_free,
    .run = rebuild_run,
    .best_cost = rebuild_best_cost,
    .best = rebuild_best,
    .tried = rebuild_tried,
    .adopt = rebuild_adopt,
};
