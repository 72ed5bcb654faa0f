/* SPDX-License-Identifier: Apache-2.0 */

/* takt-solve: the solver library from the shell. */

#include "schedulers/model.h"
#include "schedulers/read.h"
#include "schedulers/solver.h"
#include "schedulers/write.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

struct options {
    const char *scheduler, *start, *quote, *out, *chart, *problem;
    enum read_format format;
    int64_t time_ms; /* -1: none was given */
    int64_t iterations;
    int32_t threads, lanes;
    uint64_t seed;
    bool stats;
};

struct progress {
    int64_t began_ms, deadline_ms; /* 0: none */
    int64_t first_ms, best_ms;     /* since it began; -1: not yet */
    bool live;
    int64_t bound;
};

enum { DEFAULT_TIME_MS = 10000 };

static const char help_text[] =
    "takt-solve [OPTION]... PROBLEM\n"
    "Finds a schedule for a problem: a takt.problem/1 file, or a job shop in one of the two usual texts.\n"
    "PROBLEM may be - for standard input.\n\n"
    "  --scheduler NAME   auto, or one of the list below\n"
    "  --time S           seconds to search for, a fraction is fine (10 unless --iterations is given)\n"
    "  --iterations N     of the search, for each lane\n"
    "  --threads N        threads to use (1)\n"
    "  --lanes N          searchers (as many as threads); the result depends on it, not on the threads\n"
    "  --seed N           of the random numbers (1)\n"
    "  --start SCHEDULE   a schedule to begin with\n"
    "  --quote JOB        do not search: say when this job, which the schedule of --start must not hold, would be "
    "done,\n"
    "                     and when if a few others may be moved that are not done late for it; -o writes that "
    "schedule\n"
    "  --format NAME      auto, takt, fjsp or jsp (auto)\n"
    "  --stats            write the figures as one line of JSON to standard error\n"
    "  --chart FILE       draw the schedule as SVG\n"
    "  -o SCHEDULE        write the schedule there instead of to standard output\n"
    "  --help             print this and end\n"
    "  --version          print the version and end\n\n"
    "Exit status: 0 a feasible schedule was written; 64 wrong usage; 65 the problem is malformed or has no\n"
    "feasible schedule; 66 a file cannot be read; 73 a file cannot be written.\n\nSchedulers:\n";

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool is_over(void *arg) {
    const struct progress *pr = arg;
    return pr->deadline_ms != 0 && now_ms() >= pr->deadline_ms;
}

static int32_t share_over(void *arg) {
    const struct progress *pr = arg;
    int64_t all = pr->deadline_ms - pr->began_ms, over = now_ms() - pr->began_ms;
    return all <= 0 || over >= all ? 65536 : (int32_t)(over * 65536 / all);
}

static void show_better(void *arg, const struct schedule *better, const struct figures *f) {
    struct progress *pr = arg;
    (void)better;
    pr->best_ms = now_ms() - pr->began_ms;
    if (pr->first_ms < 0)
        pr->first_ms = pr->best_ms;
    if (pr->live)
        fprintf(stderr, "%8.3f s  objective %" PRId64 "  (bound %" PRId64 ")\n", (double)pr->best_ms / 1000,
                f->objective, pr->bound);
}

static int usage(const char *what, const char *value) {
    fprintf(stderr, "takt-solve: %s%s%s (see --help)\n", what, value != NULL ? ": " : "", value != NULL ? value : "");
    return EX_USAGE;
}

static bool parse_whole(const char *text, int64_t least, int64_t most, int64_t *ret) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < least || value > most)
        return false;
    *ret = value;
    return true;
}

static bool parse_seconds(const char *text, int64_t *ret_ms) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= 0 && value <= 1e7))
        return false;
    *ret_ms = (int64_t)(value * 1000 + 0.5);
    return true;
}

enum {
    OPT_SCHEDULER = 256,
    OPT_TIME,
    OPT_ITERATIONS,
    OPT_THREADS,
    OPT_LANES,
    OPT_SEED,
    OPT_START,
    OPT_QUOTE,
    OPT_FORMAT,
    OPT_STATS,
    OPT_CHART,
    OPT_HELP,
    OPT_VERSION
};

static const struct option long_options[] = {
    {"scheduler", required_argument, NULL, OPT_SCHEDULER},
    {"time", required_argument, NULL, OPT_TIME},
    {"iterations", required_argument, NULL, OPT_ITERATIONS},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"lanes", required_argument, NULL, OPT_LANES},
    {"seed", required_argument, NULL, OPT_SEED},
    {"start", required_argument, NULL, OPT_START},
    {"quote", required_argument, NULL, OPT_QUOTE},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"stats", no_argument, NULL, OPT_STATS},
    {"chart", required_argument, NULL, OPT_CHART},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {0},
};

static void show_help(void) {
    fputs(help_text, stdout);
    for (const struct scheduler *s = schedulers; s->name != NULL; s++)
        printf("  %-8s %s\n", s->name, s->help);
}

/* Takes one option; -1: go on, else the exit status. */
static int take_option(int option, struct options *o) {
    int64_t n = 0;
    bool sound = true;
    switch (option) {
    case OPT_SCHEDULER:
        o->scheduler = optarg;
        sound = scheduler_find(optarg) != NULL;
        break;
    case OPT_TIME:
        sound = parse_seconds(optarg, &o->time_ms);
        break;
    case OPT_ITERATIONS:
        sound = parse_whole(optarg, 1, INT64_MAX, &o->iterations);
        break;
    case OPT_THREADS:
        sound = parse_whole(optarg, 1, 1024, &n);
        o->threads = (int32_t)n;
        break;
    case OPT_LANES:
        sound = parse_whole(optarg, 1, 1024, &n);
        o->lanes = (int32_t)n;
        break;
    case OPT_SEED:
        sound = parse_whole(optarg, 0, INT64_MAX, &n);
        o->seed = (uint64_t)n;
        break;
    case OPT_START:
        o->start = optarg;
        break;
    case OPT_QUOTE:
        o->quote = optarg;
        break;
    case OPT_FORMAT:
        sound = read_format_find(optarg, &o->format);
        break;
    case OPT_STATS:
        o->stats = true;
        break;
    case OPT_CHART:
        o->chart = optarg;
        break;
    case 'o':
        o->out = optarg;
        break;
    case OPT_HELP:
        show_help();
        return EX_OK;
    case OPT_VERSION:
        puts("takt-solve " TAKT_VERSION);
        return EX_OK;
    default:
        return EX_USAGE;
    }
    return sound ? -1 : usage("that cannot be", optarg);
}

static int parse_options(int argc, char **argv, struct options *o) {
    *o = (struct options){.scheduler = "auto", .time_ms = -1, .threads = 1, .seed = 1};
    for (int option; (option = getopt_long(argc, argv, "o:", long_options, NULL)) != -1;) {
        int code = take_option(option, o);
        if (code >= 0)
            return code;
    }
    if (optind + 1 != argc)
        return usage(optind == argc ? "which problem?" : "one problem at a time", NULL);
    o->problem = argv[optind];
    if (o->quote != NULL && o->start == NULL)
        return usage("--quote needs the schedule to quote against, --start", NULL);
    return -1;
}

/* The whole of a file, with its size; NULL after saying why. */
static char *read_file(const char *path, size_t *ret_size) {
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char *text = NULL;
    size_t size = 0, cap = 0;
    while (in != NULL && !feof(in) && !ferror(in)) {
        cap = cap == 0 ? 65536 : cap * 2;
        text = takt_realloc(text, cap, 1);
        size += fread(text + size, 1, cap - size, in);
    }
    if (in == NULL || ferror(in)) {
        fprintf(stderr, "takt-solve: %s: %s\n", path, strerror(errno));
        free(text);
        text = NULL;
    }
    if (in != NULL && in != stdin)
        fclose(in);
    *ret_size = size;
    return text;
}

static int complain(const char *path, const struct takt_error *err) {
    fprintf(stderr, "takt-solve: %s: %s\n", path, err->text);
    return EX_DATAERR;
}

static int load(const struct options *o, struct problem **ret, struct schedule **ret_start) {
    size_t size;
    struct takt_error err = {0};
    char *text = read_file(o->problem, &size);
    if (text == NULL)
        return EX_NOINPUT;
    enum read_format format = o->format != READ_AUTO ? o->format : read_format_guess(text, size, o->problem);
    int code = read_problem(text, size, format, ret, &err);
    free(text);
    if (code != 0)
        return complain(o->problem, &err);
    if (o->start == NULL)
        return 0;
    text = read_file(o->start, &size);
    if (text == NULL)
        return EX_NOINPUT;
    code = read_schedule(text, size, *ret, ret_start, &err);
    free(text);
    return code != 0 ? complain(o->start, &err) : 0;
}

static void show_stats(const struct progress *pr, const struct solve_result *r, int64_t alone) {
    int64_t spent = now_ms() - pr->began_ms;
    const struct figures *f = &r->figures;
    double gap = f->objective > 0 ? (double)(f->objective - r->bound) / (double)f->objective : 0;
    fprintf(stderr,
            "{\"objective\": %" PRId64 ", \"tardiness\": %" PRId64 ", \"flow\": %" PRId64 ", \"waiting\": %" PRId64
            ", \"changeover\": %" PRId64 ", \"moves\": %" PRId64 ", \"makespan\": %" PRId64 ", \"bound\": %" PRId64
            ", \"alone\": %" PRId64 ", \"gap\": %.6f, \"first_s\": %.3f, \"best_s\": %.3f, \"time_s\": %.3f, "
            "\"tried\": %" PRId64 ", \"tried_per_s\": %" PRId64 "}\n",
            f->objective, f->tardiness, f->flow, f->waiting, f->changeover, f->moves, f->makespan, r->bound, alone, gap,
            (double)pr->first_ms / 1000, (double)pr->best_ms / 1000, (double)spent / 1000, r->moves,
            r->moves * 1000 / (spent > 0 ? spent : 1));
}

typedef void write_fn(FILE *out, const struct problem *p, const struct schedule *s);

static int write_to(const char *path, write_fn *write_it, const struct problem *p, const struct schedule *s) {
    FILE *out = path != NULL ? fopen(path, "w") : stdout;
    if (out != NULL)
        write_it(out, p, s);
    bool failed = out == NULL || ferror(out);
    failed = (out != NULL && (out == stdout ? fflush(out) : fclose(out)) != 0) || failed;
    if (!failed)
        return 0;
    fprintf(stderr, "takt-solve: %s: %s\n", path != NULL ? path : "standard output", strerror(errno));
    return EX_CANTCREAT;
}

static int run(const struct options *o, const struct problem *p, const struct schedule *start) {
    struct progress pr = {.began_ms = now_ms(), .first_ms = -1, .best_ms = -1, .live = isatty(STDERR_FILENO)};
    int64_t time_ms = o->time_ms >= 0 ? o->time_ms : o->iterations > 0 ? 0 : DEFAULT_TIME_MS, alone;
    pr.deadline_ms = time_ms > 0 || o->time_ms == 0 ? pr.began_ms + time_ms : 0;
    solve_bound(p, &pr.bound, &alone);
    struct solve_limits limits = {
        .deadline = is_over,
        .arg = &pr,
        .iterations = o->iterations,
        .threads = o->threads,
        .lanes = o->lanes,
        .seed = o->seed,
        .spent = o->iterations > 0 ? NULL : share_over,
    };
    struct solve_result result = {0};
    struct takt_error err = {0};
    if (solve(o->scheduler, p, start, &limits, show_better, &pr, &result, &err) != 0)
        return complain(o->problem, &err);
    if (result.schedule == NULL) {
        fprintf(stderr, "takt-solve: %s: the time was over before there was a schedule\n", o->problem);
        return EX_TEMPFAIL;
    }
    if (pr.first_ms < 0)
        show_better(&pr, result.schedule, &result.figures);
    if (o->stats)
        show_stats(&pr, &result, alone);
    int code = write_to(o->out, write_schedule, p, result.schedule);
    if (code == 0 && o->chart != NULL)
        code = write_to(o->chart, write_chart, p, result.schedule);
    schedule_free(result.schedule);
    return code;
}

/* The number of a job by its name; -1: there is none. */
static int32_t find_job(const struct problem *p, const char *name) {
    for (int32_t j = 0; j < problem_job_count(p); j++)
        if (strcmp(problem_job_name(p, j), name) == 0)
            return j;
    return -1;
}

static int quote(const struct options *o, const struct problem *p, const struct schedule *start) {
    struct quoter *q = NULL;
    struct quote_moving answer;
    struct schedule *plan = NULL;
    struct takt_error err = {0};
    int32_t job = find_job(p, o->quote);
    if (job < 0)
        return usage("there is no such job", o->quote);
    int code = quoter_new(p, start, &q, &err);
    if (code == 0)
        code = quoter_ask_moving(q, job, &answer, &plan, &err);
    quoter_free(q);
    if (code != 0)
        return complain(o->start, &err);
    printf("{\"end\": %" PRId32 ", \"end_alone\": %" PRId32 ", \"moved\": %" PRId32 "}\n", answer.end, answer.end_alone,
           answer.moved);
    code = o->out != NULL ? write_to(o->out, write_schedule, p, plan) : 0;
    if (code == 0 && o->chart != NULL)
        code = write_to(o->chart, write_chart, p, plan);
    schedule_free(plan);
    return code;
}

int main(int argc, char **argv) {
    struct options options;
    struct problem *problem = NULL;
    struct schedule *start = NULL;
    int code = parse_options(argc, argv, &options);
    if (code >= 0)
        return code;
    code = load(&options, &problem, &start);
    if (code == 0)
        code = options.quote != NULL ? quote(&options, problem, start) : run(&options, problem, start);
    schedule_free(start);
    problem_free(problem);
    return code;
}
