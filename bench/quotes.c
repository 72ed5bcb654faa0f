/* SPDX-License-Identifier: Apache-2.0 */

/* How fast quotes are: bench/quotes PROBLEM, a takt.problem/1 file.
 *
 * Plans it by atcs, takes one job in a hundred out of the plan, at least two hundred of them, and asks for each when it
 * would be done, without moving others (A) and with (B). Prints one line of JSON: how many were asked, and the median
 * and the 99th percentile of the processor's time for one quote in microseconds. */

#include "schedulers/model.h"
#include "schedulers/read.h"
#include "schedulers/solver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TASKS_MAX = 64, OPTIONS_MAX = 256, LEAST = 200, ONE_IN = 100 };

static void die(const char *what, const char *why) {
    fprintf(stderr, "quotes: %s: %s\n", what, why);
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct problem *load(const char *path) {
    FILE *in = fopen(path, "rb");
    if (in == NULL || fseek(in, 0, SEEK_END) != 0)
        die(path, "cannot be read");
    long size = ftell(in);
    char *text = takt_alloc((size_t)size + 1);
    rewind(in);
    if (fread(text, 1, (size_t)size, in) != (size_t)size)
        die(path, "cannot be read");
    fclose(in);
    struct problem *p;
    struct takt_error err = {0};
    if (read_problem(text, (size_t)size, READ_TAKT, &p, &err) != 0)
        die(path, err.text);
    free(text);
    return p;
}

/* The question A as for a job that the problem does not know. */
static int32_t ask_alone(const struct problem *p, const struct quoter *q, int32_t job, int64_t *ret_ns) {
    struct problem_task_spec spec[TASKS_MAX];
    struct problem_option option[OPTIONS_MAX];
    struct problem_usage usage[OPTIONS_MAX];
    size_t tasks = 0, options = 0, usages = 0;
    struct takt_error err = {0};
    int32_t end = 0;
    for (int32_t k = p->job_offset[job]; k < p->job_offset[job + 1] && tasks < TASKS_MAX; k++) {
        int32_t task = p->job_task[k];
        struct problem_task_spec *s = &spec[tasks++];
        *s = PROBLEM_TASK_SPEC;
        s->options = option + options;
        s->pools = usage + usages;
        s->family = p->family[task];
        s->size = p->size[task];
        s->lag_after = p->lag_after[task];
        s->overlap_quantity = p->overlap_quantity[task];
        s->overlap_first = p->overlap_first[task];
        s->breakable = p->breakable[task];
        for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1] && options < OPTIONS_MAX; o++)
            option[options++] = (struct problem_option){p->option_line[o], p->option_time[o]};
        for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1] && usages < OPTIONS_MAX; u++)
            usage[usages++] = (struct problem_usage){p->usage_pool[u], p->usage_amount[u]};
        s->option_count = (size_t)(option + options - s->options);
        s->pool_count = (size_t)(usage + usages - s->pools);
    }
    int64_t began = now_ns();
    if (quoter_ask(q, p->job_release[job], spec, tasks, &end, NULL, NULL, NULL, &err) != 0)
        die("quote A", err.text);
    *ret_ns = now_ns() - began;
    return end;
}

static int compare_ns(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double at(int64_t *ns, int32_t count, int32_t percent) {
    qsort(ns, (size_t)count, sizeof *ns, compare_ns);
    return (double)ns[(int64_t)(count - 1) * percent / 100] / 1000;
}

int main(int argc, char **argv) {
    if (argc != 2)
        die("usage", "bench/quotes PROBLEM");
    struct problem *p = load(argv[1]);
    struct solve_limits limits = {.threads = 1, .seed = 1};
    struct solve_result plan = {0};
    struct takt_error err = {0};
    struct quoter *q;
    if (solve("atcs", p, NULL, &limits, NULL, NULL, &plan, &err) != 0)
        die(argv[1], err.text);
    int32_t step = p->jobs / (p->jobs / ONE_IN > LEAST ? p->jobs / ONE_IN : LEAST), count = 0;
    step = step > 0 ? step : 1;
    for (int32_t job = 0; job < p->jobs; job += step)
        for (int32_t k = p->job_offset[job]; k < p->job_offset[job + 1]; k++)
            plan.schedule->line[p->job_task[k]] = -1;
    if (quoter_new(p, plan.schedule, &q, &err) != 0)
        die(argv[1], err.text);
    int64_t *alone = takt_alloc((size_t)p->jobs * sizeof *alone),
            *moving = takt_alloc((size_t)p->jobs * sizeof *moving);
    for (int32_t job = 0; job < p->jobs; job += step, count++) {
        struct quote_moving answer;
        int32_t end = ask_alone(p, q, job, &alone[count]);
        int64_t began = now_ns();
        if (quoter_ask_moving(q, job, &answer, NULL, &err) != 0)
            die("quote B", err.text);
        moving[count] = now_ns() - began;
        if (answer.end > answer.end_alone || end <= 0)
            die(argv[1], "a quote with moves is later than one without");
    }
    printf("{\"asked\": %d, \"a_p50_us\": %.1f, \"a_p99_us\": %.1f, \"b_p50_us\": %.1f, \"b_p99_us\": %.1f}\n", count,
           at(alone, count, 50), at(alone, count, 99), at(moving, count, 50), at(moving, count, 99));
    quoter_free(q);
    schedule_free(plan.schedule);
    free(alone);
    free(moving);
    problem_free(p);
    return 0;
}
