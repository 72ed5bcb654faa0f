/* SPDX-License-Identifier: Apache-2.0 */

/* `takt.problem/1`: names become numbers here, and everything that has a meaning is looked at; keys that have none are
 * ignored. What the format allows but no problem can be (a cycle, say) is left to problem_build.
 * Families are numbered as they appear anywhere. */

#include "schedulers/numbering.h"
#include "schedulers/read.h"
#include "schedulers/read_json.h"

#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHERE_SIZE = 200 };

struct reading {
    struct problem_builder *b;
    struct numbering families, tables, lines, pools, jobs, tasks; /* tasks: of the job being read */
    struct numbering planned;                                     /* "job task" of all plan rows */
    struct arena *arena;                                          /* rows handed to the builder, and texts */
    struct takt_error *err;
    json_t *plan;
    const json_t **plan_of; /* by task: its row of the plan; NULL: none */
};

static bool fail(struct reading *r, const char *where, const char *what) {
    takt_fail(r->err, TAKT_EDATA, "%s %s", where, what);
    return false;
}

static int32_t family_number(struct reading *r, const char *name) {
    int is_new;
    int32_t number = numbering_add(&r->families, name, &is_new);
    if (is_new)
        problem_add_family(r->b, name);
    return number;
}

/* A family by name, none where it is absent or null. */
static bool read_family(struct reading *r, const json_t *object, const char *key, const char *where, int32_t *ret) {
    const char *name;
    if (json_absent(object, key))
        return true;
    if (!json_text(object, key, where, &name, r->err))
        return false;
    *ret = family_number(r, name);
    return true;
}

/* Hours: rows of two ticks; absent or null: always. */
static bool read_spans(struct reading *r, const json_t *object, const char *where, const struct problem_span **ret,
                       size_t *ret_count) {
    json_t *rows;
    if (json_absent(object, "open"))
        return true;
    if (!json_rows(object, "open", where, &rows, r->err))
        return false;
    size_t n = json_array_size(rows);
    struct problem_span *spans = arena_array(r->arena, n, sizeof *spans);
    for (size_t k = 0; k < n; k++) {
        const json_t *row = json_array_get(rows, k);
        if (!json_is_array(row) || json_array_size(row) != 2)
            return json_wrong(row, "open", where, r->err);
        if (!json_value_whole(json_array_get(row, 0), "open", where, -PROBLEM_TICK_MAX + 1, &spans[k].from, r->err) ||
            !json_value_whole(json_array_get(row, 1), "open", where, -PROBLEM_TICK_MAX + 1, &spans[k].to, r->err))
            return false;
    }
    *ret = spans;
    *ret_count = n;
    return true;
}

static bool read_objective(struct reading *r, const json_t *root) {
    struct problem_objective o = {0};
    json_t *weights, *weight;
    const char *key;
    if (!json_members(root, "objective", "the problem", &weights, r->err))
        return false;
    const struct {
        const char *key;
        int64_t *weight;
    } terms[] = {{"tardiness", &o.tardiness},   {"flow", &o.flow},   {"waiting", &o.waiting},
                 {"changeover", &o.changeover}, {"moves", &o.moves}, {"makespan", &o.makespan}};
    size_t known = 0;
    for (size_t k = 0; k < sizeof terms / sizeof *terms; k++) {
        if (!json_whole64(weights, terms[k].key, "the objective", terms[k].weight, r->err))
            return false;
        known += json_object_get(weights, terms[k].key) != NULL;
    }
    if (known < json_object_size(weights)) {
        json_object_foreach(weights, key, weight) {
            bool is_term = false;
            for (size_t k = 0; k < sizeof terms / sizeof *terms; k++)
                is_term = is_term || strcmp(key, terms[k].key) == 0;
            if (!is_term) {
                takt_fail(r->err, TAKT_EDATA, "the objective has no term '%.60s'", key);
                return false;
            }
        }
    }
    problem_set_objective(r->b, &o);
    int32_t tolerance = 0;
    if (!json_whole(root, "move_tolerance", "the problem", 0, &tolerance, r->err))
        return false;
    problem_set_move_tolerance(r->b, tolerance);
    return true;
}

static bool read_dense(struct reading *r, const char *name, const json_t *table, const char *where) {
    json_t *families, *time;
    if (!json_rows(table, "families", where, &families, r->err) || !json_rows(table, "time", where, &time, r->err))
        return false;
    size_t n = json_array_size(families);
    if (time == NULL || json_array_size(time) != n)
        return fail(r, where, "has not as many rows of 'time' as families");
    int32_t *number = arena_array(r->arena, n, sizeof *number), *square = arena_array(r->arena, n * n, sizeof *square);
    struct numbering own = {0};
    bool sound = true;
    for (size_t i = 0; i < n && sound; i++) {
        const json_t *family = json_array_get(families, i), *row = json_array_get(time, i);
        int is_new = 0;
        if (json_is_string(family))
            numbering_add(&own, json_string_value(family), &is_new);
        if (!is_new) {
            sound = json_wrong(family, "families", where, r->err);
            break;
        }
        number[i] = family_number(r, json_string_value(family));
        if (!json_is_array(row) || json_array_size(row) != n)
            sound = fail(r, where, "has not as many columns of 'time' as families");
        for (size_t k = 0; k < n && sound; k++)
            sound = json_value_whole(json_array_get(row, k), "time", where, 0, &square[i * n + k], r->err);
    }
    numbering_done(&own);
    if (sound)
        problem_add_table_dense(r->b, name, number, n, square);
    return sound;
}

static bool read_sparse(struct reading *r, const char *name, json_t *table, const char *where) {
    int32_t default_time = 0;
    json_t *pairs, *row, *time;
    const char *from, *to;
    if (!json_whole(table, "default", where, 0, &default_time, r->err) ||
        !json_members(table, "pairs", where, &pairs, r->err))
        return false;
    int32_t number = problem_add_table_sparse(r->b, name, default_time);
    json_object_foreach(pairs, from, row) {
        if (!json_is_object(row))
            return json_wrong(row, "pairs", where, r->err);
        int32_t a = family_number(r, from);
        json_object_foreach(row, to, time) {
            int32_t ticks;
            if (!json_value_whole(time, "pairs", where, 0, &ticks, r->err))
                return false;
            problem_table_pair(r->b, number, a, family_number(r, to), ticks);
        }
    }
    return true;
}

static bool read_tables(struct reading *r, const json_t *root) {
    json_t *tables, *table;
    const char *name;
    char where[WHERE_SIZE];
    if (!json_members(root, "changeovers", "the problem", &tables, r->err))
        return false;
    json_object_foreach(tables, name, table) {
        snprintf(where, sizeof where, "changeover table '%.80s'", name);
        if (!json_is_object(table) || json_object_size(table) == 0)
            return json_wrong(table, name, "the changeovers", r->err);
        bool dense = json_object_get(table, "families") != NULL;
        if (dense && (json_object_get(table, "pairs") != NULL || json_object_get(table, "default") != NULL))
            return fail(r, where, "is both dense and sparse");
        numbering_add(&r->tables, name, NULL);
        if (dense ? !read_dense(r, name, table, where) : !read_sparse(r, name, table, where))
            return false;
    }
    return true;
}

/* The id of a row, new among its kind, and how the row is called from here on. */
static bool read_id(struct reading *r, const json_t *row, struct numbering *known, const char *kind, char *where,
                    const char **ret) {
    int is_new;
    if (!json_is_object(row)) {
        snprintf(where, WHERE_SIZE, "%s number %u", kind, known->count + 1);
        return fail(r, where, "is not an object");
    }
    char nameless[WHERE_SIZE];
    snprintf(nameless, sizeof nameless, "%s number %u", kind, known->count + 1);
    if (!json_text(row, "id", nameless, ret, r->err))
        return false;
    numbering_add(known, *ret, &is_new);
    snprintf(where, WHERE_SIZE, "%s '%.80s'", kind, *ret);
    return is_new || fail(r, where, "is there twice");
}

static bool read_line(struct reading *r, const json_t *row) {
    char where[WHERE_SIZE];
    struct problem_line_spec spec = {.table = -1, .initial_family = -1};
    const char *table;
    if (!read_id(r, row, &r->lines, "line", where, &spec.name) ||
        !read_spans(r, row, where, &spec.open, &spec.open_count) ||
        !read_family(r, row, "initial_family", where, &spec.initial_family))
        return false;
    if (!json_absent(row, "batch") && !json_whole(row, "batch", where, 1, &spec.batch, r->err))
        return false;
    if (!json_absent(row, "changeover")) {
        if (!json_text(row, "changeover", where, &table, r->err))
            return false;
        spec.table = numbering_find(&r->tables, table);
        if (spec.table < 0)
            return json_wrong(json_object_get(row, "changeover"), "changeover", where, r->err);
    }
    problem_add_line(r->b, &spec);
    return true;
}

static bool read_capacity(struct reading *r, const json_t *row, const char *where, struct problem_pool_spec *spec) {
    json_t *capacity = json_object_get(row, "capacity");
    if (capacity == NULL)
        return fail(r, where, "has no 'capacity'");
    size_t n = json_is_array(capacity) ? json_array_size(capacity) : 1;
    struct problem_step *steps = arena_array(r->arena, n, sizeof *steps);
    spec->steps = steps;
    spec->step_count = n;
    if (!json_is_array(capacity))
        return json_value_whole(capacity, "capacity", where, 0, &steps[0].capacity, r->err);
    for (size_t k = 0; k < n; k++) {
        const json_t *step = json_array_get(capacity, k);
        if (!json_is_array(step) || json_array_size(step) != 2)
            return json_wrong(step, "capacity", where, r->err);
        if (!json_value_whole(json_array_get(step, 0), "capacity", where, 0, &steps[k].from, r->err) ||
            !json_value_whole(json_array_get(step, 1), "capacity", where, 0, &steps[k].capacity, r->err))
            return false;
    }
    return true;
}

static bool read_pool(struct reading *r, const json_t *row) {
    char where[WHERE_SIZE];
    struct problem_pool_spec spec = {0};
    if (!read_id(r, row, &r->pools, "pool", where, &spec.name) ||
        !read_spans(r, row, where, &spec.open, &spec.open_count) || !read_capacity(r, row, where, &spec))
        return false;
    problem_add_pool(r->b, &spec);
    return true;
}

static bool read_options(struct reading *r, const json_t *row, const char *where, struct problem_task_spec *spec) {
    json_t *lines, *time, *pools, *amount;
    const char *name;
    size_t k = 0;
    if (!json_members(row, "lines", where, &lines, r->err) || !json_members(row, "pools", where, &pools, r->err))
        return false;
    struct problem_option *options = arena_array(r->arena, json_object_size(lines), sizeof *options);
    json_object_foreach(lines, name, time) {
        options[k].line = numbering_find(&r->lines, name);
        if (options[k].line < 0)
            return json_wrong(lines, "lines", where, r->err);
        if (!json_value_whole(time, "lines", where, 0, &options[k++].time, r->err))
            return false;
    }
    spec->options = options;
    spec->option_count = k;
    struct problem_usage *usages = arena_array(r->arena, json_object_size(pools), sizeof *usages);
    k = 0;
    json_object_foreach(pools, name, amount) {
        usages[k].pool = numbering_find(&r->pools, name);
        if (usages[k].pool < 0)
            return json_wrong(pools, "pools", where, r->err);
        if (!json_value_whole(amount, "pools", where, 0, &usages[k++].amount, r->err))
            return false;
    }
    spec->pools = usages;
    spec->pool_count = k;
    return true;
}

static bool read_overlap(struct reading *r, const json_t *row, const char *where, struct problem_task_spec *spec) {
    json_t *overlap;
    if (json_absent(row, "overlap"))
        return true;
    if (!json_members(row, "overlap", where, &overlap, r->err))
        return false;
    if (!json_whole(overlap, "quantity", where, 1, &spec->overlap_quantity, r->err) ||
        !json_whole(overlap, "first", where, 1, &spec->overlap_first, r->err))
        return false;
    return (spec->overlap_quantity > 0 && spec->overlap_first > 0) || json_wrong(overlap, "overlap", where, r->err);
}

static bool read_fixed(struct reading *r, const json_t *row, const char *where, struct problem_task_spec *spec) {
    json_t *fixed;
    const char *line;
    if (json_absent(row, "fixed"))
        return true;
    if (!json_members(row, "fixed", where, &fixed, r->err) || !json_text(fixed, "line", where, &line, r->err))
        return false;
    spec->fixed_line = numbering_find(&r->lines, line);
    if (spec->fixed_line < 0 || json_object_get(fixed, "start") == NULL || json_object_get(fixed, "end") == NULL)
        return json_wrong(fixed, "fixed", where, r->err);
    return json_whole(fixed, "start", where, -PROBLEM_TICK_MAX + 1, &spec->fixed_start, r->err) &&
           json_whole(fixed, "end", where, -PROBLEM_TICK_MAX + 1, &spec->fixed_end, r->err);
}

/* `first` is the number of the job's first task. */
static bool read_after(struct reading *r, const json_t *row, const char *where, int32_t first,
                       struct problem_task_spec *spec) {
    json_t *after;
    if (json_absent(row, "after"))
        return true;
    if (!json_rows(row, "after", where, &after, r->err))
        return false;
    size_t n = json_array_size(after);
    int32_t *tasks = arena_array(r->arena, n, sizeof *tasks);
    for (size_t k = 0; k < n; k++) {
        const json_t *name = json_array_get(after, k);
        tasks[k] = json_is_string(name) ? numbering_find(&r->tasks, json_string_value(name)) : -1;
        if (tasks[k] < 0)
            return json_wrong(after, "after", where, r->err);
        tasks[k] += first;
    }
    spec->after = tasks;
    spec->after_count = n;
    return true;
}

static bool read_task(struct reading *r, const json_t *row, const char *job, int32_t job_number, int32_t first) {
    char where[WHERE_SIZE];
    struct problem_task_spec spec = PROBLEM_TASK_SPEC;
    if (!json_text(row, "id", job, &spec.name, r->err))
        return false;
    snprintf(where, sizeof where, "%.90s, task '%.80s'", job, spec.name);
    if (!read_options(r, row, where, &spec) || !read_family(r, row, "family", where, &spec.family) ||
        !json_whole(row, "size", where, 0, &spec.size, r->err) ||
        !json_whole(row, "release", where, 0, &spec.release, r->err) ||
        !json_whole(row, "lag_after", where, 0, &spec.lag_after, r->err) ||
        !json_truth(row, "breakable", where, &spec.breakable, r->err) || !read_overlap(r, row, where, &spec) ||
        !read_fixed(r, row, where, &spec) || !read_after(r, row, where, first, &spec))
        return false;
    if (!json_absent(row, "lag_max") && !json_whole(row, "lag_max", where, 0, &spec.lag_max, r->err))
        return false;
    char *key = arena_printf(r->arena, "%s\n%s", job, spec.name);
    int32_t planned = numbering_find(&r->planned, key);
    if (planned >= 0) {
        const json_t *plan = json_array_get(r->plan, (size_t)planned);
        spec.plan_line = numbering_find(&r->lines, json_string_value(json_object_get(plan, "line")));
        spec.plan_start = (int32_t)json_integer_value(json_object_get(plan, "start"));
        r->plan_of[planned] = NULL; /* it was found */
    }
    problem_add_task(r->b, job_number, &spec);
    return true;
}

/* A due of its own, short for a row of `dues`. */
static bool read_own_due(struct reading *r, const json_t *row, const char *where, const int32_t *jobs, size_t count) {
    struct problem_due_spec spec = {
        .jobs = jobs, .job_count = count, .due = PROBLEM_NONE, .placed = PROBLEM_NONE, .weight = 1};
    const int64_t least = -PROBLEM_TICK_MAX + 1;
    if (!json_absent(row, "due") && !json_whole(row, "due", where, least, &spec.due, r->err))
        return false;
    if (!json_absent(row, "placed") && !json_whole(row, "placed", where, least, &spec.placed, r->err))
        return false;
    if (!json_whole(row, "weight", where, 0, &spec.weight, r->err))
        return false;
    if (spec.due != PROBLEM_NONE || spec.placed != PROBLEM_NONE || count > 1)
        problem_add_due(r->b, &spec);
    return true;
}

static bool read_job(struct reading *r, const json_t *row, int32_t *first_task) {
    char where[WHERE_SIZE], task_where[WHERE_SIZE];
    const char *name, *task;
    int32_t release = 0;
    json_t *tasks;
    if (!read_id(r, row, &r->jobs, "job", where, &name) || !json_whole(row, "release", where, 0, &release, r->err) ||
        !json_rows(row, "tasks", where, &tasks, r->err))
        return false;
    int32_t job = problem_add_job(r->b, name, release);
    size_t n = json_array_size(tasks);
    if (n == 0)
        return fail(r, where, "has no tasks");
    numbering_clear(&r->tasks);
    for (size_t k = 0; k < n; k++) {
        snprintf(task_where, sizeof task_where, "%.90s, task", where);
        if (!read_id(r, json_array_get(tasks, k), &r->tasks, task_where, (char[WHERE_SIZE]){0}, &task))
            return false;
    }
    for (size_t k = 0; k < n; k++)
        if (!read_task(r, json_array_get(tasks, k), where, job, *first_task))
            return false;
    *first_task += (int32_t)n;
    return read_own_due(r, row, where, &job, 1);
}

static bool read_dues(struct reading *r, const json_t *root) {
    json_t *dues, *jobs;
    char where[WHERE_SIZE];
    if (!json_rows(root, "dues", "the problem", &dues, r->err))
        return false;
    for (size_t k = 0; k < json_array_size(dues); k++) {
        const json_t *row = json_array_get(dues, k);
        snprintf(where, sizeof where, "due number %zu", k + 1);
        if (!json_is_object(row))
            return fail(r, where, "is not an object");
        if (!json_rows(row, "jobs", where, &jobs, r->err))
            return false;
        size_t n = json_array_size(jobs);
        int32_t *number = arena_array(r->arena, n, sizeof *number);
        struct numbering own = {0};
        bool sound = n > 0;
        for (size_t i = 0; i < n && sound; i++) {
            const json_t *job = json_array_get(jobs, i);
            int is_new = 0;
            number[i] = json_is_string(job) ? numbering_find(&r->jobs, json_string_value(job)) : -1;
            if (number[i] >= 0 && n > 1)
                numbering_add(&own, json_string_value(job), &is_new);
            sound = number[i] >= 0 && (n == 1 || is_new);
        }
        numbering_done(&own);
        if (!sound)
            return jobs == NULL ? fail(r, where, "has no 'jobs'") : json_wrong(jobs, "jobs", where, r->err);
        if (!read_own_due(r, row, where, number, n))
            return false;
    }
    return true;
}

/* Plan rows are looked at before the tasks that they are for; those that no task asked for name none. */
static bool read_plan(struct reading *r, const json_t *root) {
    if (!json_rows(root, "plan", "the problem", &r->plan, r->err))
        return false;
    size_t n = json_array_size(r->plan);
    r->plan_of = arena_array(r->arena, n, sizeof *r->plan_of);
    for (size_t k = 0; k < n; k++) {
        const json_t *row = json_array_get(r->plan, k);
        const char *job, *task, *line;
        char where[WHERE_SIZE];
        int32_t start;
        int is_new;
        snprintf(where, sizeof where, "plan row number %zu", k + 1);
        if (!json_text(row, "job", where, &job, r->err) || !json_text(row, "task", where, &task, r->err) ||
            !json_text(row, "line", where, &line, r->err))
            return false;
        if (json_object_get(row, "start") == NULL)
            return fail(r, where, "has no 'start'");
        if (!json_whole(row, "start", where, -PROBLEM_TICK_MAX + 1, &start, r->err))
            return false;
        if (numbering_find(&r->lines, line) < 0)
            return json_wrong(json_object_get(row, "line"), "line", where, r->err);
        numbering_add(&r->planned, arena_printf(r->arena, "job '%.80s'\n%s", job, task), &is_new);
        if (!is_new)
            return fail(r, where, "is for a task that has one already");
        r->plan_of[k] = row;
    }
    return true;
}

static bool plan_is_used(struct reading *r) {
    char where[WHERE_SIZE];
    for (size_t k = 0; k < json_array_size(r->plan); k++)
        if (r->plan_of[k] != NULL) {
            snprintf(where, sizeof where, "plan row number %zu", k + 1);
            return fail(r, where, "is for a task that is not there");
        }
    return true;
}

typedef bool read_row_fn(struct reading *r, const json_t *row);

static bool read_each(struct reading *r, const json_t *root, const char *key, read_row_fn *read_row) {
    json_t *rows;
    if (!json_rows(root, key, "the problem", &rows, r->err))
        return false;
    for (size_t k = 0; k < json_array_size(rows); k++)
        if (!read_row(r, json_array_get(rows, k)))
            return false;
    return true;
}

static bool read_root(struct reading *r, const json_t *root) {
    const char *format = "takt.problem/1";
    if (!json_is_object(root))
        return fail(r, "the problem", "is not an object");
    if (json_object_get(root, "format") != NULL && !json_text(root, "format", "the problem", &format, r->err))
        return false;
    if (strcmp(format, "takt.problem/1") != 0)
        return json_wrong(json_object_get(root, "format"), "format", "the problem", r->err);
    if (json_object_get(root, "lines") == NULL || json_object_get(root, "jobs") == NULL)
        return fail(r, "the problem", "has no 'lines' or no 'jobs'");
    if (!read_objective(r, root) || !read_tables(r, root) || !read_each(r, root, "lines", read_line) ||
        !read_each(r, root, "pools", read_pool) || !read_plan(r, root))
        return false;
    json_t *jobs;
    int32_t first_task = 0;
    if (!json_rows(root, "jobs", "the problem", &jobs, r->err))
        return false;
    for (size_t k = 0; k < json_array_size(jobs); k++)
        if (!read_job(r, json_array_get(jobs, k), &first_task))
            return false;
    return plan_is_used(r) && read_dues(r, root);
}

int read_takt(const char *text, size_t size, struct problem **ret, struct takt_error *err) {
    struct takt_error own = {0};
    json_t *root = json_read(text, size, &own);
    if (root == NULL)
        return takt_fail(err, own.code, "%s", own.text);
    struct reading r = {.b = problem_builder_new(), .arena = arena_new(), .err = &own};
    if (read_root(&r, root))
        problem_build(r.b, ret, &own);
    problem_builder_free(r.b);
    arena_free(r.arena);
    numbering_done(&r.families);
    numbering_done(&r.tables);
    numbering_done(&r.lines);
    numbering_done(&r.pools);
    numbering_done(&r.jobs);
    numbering_done(&r.tasks);
    numbering_done(&r.planned);
    json_decref(root);
    return own.code == 0 ? 0 : takt_fail(err, own.code, "%s", own.text);
}
