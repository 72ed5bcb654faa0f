/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/critical_window.h"

#include "schedulers/critical_work.h"

#include <stdlib.h>
#include <string.h>

enum { NOBODY = -1 };

/* A task of the window; neighbours by number, NOBODY: beyond the window, or none. */
struct member {
    int32_t task, option, line;
    int32_t time, least; /* as it stands; of the option that takes least */
    int32_t change;      /* between the one before it on its line and itself */
    int32_t before, behind, job_before, job_behind;
    int32_t node_behind; /* of its job, in the graph */
    int32_t ready; /* by its release and by what its job does before the window */
    int32_t lag, lag_before;
    int32_t end;
    bool is_out, is_entered; /* a way may come into the window by it, wherever it stands */
};

/* What a line has around the window, and which of the window stand on it. */
struct border {
    int32_t before, behind; /* tasks, or the graph's none */
    int32_t free_at;        /* the end of the one before */
    int32_t first;          /* number */
};

struct state {
    struct member *member;
    struct border *border;
    int32_t *list, *place; /* numbers in an order that holds; place by number */
    int32_t *rest;         /* [number][end], as in the graph */
    int32_t *done;         /* the longest ways to all ends */
    int64_t cost;
};

struct critical_window {
    struct critical *c;
    struct arena *arena;
    int32_t from, count, width;
    struct state now, kept;
    struct critical_order order; /* of the whole graph, scratch of closing */
    int32_t *number;             /* in the window, by task; also of none */
    int32_t *around;             /* the longest ways around the window, but for those along a line without a member */
    int32_t *price;              /* scratch: the longest ways with a task at a place */
    int32_t *shifted;            /* scratch: numbers */
    bool *mark;                  /* of a shift, by number */
};

static inline int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}

static inline const int32_t *rest_outside(const struct critical_window *w, int32_t node) {
    return &w->c->rest[node * w->width];
}

static void state_init(struct critical_window *w, struct state *s) {
    s->member = arena_array(w->arena, CRITICAL_WINDOW_MAX, sizeof *s->member);
    s->border = arena_array(w->arena, (size_t)w->c->p->lines, sizeof *s->border);
    s->list = arena_array(w->arena, CRITICAL_WINDOW_MAX, sizeof *s->list);
    s->place = arena_array(w->arena, CRITICAL_WINDOW_MAX, sizeof *s->place);
    s->rest = arena_array(w->arena, CRITICAL_WINDOW_MAX * (size_t)w->width, sizeof *s->rest);
    s->done = arena_array(w->arena, (size_t)w->width, sizeof *s->done);
}

struct critical_window *critical_window_new(struct critical *c) {
    struct arena *a = arena_new();
    struct critical_window *w = arena_alloc(a, sizeof *w);
    size_t tasks = (size_t)c->tasks, width = (size_t)c->width;
    w->arena = a;
    w->c = c;
    w->width = c->width;
    state_init(w, &w->now);
    state_init(w, &w->kept);
    w->order.order = arena_array(a, tasks, sizeof *w->order.order);
    w->order.option = arena_array(a, tasks, sizeof *w->order.option);
    w->number = arena_array(a, tasks + 1, sizeof *w->number);
    w->around = arena_array(a, width, sizeof *w->around);
    w->price = arena_array(a, width, sizeof *w->price);
    w->shifted = arena_array(a, 2 * CRITICAL_WINDOW_MAX, sizeof *w->shifted);
    w->mark = arena_array(a, CRITICAL_WINDOW_MAX, sizeof *w->mark);
    for (int32_t k = 0; k <= c->tasks; k++)
        w->number[k] = NOBODY;
    return w;
}

void critical_window_free(struct critical_window *w) {
    if (w != NULL)
        arena_free(w->arena);
}

int32_t critical_window_count(const struct critical_window *w) {
    return w->count;
}

int64_t critical_window_cost(const struct critical_window *w) {
    return w->now.cost;
}

int32_t critical_window_cause(const struct critical_window *w, struct random *random) {
    const struct state *s = &w->now;
    int32_t end = NOBODY, ends = 0, found = NOBODY, members = 0;
    for (int32_t e = 0; e < w->c->ends; e++)
        if (critical_end_cost(&w->c->end[e], s->done[e]) > critical_end_cost(&w->c->end[e], 0) && random_below(random, ++ends) == 0)
            end = e;
    for (int32_t k = 0; k < w->count && end != NOBODY; k++) {
        const struct member *m = &s->member[s->list[k]];
        if (m->end - m->time + s->rest[s->list[k] * w->width + end] == s->done[end] && random_below(random, ++members) == 0)
            found = k;
    }
    return found;
}

int32_t critical_window_at(const struct critical_window *w, int32_t place) {
    return w->now.list[place];
}

static void copy_state(const struct critical_window *w, struct state *to, const struct state *from) {
    size_t n = (size_t)w->count, width = (size_t)w->width;
    memcpy(to->member, from->member, n * sizeof *to->member);
    memcpy(to->border, from->border, (size_t)w->c->p->lines * sizeof *to->border);
    memcpy(to->list, from->list, n * sizeof *to->list);
    memcpy(to->place, from->place, n * sizeof *to->place);
    memcpy(to->rest, from->rest, n * width * sizeof *to->rest);
    memcpy(to->done, from->done, width * sizeof *to->done);
    to->cost = from->cost;
}

void critical_window_save(struct critical_window *w) {
    copy_state(w, &w->kept, &w->now);
}

void critical_window_restore(struct critical_window *w) {
    copy_state(w, &w->now, &w->kept);
}

/* ---- times ---- */

static void take_larger(int32_t *to, const int32_t *from, int32_t plus, int32_t width) {
    for (int32_t e = 0; e < width; e += 4) {
        critical_four *t = (critical_four *)(to + e);
        *t = critical_larger(*t, *(const critical_four *)(from + e) + plus);
    }
}

/* Changeovers to what stands behind the window. */
static inline int32_t change_out(const struct critical_window *w, int32_t line, int32_t from) {
    return critical_change(w->c, line, from, w->now.border[line].behind);
}

static inline int32_t end_of(const struct critical_window *w, const struct member *m) {
    const struct member *member = w->now.member;
    int32_t start = m->ready;
    if (m->job_before != NOBODY)
        start = larger(start, member[m->job_before].end + m->lag_before);
    if (!m->is_out)
        start = larger(start, m->change + (m->before != NOBODY ? member[m->before].end : w->now.border[m->line].free_at));
    return start + m->time;
}

/* Sets the rests of a member; whether any of them is another than before. */
static inline bool set_rest(struct critical_window *w, int32_t number) {
    const struct state *s = &w->now;
    const int32_t width = w->width;
    const struct member *m = &s->member[number];
    const int32_t *job = m->job_behind != NOBODY ? &s->rest[m->job_behind * width] : rest_outside(w, m->node_behind);
    const int32_t *line = rest_outside(w, w->c->none);
    int32_t *own = &s->rest[number * width], lag = m->lag + m->time, change = m->time;
    if (!m->is_out && m->behind != NOBODY) {
        line = &s->rest[m->behind * width];
        change += s->member[m->behind].change;
    } else if (!m->is_out) {
        line = rest_outside(w, s->border[m->line].behind);
        change += change_out(w, m->line, m->task);
    }
    critical_four other = {0};
    for (int32_t e = 0; e < width; e += 4) {
        critical_four *to = (critical_four *)(own + e), old = *to;
        *to = critical_larger(*(const critical_four *)(job + e) + lag, *(const critical_four *)(line + e) + change);
        other |= *to ^ old;
    }
    return (other[0] | other[1] | other[2] | other[3]) != 0;
}

/* Everything from nothing, and the longest way to each end. */
static void sweep(struct critical_window *w) {
    struct state *s = &w->now;
    for (int32_t k = 0; k < w->count; k++) {
        struct member *m = &s->member[s->list[k]];
        m->end = end_of(w, m);
    }
    memcpy(s->done, w->around, (size_t)w->width * sizeof *s->done);
    for (int32_t l = 0; l < w->c->p->lines; l++) {
        const struct border *b = &s->border[l];
        if (b->first == NOBODY && b->behind != w->c->none)
            take_larger(s->done, rest_outside(w, b->behind), b->free_at + change_out(w, l, b->before), w->width);
    }
    for (int32_t k = w->count - 1; k >= 0; k--) {
        int32_t number = s->list[k];
        const struct member *m = &s->member[number];
        set_rest(w, number);
        if (m->is_entered || (!m->is_out && m->before == NOBODY))
            take_larger(s->done, &s->rest[number * w->width], m->end - m->time, w->width);
    }
    s->cost = 0;
    for (int32_t e = 0; e < w->c->ends; e++)
        s->cost += critical_end_cost(&w->c->end[e], s->done[e]);
}

/* Ends that follow from a member which has come to its place, and no others. */
static void spread_ends(struct critical_window *w, int32_t number) {
    struct state *s = &w->now;
    int32_t last = s->place[number];
    bool *mark = w->mark;
    memset(mark, 0, (size_t)w->count * sizeof *mark);
    mark[number] = true;
    for (int32_t k = last; k <= last; k++) {
        int32_t i = s->list[k];
        struct member *m = &s->member[i];
        if (!mark[i])
            continue;
        int32_t end = end_of(w, m);
        if (end == m->end && i != number)
            continue;
        m->end = end;
        for (int side = 0; side < 2; side++) {
            int32_t next = side == 0 ? m->job_behind : m->behind;
            if (next != NOBODY) {
                mark[next] = true;
                last = larger(last, s->place[next]);
            }
        }
    }
}

/* Likewise rests. */
static void spread_rests(struct critical_window *w, int32_t number) {
    struct state *s = &w->now;
    int32_t first = s->place[number];
    bool *mark = w->mark;
    memset(mark, 0, (size_t)w->count * sizeof *mark);
    mark[number] = true;
    for (int32_t k = first; k >= first; k--) {
        int32_t i = s->list[k];
        const struct member *m = &s->member[i];
        if (!mark[i] || (!set_rest(w, i) && i != number))
            continue;
        for (int side = 0; side < 2; side++) {
            int32_t next = side == 0 ? m->job_before : m->before;
            if (next != NOBODY) {
                mark[next] = true;
                first = s->place[next] < first ? s->place[next] : first;
            }
        }
    }
}

/* ---- opening and closing ---- */

static bool is_before(const struct critical_window *w, int32_t task) {
    return task < w->c->tasks && w->c->pos[task] < w->from;
}

static void find_borders(struct critical_window *w) {
    const struct critical *c = w->c;
    for (int32_t l = 0; l < c->p->lines; l++) {
        const int32_t *row = &c->line_task[c->line_offset[l]];
        int32_t at = 0, count = c->line_count[l], end;
        while (at < count && c->pos[row[at]] < w->from)
            at++;
        for (end = at; end < count && c->pos[row[end]] < w->from + w->count;)
            end++;
        int32_t before = at > 0 ? row[at - 1] : c->none;
        w->now.border[l] = (struct border){before, end < count ? row[end] : c->none, c->node[before].end, at < end ? w->number[row[at]] : NOBODY};
    }
}

static void find_members(struct critical_window *w) {
    const struct critical *c = w->c;
    const struct problem *p = c->p;
    for (int32_t k = 0; k < w->count; k++) {
        int32_t task = c->order[w->from + k];
        const struct critical_node *n = &c->node[task], *job = &c->node[n->job_before];
        struct member *m = &w->now.member[k];
        *m = (struct member){.task = task, .option = n->option, .line = n->line, .time = n->time, .least = n->time, .change = n->change};
        m->before = w->number[n->before];
        m->behind = w->number[n->behind];
        m->job_before = w->number[n->job_before];
        m->job_behind = n->job_behind < c->tasks ? w->number[n->job_behind] : NOBODY;
        m->node_behind = n->job_behind;
        m->lag = n->lag;
        m->lag_before = job->lag;
        m->ready = n->release;
        if (is_before(w, n->job_before))
            m->ready = larger(m->ready, job->end + job->lag);
        m->is_entered = m->job_before == NOBODY || n->release > 0;
        for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++)
            m->least = p->option_time[o] < m->least ? p->option_time[o] : m->least;
        w->now.list[k] = w->now.place[k] = k;
    }
}

/* The longest ways that no member lies on: those that end before the window, and those that begin behind it or go there by their job. */
static void find_ways_around(struct critical_window *w) {
    const struct critical *c = w->c;
    for (int32_t e = 0; e < w->width; e++)
        w->around[e] = CRITICAL_NEVER;
    for (int32_t e = 0; e < c->ends; e++)
        for (int32_t k = c->end[e].first_sink; k < c->end[e].first_sink + c->end[e].sinks; k++)
            if (is_before(w, c->sink[k]))
                w->around[e] = larger(w->around[e], c->node[c->sink[k]].end);
    for (int32_t k = w->from + w->count; k < c->tasks; k++) {
        const struct critical_node *n = &c->node[c->order[k]], *job = &c->node[n->job_before];
        bool comes_by = is_before(w, n->job_before);
        if (comes_by || n->job_before == c->none || n->release > 0)
            take_larger(w->around, rest_outside(w, c->order[k]), comes_by ? larger(n->release, job->end + job->lag) : n->release, w->width);
    }
}

void critical_window_open(struct critical_window *w, int32_t from, int32_t to) {
    w->from = from;
    w->count = to - from;
    for (int32_t k = from; k < to; k++)
        w->number[w->c->order[k]] = k - from;
    find_borders(w);
    find_members(w);
    find_ways_around(w);
    for (int32_t k = from; k < to; k++)
        w->number[w->c->order[k]] = NOBODY;
    sweep(w);
}

void critical_window_close(struct critical_window *w) {
    critical_save(w->c, &w->order);
    for (int32_t k = 0; k < w->count; k++) {
        const struct member *m = &w->now.member[w->now.list[k]];
        w->order.order[w->from + k] = m->task;
        w->order.option[m->task] = m->option;
    }
    critical_restore(w->c, &w->order);
}

/* ---- out and in ---- */

/* Two neighbours on a line, or one of them and the border. */
static void join(struct critical_window *w, int32_t line, int32_t before, int32_t behind) {
    struct border *b = &w->now.border[line];
    if (before != NOBODY)
        w->now.member[before].behind = behind;
    else
        b->first = behind;
    if (behind == NOBODY)
        return;
    struct member *m = &w->now.member[behind];
    m->before = before;
    m->change = critical_change(w->c, line, before != NOBODY ? w->now.member[before].task : b->before, m->task);
}

void critical_window_take(struct critical_window *w, const int32_t *numbers, int32_t tasks) {
    for (int32_t k = 0; k < tasks; k++) {
        struct member *m = &w->now.member[numbers[k]];
        join(w, m->line, m->before, m->behind);
        m->before = m->behind = NOBODY;
        m->time = m->least;
        m->change = 0;
        m->is_out = true;
    }
    sweep(w);
}

static bool waits_for_marked(const struct critical_window *w, const struct member *m) {
    return (m->job_before != NOBODY && w->mark[m->job_before]) || (m->before != NOBODY && w->mark[m->before]);
}

/* Shifts `first` and what waits for it behind `last`, which does not. */
static void shift(struct critical_window *w, int32_t first, int32_t last) {
    int32_t *list = w->now.list, front = 0, back = 0, from = w->now.place[first], to = w->now.place[last];
    int32_t *part = w->shifted, *later = w->shifted + CRITICAL_WINDOW_MAX;
    memset(w->mark, 0, (size_t)w->count * sizeof *w->mark);
    for (int32_t i = from; i <= to; i++) {
        int32_t number = list[i];
        w->mark[number] = i == from || waits_for_marked(w, &w->now.member[number]);
        if (w->mark[number])
            later[back++] = number;
        else
            part[front++] = number;
    }
    memcpy(part + front, later, (size_t)back * sizeof *part);
    for (int32_t i = 0; i < front + back; i++) {
        list[from + i] = part[i];
        w->now.place[part[i]] = from + i;
    }
}

struct spot {
    int32_t option, before, behind;
    int64_t cost;
};

/* What all would cost with a task that is out at a place. */
static int64_t price(struct critical_window *w, const struct member *m, const struct spot *at) {
    const struct state *s = &w->now;
    const struct problem *p = w->c->p;
    int32_t line = p->option_line[at->option], width = w->width;
    const struct border *b = &s->border[line];
    const struct member *before = at->before != NOBODY ? &s->member[at->before] : NULL;
    int32_t start = (before != NULL ? before->end : b->free_at) + critical_change(w->c, line, before != NULL ? before->task : b->before, m->task);
    int32_t behind = at->behind != NOBODY ? s->member[at->behind].task : b->behind;
    int32_t end = larger(start, m->end - m->time) + p->option_time[at->option], change = end + critical_change(w->c, line, m->task, behind);
    const int32_t *by_line = at->behind != NOBODY ? &s->rest[at->behind * width] : rest_outside(w, behind);
    const int32_t *by_job = m->job_behind != NOBODY ? &s->rest[m->job_behind * width] : rest_outside(w, m->node_behind);
    int64_t cost = s->cost;
    for (int32_t e = 0; e < width; e += 4) {
        critical_four way = critical_larger(*(const critical_four *)(by_job + e) + (end + m->lag), *(const critical_four *)(by_line + e) + change);
        critical_four done = *(const critical_four *)(s->done + e), longer = way > done;
        if ((longer[0] | longer[1] | longer[2] | longer[3]) == 0)
            continue;
        for (int32_t k = 0; k < 4 && e + k < w->c->ends; k++)
            if (longer[k] != 0)
                cost += critical_end_cost(&w->c->end[e + k], way[k]) - critical_end_cost(&w->c->end[e + k], done[k]);
    }
    return cost;
}

/* Whether the next of a job may lead to a task: it does not where that starts before the end of this one, or is further from some end. */
static bool may_lead_to(const struct critical_window *w, int32_t next, int32_t number) {
    const struct state *s = &w->now;
    const struct member *n = &s->member[next], *m = &s->member[number];
    const int32_t *from = &s->rest[next * w->width], *to = &s->rest[number * w->width];
    if (number == next)
        return true;
    if (m->end - m->time < n->end)
        return false;
    for (int32_t e = 0; e < w->c->ends; e++)
        if (to[e] >= 0 && to[e] > from[e] - n->time)
            return false;
    return true;
}

/* Places on the line of an option that surely close no circle: behind all that ends before the job's task before it starts, and before
 * what the job's next one may lead to. The other places are no better (as Mastrolilli and Gambardella, 2000, prove for the makespan):
 * further to the front the task starts no earlier, and further back it and the next of its job are only later. */
static void look_along(struct critical_window *w, const struct member *m, int32_t option, struct random *random, struct spot *best,
                       int32_t *ties) {
    const struct member *member = w->now.member, *job = m->job_before != NOBODY ? &member[m->job_before] : NULL;
    struct spot at = {option, NOBODY, w->now.border[w->c->p->option_line[option]].first, 0};
    while (job != NULL && at.behind != NOBODY && (member[at.behind].end <= job->end - job->time || at.behind == m->job_before)) {
        at.before = at.behind;
        at.behind = member[at.behind].behind;
    }
    for (;;) {
        at.cost = price(w, m, &at);
        if (best->option == NOBODY || at.cost < best->cost)
            *ties = 0;
        if ((*ties == 0 || at.cost == best->cost) && random_below(random, ++*ties) == 0)
            *best = at;
        if (at.behind == NOBODY || (m->job_behind != NOBODY && may_lead_to(w, m->job_behind, at.behind)))
            return;
        at.before = at.behind;
        at.behind = member[at.behind].behind;
    }
}

bool critical_window_put(struct critical_window *w, int32_t number, int64_t most, struct random *random) {
    struct member *m = &w->now.member[number];
    const struct problem *p = w->c->p;
    struct spot best = {NOBODY, 0, 0, 0};
    int32_t ties = 0;
    for (int32_t o = p->option_offset[m->task]; o < p->option_offset[m->task + 1]; o++)
        look_along(w, m, o, random, &best, &ties);
    if (best.cost > most)
        return false;
    if (best.behind != NOBODY && w->now.place[best.behind] < w->now.place[number])
        shift(w, best.behind, number);
    else if (best.before != NOBODY && w->now.place[best.before] > w->now.place[number])
        shift(w, number, best.before);
    m->option = best.option;
    m->line = p->option_line[best.option];
    m->time = p->option_time[best.option];
    m->is_out = false;
    join(w, m->line, best.before, number);
    join(w, m->line, number, best.behind);
    if (w->c->changes) { /* the price may have been too high */
        sweep(w);
        return true;
    }
    spread_ends(w, number);
    spread_rests(w, number);
    take_larger(w->now.done, &w->now.rest[number * w->width], m->end - m->time, w->width);
    w->now.cost = best.cost;
    return true;
}
