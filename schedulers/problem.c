/* SPDX-License-Identifier: Apache-2.0 */

/* The builder's rows, and the small questions about a built problem. Rows are copied as they come; nothing is judged
 * before problem_build, but for pairs of a table that is not sparse, which would have no place to be kept. */

#include "schedulers/builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct problem_builder *problem_builder_new(void) {
    struct problem_builder *b = takt_alloc(sizeof *b);
    b->arena = arena_new();
    return b;
}

void problem_builder_free(struct problem_builder *b) {
    if (b == NULL)
        return;
    for (size_t i = 0; i < b->table_count; i++)
        free(b->table[i].pairs);
    free(b->family);
    free(b->table);
    free(b->line);
    free(b->pool);
    free(b->job);
    free(b->task);
    free(b->due);
    arena_free(b->arena);
    free(b);
}

static const char *copy_name(struct problem_builder *b, const char *name) {
    return name == NULL ? NULL : arena_strdup(b->arena, name);
}

/* NULL stays NULL, and no rows of something that is there stay not NULL. */
static const void *copy_rows(struct problem_builder *b, const void *rows, size_t count, size_t size) {
    if (rows == NULL)
        return NULL;
    void *copy = arena_array(b->arena, count, size);
    if (count > 0)
        memcpy(copy, rows, count * size);
    return copy;
}

int32_t problem_add_family(struct problem_builder *b, const char *name) {
    ARRAY_GROW(b->family, b->family_count, b->family_cap);
    b->family[b->family_count] = copy_name(b, name);
    return (int32_t)b->family_count++;
}

static int32_t add_table(struct problem_builder *b, struct built_table table) {
    ARRAY_GROW(b->table, b->table_count, b->table_cap);
    b->table[b->table_count] = table;
    return (int32_t)b->table_count++;
}

int32_t problem_add_table_dense(struct problem_builder *b, const char *name, const int32_t *families, size_t count,
                                const int32_t *time) {
    return add_table(b, (struct built_table){
                            .name = copy_name(b, name),
                            .families = copy_rows(b, families, count, sizeof *families),
                            .family_count = count,
                            .time = copy_rows(b, time, count * count, sizeof *time),
                        });
}

int32_t problem_add_table_sparse(struct problem_builder *b, const char *name, int32_t default_time) {
    return add_table(b, (struct built_table){.name = copy_name(b, name), .sparse = true, .default_time = default_time});
}

void problem_table_pair(struct problem_builder *b, int32_t table, int32_t from, int32_t to, int32_t time) {
    if (table < 0 || (size_t)table >= b->table_count || !b->table[table].sparse) {
        takt_fail(&b->error, TAKT_EDATA, "a pair of families for table %d, which is no sparse table", (int)table);
        return;
    }
    struct built_table *t = &b->table[table];
    ARRAY_GROW(t->pairs, t->pair_count, t->pair_cap);
    t->pairs[t->pair_count++] = (struct built_pair){from, to, time};
}

int32_t problem_add_line(struct problem_builder *b, const struct problem_line_spec *spec) {
    ARRAY_GROW(b->line, b->line_count, b->line_cap);
    struct problem_line_spec *line = &b->line[b->line_count];
    *line = *spec;
    line->name = copy_name(b, spec->name);
    line->open = copy_rows(b, spec->open, spec->open_count, sizeof *spec->open);
    return (int32_t)b->line_count++;
}

int32_t problem_add_pool(struct problem_builder *b, const struct problem_pool_spec *spec) {
    ARRAY_GROW(b->pool, b->pool_count, b->pool_cap);
    struct problem_pool_spec *pool = &b->pool[b->pool_count];
    *pool = *spec;
    pool->name = copy_name(b, spec->name);
    pool->steps = copy_rows(b, spec->steps, spec->step_count, sizeof *spec->steps);
    pool->open = copy_rows(b, spec->open, spec->open_count, sizeof *spec->open);
    return (int32_t)b->pool_count++;
}

int32_t problem_add_job(struct problem_builder *b, const char *name, int32_t release) {
    ARRAY_GROW(b->job, b->job_count, b->job_cap);
    b->job[b->job_count] = (struct built_job){copy_name(b, name), release, -1};
    return (int32_t)b->job_count++;
}

int32_t problem_add_task(struct problem_builder *b, int32_t job, const struct problem_task_spec *spec) {
    ARRAY_GROW(b->task, b->task_count, b->task_cap);
    struct built_task *task = &b->task[b->task_count];
    *task = (struct built_task){.spec = *spec, .job = job, .previous = -1};
    task->spec.name = copy_name(b, spec->name);
    task->spec.options = copy_rows(b, spec->options, spec->option_count, sizeof *spec->options);
    task->spec.pools = copy_rows(b, spec->pools, spec->pool_count, sizeof *spec->pools);
    task->spec.after = copy_rows(b, spec->after, spec->after_count, sizeof *spec->after);
    if (job >= 0 && (size_t)job < b->job_count) {
        task->previous = b->job[job].last_task;
        b->job[job].last_task = (int32_t)b->task_count;
    }
    return (int32_t)b->task_count++;
}

int32_t problem_add_due(struct problem_builder *b, const struct problem_due_spec *spec) {
    ARRAY_GROW(b->due, b->due_count, b->due_cap);
    struct problem_due_spec *due = &b->due[b->due_count];
    *due = *spec;
    due->jobs = copy_rows(b, spec->jobs, spec->job_count, sizeof *spec->jobs);
    return (int32_t)b->due_count++;
}

void problem_set_objective(struct problem_builder *b, const struct problem_objective *objective) {
    b->objective = *objective;
}

void problem_set_move_tolerance(struct problem_builder *b, int32_t ticks) {
    b->move_tolerance = ticks;
}

int problem_build(struct problem_builder *b, struct problem **ret, struct takt_error *err) {
    if (b->error.code != 0)
        return takt_fail(err, b->error.code, "%s", b->error.text);
    int code = builder_check(b, err);
    return code != 0 ? code : builder_layout(b, ret, err);
}

void problem_free(struct problem *p) {
    if (p != NULL)
        arena_free(p->arena);
}

int32_t problem_task_count(const struct problem *p) {
    return p->tasks;
}

int32_t problem_job_count(const struct problem *p) {
    return p->jobs;
}

int32_t problem_line_count(const struct problem *p) {
    return p->lines;
}

const char *problem_task_name(const struct problem *p, int32_t task) {
    return p->task_name[task];
}

const char *problem_job_name(const struct problem *p, int32_t job) {
    return p->job_name[job];
}

const char *problem_line_name(const struct problem *p, int32_t line) {
    return p->line_name[line];
}

int32_t problem_task_job(const struct problem *p, int32_t task) {
    return p->job[task];
}

int32_t option_on(const struct problem *p, int32_t task, int32_t line) {
    for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++)
        if (p->option_line[o] == line)
            return o;
    return -1;
}

int32_t table_time_sparse(const struct table *t, int32_t from, int32_t to) {
    int32_t low = t->pair_offset[from], high = t->pair_offset[from + 1];
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (t->pair_to[middle] == to)
            return t->pair_time[middle];
        if (t->pair_to[middle] < to)
            low = middle + 1;
        else
            high = middle;
    }
    return from == to ? 0 : t->default_time;
}

const char *task_text(const struct problem *p, int32_t task, char *buffer) {
    const char *name = p->task_name[task], *job = p->job_name[p->job[task]];
    if (name != NULL && job != NULL)
        snprintf(buffer, TASK_TEXT_SIZE, "task '%.60s' of job '%.60s'", name, job);
    else
        snprintf(buffer, TASK_TEXT_SIZE, "task %d of job %d", (int)task, (int)p->job[task]);
    return buffer;
}

const char *line_text(const struct problem *p, int32_t line, char *buffer) {
    if (p->line_name[line] != NULL)
        snprintf(buffer, TASK_TEXT_SIZE, "line '%.60s'", p->line_name[line]);
    else
        snprintf(buffer, TASK_TEXT_SIZE, "line %d", (int)line);
    return buffer;
}
