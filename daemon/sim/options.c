/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/sim/options.h"

#include "base/arena.h"
#include "base/nearest.h"
#include "schedulers/solver.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { EFFORT_DEFAULT = 2000, MILLION = 1000000 };

struct row {
    const char *name, *value, *help;
    int key;
};

static const struct row rows[] = {
    {"plant", "FILE…", "the plant's YAML; further files are merged as drop-ins", 'p'},
    {"feed", "FEED.jsonl[.gz]", "what the creators send, one message a line", 'f'},
    {"until", "DATE", "stop at the start of that date (or at a time, RFC 3339); default: when nothing is open", 'u'},
    {"scheduler", "NAME", "instead of the plant's: fifo, edd, spt, atcs, search, auto", 's'},
    {"effort", "N", "iterations of each search, default 2000; rules need none", 'e'},
    {"scale", "F", "multiply the quantities of all orders, 0.01 to 100", 'x'},
    {"seed", "N", "of noise and breakdowns, default 1", 'r'},
    {"noise", "P", "vary durations and scrap by so much, 0 to 1: 0.2 is 20 %", 'n'},
    {"breakdowns", "N", "breakdowns a week over the whole plant, 0 to 999", 'b'},
    {"output", "text|json", "default text", 'o'},
    {"help", NULL, "this", 'h'},
    {"version", NULL, "which version this is", 'V'},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

void options_help(FILE *out) {
    fputs("takt-sim --plant FILE… --feed FEED [OPTION…]: a plant's whole life under a virtual clock, through the daemon's\n"
          "own planning. The same arguments give the same figures.\n\n",
          out);
    for (size_t k = 0; k < ROWS; k++) {
        char left[48];
        bool brief = strchr("ohV", rows[k].key) != NULL;
        snprintf(left, sizeof left, "%s--%s%s%s", brief ? (char[]){'-', (char)rows[k].key, ',', ' ', 0} : "    ",
                 rows[k].name, rows[k].value != NULL ? " " : "", rows[k].value != NULL ? rows[k].value : "");
        int wide = (int)strlen(left) - (strstr(left, "…") != NULL ? 2 : 0);
        fprintf(out, "  %s%*s%s\n", left, wide < 30 ? 30 - wide : 1, "", rows[k].help);
    }
    fputs("\nExit: 0, 64 wrong arguments, 65 a wrong line in the feed, 66 a file is not there, 78 the plant is wrong.\n", out);
}

/* A whole number in [least, most]. */
static int read_whole(const char *name, const char *text, uint64_t least, uint64_t most, uint64_t *ret, struct takt_error *err) {
    uint64_t value = 0;
    bool good = *text != '\0';
    for (const char *at = text; *at != '\0' && good; at++) {
        good = *at >= '0' && *at <= '9' && value <= (UINT64_MAX - 9) / 10;
        value = value * 10 + (uint64_t)(*at - '0');
    }
    if (!good || value < least || value > most)
        return takt_fail(err, TAKT_EINVAL, "--%s '%s': a whole number from %llu to %llu", name, text,
                         (unsigned long long)least, (unsigned long long)most);
    *ret = value;
    return 0;
}

/* A number of at most six decimals, in millionths. */
static int read_ppm(const char *name, const char *text, int64_t least_ppm, int64_t most_ppm, int64_t *ret, struct takt_error *err) {
    int64_t value = 0, unit = MILLION;
    bool good = *text != '\0' && strcmp(text, ".") != 0, dot = false;
    for (const char *at = text; *at != '\0' && good; at++) {
        if (*at == '.' && !dot) {
            dot = true;
            continue;
        }
        good = *at >= '0' && *at <= '9' && value < MILLION * INT64_C(1000) && (!dot || unit > 1);
        value = value * 10 + (*at - '0');
        unit /= dot ? 10 : 1;
    }
    if (!good || value * unit < least_ppm || value * unit > most_ppm)
        return takt_fail(err, TAKT_EINVAL, "--%s '%s': a number from %g to %g, at most six decimals", name, text,
                         (double)least_ppm / MILLION, (double)most_ppm / MILLION);
    *ret = value * unit;
    return 0;
}

static int read_scheduler(const char *text, const char **ret, struct takt_error *err) {
    const char *names[32];
    size_t count = 0;
    for (const struct scheduler *s = schedulers; s->name != NULL && count < 32; s++)
        names[count++] = s->name;
    if (scheduler_find(text) == NULL) {
        const char *near = nearest_name(text, names, count);
        return takt_fail(err, TAKT_EINVAL, "--scheduler '%s': there is none%s%s%s", text, near != NULL ? "; did you mean '" : "",
                         near != NULL ? near : "", near != NULL ? "'?" : "");
    }
    *ret = text;
    return 0;
}

static int read_output(const char *text, bool *ret_json, struct takt_error *err) {
    if (strcmp(text, "json") != 0 && strcmp(text, "text") != 0)
        return takt_fail(err, TAKT_EINVAL, "--output '%s': text or json", text);
    *ret_json = text[0] == 'j';
    return 0;
}

static void add_plant(struct options *o, const char *file) {
    if (o->plant == NULL)
        o->plant = file;
    else
        o->drop_ins[o->drop_in_count++] = file;
}

static int read_row(struct options *o, int key, const char *text, struct takt_error *err) {
    uint64_t whole = 0;
    int r = 0;
    switch (key) {
    case 'p':
        add_plant(o, text);
        return 0;
    case 'f':
        o->feed = text;
        return 0;
    case 'u':
        o->until = text;
        return 0;
    case 's':
        return read_scheduler(text, &o->scheduler, err);
    case 'x':
        return read_ppm("scale", text, MILLION / 100, INT64_C(100) * MILLION, &o->scale_ppm, err);
    case 'n':
        return read_ppm("noise", text, 0, MILLION, &o->noise_ppm, err);
    case 'o':
        return read_output(text, &o->json, err);
    case 'r':
        return read_whole("seed", text, 0, UINT64_MAX, &o->seed, err);
    case 'e':
        r = read_whole("effort", text, 1, 1000000000, &whole, err);
        o->effort = (int64_t)whole;
        return r;
    case 'b':
        r = read_whole("breakdowns", text, 0, 999, &whole, err);
        o->breakdowns = (int64_t)whole;
        return r;
    case 'h':
        o->help = true;
        return 0;
    case 'V':
        o->version = true;
        return 0;
    default:
        return takt_fail(err, TAKT_EINVAL, "see takt-sim --help");
    }
}

int options_read(struct options *o, int argc, char **argv, struct takt_error *err) {
    struct option table[ROWS + 1] = {{0}};
    for (size_t k = 0; k < ROWS; k++)
        table[k] = (struct option){rows[k].name, rows[k].value != NULL ? required_argument : no_argument, NULL, rows[k].key};
    *o = (struct options){.effort = EFFORT_DEFAULT, .scale_ppm = MILLION, .seed = 1};
    o->drop_ins = takt_alloc((size_t)argc * sizeof *o->drop_ins + 1);
    optind = 0;
    for (int key; (key = getopt_long(argc, argv, "-o:hV", table, NULL)) != -1;) {
        int r = read_row(o, key == 1 ? 'p' : key, optarg, err);
        if (r < 0)
            return r;
        if (o->help || o->version)
            return 0;
    }
    while (optind < argc)
        add_plant(o, argv[optind++]);
    if (o->plant == NULL || o->feed == NULL)
        return takt_fail(err, TAKT_EINVAL, "--%s is needed; see takt-sim --help", o->plant == NULL ? "plant" : "feed");
    return 0;
}

void options_done(struct options *o) {
    free(o->drop_ins);
    o->drop_ins = NULL;
}
