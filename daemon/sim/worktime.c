/* SPDX-License-Identifier: Apache-2.0 */

/* Calendars are few, so each is laid out once as `struct hours` in seconds from a day before the origin; what a line and the
 * pools of an operation share is met once for each set of calendars that occurs. */

#include "daemon/sim/worktime.h"

#include "base/arena.h"
#include "base/time.h"
#include "config/calendar.h"

#include <assert.h>
#include <stdlib.h>

enum { DAY_S = 86400, SET_MAX = 16 };

struct meeting {
    int32_t calendars[SET_MAX]; /* ascending, each once */
    size_t count;
    struct hours hours;
};

struct worktime {
    struct plant *plant;
    struct arena *arena;
    int64_t from_s;
    struct hours *calendars;
    struct meeting **meetings;
    size_t meeting_count, meeting_room;
    size_t *first_op;          /* of a product, in ops */
    const struct hours ***ops; /* by choice of a line */
};

static void lay_out(struct worktime *w, int32_t calendar) {
    struct hours *h = &w->calendars[calendar];
    if (w->plant->calendars[calendar].always) {
        hours_init(h, NULL, 0, w->arena);
        return;
    }
    struct open_interval *list;
    size_t count;
    calendar_open(w->plant, calendar, w->from_s, w->from_s + (int64_t)WORKTIME_YEARS * 366 * DAY_S, w->arena, &list, &count);
    struct problem_span *spans = arena_array(w->arena, count, sizeof *spans);
    for (size_t k = 0; k < count; k++)
        spans[k] = (struct problem_span){(int32_t)(list[k].from_s - w->from_s), (int32_t)(list[k].to_s - w->from_s)};
    hours_init(h, spans, count, w->arena);
}

static void meeting_add(struct meeting *m, int32_t calendar) {
    size_t at = 0;
    while (at < m->count && m->calendars[at] < calendar)
        at++;
    if (at < m->count && m->calendars[at] == calendar)
        return;
    assert(m->count < SET_MAX);
    for (size_t k = m->count++; k > at; k--)
        m->calendars[k] = m->calendars[k - 1];
    m->calendars[at] = calendar;
}

static bool meeting_same(const struct meeting *a, const struct meeting *b) {
    if (a->count != b->count)
        return false;
    for (size_t k = 0; k < a->count; k++)
        if (a->calendars[k] != b->calendars[k])
            return false;
    return true;
}

static const struct hours *meet(struct worktime *w, const struct meeting *wanted) {
    for (size_t k = 0; k < w->meeting_count; k++)
        if (meeting_same(w->meetings[k], wanted))
            return &w->meetings[k]->hours;
    struct meeting *m = arena_memdup(w->arena, wanted, sizeof *wanted);
    m->hours = w->calendars[m->calendars[0]];
    for (size_t k = 1; k < m->count; k++) {
        struct hours both;
        hours_meet(&both, &m->hours, &w->calendars[m->calendars[k]], w->arena);
        m->hours = both;
    }
    ARRAY_GROW(w->meetings, w->meeting_count, w->meeting_room);
    w->meetings[w->meeting_count++] = m;
    return &m->hours;
}

static const struct hours **lay_out_op(struct worktime *w, const struct plant_op *op) {
    const struct hours **choices = arena_array(w->arena, op->line_count, sizeof *choices);
    for (size_t c = 0; c < op->line_count; c++) {
        struct meeting m = {.count = 0};
        meeting_add(&m, w->plant->lines[op->lines[c].line].calendar);
        for (size_t k = 0; k < op->pool_count; k++)
            meeting_add(&m, w->plant->pools[op->pools[k].index].calendar);
        choices[c] = meet(w, &m);
    }
    return choices;
}

struct worktime *worktime_new(struct plant *plant, int64_t origin_s) {
    struct worktime *w = takt_alloc(sizeof *w);
    *w = (struct worktime){.plant = plant_ref(plant), .arena = arena_new(), .from_s = origin_s - DAY_S};
    w->calendars = arena_array(w->arena, plant->calendar_count, sizeof *w->calendars);
    for (size_t k = 0; k < plant->calendar_count; k++)
        lay_out(w, (int32_t)k);
    size_t ops = 0;
    w->first_op = arena_array(w->arena, plant->product_count, sizeof *w->first_op);
    for (size_t p = 0; p < plant->product_count; ops += plant->products[p++].op_count)
        w->first_op[p] = ops;
    w->ops = arena_array(w->arena, ops, sizeof *w->ops);
    for (size_t p = 0; p < plant->product_count; p++)
        for (size_t o = 0; o < plant->products[p].op_count; o++)
            w->ops[w->first_op[p] + o] = lay_out_op(w, &plant->products[p].route[o]);
    return w;
}

void worktime_free(struct worktime *w) {
    if (w == NULL)
        return;
    free(w->meetings);
    arena_free(w->arena);
    plant_unref(w->plant);
    free(w);
}

const struct hours *worktime_line(const struct worktime *w, int32_t line) {
    return &w->calendars[w->plant->lines[line].calendar];
}

const struct hours *worktime_op(const struct worktime *w, int32_t product, size_t op, size_t choice) {
    return w->ops[w->first_op[product] + op][choice];
}

const struct hours *worktime_packing(const struct worktime *w, size_t packing) {
    return &w->calendars[w->plant->packing[packing].calendar];
}

static int32_t tick(const struct worktime *w, int64_t time_s) {
    int64_t t = time_s - w->from_s;
    if (t < 0)
        return 0;
    return t < PROBLEM_TICK_MAX ? (int32_t)t : PROBLEM_TICK_MAX;
}

static int64_t time_of(const struct worktime *w, int32_t t) {
    return t == HOURS_NEVER ? TAKT_TIME_NEVER : w->from_s + t;
}

int64_t worktime_next_s(const struct worktime *w, const struct hours *h, int64_t from_s) {
    return time_of(w, hours_next(h, tick(w, from_s)));
}

int64_t worktime_start_s(const struct worktime *w, const struct hours *h, int64_t from_s, int64_t work_s, bool breakable) {
    if (work_s >= PROBLEM_TICK_MAX)
        return TAKT_TIME_NEVER;
    return time_of(w, hours_start(h, tick(w, from_s), (int32_t)work_s, breakable));
}

int64_t worktime_passed_s(const struct worktime *w, const struct hours *h, int64_t from_s, int64_t work_s) {
    if (work_s >= PROBLEM_TICK_MAX)
        return TAKT_TIME_NEVER;
    return time_of(w, hours_passed(h, tick(w, from_s), (int32_t)work_s));
}

int64_t worktime_between_s(const struct worktime *w, const struct hours *h, int64_t from_s, int64_t to_s) {
    return to_s <= from_s ? 0 : hours_open_between(h, tick(w, from_s), tick(w, to_s));
}

bool worktime_is_open(const struct worktime *w, const struct hours *h, int64_t at_s) {
    int32_t t = tick(w, at_s);
    return hours_next(h, t) == t;
}
