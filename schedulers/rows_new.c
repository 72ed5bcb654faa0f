/* SPDX-License-Identifier: Apache-2.0 */

/* Making rows: what of a problem they know, its numbers laid out by line and task, and a schedule's tasks in order. */

#include "schedulers/rows.h"

#include <stdlib.h>
#include <string.h>

enum { TASKS_MAX = 20000, ENERGY_SCALE = 64 };
#define TIMES_MAX   (INT64_C(1) << 20) /* lines × tasks */
#define SCALED_MAX  (INT64_C(1) << 44) /* of the objective, for it to be scaled */
#define CHANGES_MAX (INT64_C(1) << 23) /* tables × kinds² */

static int64_t kinds_most(const struct problem *p) {
    int64_t families = p->families < p->tasks + p->lines ? p->families : p->tasks + p->lines;
    return families + 1;
}

static bool knows_task(const struct problem *p, int32_t i) {
    for (int32_t o = p->option_offset[i]; o < p->option_offset[i + 1]; o++)
        if (p->option_time[o] == 0 || p->line_batch[p->option_line[o]] > 0)
            return false;
    return p->fixed_line[i] < 0 && p->usage_offset[i] == p->usage_offset[i + 1] &&
           (p->plan_line[i] < 0 || p->objective.moves == 0);
}

bool rows_knows(const struct problem *p) {
    if (p->tasks == 0 || p->jobs != p->tasks || p->tasks > TASKS_MAX || (int64_t)p->lines * p->tasks > TIMES_MAX ||
        (p->tables + 1) * kinds_most(p) * kinds_most(p) > CHANGES_MAX)
        return false;
    for (int32_t d = 0; d < p->dues; d++)
        if (p->due_offset[d + 1] - p->due_offset[d] != 1)
            return false;
    for (int32_t i = 0; i < p->tasks; i++)
        if (!knows_task(p, i))
            return false;
    return true;
}

static void find_lines(struct rows *r) {
    const struct problem *p = r->p;
    int32_t *number = takt_alloc((size_t)p->lines * sizeof *number);
    for (int32_t o = 0; o < p->option_offset[p->tasks]; o++)
        number[p->option_line[o]] = 1;
    r->line = arena_array(r->arena, (size_t)p->lines, sizeof *r->line);
    for (int32_t l = 0; l < p->lines; l++)
        if (number[l] > 0) {
            number[l] = r->lines;
            r->line[r->lines++] = l;
        }
    size_t cells = (size_t)r->lines * (size_t)r->tasks;
    r->time = arena_array(r->arena, cells, sizeof *r->time);
    memset(r->time, -1, cells * sizeof *r->time);
    int32_t *hours = arena_array(r->arena, cells, sizeof *hours);
    for (int32_t i = 0; i < r->tasks; i++)
        for (int32_t o = p->option_offset[i]; o < p->option_offset[i + 1]; o++) {
            int32_t at = number[p->option_line[o]] * r->tasks + i;
            r->time[at] = p->option_time[o];
            hours[at] = p->option_hours[o];
            if (p->hours[p->option_hours[o]].count != HOURS_ALWAYS ||
                p->hours[p->line_hours[p->option_line[o]]].count != HOURS_ALWAYS)
                r->hours = hours;
        }
    free(number);
}

/* One matrix a table, of the families that occur, numbered from 1. */
static void lay_out_changes(struct rows *r) {
    const struct problem *p = r->p;
    int32_t *kind = takt_alloc((size_t)p->families * sizeof *kind),
            *family = takt_alloc(((size_t)p->families + 1) * sizeof *family);
    r->kinds = 1;
    for (int32_t k = 0; k < r->tasks + r->lines; k++) {
        int32_t f = k < r->tasks ? p->family[k] : p->line_initial[r->line[k - r->tasks]];
        if (f < 0 || kind[f] > 0)
            continue;
        kind[f] = r->kinds;
        family[r->kinds++] = f;
    }
    size_t square = (size_t)r->kinds * (size_t)r->kinds;
    const int32_t *none = arena_array(r->arena, square, sizeof *none),
                  **of = takt_alloc((size_t)p->tables * sizeof *of);
    r->change = arena_array(r->arena, (size_t)r->lines, sizeof *r->change);
    r->initial = arena_array(r->arena, (size_t)r->lines, sizeof *r->initial);
    r->bare = true;
    for (int32_t l = 0; l < r->lines; l++) {
        int32_t table = p->line_table[r->line[l]], initial = p->line_initial[r->line[l]];
        r->initial[l] = initial >= 0 ? kind[initial] : 0;
        if (table >= 0 && of[table] == NULL) {
            const struct table *t = &p->table[table];
            int32_t *time = arena_array(r->arena, square, sizeof *time);
            for (int32_t a = 1; a < r->kinds; a++)
                for (int32_t b = 1; b < r->kinds; b++)
                    if (t->sparse || (t->row[family[a]] >= 0 && t->row[family[b]] >= 0))
                        time[a * r->kinds + b] = table_time(t, family[a], family[b]);
            of[table] = time;
        }
        r->change[l] = table >= 0 ? of[table] : none;
        r->bare = r->bare && table < 0;
    }
    for (int32_t i = 0; i < r->tasks; i++)
        r->facts[i].kind = p->family[i] >= 0 ? kind[p->family[i]] : 0;
    free(of);
    free(kind);
    free(family);
}

static void find_costs(struct rows *r) {
    const struct problem *p = r->p;
    const struct problem_objective *o = &p->objective;
    r->terms = arena_array(r->arena, (size_t)p->dues, sizeof *r->terms);
    int32_t terms = 0;
    for (int32_t i = 0; i < r->tasks; i++) {
        struct rows_task *f = &r->facts[i];
        int32_t job = p->job[i];
        f->release = p->release[i] > p->job_release[job] ? p->release[i] : p->job_release[job];
        f->due = INT32_MAX;
        f->more_from = terms;
        for (int32_t k = p->job_due_offset[job]; k < p->job_due_offset[job + 1]; k++) {
            int32_t d = p->job_due[k];
            int64_t weight = o->tardiness * p->weight[d];
            if (p->placed[d] != PROBLEM_NONE) {
                f->slope += o->flow * p->weight[d];
                r->base -= o->flow * p->weight[d] * p->placed[d];
            }
            if (p->due[d] == PROBLEM_NONE || weight == 0)
                continue;
            if (f->due == INT32_MAX) {
                f->due = p->due[d];
                f->weight = weight;
            } else {
                r->terms[terms++] = (struct rows_term){p->due[d], weight};
                f->more++;
            }
        }
    }
}

struct order_key {
    int32_t line, start, task;
};

static int compare_keys(const void *a, const void *b) {
    const struct order_key *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x->task > y->task) - (x->task < y->task);
}

static void take_order(struct rows *r, const struct schedule *s) {
    struct order_key *key = takt_alloc((size_t)r->tasks * sizeof *key);
    struct rows_saved order = rows_saved_new(r);
    for (int32_t i = 0; i < r->tasks; i++)
        key[i] = (struct order_key){s->line[i], s->start[i], i};
    qsort(key, (size_t)r->tasks, sizeof *key, compare_keys);
    for (int32_t k = 0, l = 0; k < r->tasks; k++) {
        while (r->line[l] != key[k].line)
            l++;
        order.count[l]++;
        order.task[k] = key[k].task;
    }
    rows_restore(r, &order);
    rows_saved_free(&order);
    free(key);
}

/* No releases; and no task that keeps the set-up of the one before it, unless nothing is ever set up. */
static bool is_additive(const struct rows *r) {
    for (int32_t i = 0; i < r->tasks; i++)
        if (r->facts[i].release > 0 || (r->facts[i].kind == 0 && !r->bare))
            return false;
    return true;
}

/* What the energy is made of. */
static void weigh(struct rows *r, const struct schedule *s) {
    const struct problem_objective *o = &r->p->objective;
    int64_t weight = 0;
    r->ends_only = o->makespan > 0 && o->changeover == 0;
    int32_t last = 1;
    for (int32_t i = 0; i < r->tasks; i++) {
        const struct rows_task *f = &r->facts[i];
        weight += f->weight / r->tasks;
        r->ends_only = r->ends_only && f->due == INT32_MAX && f->slope == 0;
        last = s->end[i] > last ? s->end[i] : last;
    }
    struct figures now;
    schedule_evaluate(r->p, s, &now);
    r->target = last - 1;
    r->additive = r->ends_only && r->lines > 1 && r->hours == NULL && is_additive(r);
    r->scale = r->ends_only || now.objective < SCALED_MAX ? ENERGY_SCALE : 1;
    if (r->scale > 1)
        r->aside = weight * ENERGY_SCALE / 4 + o->makespan * ENERGY_SCALE / (8 * r->lines);
}

struct rows *rows_new(const struct problem *p, const struct schedule *s) {
    struct arena *arena = arena_new();
    struct rows *r = arena_alloc(arena, sizeof *r);
    *r = (struct rows){.p = p, .arena = arena, .tasks = p->tasks};
    size_t n = (size_t)p->tasks;
    find_lines(r);
    r->facts = arena_array(arena, n, sizeof *r->facts);
    lay_out_changes(r);
    find_costs(r);
    r->row = arena_array(arena, (size_t)r->lines, sizeof *r->row);
    for (int32_t l = 0; l < r->lines; l++) {
        struct row *row = &r->row[l];
        row->task = arena_array(arena, n, sizeof *row->task);
        row->end = arena_array(arena, n, sizeof *row->end);
        row->setup = arena_array(arena, n, sizeof *row->setup);
        row->sum = arena_array(arena, n, sizeof *row->sum);
        row->tail = arena_array(arena, n + 1, sizeof *row->tail);
    }
    r->row_of = arena_array(arena, n, sizeof *r->row_of);
    r->place = arena_array(arena, n, sizeof *r->place);
    r->scratch = arena_array(arena, n, sizeof *r->scratch);
    weigh(r, s);
    take_order(r, s);
    return r;
}

void rows_free(struct rows *r) {
    if (r != NULL)
        arena_free(r->arena);
}
