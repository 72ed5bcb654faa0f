/* SPDX-License-Identifier: Apache-2.0 */

/* takt-sim: a plant's whole life under a virtual clock. See docs/simulation.md. */

#include "base/time.h"
#include "config/zone.h"
#include "daemon/sim/life.h"
#include "daemon/sim/options.h"
#include "daemon/sim/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 24, PROGRESS_EVERY_MS = 200 };

struct screen {
    const char *feed;
    bool terminal;
    int64_t drawn_ms;
};

static const struct {
    int code, exit;
} exits[] = {{TAKT_EINVAL, EX_USAGE}, {TAKT_ENOENT, EX_NOINPUT}, {TAKT_EDATA, EX_DATAERR}, {TAKT_ECONFIG, EX_CONFIG},
             {TAKT_EIO, EX_IOERR}};

static int exit_of(int code) {
    for (size_t k = 0; k < sizeof exits / sizeof exits[0]; k++)
        if (exits[k].code == code)
            return exits[k].exit;
    return code == 0 ? EX_OK : EX_SOFTWARE;
}

static void wipe(const struct screen *s) {
    if (s->terminal)
        fputs("\r\033[K", stderr);
}

static void progress(void *arg, int64_t now_s, unsigned permille, uint64_t accepted, uint64_t open) {
    struct screen *s = arg;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t now_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    if (!s->terminal || now_ms - s->drawn_ms < PROGRESS_EVERY_MS)
        return;
    s->drawn_ms = now_ms;
    char date[DAY_TEXT_SIZE], bar[BAR_WIDTH * 4 + 1] = "";
    for (unsigned k = 0; k < BAR_WIDTH; k++)
        strcat(bar, k * 1000 < permille * BAR_WIDTH ? "█" : "░");
    fprintf(stderr, "\r\033[K%s %s %3u %%  %llu orders, %llu open", day_format((int32_t)(now_s / 86400), date), bar,
            permille / 10, (unsigned long long)accepted, (unsigned long long)open);
}

static void note(void *arg, const char *text) {
    const struct screen *s = arg;
    wipe(s);
    fprintf(stderr, "takt-sim: %s: %s\n", s->feed, text);
}

static int load_plant(const struct options *o, struct plant **ret, struct takt_error *err) {
    struct plant_faults faults = {0};
    int r = plant_load(o->plant, o->drop_ins, o->drop_in_count, ret, &faults, err);
    for (size_t k = 0; k < faults.count; k++)
        fprintf(stderr, "%s:%d:%d: %s\n", faults.list[k].file, faults.list[k].line, faults.list[k].column, faults.list[k].text);
    plant_faults_done(&faults);
    return r < 0 ? takt_fail(err, r, "%s: the plant cannot be used", o->plant) : 0;
}

static int read_until(const struct options *o, const struct plant *plant, int64_t *ret, struct takt_error *err) {
    int32_t day;
    *ret = TAKT_TIME_NEVER;
    if (o->until == NULL || time_parse_rfc3339(o->until, ret))
        return 0;
    if (!day_parse(o->until, &day))
        return takt_fail(err, TAKT_EINVAL, "--until '%s': a date such as 2026-12-24, or a time such as 2026-12-24T18:00:00Z",
                         o->until);
    *ret = zone_time(plant->zone, day, 0);
    return 0;
}

static int live(const struct options *o, struct plant *plant, struct feed *feed, struct takt_error *err) {
    struct screen screen = {.feed = o->feed, .terminal = isatty(STDERR_FILENO) == 1};
    struct life_config config = {.plant = plant, .feed = feed, .scheduler = o->scheduler, .effort = o->effort,
                                 .scale_ppm = o->scale_ppm, .noise_ppm = o->noise_ppm, .breakdowns = o->breakdowns,
                                 .seed = o->seed, .progress = progress, .note = note, .arg = &screen};
    struct life *life = NULL;
    int r = read_until(o, plant, &config.until_s, err);
    if (r == 0)
        r = life_new(&config, &life, err);
    if (r == 0)
        r = life_run(life, err);
    wipe(&screen);
    if (r == 0) {
        struct summary summary;
        life_summary(life, &summary);
        (o->json ? summary_write_json : summary_write_text)(&summary, plant, stdout);
        if (fflush(stdout) != 0)
            r = takt_fail(err, TAKT_EIO, "cannot write the figures");
    }
    life_free(life);
    return r;
}

static int run(const struct options *o, struct takt_error *err) {
    struct plant *plant = NULL;
    struct feed *feed = NULL;
    int r = load_plant(o, &plant, err);
    if (r == 0)
        r = feed_open(o->feed, &feed, err);
    if (r == 0)
        r = live(o, plant, feed, err);
    feed_close(feed);
    plant_unref(plant);
    return r;
}

int main(int argc, char **argv) {
    struct options options;
    struct takt_error err = {0};
    int r = options_read(&options, argc, argv, &err);
    if (r == 0 && options.help)
        options_help(stdout);
    else if (r == 0 && options.version)
        puts("takt-sim " TAKT_VERSION);
    else if (r == 0)
        r = run(&options, &err);
    if (r < 0)
        fprintf(stderr, "takt-sim: %s\n", err.text);
    options_done(&options);
    return exit_of(r);
}
