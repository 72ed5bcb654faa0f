/* SPDX-License-Identifier: Apache-2.0 */

/* A job is put into a copy of the timetable, task by task, each where it ends first. For each of its lines that is the
 * first gap; or a place where up to a few tasks that stand there are taken away, the job's task is put, and they are
 * put back behind it, no earlier than they were, each between what its own job has before and behind it, in time for
 * its job's dues. If one of them finds no place, all is put back as it was. Tasks that are fixed, share a run, or are
 * bound by limited lags stay. */

#include "schedulers/quoter_work.h"

#include <stdlib.h>

enum { MOVED_MAX = 3, PLACES_MAX = 3 };

struct taken {
    int32_t task, start, end;
};

struct squeeze { /* a place for one task, others taken away from there */
    int32_t option;
    uint32_t at; /* the run before which it stands */
    uint32_t count;
    int32_t end;
};

static int32_t done_of(const struct timetable *t, int32_t job) {
    const struct problem *p = t->p;
    int32_t done = INT32_MIN;
    for (int32_t k = p->job_offset[job]; k < p->job_offset[job + 1]; k++) {
        int32_t task = p->job_task[k];
        if (t->line[task] >= 0 && t->end[task] > done)
            done = t->end[task];
    }
    return done;
}

static void find_latest(struct quoter *q) {
    const struct problem *p = q->p;
    int32_t *done = takt_alloc((size_t)p->jobs * sizeof *done);
    q->latest = takt_alloc((size_t)p->jobs * sizeof *q->latest);
    for (int32_t j = 0; j < p->jobs; j++) {
        q->latest[j] = INT32_MAX;
        done[j] = done_of(q->t, j);
    }
    for (int32_t d = 0; d < p->dues; d++) {
        int32_t limit = p->due[d] == PROBLEM_NONE ? INT32_MIN : p->due[d];
        for (int32_t k = p->due_offset[d]; k < p->due_offset[d + 1]; k++)
            limit = done[p->due_job[k]] > limit ? done[p->due_job[k]] : limit;
        for (int32_t k = p->due_offset[d]; k < p->due_offset[d + 1]; k++) {
            int32_t *latest = &q->latest[p->due_job[k]];
            *latest = limit < *latest ? limit : *latest;
        }
    }
    free(done);
}

static int32_t option_of(const struct timetable *t, int32_t task) {
    return option_on(t->p, task, t->line[task]);
}

static bool may_move(const struct quoter *q, const struct run *run, int32_t job) {
    const struct problem *p = q->p;
    const struct timetable *t = q->scratch;
    return !run->fixed && t->next[run->head] < 0 && p->line_batch[t->line[run->head]] == 0 && p->group[run->head] < 0 &&
           p->job[run->head] != job;
}

/* Nor may it end after `latest`; so gaps behind that are not looked at. */
static void end_by(struct bounds *b, int32_t latest) {
    b->end_max = latest < b->end_max ? latest : b->end_max;
    b->start_max = b->end_max < b->start_max ? b->end_max : b->start_max;
}

static void put_back(struct timetable *t, const struct taken *taken, uint32_t count, int32_t option[], uint32_t at) {
    for (uint32_t k = 0; k < count; k++) {
        struct piece piece = timetable_piece(t->p, taken[k].task, option[k]);
        timetable_put(t, taken[k].task, &piece, &(struct place){taken[k].start, taken[k].end, at + k, false});
    }
}

/* Puts what was taken to later places; false: one finds none, and so many have been put. */
static bool put_later(const struct quoter *q, const struct taken *taken, uint32_t count, const int32_t option[],
                      uint32_t *ret_put) {
    struct timetable *t = q->scratch;
    for (*ret_put = 0; *ret_put < count; (*ret_put)++) {
        const struct taken *of = &taken[*ret_put];
        int32_t latest = q->latest[q->p->job[of->task]];
        struct bounds b = timetable_bounds(t, of->task, option[*ret_put]);
        struct piece piece = timetable_piece(q->p, of->task, option[*ret_put]);
        struct place place;
        b.start_min = of->start > b.start_min ? of->start : b.start_min;
        end_by(&b, latest);
        if (!timetable_fit(t, &piece, &b, &place))
            return false;
        timetable_put(t, of->task, &piece, &place);
    }
    return true;
}

/* Puts the task where `s` says, or as long as that ends before s->end; keeps it there if `keep`. True: it can be. */
static bool try_squeeze(const struct quoter *q, int32_t task, struct squeeze *s, bool keep) {
    struct timetable *t = q->scratch;
    struct piece piece = timetable_piece(q->p, task, s->option);
    struct bounds b = timetable_bounds(t, task, s->option);
    struct taken taken[MOVED_MAX];
    int32_t option[MOVED_MAX];
    struct place place;
    uint32_t put = 0;
    for (uint32_t k = 0; k < s->count; k++) {
        int32_t other = t->lines[piece.line].runs[s->at].head;
        taken[k] = (struct taken){other, t->start[other], t->end[other]};
        option[k] = option_of(t, other);
        timetable_take(t, other);
    }
    end_by(&b, s->end);
    /* only in the very gap: elsewhere nothing would stand between two that may be too close to each other */
    bool fits = timetable_fit(t, &piece, &b, &place) && place.at == s->at && !place.joins;
    if (fits) {
        timetable_put(t, task, &piece, &place);
        s->end = place.end;
    }
    bool all = fits && put_later(q, taken, s->count, option, &put);
    if (all && keep)
        return true;
    while (put > 0)
        timetable_take(t, taken[--put].task);
    if (fits)
        timetable_take(t, task);
    put_back(t, taken, s->count, option, s->at);
    return all;
}

/* Places on the line of an option where taking a few others away lets the task end before best->end. */
static void look_on_line(const struct quoter *q, int32_t task, int32_t option, struct squeeze *best) {
    const struct timetable *t = q->scratch;
    const struct problem *p = q->p;
    int32_t line = p->option_line[option], ready = timetable_bounds(t, task, option).start_min;
    const struct line_runs *l = &t->lines[line];
    uint32_t first = timetable_runs_before(t, line, ready);
    if (first > 0 && l->runs[first - 1].end > ready)
        first--;
    for (uint32_t at = first; at < l->count && at < first + PLACES_MAX; at++) {
        int32_t free = at > 0 ? l->runs[at - 1].end : 0;
        if ((free > ready ? free : ready) + p->option_time[option] >= best->end)
            return;
        for (uint32_t count = 1; count <= MOVED_MAX && at + count <= l->count; count++) {
            struct squeeze s = {.option = option, .at = at, .count = count, .end = best->end - 1};
            if (!may_move(q, &l->runs[at + count - 1], p->job[task]))
                break;
            if (try_squeeze(q, task, &s, false))
                *best = s;
        }
    }
}

/* Puts a task where it ends first; false: nowhere. */
static bool put_task(const struct quoter *q, int32_t task, bool moving) {
    struct timetable *t = q->scratch;
    const struct problem *p = q->p;
    struct squeeze best = {.option = -1, .end = INT32_MAX};
    struct place place = {0}, best_place = {0};
    for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++) {
        struct piece piece = timetable_piece(p, task, o);
        struct bounds b = timetable_bounds(t, task, o);
        if (timetable_fit(t, &piece, &b, &place) && place.end < best.end) {
            best = (struct squeeze){.option = o, .end = place.end};
            best_place = place;
        }
    }
    for (int32_t o = p->option_offset[task]; moving && o < p->option_offset[task + 1]; o++)
        if (p->line_batch[p->option_line[o]] == 0)
            look_on_line(q, task, o, &best);
    if (best.option < 0)
        return false;
    if (best.count > 0)
        return try_squeeze(q, task, &best, true);
    struct piece piece = timetable_piece(p, task, best.option);
    timetable_put(t, task, &piece, &best_place);
    return true;
}

static int put_job(struct quoter *q, int32_t job, bool moving, int32_t *ret_end, struct takt_error *err) {
    const struct problem *p = q->p;
    timetable_reset(q->scratch, q->t);
    for (int32_t k = p->job_offset[job]; k < p->job_offset[job + 1]; k++)
        if (!put_task(q, p->job_task[k], moving))
            return takt_fail(err, TAKT_EINFEASIBLE, "task number %d of the quote finds no place",
                             (int)(k - p->job_offset[job] + 1));
    *ret_end = done_of(q->scratch, job);
    return 0;
}

static int32_t count_moved(const struct quoter *q, int32_t job) {
    int32_t moved = 0;
    for (int32_t i = 0; i < q->p->tasks; i++)
        moved += q->p->job[i] != job && q->t->start[i] != q->scratch->start[i];
    return moved;
}

int quoter_ask_moving(struct quoter *q, int32_t job, struct quote_moving *ret, struct schedule **ret_plan,
                      struct takt_error *err) {
    const struct problem *p = q->p;
    if (job < 0 || job >= p->jobs)
        return takt_fail(err, TAKT_EINVAL, "there is no job %d", (int)job);
    for (int32_t k = p->job_offset[job]; k < p->job_offset[job + 1]; k++)
        if (q->t->line[p->job_task[k]] >= 0)
            return takt_fail(err, TAKT_EINVAL, "the plan has a place for the job already");
    if (q->scratch == NULL) {
        q->scratch = timetable_copy(q->t);
        find_latest(q);
    }
    struct quote_moving quote = {0};
    int code = put_job(q, job, false, &quote.end_alone, err);
    if (code == 0)
        code = put_job(q, job, true, &quote.end, err);
    if (code == 0 && quote.end >= quote.end_alone)
        code = put_job(q, job, false, &quote.end, err); /* moving others was of no use */
    if (code != 0)
        return code;
    quote.moved = count_moved(q, job);
    if (ret_plan != NULL)
        *ret_plan = schedule_copy(q->scratch->schedule);
    *ret = quote;
    return 0;
}
