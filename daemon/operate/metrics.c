/* SPDX-License-Identifier: Apache-2.0 */

/* A table row is one metric with one value; what actors keep of themselves is the table of meter.h; what has labels is written by
 * a function of its own. */

#include "daemon/operate/metrics.h"

#include "daemon/keys/keyring.h"
#include "daemon/meter.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct source {
    const struct control_call *call;
    const struct plan_status *status;
    const struct store_stats *stats;
};

static void family(FILE *out, const char *name, const char *type, const char *unit, const char *help) {
    fprintf(out, "# TYPE takt_%s %s\n", name, type);
    if (*unit)
        fprintf(out, "# UNIT takt_%s %s\n", name, unit);
    fprintf(out, "# HELP takt_%s %s\n", name, help);
}

/* ---- single values ---- */

static int64_t plan_version(const struct source *s) {
    return (int64_t)s->status->version;
}
static int64_t plan_age(const struct source *s) {
    return s->status->published_at_s == TAKT_TIME_NONE ? 0 : s->call->now_s - s->status->published_at_s;
}
static int64_t plan_objective(const struct source *s) {
    return s->status->objective;
}
static int64_t plan_bound(const struct source *s) {
    return s->status->bound > 0 ? s->status->bound : 0;
}
static int64_t orders_open(const struct source *s) {
    return (int64_t)s->status->orders_open;
}
static int64_t units_open(const struct source *s) {
    return (int64_t)s->status->units_open;
}
static int64_t lots_open(const struct source *s) {
    return (int64_t)s->status->lots_open;
}
static int64_t lots_firm(const struct source *s) {
    return (int64_t)s->status->lots_firm;
}
static int64_t tasks_open(const struct source *s) {
    return (int64_t)s->status->tasks_open;
}
static int64_t tasks_late(const struct source *s) {
    return (int64_t)s->status->tasks_late;
}
static int64_t unplanned(const struct source *s) {
    return (int64_t)s->status->unplanned;
}
static int64_t late_promise(const struct source *s) {
    return (int64_t)s->status->orders_late_promise;
}
static int64_t late_wish(const struct source *s) {
    return (int64_t)s->status->orders_late_wish;
}
static int64_t surplus(const struct source *s) {
    return (int64_t)s->status->surplus_units;
}
static int64_t promises(const struct source *s) {
    return (int64_t)s->stats->ret_promises;
}
static int64_t repromises(const struct source *s) {
    return (int64_t)s->stats->ret_repromises;
}
static int64_t kept(const struct source *s) {
    return (int64_t)s->stats->ret_kept;
}
static int64_t broken(const struct source *s) {
    return (int64_t)s->stats->ret_broken;
}
static int64_t store_size(const struct source *s) {
    return (int64_t)s->stats->ret_bytes;
}
static int64_t store_up(const struct source *s) {
    return s->call->control->trouble[0] == '\0';
}
static int64_t reload_good(const struct source *s) {
    const struct reload *last = s->call->control->last_reload;
    return last == NULL || last->code == 0;
}

static int64_t resident_memory(const struct source *s) {
    (void)s;
    return meter_resident();
}

static int64_t open_descriptors(const struct source *s) {
    (void)s;
    int64_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    if (d == NULL)
        return 0;
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(d);
    return n - 1; /* the folder's own */
}

static int64_t cpu_us(const struct source *s) {
    (void)s;
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used) != 0)
        return 0;
    return ((int64_t)used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}
static int64_t plan_trouble(const struct source *s) {
    return s->status->trouble[0] != '\0';
}
static int64_t calls(const struct source *s) {
    return (int64_t)s->call->control->call_count;
}

static const struct {
    const char *name, *type, *unit, *help;
    int64_t (*value)(const struct source *s);
} rows[] = {
    {"plan_version", "gauge", "", "Version of the plan in force", plan_version},
    {"plan_age_seconds", "gauge", "seconds", "Plant time since the plan in force was published", plan_age},
    {"plan_objective", "gauge", "", "What the plan in force costs, in the weights of planning.objective", plan_objective},
    {"plan_bound", "gauge", "", "What no plan of these orders can cost less than, as far as it is known", plan_bound},
    {"plan_trouble", "gauge", "", "1 while the last change has found no plan or the store refuses it, else 0", plan_trouble},
    {"orders_open", "gauge", "", "Orders neither shipped nor cancelled", orders_open},
    {"units_open", "gauge", "", "Units of open orders", units_open},
    {"lots_open", "gauge", "", "Lots that are not done", lots_open},
    {"lots_firm", "gauge", "", "Of these, lots that are frozen or in production", lots_firm},
    {"tasks_open", "gauge", "", "Tasks not finished", tasks_open},
    {"tasks_late", "gauge", "", "Tasks whose planned start has passed without a report", tasks_late},
    {"orders_unplanned", "gauge", "", "Open orders with units that no lot holds", unplanned},
    {"orders_late_promise", "gauge", "", "Open orders that the plan packs after their promise", late_promise},
    {"orders_late_wish", "gauge", "", "Open orders that the plan packs after their wish", late_wish},
    {"surplus_units", "gauge", "", "Finished units that no order has asked for", surplus},
    {"promises", "counter", "", "First promises given", promises},
    {"repromises", "counter", "", "Promises replaced by a later one", repromises},
    {"promises_kept", "counter", "", "Shipped orders that were packed by their promise", kept},
    {"promises_broken", "counter", "", "Shipped orders that were packed after their promise", broken},
    {"store_size_bytes", "gauge", "bytes", "The store on disk", store_size},
    {"store_up", "gauge", "", "1 where the store takes what it is given, else 0", store_up},
    {"reload_good", "gauge", "", "1 where the last reload took effect, or there was none, else 0", reload_good},
    {"resident_memory_bytes", "gauge", "bytes", "Memory of the daemon that is not swapped out", resident_memory},
    {"open_descriptors", "gauge", "", "Files and sockets that the daemon has open", open_descriptors},
    {"control_calls", "gauge", "", "Questions of taktctl, boards and watchers under way", calls},
};

/* ---- what actors keep of themselves ---- */

static const struct {
    const char *name, *type, *unit, *label, *help;
} meters[] = {
#define X(name, metric, type, unit, label, help) {metric, type, unit, label, help},
    METERS(X)
#undef X
};

/* Microseconds as seconds. */
static void write_seconds(FILE *out, uint64_t us) {
    fprintf(out, "%" PRIu64 ".%06" PRIu64 "\n", us / 1000000, us % 1000000);
}

static void write_meters(FILE *out) {
    for (size_t i = 0; i < METER_COUNT; i++) {
        bool first = i == 0 || strcmp(meters[i].name, meters[i - 1].name) != 0, labelled = *meters[i].label;
        if (first)
            family(out, meters[i].name, meters[i].type, meters[i].unit, meters[i].help);
        fprintf(out, "takt_%s%s%s%s%s ", meters[i].name, strcmp(meters[i].type, "counter") == 0 ? "_total" : "", labelled ? "{" : "",
                meters[i].label, labelled ? "}" : "");
        if (*meters[i].unit)
            write_seconds(out, meter_read((enum meter)i));
        else
            fprintf(out, "%" PRIu64 "\n", meter_read((enum meter)i));
    }
}

static void write_frames(FILE *out) {
    static const char *const endpoints[] = {
#define X(name, text) text,
        METER_ENDPOINTS(X)
#undef X
    };
    static const char *const kinds[] = {
#define X(name, text) text,
        METER_FRAMES(X)
#undef X
    };
    family(out, "endpoint_frames", "counter", "", "Messages at the endpoints since the start, and peers that went, by what became of them");
    for (int e = 0; e < METER_ENDPOINT_COUNT; e++)
        for (int k = 0; k < METER_FRAME_COUNT; k++)
            fprintf(out, "takt_endpoint_frames_total{endpoint=\"%s\",outcome=\"%s\"} %" PRIu64 "\n", endpoints[e], kinds[k],
                    meter_frames((enum meter_endpoint)e, (enum meter_frame)k));
}

/* ---- values by label ---- */

static void write_orders(FILE *out, const struct source *s) {
    static const char *const names[] = {
#define X(name, text) text,
        ORDER_STATES(X)
#undef X
    };
    family(out, "orders", "gauge", "", "Orders by state, since the store was made");
    for (size_t state = 0; state < sizeof names / sizeof names[0]; state++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < s->stats->ret_count; i++)
            sum += s->stats->ret_creators[i].orders[state];
        fprintf(out, "takt_orders{state=\"%s\"} %" PRIu64 "\n", names[state], sum);
    }
}

static void write_shipments(FILE *out, const struct source *s) {
    static const char *const names[] = {"open", "taken", "shipped", "aside"};
    family(out, "shipments", "gauge", "", "Shipments by state, since the store was made");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        fprintf(out, "takt_shipments{state=\"%s\"} %" PRIu64 "\n", names[i], s->stats->ret_shipments[i]);
}

static void write_handshakes(FILE *out, const struct source *s) {
    struct keyring *keys = s->call->control->keys;
    family(out, "handshakes_refused", "counter", "", "Connections whose key was refused, by reason");
    for (int v = KEY_STRANGER; v < KEY_VERDICTS; v++)
        fprintf(out, "takt_handshakes_refused_total{reason=\"%s\"} %" PRIu64 "\n", key_verdict_text((enum key_verdict)v),
                keys != NULL ? keyring_count(keys, (enum key_verdict)v) : 0);
}

/* Names of lines are plain words (config/): nothing needs to be escaped. */
static void write_lines(FILE *out, const struct source *s) {
    family(out, "line_load_ratio", "gauge", "ratio", "Planned work of the next seven days, of a line's open time");
    for (size_t i = 0; i < s->status->line_count; i++) {
        const struct line_view *line = &s->status->lines[i];
        fprintf(out, "takt_line_load_ratio{line=\"%s\"} %d.%06d\n", line->line, line->load_ppm / 1000000, line->load_ppm % 1000000);
    }
    family(out, "line_down", "gauge", "", "1 while a line is reported down, else 0");
    for (size_t i = 0; i < s->status->line_count; i++)
        fprintf(out, "takt_line_down{line=\"%s\"} %d\n", s->status->lines[i].line, s->status->lines[i].down);
}

char *metrics_text(const struct control_call *call, const struct plan_status *status, const struct store_stats *stats) {
    const struct source s = {call, status, stats};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        abort(); /* no memory, as takt_alloc */
    family(out, "build", "info", "", "The version of takt and the plant");
    fprintf(out, "takt_build_info{version=\"%s\",plant=\"%s\"} 1\n", TAKT_VERSION, call->control->plant->id);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        family(out, rows[i].name, rows[i].type, rows[i].unit, rows[i].help);
        fprintf(out, "takt_%s%s %" PRId64 "\n", rows[i].name, strcmp(rows[i].type, "counter") == 0 ? "_total" : "",
                rows[i].value(&s));
    }
    family(out, "cpu_seconds", "counter", "seconds", "Processor time of the daemon since its start");
    fputs("takt_cpu_seconds_total ", out);
    write_seconds(out, (uint64_t)cpu_us(&s));
    write_meters(out);
    write_frames(out);
    write_orders(out, &s);
    write_shipments(out, &s);
    write_lines(out, &s);
    write_handshakes(out, &s);
    fputs("# EOF\n", out);
    fclose(out);
    return text;
}
