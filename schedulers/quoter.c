/* SPDX-License-Identifier: Apache-2.0 */

/* A quote looks for the first gaps that hold one more job, task by task, in a timetable made of the plan. Nothing is
 * put: what the job's own tasks take from each other (a line, a pool, a changeover between them) is kept apart by hand,
 * rather too far than too near, so that a quote can always be kept. */

#include "schedulers/quoter_work.h"

#include <stdlib.h>

enum { QUOTE_TRIES_MAX = 200 };

/* One task of a quote under way. */
struct asked {
    const struct problem_task_spec *spec;
    int32_t end_min;    /* raised when the next would start too long after it */
    struct piece piece; /* where it was put */
    struct place place;
};

struct asking {
    const struct quoter *q;
    int32_t release;
    struct asked *tasks;
    size_t count;
    struct arena *arena; /* for hours that no task of the plan has; NULL until needed */
};

int quoter_new(const struct problem *p, const struct schedule *s, struct quoter **ret, struct takt_error *err) {
    struct timetable *t = NULL;
    int code = timetable_load(p, s, &t, err);
    if (code != 0)
        return code;
    struct quoter *q = takt_alloc(sizeof *q);
    *q = (struct quoter){.p = p, .t = t};
    *ret = q;
    return 0;
}

void quoter_free(struct quoter *q) {
    if (q == NULL)
        return;
    timetable_free(q->t);
    timetable_free(q->scratch);
    free(q->latest);
    free(q);
}

/* The piece of a task for one of its lines: its hours are known where a task of the plan has the same, else made. */
static struct piece make_piece(struct asking *a, const struct problem_task_spec *spec,
                               const struct problem_option *option) {
    const struct problem *p = a->q->p;
    struct piece piece = {
        .line = option->line,
        .time = option->time,
        .hours = p->line_hours[option->line],
        .family = spec->family,
        .size = spec->size,
        .breakable = spec->breakable,
        .usages = spec->pools,
        .task = -1,
        .usage_count = (int32_t)spec->pool_count,
    };
    for (size_t k = 0; k < spec->pool_count; k++) {
        int32_t pool = spec->pools[k].pool;
        int32_t both = piece.hours < 0 ? -1 : p->meet[(size_t)piece.hours * (size_t)p->pools + (size_t)pool];
        if (both >= 0) {
            piece.hours = both;
            continue;
        }
        if (p->hours[p->pool_hours[pool]].count == HOURS_ALWAYS)
            continue;
        a->arena = a->arena != NULL ? a->arena : arena_new();
        struct hours *made = arena_alloc(a->arena, sizeof *made);
        const struct hours *known = piece.own_hours != NULL ? piece.own_hours : &p->hours[piece.hours];
        hours_meet(made, known, &p->hours[p->pool_hours[pool]], a->arena);
        piece.own_hours = made;
        piece.hours = -1;
    }
    return piece;
}

static const struct hours *hours_of(const struct asking *a, const struct piece *piece) {
    return piece->own_hours != NULL ? piece->own_hours : &a->q->p->hours[piece->hours];
}

static int32_t max(int64_t a, int64_t b) {
    int64_t m = a > b ? a : b;
    return m < INT32_MAX ? (int32_t)m : INT32_MAX;
}

static struct bounds bounds_of(const struct asking *a, size_t i, int32_t time) {
    const struct problem_task_spec *spec = a->tasks[i].spec;
    struct bounds b = BOUNDS_NONE;
    b.start_min = max(a->release, spec->release);
    b.end_min = a->tasks[i].end_min;
    if (i == 0)
        return b;
    const struct asked *last = &a->tasks[i - 1];
    int64_t ready = last->place.end, lag = last->spec->lag_after;
    if (last->spec->overlap_quantity > 0) {
        int32_t first = last->spec->overlap_first, of = last->spec->overlap_quantity;
        b.end_min = max(b.end_min, ready + lag + part_of(time, first, of));
        int32_t passed =
            hours_passed(hours_of(a, &last->piece), last->place.start, part_of(last->piece.time, first, of));
        ready = passed < ready ? passed : ready;
    }
    b.start_min = max(b.start_min, ready + lag);
    return b;
}

static bool shares_pool(const struct piece *x, const struct piece *y) {
    for (int32_t i = 0; i < x->usage_count; i++)
        for (int32_t k = 0; k < y->usage_count; k++)
            if (x->usages[i].pool == y->usages[k].pool)
                return true;
    return false;
}

/* The start that a place of task number i must be raised to for the sake of an earlier one; INT32_MIN: it is fine. */
static int32_t conflict(const struct asking *a, size_t i, const struct asked *earlier, const struct piece *piece,
                        const struct place *place) {
    const struct problem *p = a->q->p;
    int32_t end = earlier->place.end;
    if (shares_pool(&earlier->piece, piece) && place->start < end)
        return end;
    if (earlier->piece.line != piece->line)
        return INT32_MIN;
    if (place->joins && earlier->place.joins && place->at == earlier->place.at)
        return place->end + 1; /* both would have to fit into one run */
    if (place->joins || earlier->place.joins)
        return INT32_MIN;
    const struct line_runs *l = &a->q->t->lines[piece->line];
    bool apart = place->at != earlier->place.at && (p->line_table[piece->line] < 0 || earlier->piece.family < 0);
    for (uint32_t k = earlier->place.at; k < place->at && !apart; k++)
        apart = l->runs[k].family >= 0;
    if (apart)
        return INT32_MIN;
    if (place->at < l->count)
        return l->runs[place->at].end; /* two in one gap: the next one, rather than to part this one */
    int32_t setup = l->count > 0 ? l->runs[l->count - 1].setup : p->line_initial[piece->line];
    setup = earlier->piece.family >= 0 ? earlier->piece.family : setup;
    int32_t gap = changeover(p, piece->line, setup, piece->family);
    int32_t free = max(end, l->count > 0 ? l->runs[l->count - 1].end : 0);
    for (const struct asked *other = a->tasks; other < a->tasks + i; other++)
        if (other->piece.line == piece->line)
            free = max(free, other->place.end);
    int32_t ready = hours_passed(&p->hours[p->line_hours[piece->line]], free, gap);
    if (end == earlier->place.start && ready == end)
        ready++; /* it takes no time: the next one a tick later */
    return place->start < ready ? ready : INT32_MIN;
}

static bool fit_apart(const struct asking *a, size_t i, const struct piece *piece, struct bounds b, struct place *ret) {
    for (bool again = true; again;) {
        again = false;
        if (!timetable_fit(a->q->t, piece, &b, ret))
            return false;
        for (size_t k = 0; k < i; k++) {
            int32_t start = conflict(a, i, &a->tasks[k], piece, ret);
            if (start == INT32_MIN)
                continue;
            b.start_min = max(start, (int64_t)ret->start + (start <= ret->start));
            again = true;
        }
    }
    return true;
}

static bool ask_task(struct asking *a, size_t i) {
    const struct problem_task_spec *spec = a->tasks[i].spec;
    bool found = false;
    for (size_t k = 0; k < spec->option_count; k++) {
        struct piece piece = make_piece(a, spec, &spec->options[k]);
        struct bounds b = bounds_of(a, i, piece.time);
        struct place place;
        if (found)
            b.end_max = a->tasks[i].place.end - 1;
        if (!fit_apart(a, i, &piece, b, &place))
            continue;
        a->tasks[i].piece = piece;
        a->tasks[i].place = place;
        found = true;
    }
    return found;
}

static int check_spec(const struct problem *p, const struct problem_task_spec *spec, size_t i, struct takt_error *err) {
    bool sound = spec->option_count > 0 && spec->family >= -1 && spec->family < p->families && spec->size >= 0 &&
                 spec->lag_after >= 0 && spec->overlap_quantity >= 0;
    for (size_t k = 0; sound && k < spec->option_count; k++) {
        int32_t line = spec->options[k].line;
        sound = line >= 0 && line < p->lines && spec->options[k].time >= 0 && spec->options[k].time < PROBLEM_TICK_MAX;
        if (sound && p->line_table[line] >= 0 && spec->family >= 0) {
            const struct table *t = &p->table[p->line_table[line]];
            sound = t->sparse || t->row[spec->family] >= 0;
        }
    }
    for (size_t k = 0; sound && k < spec->pool_count; k++)
        sound = spec->pools[k].pool >= 0 && spec->pools[k].pool < p->pools && spec->pools[k].amount >= 0;
    return sound ? 0 : takt_fail(err, TAKT_EDATA, "task number %zu of the quote names what is not there", i + 1);
}

static int ask_all(struct asking *a, struct takt_error *err) {
    int32_t tries = 0;
    for (size_t i = 0; i < a->count; i++) {
        if (!ask_task(a, i))
            return takt_fail(err, TAKT_EINFEASIBLE, "task number %zu of the quote finds no place", i + 1);
        if (i == 0 || a->tasks[i - 1].spec->lag_max == PROBLEM_NONE)
            continue;
        int64_t limit = (int64_t)a->tasks[i - 1].place.end + a->tasks[i - 1].spec->lag_max;
        if (a->tasks[i].place.start <= limit)
            continue;
        if (++tries > QUOTE_TRIES_MAX)
            return takt_fail(err, TAKT_EINFEASIBLE, "task number %zu of the quote finds no place soon enough", i + 1);
        a->tasks[i - 1].end_min = a->tasks[i].place.start - a->tasks[i - 1].spec->lag_max;
        i -= 2; /* back to the one before; wraps to be counted up again */
    }
    return 0;
}

int quoter_ask(const struct quoter *q, int32_t release, const struct problem_task_spec *tasks, size_t task_count,
               int32_t *ret_end, int32_t *ret_line, int32_t *ret_start, int32_t *ret_task_end, struct takt_error *err) {
    if (task_count == 0)
        return takt_fail(err, TAKT_EDATA, "a quote needs a task");
    for (size_t i = 0; i < task_count; i++) {
        int code = check_spec(q->p, &tasks[i], i, err);
        if (code != 0)
            return code;
    }
    struct asking a = {.q = q, .release = release, .count = task_count};
    a.tasks = takt_alloc(task_count * sizeof *a.tasks);
    for (size_t i = 0; i < task_count; i++) {
        a.tasks[i].spec = &tasks[i];
        a.tasks[i].end_min = INT32_MIN;
    }
    int code = ask_all(&a, err);
    int32_t last = INT32_MIN;
    for (size_t i = 0; i < task_count && code == 0; i++) {
        const struct asked *t = &a.tasks[i];
        last = t->place.end > last ? t->place.end : last;
        if (ret_line != NULL)
            ret_line[i] = t->piece.line;
        if (ret_start != NULL)
            ret_start[i] = t->place.start;
        if (ret_task_end != NULL)
            ret_task_end[i] = t->place.end;
    }
    if (code == 0)
        *ret_end = last;
    free(a.tasks);
    arena_free(a.arena);
    return code;
}
