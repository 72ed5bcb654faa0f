/* SPDX-License-Identifier: Apache-2.0 */

/* Each row of a builder by itself, and that what it names is there. Messages name the row as the file does, and by its
 * number where it has no name. */

#include "schedulers/builder.h"

#include <stdio.h>
#include <stdlib.h>

enum { WHERE_SIZE = 200 };

enum row_kind { ROW_TABLE, ROW_LINE, ROW_POOL, ROW_JOB, ROW_TASK, ROW_DUE, ROW_PROBLEM };

struct row { /* which one is being checked; its text is made only for a message */
    const struct problem_builder *b;
    enum row_kind kind;
    size_t number;
};

struct where {
    char text[WHERE_SIZE];
};

static const char *row_name(const struct row *r) {
    switch (r->kind) {
    case ROW_TABLE:
        return r->b->table[r->number].name;
    case ROW_LINE:
        return r->b->line[r->number].name;
    case ROW_POOL:
        return r->b->pool[r->number].name;
    case ROW_JOB:
        return r->b->job[r->number].name;
    case ROW_TASK:
        return r->b->task[r->number].spec.name;
    default:
        return NULL;
    }
}

static struct where row_alone(const struct row *r) {
    static const char *const kinds[] = {
        [ROW_TABLE] = "changeover table",
        [ROW_LINE] = "line",
        [ROW_POOL] = "pool",
        [ROW_JOB] = "job",
        [ROW_TASK] = "task",
        [ROW_DUE] = "due",
        [ROW_PROBLEM] = "the problem",
    };
    const char *kind = kinds[r->kind], *name = row_name(r);
    struct where w;
    if (r->kind == ROW_PROBLEM)
        snprintf(w.text, sizeof w.text, "%s", kind);
    else if (name != NULL)
        snprintf(w.text, sizeof w.text, "%s '%.80s'", kind, name);
    else
        snprintf(w.text, sizeof w.text, "%s number %zu", kind, r->number + 1);
    return w;
}

static struct where row_text(const struct row *r) {
    struct where task = row_alone(r), w;
    if (r->kind != ROW_TASK || r->b->task[r->number].job < 0 || (size_t)r->b->task[r->number].job >= r->b->job_count)
        return task;
    struct where job = row_alone(&(struct row){r->b, ROW_JOB, (size_t)r->b->task[r->number].job});
    snprintf(w.text, sizeof w.text, "%.90s, %.90s", job.text, task.text);
    return w;
}

static bool is_tick(int32_t t) {
    return t > -PROBLEM_TICK_MAX && t < PROBLEM_TICK_MAX;
}

static int check_length(int32_t value, const char *what, const struct row *row, struct takt_error *err) {
    if (value < 0)
        return takt_fail(err, TAKT_EDATA, "%s: %s cannot be %d", row_text(row).text, what, (int)value);
    if (value >= PROBLEM_TICK_MAX)
        return takt_fail(err, TAKT_EOVERFLOW, "%s: %s is too large", row_text(row).text, what);
    return 0;
}

static int check_tick(int32_t value, const char *what, const struct row *row, struct takt_error *err) {
    if (!is_tick(value))
        return takt_fail(err, TAKT_EOVERFLOW, "%s: %s is too far away", row_text(row).text, what);
    return 0;
}

static int check_number(int32_t value, size_t count, const char *what, const struct row *row, struct takt_error *err) {
    if (value < 0 || (size_t)value >= count)
        return takt_fail(err, TAKT_EDATA, "%s: there is no %s %d", row_text(row).text, what, (int)value);
    return 0;
}

static int check_spans(const struct problem_span *spans, size_t count, const struct row *row, struct takt_error *err) {
    for (size_t k = 0; spans != NULL && k < count; k++) {
        if (!is_tick(spans[k].from) || !is_tick(spans[k].to))
            return takt_fail(err, TAKT_EOVERFLOW, "%s: it is open too far away", row_text(row).text);
        if (spans[k].from >= spans[k].to || (k > 0 && spans[k].from < spans[k - 1].to))
            return takt_fail(err, TAKT_EDATA, "%s: open from %d to %d is not after the one before, or has no length",
                             row_text(row).text, (int)spans[k].from, (int)spans[k].to);
    }
    return 0;
}

static int check_table(const struct problem_builder *b, size_t i, struct takt_error *err) {
    const struct built_table *t = &b->table[i];
    const struct row row = {b, ROW_TABLE, i};
    int code = check_length(t->default_time, "default", &row, err);
    for (size_t k = 0; code == 0 && k < t->family_count; k++)
        code = check_number(t->families[k], b->family_count, "family", &row, err);
    for (size_t k = 0; code == 0 && k < t->family_count * t->family_count; k++)
        code = check_length(t->time[k], "a changeover", &row, err);
    for (size_t k = 0; code == 0 && k < t->pair_count; k++) {
        code = check_length(t->pairs[k].time, "a changeover", &row, err);
        if (code == 0)
            code = check_number(t->pairs[k].from, b->family_count, "family", &row, err);
        if (code == 0)
            code = check_number(t->pairs[k].to, b->family_count, "family", &row, err);
    }
    return code;
}

/* Tables are small and families few here: a dense table is searched for a family only while a problem is built. */
static bool table_has(const struct built_table *t, int32_t family) {
    if (t->sparse)
        return true;
    for (size_t k = 0; k < t->family_count; k++)
        if (t->families[k] == family)
            return true;
    return false;
}

static int check_line(const struct problem_builder *b, size_t i, struct takt_error *err) {
    const struct problem_line_spec *l = &b->line[i];
    const struct row row = {b, ROW_LINE, i};
    if (l->table != -1 && check_number(l->table, b->table_count, "changeover table", &row, err) != 0)
        return TAKT_EDATA;
    if (l->initial_family != -1) {
        if (check_number(l->initial_family, b->family_count, "family", &row, err) != 0)
            return TAKT_EDATA;
        if (l->table >= 0 && !table_has(&b->table[l->table], l->initial_family))
            return takt_fail(err, TAKT_EDATA, "%s: its initial family is not in its changeover table",
                             row_text(&row).text);
    }
    int code = check_length(l->batch, "batch", &row, err);
    return code != 0 ? code : check_spans(l->open, l->open_count, &row, err);
}

static int check_pool(const struct problem_builder *b, size_t i, struct takt_error *err) {
    const struct problem_pool_spec *pool = &b->pool[i];
    const struct row row = {b, ROW_POOL, i};
    if (pool->step_count == 0 || pool->steps[0].from != 0)
        return takt_fail(err, TAKT_EDATA, "%s: its capacity does not begin at 0", row_text(&row).text);
    for (size_t k = 0; k < pool->step_count; k++) {
        int code = check_length(pool->steps[k].capacity, "capacity", &row, err);
        if (code == 0)
            code = check_length(pool->steps[k].from, "a step of capacity", &row, err);
        if (code != 0)
            return code;
        if (k > 0 && pool->steps[k].from <= pool->steps[k - 1].from)
            return takt_fail(err, TAKT_EDATA, "%s: the steps of its capacity are not ascending", row_text(&row).text);
    }
    return check_spans(pool->open, pool->open_count, &row, err);
}

static int check_options(const struct problem_builder *b, const struct problem_task_spec *t, const struct row *row,
                         struct takt_error *err) {
    if (t->option_count == 0)
        return takt_fail(err, TAKT_EDATA, "%s: no line can do it", row_text(row).text);
    for (size_t k = 0; k < t->option_count; k++) {
        const struct problem_option *o = &t->options[k];
        int code = check_number(o->line, b->line_count, "line", row, err);
        if (code == 0)
            code = check_length(o->time, "its time", row, err);
        if (code != 0)
            return code;
        for (size_t j = 0; j < k; j++)
            if (t->options[j].line == o->line)
                return takt_fail(err, TAKT_EDATA, "%s: line %d is there twice", row_text(row).text, (int)o->line);
    }
    return 0;
}

static int check_usages(const struct problem_builder *b, const struct problem_task_spec *t, const struct row *row,
                        struct takt_error *err) {
    for (size_t k = 0; k < t->pool_count; k++) {
        int code = check_number(t->pools[k].pool, b->pool_count, "pool", row, err);
        if (code == 0)
            code = check_length(t->pools[k].amount, "its part of a pool", row, err);
        if (code != 0)
            return code;
        for (size_t j = 0; j < k; j++)
            if (t->pools[j].pool == t->pools[k].pool)
                return takt_fail(err, TAKT_EDATA, "%s: pool %d is there twice", row_text(row).text,
                                 (int)t->pools[k].pool);
    }
    return 0;
}

static int check_lengths(const struct problem_task_spec *t, const struct row *row, struct takt_error *err) {
    int code = check_length(t->size, "size", row, err);
    if (code == 0)
        code = check_length(t->release, "release", row, err);
    if (code == 0)
        code = check_length(t->lag_after, "lag_after", row, err);
    if (code == 0 && t->lag_max != PROBLEM_NONE)
        code = check_length(t->lag_max, "lag_max", row, err);
    if (code == 0)
        code = check_length(t->overlap_quantity, "overlap", row, err);
    if (code == 0 && t->overlap_quantity > 0 && (t->overlap_first < 1 || t->overlap_first > t->overlap_quantity))
        code = takt_fail(err, TAKT_EDATA, "%s: the first %d of %d cannot be handed over", row_text(row).text,
                         (int)t->overlap_first, (int)t->overlap_quantity);
    return code;
}

static int check_places(const struct problem_builder *b, const struct problem_task_spec *t, const struct row *row,
                        struct takt_error *err) {
    if (t->plan_line != -1) {
        int code = check_number(t->plan_line, b->line_count, "line", row, err);
        if (code == 0)
            code = check_tick(t->plan_start, "its planned start", row, err);
        if (code != 0)
            return code;
    }
    if (t->fixed_line == -1)
        return 0;
    if (check_tick(t->fixed_start, "its fixed start", row, err) != 0 ||
        check_tick(t->fixed_end, "its fixed end", row, err) != 0)
        return TAKT_EOVERFLOW;
    if (t->fixed_end < t->fixed_start)
        return takt_fail(err, TAKT_EDATA, "%s: it is fixed to end before it starts", row_text(row).text);
    for (size_t k = 0; k < t->option_count; k++)
        if (t->options[k].line == t->fixed_line)
            return 0;
    return takt_fail(err, TAKT_EDATA, "%s: it is fixed on a line that cannot do it", row_text(row).text);
}

static int check_task(const struct problem_builder *b, size_t i, struct takt_error *err) {
    const struct built_task *task = &b->task[i];
    const struct problem_task_spec *t = &task->spec;
    const struct row row = {b, ROW_TASK, i};
    int code = check_number(task->job, b->job_count, "job", &row, err);
    if (code == 0)
        code = check_options(b, t, &row, err);
    if (code == 0)
        code = check_usages(b, t, &row, err);
    if (code == 0)
        code = check_lengths(t, &row, err);
    if (code == 0)
        code = check_places(b, t, &row, err);
    if (code != 0)
        return code;
    for (size_t k = 0; k < t->after_count; k++) {
        if (t->after[k] < 0 || (size_t)t->after[k] >= b->task_count || b->task[t->after[k]].job != task->job)
            return takt_fail(err, TAKT_EDATA, "%s: it succeeds task %d, which is not in its job", row_text(&row).text,
                             (int)t->after[k]);
        for (size_t j = 0; j < k; j++)
            if (t->after[j] == t->after[k])
                return takt_fail(err, TAKT_EDATA, "%s: it succeeds the same task twice", row_text(&row).text);
    }
    return 0;
}

/* That a task's family is known to the table of every line that can do it, by one look a table and family. */
static int check_families(const struct problem_builder *b, struct takt_error *err) {
    int code = 0;
    uint8_t *known = takt_alloc(b->table_count * b->family_count);
    for (size_t k = 0; k < b->table_count; k++)
        for (size_t f = 0; b->table[k].sparse && f < b->family_count; f++)
            known[k * b->family_count + f] = 1;
    for (size_t k = 0; k < b->table_count; k++)
        for (size_t f = 0; f < b->table[k].family_count; f++)
            known[k * b->family_count + (size_t)b->table[k].families[f]] = 1;
    for (size_t i = 0; code == 0 && i < b->task_count; i++) {
        const struct problem_task_spec *t = &b->task[i].spec;
        if (t->family == -1)
            continue;
        const struct row row = {b, ROW_TASK, i};
        code = check_number(t->family, b->family_count, "family", &row, err);
        for (size_t k = 0; code == 0 && k < t->option_count; k++) {
            int32_t table = b->line[t->options[k].line].table;
            if (table >= 0 && !known[(size_t)table * b->family_count + (size_t)t->family])
                code = takt_fail(err, TAKT_EDATA, "%s: its family is not in the changeover table of line %d",
                                 row_text(&row).text, (int)t->options[k].line);
        }
    }
    free(known);
    return code;
}

static int check_due(const struct problem_builder *b, size_t i, struct takt_error *err) {
    const struct problem_due_spec *d = &b->due[i];
    const struct row row = {b, ROW_DUE, i};
    if (d->job_count == 0)
        return takt_fail(err, TAKT_EDATA, "%s: it wants no job", row_text(&row).text);
    int code = check_length(d->weight, "weight", &row, err);
    if (code == 0 && d->due != PROBLEM_NONE)
        code = check_tick(d->due, "it", &row, err);
    if (code == 0 && d->placed != PROBLEM_NONE)
        code = check_tick(d->placed, "when it was placed", &row, err);
    for (size_t k = 0; code == 0 && k < d->job_count; k++)
        code = check_number(d->jobs[k], b->job_count, "job", &row, err);
    return code;
}

static int check_objective(const struct problem_objective *o, struct takt_error *err) {
    const int64_t weights[] = {o->tardiness, o->flow, o->waiting, o->changeover, o->moves, o->makespan};
    for (size_t k = 0; k < sizeof weights / sizeof *weights; k++)
        if (weights[k] < 0)
            return takt_fail(err, TAKT_EDATA, "the problem: a weight of the objective cannot be negative");
    return 0;
}

int builder_check(const struct problem_builder *b, struct takt_error *err) {
    int code = check_length(b->move_tolerance, "move_tolerance", &(struct row){b, ROW_PROBLEM, 0}, err);
    if (code == 0)
        code = check_objective(&b->objective, err);
    for (size_t i = 0; code == 0 && i < b->table_count; i++)
        code = check_table(b, i, err);
    for (size_t i = 0; code == 0 && i < b->line_count; i++)
        code = check_line(b, i, err);
    for (size_t i = 0; code == 0 && i < b->pool_count; i++)
        code = check_pool(b, i, err);
    for (size_t i = 0; code == 0 && i < b->job_count; i++) {
        const struct row row = {b, ROW_JOB, i};
        code = check_length(b->job[i].release, "release", &row, err);
        if (code == 0 && b->job[i].last_task < 0)
            code = takt_fail(err, TAKT_EDATA, "%s has no tasks", row_text(&row).text);
    }
    for (size_t i = 0; code == 0 && i < b->task_count; i++)
        code = check_task(b, i, err);
    if (code == 0)
        code = check_families(b, err);
    for (size_t i = 0; code == 0 && i < b->due_count; i++)
        code = check_due(b, i, err);
    return code;
}
