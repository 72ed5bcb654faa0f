/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/window.h"

#include <stdlib.h>
#include <string.h>

#define LONG_AGO (-PROBLEM_TICK_MAX / 2)
enum { WEIGHT_MAX = 1 << 26, BEHIND_REACH = 4 };

struct making {
    const struct sequence *q;
    const struct problem *whole;
    const struct marginal *m;
    struct window *w;
    struct problem *p;
    int32_t *job;        /* of the whole, by number here */
    int32_t *part;       /* by job of the whole: its number here; -1: none */
    int32_t first_start; /* in the window */
    int32_t *held;       /* by usage of the whole, before the window: units that were not given to others before it */
    size_t due_cap, due_jobs, due_jobs_cap;
};

static int32_t *numbers(const struct making *k, size_t count) {
    return arena_array(k->p->arena, count, sizeof(int32_t));
}

/* Of a task of the whole, its number here; -1: it is not here, or a head. */
static int32_t number_of(const struct making *k, int32_t task) {
    const struct window *w = k->w;
    int32_t pos = k->q->pos[task];
    if (pos < w->from)
        return -1;
    if (pos < w->reach)
        return w->heads + pos - w->from;
    for (int32_t i = w->heads + w->reach - w->from; i < w->heads + w->own + w->behind; i++)
        if (w->task[i] == task)
            return i;
    return -1;
}

/* The units of a pool: when each is free as far as what stands before the window goes, and whether its holder is known. */
struct row {
    const int32_t *free;
    int32_t units;  /* 0: it never runs out, or has no usage there */
    uint8_t *known; /* NULL: no usage of it was looked at yet */
};

/* How many units of the row, whose holder was not known, are a task's that ends then and took `amount`; it is known now. */
static int32_t claim_units(struct row *row, int32_t end, int32_t amount) {
    int32_t found = 0;
    for (int32_t i = 0; i < row->units && found < amount; i++)
        if (row->free[i] == end && !row->known[i]) {
            row->known[i] = 1;
            found++;
        }
    return found;
}

/* Each unit that was given before the window has one holder: the last of those that end when it is free.
 * ret_held, by usage of the whole: so many units; of a pool that never runs out all. ret_holds, by task: any of a pool that may. */
static void find_holders(const struct making *k, int32_t *ret_held, uint8_t *ret_holds) {
    const struct problem *whole = k->whole;
    struct row *row = takt_alloc((size_t)whole->pools * sizeof *row);
    for (int32_t i = k->w->from - 1; i >= 0; i--) {
        int32_t task = k->q->order[i];
        for (int32_t u = whole->usage_offset[task]; u < whole->usage_offset[task + 1]; u++) {
            struct row *r = &row[whole->usage_pool[u]];
            if (r->known == NULL) { /* the last usage before the window */
                r->free = sequence_pool_after(k->q, u, &r->units);
                r->known = takt_alloc((size_t)r->units + 1);
            }
            ret_held[u] = r->units > 0 ? claim_units(r, k->q->end[task], whole->usage_amount[u]) : whole->usage_amount[u];
            ret_holds[task] = ret_holds[task] || (r->units > 0 && ret_held[u] > 0);
        }
    }
    for (int32_t p = 0; p < whole->pools; p++)
        free(row[p].known);
    free(row);
}

/* On each line heads follow each other from long ago: nothing else has a place among them. Those of one run stay one.
 */
static void close_gaps(struct making *k) {
    struct problem *p = k->p;
    struct {
        int32_t start, end;
    } *last = takt_alloc((size_t)p->lines * sizeof *last);
    for (int32_t l = 0; l < p->lines; l++)
        last[l].end = LONG_AGO;
    for (int32_t i = 0; i < k->w->heads; i++) {
        int32_t line = p->fixed_line[i], end = p->fixed_end[i];
        if (p->line_batch[line] == 0 || end != last[line].end)
            last[line].start = last[line].end < end ? last[line].end : end;
        p->fixed_start[i] = last[line].start;
        last[line].end = end;
    }
    free(last);
}

/* Whether the task is the last on its line before the window, or in one run with it. */
static bool is_last_on_line(const struct sequence *q, int32_t task, const int32_t *last) {
    return sequence_leader(q, task) == sequence_leader(q, last[q->p->option_line[q->option[task]]]);
}

/* Heads, own, and behind. */
static void choose_tasks(struct making *k) {
    const struct sequence *q = k->q;
    const struct problem *whole = k->whole;
    struct window *w = k->w;
    int32_t lines = whole->lines, reach = w->reach + BEHIND_REACH * (w->to - w->from), missing = q->used_lines;
    int32_t *last = takt_alloc((size_t)lines * sizeof *last);
    uint8_t *holds = takt_alloc((size_t)whole->tasks);
    int32_t *seen = takt_alloc((size_t)lines * sizeof *seen);
    for (int32_t l = 0; l < lines; l++)
        last[l] = seen[l] = -1;
    for (int32_t i = 0; i < w->from; i++) {
        int32_t task = q->order[i];
        last[whole->option_line[q->option[task]]] = task;
    }
    find_holders(k, k->held, holds);
    size_t cap = (size_t)whole->tasks + (size_t)lines;
    w->task = takt_alloc(cap * sizeof *w->task);
    for (int32_t i = 0; i < w->from; i++) {
        int32_t task = q->order[i];
        if (is_last_on_line(q, task, last) || holds[task])
            w->task[w->heads++] = task;
    }
    w->own = w->to - w->from;
    w->behind = w->reach - w->to;
    memcpy(w->task + w->heads, q->order + w->from, (size_t)(w->own + w->behind) * sizeof *w->task);
    for (int32_t i = w->reach; i < whole->tasks && i < reach && (missing > 0 || q->joined[q->order[i]]); i++) {
        int32_t task = q->order[i], line = whole->option_line[q->option[task]];
        if (seen[line] >= 0 && !(q->joined[task] && seen[line] == q->before[task]))
            continue;
        missing -= seen[line] < 0;
        seen[line] = task;
        w->task[w->heads + w->own + w->behind++] = task;
    }
    free(last);
    free(holds);
    free(seen);
}

static void share_whole(struct making *k) {
    const struct problem *whole = k->whole;
    struct problem *p = k->p;
    struct arena *arena = p->arena;
    *p = *whole;
    p->arena = arena;
    p->groups = 0;
    p->group_offset = numbers(k, 1);
    p->tasks = k->w->heads + k->w->own + k->w->behind;
    struct problem_objective *o = &p->objective;
    int64_t scale = k->w->scale = o->tardiness > 0 ? o->tardiness : 1;
    o->tardiness = scale; /* by which a due of weight 1 costs as much as one unit of the whole's objective */
    o->changeover *= scale;
    o->moves *= scale;
    o->makespan = k->w->reach == whole->tasks ? o->makespan * scale : 0;
}

static int32_t outer_release(const struct making *k, int32_t task) {
    const struct problem *whole = k->whole;
    const struct sequence *q = k->q;
    int32_t release = whole->job_release[whole->job[task]], option = q->option[task];
    release = whole->release[task] > release ? whole->release[task] : release;
    for (int32_t b = whole->before_offset[task]; b < whole->before_offset[task + 1]; b++)
        if (number_of(k, whole->before[b]) < 0) {
            int32_t ready = sequence_ready_after(q, whole->before[b], option);
            release = ready > release ? ready : release;
        }
    return release;
}

static void add_options(struct making *k, int32_t i, bool all) {
    const struct problem *whole = k->whole;
    struct problem *p = k->p;
    int32_t task = k->w->task[i], n = p->option_offset[i];
    for (int32_t o = whole->option_offset[task]; o < whole->option_offset[task + 1]; o++) {
        if (!all && o != k->q->option[task])
            continue;
        p->option_line[n] = whole->option_line[o];
        p->option_time[n] = whole->option_time[o];
        p->option_hours[n++] = whole->option_hours[o];
    }
    p->option_offset[i + 1] = n;
}

static void add_usages(struct making *k, int32_t i) {
    const struct problem *whole = k->whole;
    struct problem *p = k->p;
    int32_t task = k->w->task[i], from = whole->usage_offset[task], n = whole->usage_offset[task + 1] - from;
    memcpy(p->usage_pool + p->usage_offset[i], whole->usage_pool + from, (size_t)n * sizeof *p->usage_pool);
    const int32_t *amount = i < k->w->heads ? k->held : whole->usage_amount;
    memcpy(p->usage_amount + p->usage_offset[i], amount + from, (size_t)n * sizeof *p->usage_amount);
    p->usage_offset[i + 1] = p->usage_offset[i] + n;
}

static void add_task(struct making *k, int32_t i) {
    const struct problem *whole = k->whole;
    const struct sequence *q = k->q;
    struct problem *p = k->p;
    struct window *w = k->w;
    int32_t task = w->task[i];
    bool head = i < w->heads;
    p->task_name[i] = whole->task_name[task];
    p->family[i] = whole->family[task];
    p->size[i] = whole->size[task];
    p->lag_after[i] = whole->lag_after[task];
    p->lag_max[i] = whole->lag_max[task];
    p->overlap_quantity[i] = head ? 0 : whole->overlap_quantity[task];
    p->overlap_first[i] = whole->overlap_first[task];
    p->breakable[i] = whole->breakable[task];
    p->plan_line[i] = whole->plan_line[task];
    p->plan_start[i] = whole->plan_start[task];
    p->group[i] = -1;
    p->rank[i] = i;
    p->release[i] = head ? 0 : outer_release(k, task);
    p->fixed_line[i] = whole->fixed_line[task];
    p->fixed_start[i] = whole->fixed_start[task];
    p->fixed_end[i] = whole->fixed_end[task];
    p->fixed_hours[i] = whole->fixed_hours[task];
    if (head) {
        p->family[i] = q->setup[task];
        p->fixed_line[i] = whole->option_line[q->option[task]];
        p->fixed_start[i] = q->start[task];
        p->fixed_end[i] = q->end[task];
        p->fixed_hours[i] = whole->option_hours[q->option[task]];
    }
    add_options(k, i, i >= w->heads && i < w->heads + w->own);
    add_usages(k, i);
    w->plan->line[i] = whole->option_line[q->option[task]];
    w->plan->start[i] = head ? INT32_MIN : i < w->heads + w->reach - w->from ? q->start[task] : INT32_MAX;
    w->plan->end[i] = q->end[task];
}

static void add_tasks(struct making *k) {
    const struct problem *whole = k->whole;
    struct problem *p = k->p;
    struct window *w = k->w;
    size_t n = (size_t)p->tasks, options = 0, usages = 0;
    for (size_t i = 0; i < n; i++) {
        options += (size_t)(whole->option_offset[w->task[i] + 1] - whole->option_offset[w->task[i]]);
        usages += (size_t)(whole->usage_offset[w->task[i] + 1] - whole->usage_offset[w->task[i]]);
    }
    int32_t **by_task[] = {
        &p->family,      &p->size,      &p->release,   &p->lag_after,  &p->lag_max,          &p->fixed_line,
        &p->fixed_start, &p->fixed_end, &p->plan_line, &p->plan_start, &p->overlap_quantity, &p->overlap_first,
        &p->fixed_hours, &p->rank,      &p->group,     &p->job};
    for (size_t a = 0; a < sizeof by_task / sizeof *by_task; a++)
        *by_task[a] = numbers(k, n);
    p->task_name = arena_array(p->arena, n, sizeof *p->task_name);
    p->breakable = arena_alloc(p->arena, n);
    p->option_offset = numbers(k, n + 1);
    p->option_line = numbers(k, options);
    p->option_time = numbers(k, options);
    p->option_hours = numbers(k, options);
    p->usage_offset = numbers(k, n + 1);
    p->usage_pool = numbers(k, usages);
    p->usage_amount = numbers(k, usages);
    w->plan = schedule_new(p->tasks);
    for (int32_t i = 0; i < p->tasks; i++)
        add_task(k, i);
    close_gaps(k);
}

static void add_network(struct making *k) {
    const struct problem *whole = k->whole;
    struct problem *p = k->p;
    size_t n = (size_t)p->tasks, edges = 0;
    for (int32_t i = k->w->heads; i < p->tasks; i++)
        edges += (size_t)(whole->before_offset[k->w->task[i] + 1] - whole->before_offset[k->w->task[i]]);
    p->before_offset = numbers(k, n + 1);
    p->after_offset = numbers(k, n + 1);
    p->before = numbers(k, edges);
    p->after = numbers(k, edges);
    for (int32_t i = 0, e = 0; i < p->tasks; i++) {
        int32_t task = k->w->task[i];
        for (int32_t b = whole->before_offset[task]; i >= k->w->heads && b < whole->before_offset[task + 1]; b++) {
            int32_t before = number_of(k, whole->before[b]);
            if (before < 0)
                continue;
            p->before[e++] = before;
            p->after_offset[before + 1]++;
        }
        p->before_offset[i + 1] = e;
    }
    for (size_t i = 0; i < n; i++)
        p->after_offset[i + 1] += p->after_offset[i];
    int32_t *fill = takt_alloc(n * sizeof *fill);
    for (int32_t i = 0; i < p->tasks; i++)
        for (int32_t b = p->before_offset[i]; b < p->before_offset[i + 1]; b++)
            p->after[p->after_offset[p->before[b]] + fill[p->before[b]]++] = i;
    free(fill);
}

/* Each head is a job alone. */
static void add_jobs(struct making *k) {
    const struct problem *whole = k->whole;
    struct problem *p = k->p;
    size_t n = (size_t)p->tasks;
    k->job = numbers(k, n);
    p->job_offset = numbers(k, n + 1);
    p->job_task = numbers(k, n);
    p->job_release = numbers(k, n);
    p->jobs = 0;
    for (int32_t i = 0; i < p->tasks; i++) {
        int32_t job = whole->job[k->w->task[i]];
        bool head = i < k->w->heads;
        if (head || k->part[job] < 0) {
            k->job[p->jobs] = head ? -1 : job;
            if (!head)
                k->part[job] = p->jobs;
            p->jobs++;
        }
        p->job[i] = head ? p->jobs - 1 : k->part[job];
        p->job_offset[p->job[i] + 1]++;
    }
    for (int32_t j = 0; j < p->jobs; j++)
        p->job_offset[j + 1] += p->job_offset[j];
    int32_t *fill = takt_alloc((size_t)p->jobs * sizeof *fill);
    for (int32_t i = 0; i < p->tasks; i++)
        p->job_task[p->job_offset[p->job[i]] + fill[p->job[i]]++] = i;
    free(fill);
    p->job_name = arena_array(p->arena, (size_t)p->jobs, sizeof *p->job_name);
}

static void due_begin(struct making *k, int64_t due, int64_t weight) {
    struct problem *p = k->p;
    size_t n = (size_t)p->dues, cap = k->due_cap;
    if (n >= cap) {
        size_t more = cap + cap / 2 + 64;
        p->due = takt_realloc(p->due, more, sizeof *p->due);
        p->placed = takt_realloc(p->placed, more, sizeof *p->placed);
        p->weight = takt_realloc(p->weight, more, sizeof *p->weight);
        p->due_offset = takt_realloc(p->due_offset, more + 1, sizeof *p->due_offset);
        p->due_offset[0] = 0;
        k->due_cap = more;
    }
    p->placed[n] = PROBLEM_NONE;
    p->due[n] = due < -PROBLEM_TICK_MAX ? PROBLEM_NONE : due < PROBLEM_TICK_MAX ? (int32_t)due : PROBLEM_TICK_MAX;
    p->weight[n] = (int32_t)(weight < WEIGHT_MAX ? weight : WEIGHT_MAX);
    p->due_offset[n + 1] = p->due_offset[n];
    p->dues++;
}

static void due_job(struct making *k, int32_t part) {
    struct problem *p = k->p;
    ARRAY_GROW(p->due_job, k->due_jobs, k->due_jobs_cap);
    p->due_job[k->due_jobs++] = part;
    p->due_offset[p->dues]++;
}

/* A job that is complete with this window. */
static bool ends_here(const struct making *k, int32_t job) {
    const struct problem *whole = k->whole;
    if (k->part[job] < 0)
        return false;
    for (int32_t t = whole->job_offset[job]; t < whole->job_offset[job + 1]; t++)
        if (k->q->pos[whole->job_task[t]] >= k->w->reach)
            return false;
    return true;
}

/* `weight` for each tick that the part of a job ends after `due`. */
static void add_due(struct making *k, int64_t due, int64_t weight, int32_t part) {
    if (weight <= 0)
        return;
    due_begin(k, due, weight);
    due_job(k, part);
}

/* An order with all its jobs here. */
static void copy_order(struct making *k, int32_t due) {
    const struct problem *whole = k->whole;
    int64_t when = whole->objective.tardiness > 0 && whole->due[due] != PROBLEM_NONE ? whole->due[due] : INT64_MIN;
    due_begin(k, when, whole->weight[due] * k->w->scale);
    k->p->placed[k->p->dues - 1] = whole->placed[due];
    for (int32_t i = whole->due_offset[due]; i < whole->due_offset[due + 1]; i++)
        due_job(k, k->part[whole->due_job[i]]);
}

/* What an order costs, as far as it is decided here: where some of its jobs are elsewhere, by the last of those here.
 */
static void add_order(struct making *k, int32_t due) {
    const struct problem *whole = k->whole;
    const struct problem_objective *o = &whole->objective;
    int64_t weight = whole->weight[due], done = k->first_start;
    int32_t here = 0, last = -1, jobs = whole->due_offset[due + 1] - whole->due_offset[due];
    for (int32_t i = whole->due_offset[due]; i < whole->due_offset[due + 1]; i++) {
        int32_t job = whole->due_job[i];
        if (ends_here(k, job)) {
            here++;
            last = last < 0 || k->q->job_end[job] > k->q->job_end[last] ? job : last;
        } else if (k->q->job_end[job] > done) {
            done = k->q->job_end[job];
        }
    }
    if (here == jobs) {
        copy_order(k, due);
    } else if (here > 0) {
        int64_t always = whole->placed[due] != PROBLEM_NONE ? o->flow : 0;
        if (whole->due[due] != PROBLEM_NONE)
            add_due(k, whole->due[due] > done ? whole->due[due] : done, weight * o->tardiness, k->part[last]);
        add_due(k, done, weight * (always + o->waiting * (jobs - 1)), k->part[last]);
    }
}

static void add_orders(struct making *k) {
    const struct problem *whole = k->whole;
    uint8_t *seen = takt_alloc((size_t)whole->dues);
    for (int32_t j = 0; j < k->p->jobs; j++)
        for (int32_t d = k->job[j] < 0 ? 0 : whole->job_due_offset[k->job[j]];
             k->job[j] >= 0 && d < whole->job_due_offset[k->job[j] + 1]; d++) {
            int32_t due = whole->job_due[d];
            if (seen[due])
                continue;
            seen[due] = 1;
            add_order(k, due);
        }
    free(seen);
}

static void add_bends(struct making *k, int32_t i, const struct bends *b) {
    int32_t part = k->p->job[i];
    for (int32_t n = 0; n < b->count; n++) {
        int64_t due = (int64_t)k->q->end[k->w->task[i]] + b->bend[n].from;
        add_due(k, due > k->first_start ? due : k->first_start, b->bend[n].weight, part);
    }
}

/* What waits behind the window. */
static void add_exits(struct making *k) {
    const struct problem *whole = k->whole;
    const struct window *w = k->w;
    int32_t beyond = w->heads + w->reach - w->from;
    for (int32_t i = w->heads; i < beyond; i++)
        for (int32_t s = whole->after_offset[w->task[i]]; s < whole->after_offset[w->task[i] + 1]; s++)
            if (k->q->pos[whole->after[s]] >= w->reach && number_of(k, whole->after[s]) < 0) {
                struct bends b = marginal_through(k->m, k->q, w->task[i], whole->after[s]);
                add_bends(k, i, &b);
            }
    for (int32_t i = beyond; i < k->p->tasks; i++)
        if (!k->q->joined[w->task[i]])
            add_bends(k, i, &k->m->of[w->task[i]]);
}

static void finish_dues(struct making *k) {
    struct problem *p = k->p;
    size_t dues = (size_t)p->dues;
    int32_t *due = p->due, *placed = p->placed, *weight = p->weight, *offset = p->due_offset, *job = p->due_job;
    p->due_offset = numbers(k, dues + 1);
    if (dues > 0) {
        p->due = arena_memdup(p->arena, due, dues * sizeof *due);
        p->placed = arena_memdup(p->arena, placed, dues * sizeof *placed);
        p->weight = arena_memdup(p->arena, weight, dues * sizeof *weight);
        p->due_job = arena_memdup(p->arena, job, k->due_jobs * sizeof *job);
        memcpy(p->due_offset, offset, (dues + 1) * sizeof *offset);
    }
    free(due);
    free(placed);
    free(weight);
    free(offset);
    free(job);
    p->job_due_offset = numbers(k, (size_t)p->jobs + 1);
    p->job_due = numbers(k, k->due_jobs);
    for (size_t i = 0; i < k->due_jobs; i++)
        p->job_due_offset[p->due_job[i] + 1]++;
    for (int32_t j = 0; j < p->jobs; j++)
        p->job_due_offset[j + 1] += p->job_due_offset[j];
    int32_t *fill = takt_alloc((size_t)p->jobs * sizeof *fill);
    for (int32_t d = 0; d < p->dues; d++)
        for (int32_t i = p->due_offset[d]; i < p->due_offset[d + 1]; i++)
            p->job_due[p->job_due_offset[p->due_job[i]] + fill[p->due_job[i]]++] = d;
    free(fill);
}

static void add_dues(struct making *k) {
    struct problem *p = k->p;
    p->dues = 0;
    p->due = p->placed = p->weight = p->due_offset = p->due_job = NULL;
    add_orders(k);
    add_exits(k);
    finish_dues(k);
}

bool window_knows(const struct problem *p) {
    if (p->groups > 0 || !sequence_knows(p))
        return false;
    for (int32_t k = 0; k < p->pools; k++)
        if (p->step_offset[k + 1] - p->step_offset[k] > 1 || p->hours[p->pool_hours[k]].count != HOURS_ALWAYS)
            return false;
    return true;
}

struct window *window_new(const struct sequence *q, const struct marginal *m, int32_t from, int32_t to, int32_t reach) {
    struct window *w = takt_alloc(sizeof *w);
    struct arena *arena = arena_new();
    w->p = arena_alloc(arena, sizeof *w->p);
    w->p->arena = arena;
    w->from = from;
    w->to = to;
    w->reach = reach;
    struct making k = {.q = q, .whole = q->p, .m = m, .w = w, .p = w->p, .first_start = q->start[q->order[from]]};
    k.part = takt_alloc((size_t)q->p->jobs * sizeof *k.part);
    memset(k.part, -1, (size_t)q->p->jobs * sizeof *k.part);
    k.held = takt_alloc((size_t)q->p->usage_offset[q->p->tasks] * sizeof *k.held);
    choose_tasks(&k);
    share_whole(&k);
    add_tasks(&k);
    free(k.held);
    add_network(&k);
    add_jobs(&k);
    add_dues(&k);
    free(k.part);
    return w;
}

void window_free(struct window *w) {
    if (w == NULL)
        return;
    arena_free(w->p->arena);
    schedule_free(w->plan);
    free(w->task);
    free(w);
}

int32_t window_option(const struct window *w, const struct problem *whole, int32_t i, int32_t option) {
    int32_t off = whole->option_offset[w->task[i]] - w->p->option_offset[i];
    return option < 0 ? option - off : option + off; /* below 0: it is joined */
}

void window_order(const struct window *w, const int32_t *order, int32_t *ret_task) {
    for (int32_t k = 0, n = 0; k < w->p->tasks; k++)
        if (order[k] >= w->heads && order[k] < w->heads + w->reach - w->from)
            ret_task[n++] = w->task[order[k]];
}
