/* SPDX-License-Identifier: Apache-2.0 */

/* Fractions are written from whole numbers, rounded half up, so that no floating point decides a digit. */

#include "daemon/sim/summary.h"

#include "base/arena.h"

#include <inttypes.h>
#include <stdlib.h>

enum { HOUR_S = 3600, DAY_S = 86400, MILLION = 1000000 };

struct decimal {
    char text[40];
};

/* value / unit with so many decimals (at most 3). */
static struct decimal decimal(int64_t value, int64_t unit, int decimals) {
    static const int64_t scales[] = {1, 10, 100, 1000};
    struct decimal d;
    int64_t size = value < 0 ? -value : value, scale = scales[decimals];
    int64_t whole = size / unit, rest = (size % unit * scale * 2 + unit) / (2 * unit);
    whole += rest / scale;
    rest %= scale;
    if (decimals == 0)
        snprintf(d.text, sizeof d.text, "%s%" PRId64, value < 0 ? "-" : "", whole);
    else
        snprintf(d.text, sizeof d.text, "%s%" PRId64 ".%0*" PRId64, value < 0 ? "-" : "", whole, decimals, rest);
    return d;
}

static struct decimal hours(int64_t s) {
    return decimal(s, HOUR_S, 1);
}

void summary_write_json(const struct summary *s, const struct plant *plant, FILE *out) {
    fprintf(out,
            "{\"accepted\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"cancelled\": %" PRIu64 ", \"shipped\": %" PRIu64
            ", \"open\": %" PRIu64 ", \"units\": %" PRIu64 ", \"surplus\": %" PRIu64 ", \"late_promise\": %" PRIu64
            ", \"late_wish\": %" PRIu64,
            s->accepted, s->refused, s->cancelled, s->shipped, s->open, s->units, s->surplus, s->late_promise, s->late_wish);
    fprintf(out, ", \"lead_promised_h\": {\"median\": %s, \"p95\": %s}", hours(s->lead_promised_s.median).text,
            hours(s->lead_promised_s.p95).text);
    fprintf(out, ", \"flow_h\": {\"mean\": %s, \"median\": %s, \"p95\": %s}", hours(s->flow_s.mean).text,
            hours(s->flow_s.median).text, hours(s->flow_s.p95).text);
    fprintf(out, ", \"flow_factor\": {\"mean\": %s, \"p95\": %s}", decimal(s->flow_factor_milli.mean, 1000, 2).text,
            decimal(s->flow_factor_milli.p95, 1000, 2).text);
    fprintf(out, ", \"changes_per_1000\": %s, \"changeover_h\": %s", decimal(s->changes_per_1000_milli, 1000, 1).text,
            hours(s->changeover_s).text);
    fprintf(out, ", \"wip_unit_days\": %s, \"made_not_shipped_unit_days\": %s", decimal(s->wip_unit_s, DAY_S, 0).text,
            decimal(s->made_not_shipped_unit_s, DAY_S, 0).text);
    fputs(", \"load\": {", out);
    for (size_t k = 0; k < plant->line_count; k++)
        fprintf(out, "%s\"%s\": %s", k > 0 ? ", " : "", plant->lines[k].id, decimal(s->load_ppm[k], MILLION, 3).text);
    fprintf(out, "}, \"plans\": %" PRIu64 ", \"moves_per_plan\": %s", s->plans,
            decimal((int64_t)s->moves, s->plans > 0 ? (int64_t)s->plans : 1, 2).text);
    fprintf(out, ", \"cpu\": {\"total_s\": %s, \"plan_ms\": {\"p50\": %s, \"p99\": %s}}}\n",
            decimal(s->cpu_total_us, MILLION, 2).text, decimal(s->plan_us.median, 1000, 2).text,
            decimal(s->plan_us.p99, 1000, 2).text);
}

static struct decimal percent(uint64_t part, uint64_t whole) {
    return decimal((int64_t)part * 100, whole > 0 ? (int64_t)whole : 1, 1);
}

struct loaded {
    const char *line;
    int64_t ppm;
};

static int by_load(const void *left, const void *right) {
    const struct loaded *a = left, *b = right;
    return (a->ppm < b->ppm) - (a->ppm > b->ppm);
}

static void write_load(const struct summary *s, const struct plant *plant, FILE *out) {
    struct loaded *lines = calloc(plant->line_count + 1, sizeof *lines);
    if (lines == NULL)
        takt_no_memory();
    for (size_t k = 0; k < plant->line_count; k++)
        lines[k] = (struct loaded){plant->lines[k].id, s->load_ppm[k]};
    qsort(lines, plant->line_count, sizeof *lines, by_load);
    fputs("load       ", out);
    for (size_t k = 0; k < plant->line_count && k < 6; k++)
        fprintf(out, "%s%s %s %%", k > 0 ? ", " : "", lines[k].line, decimal(lines[k].ppm, MILLION / 100, 0).text);
    fputs(plant->line_count > 6 ? ", …\n" : "\n", out);
    free(lines);
}

void summary_write_text(const struct summary *s, const struct plant *plant, FILE *out) {
    fprintf(out, "orders     %" PRIu64 " accepted, %" PRIu64 " refused, %" PRIu64 " cancelled, %" PRIu64 " shipped, %" PRIu64
                 " open\n",
            s->accepted, s->refused, s->cancelled, s->shipped, s->open);
    fprintf(out, "units      %" PRIu64 " ordered, %" PRIu64 " surplus\n", s->units, s->surplus);
    fprintf(out, "promises   %s h ahead in the median (95 %%: %s h); %" PRIu64 " orders late (%s %%), %s changed in 1000\n",
            hours(s->lead_promised_s.median).text, hours(s->lead_promised_s.p95).text, s->late_promise,
            percent(s->late_promise, s->accepted).text, decimal(s->changes_per_1000_milli, 1000, 1).text);
    fprintf(out, "wishes     %" PRIu64 " orders late (%s %%)\n", s->late_wish, percent(s->late_wish, s->accepted).text);
    fprintf(out, "flow       %s days in the mean, %s in the median, %s at 95 %%; %s times what an order takes alone\n",
            decimal(s->flow_s.mean, DAY_S, 1).text, decimal(s->flow_s.median, DAY_S, 1).text,
            decimal(s->flow_s.p95, DAY_S, 1).text, decimal(s->flow_factor_milli.mean, 1000, 2).text);
    fprintf(out, "stock      %s unit days in work, %s made and not shipped\n", decimal(s->wip_unit_s, DAY_S, 0).text,
            decimal(s->made_not_shipped_unit_s, DAY_S, 0).text);
    fprintf(out, "changeover %s h\n", hours(s->changeover_s).text);
    write_load(s, plant, out);
    fprintf(out, "plans      %" PRIu64 ", %s moves each; %s ms each in the median, %s ms at 99 %%; %s s in all\n", s->plans,
            decimal((int64_t)s->moves, s->plans > 0 ? (int64_t)s->plans : 1, 2).text,
            decimal(s->plan_us.median, 1000, 1).text, decimal(s->plan_us.p99, 1000, 1).text,
            decimal(s->cpu_total_us, MILLION, 1).text);
}
