/* SPDX-License-Identifier: Apache-2.0 */

/* From checked rows to the arrays of model.h. Lists are counted, summed to offsets and filled, in the order of the
 * rows. */

#include "schedulers/builder.h"
#include "schedulers/groups.h"
#include "schedulers/range.h"

#include <stdlib.h>
#include <string.h>

enum { TABLE_LAID_OUT_MAX = 512 }; /* families of a sparse table that becomes a square */

/* What only building needs. */
struct layout {
    const struct problem_builder *b;
    struct problem *p;
    int32_t hours_cap;
    struct takt_error *err;
};

static int32_t *numbers(struct problem *p, size_t count) {
    return arena_array(p->arena, count, sizeof(int32_t));
}

static void sum_offsets(int32_t *offset, int32_t count) {
    for (int32_t i = 0; i < count; i++)
        offset[i + 1] += offset[i];
}

/* Hours, shared where they are equal; the arena keeps the few that are not used. */
static int32_t add_hours(struct layout *l, const struct hours *h) {
    struct problem *p = l->p;
    for (int32_t k = 0; k < p->hours_count; k++)
        if (hours_equal(&p->hours[k], h))
            return k;
    if (p->hours_count == l->hours_cap) {
        l->hours_cap = l->hours_cap == 0 ? 16 : l->hours_cap * 2;
        struct hours *grown = arena_array(p->arena, (size_t)l->hours_cap, sizeof *grown);
        int32_t *meet = numbers(p, (size_t)l->hours_cap * (size_t)p->pools);
        memset(meet, -1, (size_t)l->hours_cap * (size_t)p->pools * sizeof *meet);
        if (p->hours_count > 0) {
            memcpy(grown, p->hours, (size_t)p->hours_count * sizeof *grown);
            memcpy(meet, p->meet, (size_t)p->hours_count * (size_t)p->pools * sizeof *meet);
        }
        p->hours = grown;
        p->meet = meet;
    }
    p->hours[p->hours_count] = *h;
    return p->hours_count++;
}

static int32_t meet_pool(struct layout *l, int32_t hours, int32_t pool) {
    struct problem *p = l->p;
    size_t at = (size_t)hours * (size_t)p->pools + (size_t)pool;
    if (p->meet[at] < 0) {
        struct hours both;
        hours_meet(&both, &p->hours[hours], &p->hours[p->pool_hours[pool]], p->arena);
        int32_t number = add_hours(l, &both);
        p->meet[at] = number;
    }
    return p->meet[at];
}

static int32_t meet_pools(struct layout *l, int32_t hours, int32_t task) {
    for (int32_t u = l->p->usage_offset[task]; u < l->p->usage_offset[task + 1]; u++)
        hours = meet_pool(l, hours, l->p->usage_pool[u]);
    return hours;
}

static int compare_pairs(const void *a, const void *b) {
    const struct built_pair *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to == y->to ? 0 : x->to < y->to ? -1 : 1;
}

static void lay_out_dense(struct layout *l, const struct built_table *from, struct table *t) {
    int32_t *row = numbers(l->p, (size_t)l->p->families);
    memset(row, -1, (size_t)l->p->families * sizeof *row);
    for (size_t k = 0; k < from->family_count; k++)
        row[from->families[k]] = (int32_t)k;
    t->rows = (int32_t)from->family_count;
    t->row = row;
    t->time = arena_memdup(l->p->arena, from->time, from->family_count * from->family_count * sizeof *from->time);
}

static void lay_out_sparse(struct layout *l, const struct built_table *from, struct table *t) {
    struct problem *p = l->p;
    size_t families = (size_t)p->families;
    struct built_pair *pairs = from->pairs;
    if (from->pair_count > 0)
        qsort(pairs, from->pair_count, sizeof *pairs, compare_pairs);
    int32_t *offset = numbers(p, families + 1), *to = numbers(p, from->pair_count),
            *time = numbers(p, from->pair_count);
    for (size_t k = 0; k < from->pair_count; k++) {
        offset[pairs[k].from + 1]++;
        to[k] = pairs[k].to;
        time[k] = pairs[k].time;
    }
    sum_offsets(offset, p->families);
    *t = (struct table){
        .sparse = true, .default_time = from->default_time, .pair_offset = offset, .pair_to = to, .pair_time = time};
    if (families > TABLE_LAID_OUT_MAX)
        return;
    int32_t *row = numbers(p, families), *square = numbers(p, families * families);
    for (int32_t a = 0; a < p->families; a++) {
        row[a] = a;
        for (int32_t c = 0; c < p->families; c++)
            square[(size_t)a * families + (size_t)c] = table_time_sparse(t, a, c);
    }
    t->rows = p->families;
    t->row = row;
    t->time = square;
}

static void lay_out_tables(struct layout *l) {
    struct problem *p = l->p;
    p->families = (int32_t)l->b->family_count;
    p->tables = (int32_t)l->b->table_count;
    p->table = arena_array(p->arena, l->b->table_count, sizeof *p->table);
    for (size_t k = 0; k < l->b->table_count; k++) {
        if (l->b->table[k].sparse)
            lay_out_sparse(l, &l->b->table[k], &p->table[k]);
        else
            lay_out_dense(l, &l->b->table[k], &p->table[k]);
    }
}

static const char *name_copy(struct problem *p, const char *name) {
    return name == NULL ? NULL : arena_strdup(p->arena, name);
}

static void lay_out_lines(struct layout *l) {
    struct problem *p = l->p;
    size_t n = l->b->line_count;
    p->lines = (int32_t)n;
    p->line_name = arena_array(p->arena, n, sizeof *p->line_name);
    p->line_table = numbers(p, n);
    p->line_initial = numbers(p, n);
    p->line_batch = numbers(p, n);
    p->line_hours = numbers(p, n);
    for (size_t i = 0; i < n; i++) {
        const struct problem_line_spec *s = &l->b->line[i];
        struct hours h;
        hours_init(&h, s->open, s->open_count, p->arena);
        p->line_name[i] = name_copy(p, s->name);
        p->line_table[i] = s->table;
        p->line_initial[i] = s->initial_family;
        p->line_batch[i] = s->batch;
        p->line_hours[i] = add_hours(l, &h);
    }
}

static void lay_out_pools(struct layout *l) {
    struct problem *p = l->p;
    size_t n = l->b->pool_count;
    p->pool_name = arena_array(p->arena, n, sizeof *p->pool_name);
    p->pool_hours = numbers(p, n);
    p->step_offset = numbers(p, n + 1);
    for (size_t i = 0; i < n; i++)
        p->step_offset[i + 1] = p->step_offset[i] + (int32_t)l->b->pool[i].step_count;
    p->step_from = numbers(p, (size_t)p->step_offset[n]);
    p->step_capacity = numbers(p, (size_t)p->step_offset[n]);
    for (size_t i = 0; i < n; i++) {
        const struct problem_pool_spec *s = &l->b->pool[i];
        struct hours h;
        hours_init(&h, s->open, s->open_count, p->arena);
        p->pool_name[i] = name_copy(p, s->name);
        p->pool_hours[i] = add_hours(l, &h);
        for (size_t k = 0; k < s->step_count; k++) {
            p->step_from[p->step_offset[i] + (int32_t)k] = s->steps[k].from;
            p->step_capacity[p->step_offset[i] + (int32_t)k] = s->steps[k].capacity;
        }
    }
}

static void lay_out_task_rows(struct layout *l) {
    struct problem *p = l->p;
    int32_t **columns[] = {&p->job,       &p->family,     &p->size,          &p->release,         &p->lag_after,
                           &p->lag_max,   &p->fixed_line, &p->fixed_end,     &p->fixed_start,     &p->fixed_hours,
                           &p->plan_line, &p->plan_start, &p->overlap_first, &p->overlap_quantity};
    size_t n = l->b->task_count;
    for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
        *columns[k] = numbers(p, n);
    p->breakable = arena_array(p->arena, n, 1);
    p->task_name = arena_array(p->arena, n, sizeof *p->task_name);
    for (size_t i = 0; i < n; i++) {
        const struct problem_task_spec *s = &l->b->task[i].spec;
        p->task_name[i] = name_copy(p, s->name);
        p->job[i] = l->b->task[i].job;
        p->family[i] = s->family;
        p->size[i] = s->size;
        p->release[i] = s->release;
        p->lag_after[i] = s->lag_after;
        p->lag_max[i] = s->lag_max;
        p->overlap_first[i] = s->overlap_first;
        p->overlap_quantity[i] = s->overlap_quantity;
        p->breakable[i] = s->breakable;
        p->fixed_line[i] = s->fixed_line;
        p->fixed_start[i] = s->fixed_start;
        p->fixed_end[i] = s->fixed_end;
        p->plan_line[i] = s->plan_line;
        p->plan_start[i] = s->plan_start;
    }
}

/* Whether a run of the line can hold the task. */
static bool has_room(const struct problem *p, const struct problem_task_spec *s, int32_t line) {
    return p->line_batch[line] == 0 || s->size <= p->line_batch[line];
}

static int lay_out_options(struct layout *l) {
    struct problem *p = l->p;
    p->option_offset = numbers(p, (size_t)p->tasks + 1);
    p->usage_offset = numbers(p, (size_t)p->tasks + 1);
    int32_t options = 0, usages = 0;
    for (int32_t i = 0; i < p->tasks; i++) {
        const struct problem_task_spec *s = &l->b->task[i].spec;
        int32_t before = options;
        for (size_t k = 0; k < s->option_count; k++)
            options += has_room(p, s, s->options[k].line) || s->fixed_line == s->options[k].line;
        char text[TASK_TEXT_SIZE];
        if (options == before)
            return takt_fail(l->err, TAKT_EDATA, "%s is too large for a run of any of its lines",
                             task_text(p, i, text));
        p->option_offset[i + 1] = options;
        usages += (int32_t)s->pool_count;
        p->usage_offset[i + 1] = usages;
    }
    p->option_line = numbers(p, (size_t)options);
    p->option_time = numbers(p, (size_t)options);
    p->option_hours = numbers(p, (size_t)options);
    p->usage_pool = numbers(p, (size_t)usages);
    p->usage_amount = numbers(p, (size_t)usages);
    for (int32_t i = 0, o = 0, u = 0; i < p->tasks; i++) {
        const struct problem_task_spec *s = &l->b->task[i].spec;
        for (size_t k = 0; k < s->pool_count; k++, u++) {
            p->usage_pool[u] = s->pools[k].pool;
            p->usage_amount[u] = s->pools[k].amount;
        }
        for (size_t k = 0; k < s->option_count; k++) {
            int32_t line = s->options[k].line;
            if (!has_room(p, s, line) && s->fixed_line != line)
                continue;
            p->option_line[o] = line;
            p->option_time[o] = s->options[k].time;
            p->option_hours[o++] = meet_pools(l, p->line_hours[line], i);
        }
    }
    return 0;
}

static int compare_fixed(const void *a, const void *b, void *arg) {
    const struct problem *p = arg;
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    const int32_t *const keys[] = {p->fixed_line, p->fixed_start, p->fixed_end, p->family};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        if (keys[k][x] != keys[k][y])
            return keys[k][x] < keys[k][y] ? -1 : 1;
    return 0;
}

/* Hours of fixed tasks: those of the run that fixed tasks of a batch line share are what meets of all of them. */
static void lay_out_fixed(struct layout *l) {
    struct problem *p = l->p;
    int32_t *batched = takt_alloc((size_t)p->tasks * sizeof *batched), count = 0;
    for (int32_t i = 0; i < p->tasks; i++) {
        if (p->fixed_line[i] < 0)
            continue;
        p->fixed_hours[i] = p->option_hours[option_on(p, i, p->fixed_line[i])];
        if (p->line_batch[p->fixed_line[i]] > 0)
            batched[count++] = i;
    }
    if (count > 0)
        qsort_r(batched, (size_t)count, sizeof *batched, compare_fixed, p);
    for (int32_t from = 0, to; from < count; from = to) {
        int32_t hours = p->line_hours[p->fixed_line[batched[from]]];
        for (to = from; to < count && compare_fixed(&batched[from], &batched[to], p) == 0; to++)
            hours = meet_pools(l, hours, batched[to]);
        for (int32_t k = from; k < to; k++)
            p->fixed_hours[batched[k]] = hours;
    }
    free(batched);
}

static size_t before_count(const struct built_task *t) {
    return t->spec.after != NULL ? t->spec.after_count : t->previous >= 0;
}

static void lay_out_network(struct layout *l) {
    struct problem *p = l->p;
    p->before_offset = numbers(p, (size_t)p->tasks + 1);
    p->after_offset = numbers(p, (size_t)p->tasks + 1);
    for (int32_t i = 0; i < p->tasks; i++)
        p->before_offset[i + 1] = p->before_offset[i] + (int32_t)before_count(&l->b->task[i]);
    int32_t arcs = p->before_offset[p->tasks];
    p->before = numbers(p, (size_t)arcs);
    p->after = numbers(p, (size_t)arcs);
    for (int32_t i = 0; i < p->tasks; i++) {
        const struct built_task *t = &l->b->task[i];
        for (size_t k = 0; k < before_count(t); k++) {
            int32_t from = t->spec.after != NULL ? t->spec.after[k] : t->previous;
            p->before[p->before_offset[i] + (int32_t)k] = from;
            p->after_offset[from + 1]++;
        }
    }
    sum_offsets(p->after_offset, p->tasks);
    int32_t *fill = takt_alloc((size_t)p->tasks * sizeof *fill);
    for (int32_t i = 0; i < p->tasks; i++)
        for (int32_t k = p->before_offset[i]; k < p->before_offset[i + 1]; k++)
            p->after[p->after_offset[p->before[k]] + fill[p->before[k]]++] = i;
    free(fill);
}

/* Each job's tasks, in topological order, and with them the rank of every task. */
static int lay_out_jobs(struct layout *l) {
    struct problem *p = l->p;
    p->job_name = arena_array(p->arena, (size_t)p->jobs, sizeof *p->job_name);
    p->job_release = numbers(p, (size_t)p->jobs);
    p->job_offset = numbers(p, (size_t)p->jobs + 1);
    p->job_task = numbers(p, (size_t)p->tasks);
    p->rank = numbers(p, (size_t)p->tasks);
    for (int32_t j = 0; j < p->jobs; j++) {
        p->job_name[j] = name_copy(p, l->b->job[j].name);
        p->job_release[j] = l->b->job[j].release;
    }
    for (int32_t i = 0; i < p->tasks; i++)
        p->job_offset[p->job[i] + 1]++;
    sum_offsets(p->job_offset, p->jobs);
    int32_t *waits = takt_alloc((size_t)p->tasks * sizeof *waits), *fill = takt_alloc((size_t)p->jobs * sizeof *fill);
    for (int32_t i = 0; i < p->tasks; i++) {
        waits[i] = p->before_offset[i + 1] - p->before_offset[i];
        if (waits[i] == 0)
            p->job_task[p->job_offset[p->job[i]] + fill[p->job[i]]++] = i;
    }
    int code = 0;
    for (int32_t j = 0; j < p->jobs && code == 0; j++) {
        for (int32_t k = 0; k < fill[j]; k++) {
            int32_t task = p->job_task[p->job_offset[j] + k];
            p->rank[task] = p->job_offset[j] + k;
            for (int32_t s = p->after_offset[task]; s < p->after_offset[task + 1]; s++)
                if (--waits[p->after[s]] == 0)
                    p->job_task[p->job_offset[j] + fill[j]++] = p->after[s];
        }
        if (fill[j] < p->job_offset[j + 1] - p->job_offset[j])
            code = takt_fail(l->err, TAKT_EDATA, "job '%.80s' (number %d): its tasks wait for each other",
                             p->job_name[j] != NULL ? p->job_name[j] : "", (int)j + 1);
    }
    free(waits);
    free(fill);
    return code;
}

static void lay_out_dues(struct layout *l) {
    struct problem *p = l->p;
    size_t n = l->b->due_count;
    p->dues = (int32_t)n;
    p->due_offset = numbers(p, n + 1);
    p->due = numbers(p, n);
    p->placed = numbers(p, n);
    p->weight = numbers(p, n);
    p->job_due_offset = numbers(p, (size_t)p->jobs + 1);
    for (size_t d = 0; d < n; d++) {
        const struct problem_due_spec *s = &l->b->due[d];
        p->due[d] = s->due;
        p->placed[d] = s->placed;
        p->weight[d] = s->weight;
        p->due_offset[d + 1] = p->due_offset[d] + (int32_t)s->job_count;
        for (size_t k = 0; k < s->job_count; k++)
            p->job_due_offset[s->jobs[k] + 1]++;
    }
    sum_offsets(p->job_due_offset, p->jobs);
    p->due_job = numbers(p, (size_t)p->due_offset[n]);
    p->job_due = numbers(p, (size_t)p->due_offset[n]);
    int32_t *fill = takt_alloc((size_t)p->jobs * sizeof *fill);
    for (int32_t d = 0; d < p->dues; d++)
        for (int32_t k = p->due_offset[d]; k < p->due_offset[d + 1]; k++) {
            int32_t job = l->b->due[d].jobs[k - p->due_offset[d]];
            p->due_job[k] = job;
            p->job_due[p->job_due_offset[job] + fill[job]++] = d;
        }
    free(fill);
}

int builder_layout(const struct problem_builder *b, struct problem **ret, struct takt_error *err) {
    const size_t most = INT32_MAX / 4;
    if (b->task_count > most || b->job_count > most || b->due_count > most || b->family_count > most)
        return takt_fail(err, TAKT_EOVERFLOW, "the problem has too many rows");
    struct arena *arena = arena_new();
    struct problem *p = arena_alloc(arena, sizeof *p);
    p->arena = arena;
    p->tasks = (int32_t)b->task_count;
    p->jobs = (int32_t)b->job_count;
    p->pools = (int32_t)b->pool_count;
    p->objective = b->objective;
    p->move_tolerance = b->move_tolerance;
    struct layout l = {.b = b, .p = p, .err = err};
    lay_out_tables(&l);
    lay_out_lines(&l);
    lay_out_pools(&l);
    lay_out_task_rows(&l);
    lay_out_network(&l);
    int code = lay_out_jobs(&l);
    if (code == 0)
        code = lay_out_options(&l);
    if (code == 0) {
        lay_out_fixed(&l);
        groups_build(p);
        lay_out_dues(&l);
        code = range_check(p, err);
    }
    p->meet_count = p->hours_count;
    if (code != 0) {
        problem_free(p);
        return code;
    }
    *ret = p;
    return 0;
}
