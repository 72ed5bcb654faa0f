/* SPDX-License-Identifier: Apache-2.0 */

/* The two job shop texts, makespan to be minimised.
 *
 * Standard: `jobs machines`, then a line per job of pairs `machine duration`, machines from 0; -1 ends a job.
 * Flexible: `jobs machines [mean]`, then per job `operations`, and for each operation `k` and k pairs `machine
 * duration`, machines from 1. Lines that begin with # are comments. Jobs are named j0 …, machines m0 …, operations 0 …,
 * as they come. */

#include "schedulers/read.h"

#include "base/arena.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shop {
    const char *text;
    size_t size, at;
    size_t line; /* of the text, from 1 */
    int32_t machines;
    struct problem_builder *b;
    struct takt_error *err;
    struct problem_option *options;
    size_t option_cap;
};

static bool wrong(struct shop *s, const char *what) {
    takt_fail(s->err, TAKT_EDATA, "line %zu: %s", s->line, what);
    return false;
}

/* To the next word, over line ends if `over`; false: there is none (in this line). */
static bool to_word(struct shop *s, bool over) {
    while (s->at < s->size && isspace((unsigned char)s->text[s->at])) {
        if (s->text[s->at] == '\n') {
            if (!over)
                return false;
            s->line++;
        }
        s->at++;
        while (s->at < s->size && s->text[s->at] == '#' && s->text[s->at - 1] == '\n')
            while (s->at < s->size && s->text[s->at] != '\n')
                s->at++;
    }
    return s->at < s->size;
}

static bool read_number(struct shop *s, bool over, int64_t least, int64_t most, const char *what, int32_t *ret) {
    if (!to_word(s, over)) {
        takt_fail(s->err, TAKT_EDATA, "line %zu: it ends where %s should be", s->line, what);
        return false;
    }
    size_t from = s->at;
    int64_t value = 0, sign = 1;
    if (s->text[s->at] == '-') {
        sign = -1;
        s->at++;
    }
    size_t digits = s->at;
    while (s->at < s->size && isdigit((unsigned char)s->text[s->at]) && s->at - digits < 12)
        value = value * 10 + (s->text[s->at++] - '0');
    bool ends = s->at == s->size || isspace((unsigned char)s->text[s->at]);
    value *= sign;
    if (s->at == digits || !ends || value < least || value > most) {
        size_t length = 0;
        while (from + length < s->size && length < 30 && !isspace((unsigned char)s->text[from + length]))
            length++;
        takt_fail(s->err, TAKT_EDATA, "line %zu: '%.*s' cannot be %s", s->line, (int)length, s->text + from, what);
        return false;
    }
    *ret = (int32_t)value;
    return true;
}

static void add_task(struct shop *s, int32_t job, int32_t number, size_t options) {
    char name[16];
    struct problem_task_spec spec = PROBLEM_TASK_SPEC;
    snprintf(name, sizeof name, "%d", (int)number);
    spec.name = name;
    spec.options = s->options;
    spec.option_count = options;
    problem_add_task(s->b, job, &spec);
}

static bool read_option(struct shop *s, bool over, int32_t first_machine, size_t k) {
    int32_t machine, time;
    if (!read_number(s, over, first_machine, s->machines - 1 + first_machine, "a machine", &machine) ||
        !read_number(s, over, 0, PROBLEM_TICK_MAX - 1, "a duration", &time))
        return false;
    ARRAY_GROW(s->options, k, s->option_cap);
    s->options[k] = (struct problem_option){machine - first_machine, time};
    return true;
}

static bool read_standard_job(struct shop *s, int32_t job) {
    int32_t n = 0;
    if (!to_word(s, true))
        return wrong(s, "it ends before its last job");
    while (to_word(s, false)) {
        if (s->text[s->at] == '-') {
            int32_t end;
            if (!read_number(s, false, -1, -1, "a machine", &end) ||
                !read_number(s, false, -1, -1, "the end of a job", &end))
                return false;
            if (to_word(s, false))
                return wrong(s, "the job goes on after its end");
            break;
        }
        if (!read_option(s, false, 0, 0))
            return false;
        add_task(s, job, n++, 1);
    }
    return n > 0 || wrong(s, "a job has no operations");
}

static bool read_flexible_job(struct shop *s, int32_t job) {
    int32_t operations, choices;
    if (!read_number(s, true, 1, INT32_MAX / 16, "the number of operations", &operations))
        return false;
    for (int32_t n = 0; n < operations; n++) {
        if (!read_number(s, true, 1, s->machines, "the number of machines of an operation", &choices))
            return false;
        for (int32_t k = 0; k < choices; k++)
            if (!read_option(s, true, 1, (size_t)k))
                return false;
        add_task(s, job, n, (size_t)choices);
    }
    return true;
}

/* The mean number of machines, which says nothing, may be a fraction. */
static bool skip_mean(struct shop *s) {
    if (!to_word(s, false))
        return true;
    while (s->at < s->size && !isspace((unsigned char)s->text[s->at])) {
        if (!isdigit((unsigned char)s->text[s->at]) && s->text[s->at] != '.')
            return wrong(s, "the mean number of machines is no number");
        s->at++;
    }
    return !to_word(s, false) || wrong(s, "there is more than the numbers of jobs and machines");
}

static bool read_all(struct shop *s, bool flexible) {
    int32_t jobs;
    const int32_t most = 10000000;
    s->line = 1;
    while (s->at < s->size && s->text[s->at] == '#') {
        while (s->at < s->size && s->text[s->at] != '\n')
            s->at++;
        to_word(s, true);
    }
    if (!read_number(s, true, 1, most, "the number of jobs", &jobs) ||
        !read_number(s, false, 1, 1000000, "the number of machines", &s->machines))
        return false;
    if (flexible ? !skip_mean(s) : to_word(s, false))
        return flexible ? false : wrong(s, "there is more than the numbers of jobs and machines");
    char name[16];
    for (int32_t m = 0; m < s->machines; m++) {
        snprintf(name, sizeof name, "m%d", (int)m);
        problem_add_line(s->b, &(struct problem_line_spec){.name = name, .table = -1, .initial_family = -1});
    }
    for (int32_t j = 0; j < jobs; j++) {
        snprintf(name, sizeof name, "j%d", (int)j);
        problem_add_job(s->b, name, 0);
        if (flexible ? !read_flexible_job(s, j) : !read_standard_job(s, j))
            return false;
    }
    return !to_word(s, true) || wrong(s, "it goes on after its last job");
}

int read_shop(const char *text, size_t size, bool flexible, struct problem **ret, struct takt_error *err) {
    struct takt_error own = {0};
    struct shop s = {.text = text, .size = size, .b = problem_builder_new(), .err = &own};
    problem_set_objective(s.b, &(struct problem_objective){.makespan = 1});
    if (read_all(&s, flexible))
        problem_build(s.b, ret, &own);
    problem_builder_free(s.b);
    free(s.options);
    return own.code == 0 ? 0 : takt_fail(err, own.code, "%s", own.text);
}
