/* SPDX-License-Identifier: Apache-2.0 */

/* A row of jobs has heads, when the job at a place ends at each stage, and tails, how long it is from its start there
 * to the end of all. A job put between two places ends at each stage by the heads before it, and what follows by the
 * tails behind it: so all places are tried in one pass over the stages, places side by side (Taillard, 1990). What
 * waits for its release further back is in the row's own end, which a job more can only delay.
 *
 * A step:
 * 1. some jobs are taken out by chance;
 * 2. of those that are left each is taken out and put where it does least harm, until none helps;
 * 3. the others are put back one by one;
 * 4. step 2 again with all;
 * 5. what came out is gone on from if it is better, or worse by no more than patience allows.
 *
 * Ties between places are broken by chance: one longest way of many is all that is seen of a row. */

#include "schedulers/permutation.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

enum { OUT_MAX = 3 };

struct permutation_work {
    struct permutation_shop shop;
    struct random random;
    int32_t *head, *tail; /* [stage][place], of the row of the moment; a place more than jobs */
    int32_t *reach, *end; /* by place: what is put there ends at the stage; all ends */
    int32_t *row, *kept;  /* that is tried, and that is gone on from */
    int32_t count;        /* jobs in the row */
    int32_t row_end, kept_end;
    int32_t *turn; /* all jobs, in the order in which they are tried */
};

static int32_t most(int32_t a, int32_t b) {
    return a > b ? a : b;
}

/* Heads from a place on; tails from a place back. */
static void reckon(struct permutation_work *w, int32_t from, int32_t back) {
    const struct permutation_shop *s = &w->shop;
    const int32_t width = s->jobs + 1;
    w->row_end = 0;
    for (int32_t stage = 0; stage < s->stages; stage++) {
        const int32_t *time = &s->time[stage * s->jobs], *release = &s->release[stage * s->jobs];
        const int32_t *lag = stage > 0 ? &s->lag[(stage - 1) * s->jobs] : NULL;
        int32_t *head = &w->head[stage * width], at = from > 0 ? head[from - 1] : 0;
        for (int32_t k = from; k < w->count; k++) {
            int32_t job = w->row[k], ready = lag != NULL ? head[k - width] + lag[job] : 0;
            at = most(most(at, ready), release[job]) + time[job];
            head[k] = at;
        }
        w->row_end = most(w->row_end, w->count > 0 ? head[w->count - 1] : 0);
    }
    for (int32_t stage = s->stages - 1; stage >= 0; stage--) {
        const int32_t *time = &s->time[stage * s->jobs], *lag = &s->lag[stage * s->jobs];
        int32_t *tail = &w->tail[stage * width], at = back + 1 < w->count ? tail[back + 1] : 0;
        tail[w->count] = 0;
        for (int32_t k = back; k >= 0; k--) {
            int32_t job = w->row[k], behind = stage + 1 < s->stages ? tail[k + width] + lag[job] : 0;
            at = most(at, behind) + time[job];
            tail[k] = at;
        }
    }
}

/* Where a job does least harm. */
static int32_t best_place(struct permutation_work *w, int32_t job) {
    const struct permutation_shop *s = &w->shop;
    const int32_t width = s->jobs + 1, count = w->count;
    int32_t *restrict reach = w->reach, *restrict end = w->end;
    for (int32_t k = 0; k <= count; k++) {
        reach[k] = 0;
        end[k] = w->row_end;
    }
    for (int32_t stage = 0; stage < s->stages; stage++) {
        const int32_t *restrict head = &w->head[stage * width], *restrict tail = &w->tail[stage * width];
        const int32_t time = s->time[stage * s->jobs + job], release = s->release[stage * s->jobs + job];
        const int32_t lag = stage > 0 ? s->lag[(stage - 1) * s->jobs + job] : 0;
        reach[0] = most(reach[0] + lag, release) + time;
        end[0] = most(end[0], reach[0] + tail[0]);
        for (int32_t k = 1; k <= count; k++) {
            int32_t ready = most(most(reach[k] + lag, release), head[k - 1]) + time;
            reach[k] = ready;
            end[k] = most(end[k], ready + tail[k]);
        }
    }
    int32_t best = 0, alike = 1;
    for (int32_t k = 1; k <= count; k++) {
        if (end[k] > end[best])
            continue;
        alike = end[k] < end[best] ? 1 : alike + 1;
        if (alike == 1 || random_below(&w->random, alike) == 0)
            best = k;
    }
    return best;
}

/* Tails stay with the jobs behind. */
static void shift(struct permutation_work *w, int32_t from, int32_t to) {
    size_t size = (size_t)(w->count - from) * sizeof(int32_t);
    memmove(&w->row[to], &w->row[from], size);
    for (int32_t stage = 0; stage < w->shop.stages; stage++) {
        int32_t *tail = &w->tail[stage * (w->shop.jobs + 1)];
        memmove(&tail[to], &tail[from], size);
    }
    w->count += to - from;
}

static void put_best(struct permutation_work *w, int32_t job) {
    int32_t place = best_place(w, job);
    shift(w, place, place + 1);
    w->row[place] = job;
    reckon(w, place, place);
}

static int32_t take(struct permutation_work *w, int32_t place) {
    int32_t job = w->row[place];
    shift(w, place + 1, place);
    reckon(w, place, place - 1);
    return job;
}

static int32_t place_of(const struct permutation_work *w, int32_t job) {
    int32_t k = 0;
    while (k < w->count && w->row[k] != job)
        k++;
    return k;
}

/* Each job in turn, until all have been tried since the last that helped. */
static void descend(struct permutation_work *w) {
    const int32_t jobs = w->shop.jobs;
    for (int32_t k = jobs - 1; k > 0; k--) {
        int32_t other = random_below(&w->random, k + 1), job = w->turn[k];
        w->turn[k] = w->turn[other];
        w->turn[other] = job;
    }
    for (int32_t k = 0, idle = 0; idle < jobs; k = k + 1 < jobs ? k + 1 : 0, idle++) {
        int32_t before = w->row_end, place = place_of(w, w->turn[k]);
        if (place == w->count)
            continue;
        put_best(w, take(w, place));
        if (w->row_end < before)
            idle = -1;
    }
}

/* By falling work, each where it does least harm. */
static void begin(struct permutation_work *w) {
    const struct permutation_shop *s = &w->shop;
    int64_t *work = takt_alloc((size_t)s->jobs * sizeof *work);
    for (int32_t j = 0; j < s->jobs; j++)
        for (int32_t stage = 0; stage < s->stages; stage++)
            work[j] += s->time[stage * s->jobs + j];
    for (int32_t j = 0; j < s->jobs; j++) {
        int32_t k = j;
        for (; k > 0 && work[w->turn[k - 1]] < work[j]; k--)
            w->turn[k] = w->turn[k - 1];
        w->turn[k] = j;
    }
    w->count = 0;
    reckon(w, 0, -1);
    for (int32_t k = 0; k < s->jobs; k++)
        put_best(w, w->turn[k]);
    free(work);
}

static void keep(struct permutation_work *w) {
    memcpy(w->kept, w->row, (size_t)w->shop.jobs * sizeof *w->row);
    w->kept_end = w->row_end;
}

void permutation_init(struct permutation *p, const struct permutation_shop *shop, uint64_t seed) {
    struct permutation_work *w = takt_alloc(sizeof *w);
    size_t row = (size_t)shop->jobs + 1, table = row * (size_t)shop->stages;
    *w = (struct permutation_work){.shop = *shop, .random = {seed}};
    w->head = takt_alloc(table * sizeof *w->head);
    w->tail = takt_alloc(table * sizeof *w->tail);
    w->reach = takt_alloc(row * sizeof *w->reach);
    w->end = takt_alloc(row * sizeof *w->end);
    w->row = takt_alloc(row * sizeof *w->row);
    w->kept = takt_alloc(row * sizeof *w->kept);
    w->turn = takt_alloc(row * sizeof *w->turn);
    p->best = takt_alloc(row * sizeof *p->best);
    p->work = w;
    begin(w);
    keep(w);
    memcpy(p->best, w->kept, (size_t)shop->jobs * sizeof *p->best);
    p->best_end = w->kept_end;
}

void permutation_done(struct permutation *p) {
    struct permutation_work *w = p->work;
    if (w == NULL)
        return;
    int32_t *rows[] = {w->head, w->tail, w->reach, w->end, w->row, w->kept, w->turn, p->best};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        free(rows[k]);
    free(w);
    *p = (struct permutation){0};
}

bool permutation_step(struct permutation *p, int32_t patience) {
    struct permutation_work *w = p->work;
    int32_t out[OUT_MAX], outs = w->shop.jobs > 2 * OUT_MAX ? 1 + random_below(&w->random, OUT_MAX) : 1;
    memcpy(w->row, w->kept, (size_t)w->shop.jobs * sizeof *w->row);
    w->count = w->shop.jobs;
    reckon(w, 0, w->count - 1);
    for (int32_t k = 0; k < outs; k++)
        out[k] = take(w, random_below(&w->random, w->count));
    descend(w);
    for (int32_t k = 0; k < outs; k++)
        put_best(w, out[k]);
    descend(w);
    if (w->row_end > w->kept_end + patience)
        return false;
    keep(w);
    if (w->kept_end >= p->best_end)
        return false;
    memcpy(p->best, w->kept, (size_t)w->shop.jobs * sizeof *p->best);
    p->best_end = w->kept_end;
    return true;
}

void permutation_adopt(struct permutation *p, const struct permutation *other) {
    struct permutation_work *w = p->work;
    if (other->best_end >= w->kept_end)
        return;
    memcpy(w->kept, other->best, (size_t)w->shop.jobs * sizeof *w->kept);
    w->kept_end = other->best_end;
}
