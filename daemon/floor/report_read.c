/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/floor/report_read.h"

#include "base/nearest.h"
#include "base/time.h"
#include "daemon/floor/floor.h"
#include "daemon/planner/ask.h"
#include "daemon/wire/digest.h"
#include "daemon/wire/items.h"
#include "daemon/wire/order.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_VERSION = 1, NAME_BYTES_MAX = 64, TASK_BYTES_MAX = 71, REASON_BYTES_MAX = 200, COUNT_MAX = 1000000000 };
enum { UNIT_BYTES_MAX = NAME_BYTES_MAX + ORDER_REF_MAX + 16 };

static const char *const texts[] = {
#define X(name, text) [REPORT_##name] = text,
    REPORT_EVENTS(X)
#undef X
};
enum { EVENTS = sizeof texts / sizeof texts[0] };

/* What an event cannot do without. */
enum { LINE = 1, TASK = 2, GOOD = 4, LOST = 8, FAMILY = 16, MATERIAL = 32, QUANTITY = 64, ORDER = 128 };
static const unsigned needs[EVENTS] = {
    [REPORT_STARTED] = TASK,
    [REPORT_PROGRESS] = TASK | GOOD,
    [REPORT_FINISHED] = TASK,
    [REPORT_SCRAPPED] = TASK | LOST,
    [REPORT_DOWN] = LINE,
    [REPORT_UP] = LINE,
    [REPORT_SETUP] = LINE | FAMILY,
    [REPORT_STOCK] = MATERIAL | QUANTITY,
    [REPORT_RECEIPT] = MATERIAL | QUANTITY,
    [REPORT_PACKED] = ORDER,
};

bool report_is_of_task(enum report_event event) {
    return (needs[event] & TASK) != 0;
}

bool report_is_of_line(enum report_event event) {
    return (needs[event] & LINE) != 0;
}

const char *report_event_text(enum report_event event) {
    return texts[event];
}

struct reading { /* under way */
    struct reader reader;
    const struct plant *plant;
    struct arena *arena;
    struct report_reading *ret;
};

/* ---- names ---- */

static bool unknown(const struct reader *r, const char *name, enum refusal_kind kind, const char *value,
                    const char *near) {
    return near ? reader_problem(r, name, kind, "there is no '%s'; did you mean '%s'?", value, near)
                : reader_problem(r, name, kind, "there is no '%s'", value);
}

bool report_line_check(const struct reader *r, const struct plant *plant, const char *line, bool or_stations) {
    if (plant_line_find(plant, line) >= 0)
        return true;
    const char **names = takt_realloc(NULL, plant->line_count + 1, sizeof *names), *station = NULL;
    for (size_t i = 0; i < plant->line_count; i++) {
        names[i] = plant->lines[i].id;
        if (station == NULL && strcmp(plant->lines[i].base, line) == 0)
            station = names[i];
    }
    bool fine = or_stations && station != NULL;
    if (!fine && station != NULL)
        reader_problem(r, "line", REFUSAL_UNKNOWN_LINE, "'%s' has several stations: say which, as '%s'", line, station);
    else if (!fine)
        unknown(r, "line", REFUSAL_UNKNOWN_LINE, line, nearest_name(line, names, plant->line_count));
    free(names);
    return fine;
}

static bool is_packing_line(const struct plant *plant, const char *line) {
    for (size_t i = 0; i < plant->packing_count; i++)
        if (strcmp(plant->packing[i].id, line) == 0)
            return true;
    return false;
}

static bool check_material(const struct reading *g, const char *material) {
    if (plant_material_find(g->plant, material) >= 0)
        return true;
    const char **names = takt_realloc(NULL, g->plant->material_count + 1, sizeof *names);
    for (size_t i = 0; i < g->plant->material_count; i++)
        names[i] = g->plant->materials[i].id;
    unknown(&g->reader, "material", REFUSAL_UNKNOWN_MATERIAL, material,
            nearest_name(material, names, g->plant->material_count));
    free(names);
    return false;
}

/* ---- members ---- */

static bool read_copy(const struct reading *g, const char *name, size_t most, const char **ret) {
    const char *text = NULL;
    if (!reader_text(&g->reader, name, READ_OPTIONAL, most, &text))
        return false;
    if (text != NULL)
        *ret = arena_strdup(g->arena, text);
    return true;
}

static bool read_event(const struct reading *g, enum report_event *ret) {
    const char *text = NULL;
    if (!reader_text(&g->reader, "event", READ_REQUIRED, NAME_BYTES_MAX, &text))
        return false;
    for (int e = 0; e < EVENTS; e++)
        if (strcmp(text, texts[e]) == 0) {
            *ret = (enum report_event)e;
            return true;
        }
    return unknown(&g->reader, "event", REFUSAL_BAD_MESSAGE, text, nearest_name(text, texts, EVENTS));
}

static bool read_where(const struct reading *g) {
    struct report *report = &g->ret->report;
    uint32_t lot;
    const char *op;
    if (!read_copy(g, "line", NAME_BYTES_MAX, &report->line) || !read_copy(g, "task", TASK_BYTES_MAX, &report->task))
        return false;
    if (report->task != NULL && !task_name_parse(report->task, &lot, &op))
        return reader_problem(&g->reader, "task", REFUSAL_UNKNOWN_TASK, "'%s' is no task; one is called as L4711-print",
                              report->task);
    if (report->line == NULL || (report->event == REPORT_PACKED && is_packing_line(g->plant, report->line)))
        return true;
    return report_line_check(&g->reader, g->plant, report->line, report_is_of_task(report->event));
}

static bool read_figures(const struct reading *g) {
    struct report *report = &g->ret->report;
    return reader_integer(&g->reader, "good", READ_OPTIONAL, 0, COUNT_MAX, &report->good) &&
           reader_integer(&g->reader, "scrap", READ_OPTIONAL, 0, COUNT_MAX, &report->scrap) &&
           reader_time(&g->reader, "at", READ_OPTIONAL, &report->at_s) &&
           reader_time(&g->reader, "until", READ_OPTIONAL, &report->until_s) &&
           reader_milli(&g->reader, "quantity", READ_OPTIONAL, 0, READ_INTEGER_MAX, &report->quantity_milli);
}

static bool read_texts(const struct reading *g) {
    struct report *report = &g->ret->report;
    return read_copy(g, "reason", REASON_BYTES_MAX, &report->reason) &&
           read_copy(g, "family", NAME_BYTES_MAX, &report->family) &&
           read_copy(g, "material", NAME_BYTES_MAX, &report->material) &&
           (report->material == NULL || check_material(g, report->material));
}

/* ---- orders and units ---- */

static uint32_t order_place(const struct reading *g, const char *creator, const char *order_ref) {
    struct report_reading *ret = g->ret;
    for (size_t i = 0; i < ret->order_count; i++)
        if (strcmp(ret->orders[i].creator, creator) == 0 && strcmp(ret->orders[i].order_ref, order_ref) == 0)
            return (uint32_t)i;
    ret->orders[ret->order_count] = (struct report_order){creator, order_ref};
    return (uint32_t)ret->order_count++;
}

/* The number at the end of `text` after a slash, less one; cuts it off. */
static bool cut_number(char *text, uint32_t *ret) {
    char *slash = strrchr(text, '/'), *end;
    if (slash == NULL || slash[1] < '1' || slash[1] > '9')
        return false;
    unsigned long number = strtoul(slash + 1, &end, 10);
    if (*end != '\0' || number > ITEM_QUANTITY_MAX)
        return false;
    *slash = '\0';
    *ret = (uint32_t)number - 1;
    return true;
}

/* CREATOR/ORDER_REF/item/unit; an order_ref may have slashes of its own. */
static bool read_unit(const struct reading *g, const struct reader *list, size_t at, struct report_unit *unit) {
    const char *text;
    if (!reader_list_text(list, at, UNIT_BYTES_MAX, &text))
        return false;
    char *creator = arena_strdup(g->arena, text), *slash = strchr(creator, '/');
    if (slash == NULL || slash == creator || !cut_number(slash + 1, &unit->unit) ||
        !cut_number(slash + 1, &unit->item) || slash[1] == '\0')
        return reader_problem(
            list, NULL, REFUSAL_BAD_MESSAGE,
            "'%s' names no unit; one is called as luna/LUNA-000123/1/2 (creator, order_ref, item, unit)", text);
    *slash = '\0';
    g->ret->unit_orders[at] = order_place(g, creator, slash + 1);
    return true;
}

static bool names_unit_before(const struct report_reading *ret, const struct report_unit *units, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (ret->unit_orders[i] == ret->unit_orders[at] && units[i].item == units[at].item &&
            units[i].unit == units[at].unit)
            return true;
    return false;
}

static bool read_units(const struct reading *g) {
    struct report_reading *ret = g->ret;
    struct reader list;
    if (!reader_list(&g->reader, "units", READ_OPTIONAL, 0, FLOOR_UNITS_MAX, &list))
        return false;
    size_t count = reader_count(&list);
    struct report_unit *units = arena_array(g->arena, count, sizeof *units);
    ret->orders = arena_array(g->arena, count + 1, sizeof *ret->orders);
    ret->unit_orders = arena_array(g->arena, count, sizeof *ret->unit_orders);
    for (size_t i = 0; i < count; i++) {
        if (!read_unit(g, &list, i, &units[i]))
            return false;
        if (names_unit_before(ret, units, i))
            return reader_problem(&list, NULL, REFUSAL_BAD_MESSAGE, "a unit is named twice");
    }
    ret->report.units = units;
    ret->report.unit_count = count;
    return true;
}

static bool read_order(const struct reading *g) {
    const char *creator = NULL, *order_ref = NULL;
    if (!read_copy(g, "creator", NAME_BYTES_MAX, &creator) || !read_copy(g, "order_ref", ORDER_REF_MAX, &order_ref))
        return false;
    if (g->ret->report.event != REPORT_PACKED)
        return true;
    if (creator == NULL || order_ref == NULL)
        return reader_problem(&g->reader, creator ? "order_ref" : "creator", REFUSAL_BAD_MESSAGE,
                              "'packed' needs creator and order_ref");
    g->ret->packed_order = order_place(g, creator, order_ref);
    return true;
}

/* ---- the whole ---- */

static bool check_needs(const struct reading *g) {
    struct report *report = &g->ret->report;
    if (report->unit_count > 0 && report->scrap < 0)
        report->scrap = (int64_t)report->unit_count;
    if ((size_t)(report->scrap < 0 ? 0 : report->scrap) < report->unit_count)
        return reader_problem(&g->reader, "scrap", REFUSAL_BAD_MESSAGE, "%" PRId64 " scrapped, but %zu named",
                              report->scrap, report->unit_count);
    const struct {
        unsigned need;
        bool there;
        const char *name;
    } rows[] = {{LINE, report->line != NULL, "line"},
                {TASK, report->task != NULL, "task"},
                {GOOD, report->good >= 0, "good"},
                {LOST, report->scrap > 0, "scrap"},
                {FAMILY, report->family != NULL, "family"},
                {MATERIAL, report->material != NULL, "material"},
                {QUANTITY, report->quantity_milli >= 0, "quantity"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if ((needs[report->event] & rows[i].need) != 0 && !rows[i].there)
            return reader_problem(&g->reader, rows[i].name, REFUSAL_BAD_MESSAGE, "'%s' needs %s", texts[report->event],
                                  rows[i].name);
    return true;
}

static void digest_report(const struct report_reading *reading, uint8_t *ret) {
    const struct report *r = &reading->report;
    struct digest d;
    digest_begin(&d, sizeof r->hash, NULL);
    digest_number(&d, HASH_VERSION);
    digest_text(&d, texts[r->event]);
    digest_text(&d, r->line);
    digest_text(&d, r->task);
    digest_number(&d, r->good);
    digest_number(&d, r->scrap);
    digest_number(&d, (int64_t)r->unit_count);
    for (size_t i = 0; i < r->unit_count; i++) {
        digest_number(&d, reading->unit_orders[i]);
        digest_number(&d, r->units[i].item);
        digest_number(&d, r->units[i].unit);
    }
    digest_number(&d, (int64_t)reading->order_count);
    for (size_t i = 0; i < reading->order_count; i++) {
        digest_text(&d, reading->orders[i].creator);
        digest_text(&d, reading->orders[i].order_ref);
    }
    digest_number(&d, r->at_s);
    digest_number(&d, r->until_s);
    digest_text(&d, r->reason);
    digest_text(&d, r->family);
    digest_text(&d, r->material);
    digest_number(&d, r->quantity_milli);
    digest_end(&d, ret);
}

bool report_read(const struct message *message, const struct plant *plant, const char *reporter, struct arena *arena,
                 struct refusal *refusal, struct report_reading *ret) {
    struct reading g = {message_reader(message, refusal), plant, arena, ret};
    *ret = (struct report_reading){.report = {.reporter = arena_strdup(arena, reporter),
                                              .good = -1,
                                              .scrap = -1,
                                              .at_s = TAKT_TIME_NONE,
                                              .until_s = TAKT_TIME_NONE,
                                              .quantity_milli = -1}};
    if (!reader_has(&g.reader, "report_ref"))
        return reader_problem(&g.reader, "report_ref", REFUSAL_BAD_MESSAGE, "report_ref is missing");
    if (!read_copy(&g, "report_ref", NAME_BYTES_MAX, &ret->report.report_ref))
        return false;
    if (ret->report.report_ref == NULL)
        return reader_problem(&g.reader, "report_ref", REFUSAL_BAD_MESSAGE, "report_ref is empty");
    if (!read_event(&g, &ret->report.event) || !read_where(&g) || !read_figures(&g) || !read_texts(&g) ||
        !read_units(&g) || !read_order(&g) || !check_needs(&g))
        return false;
    char *body = message_text(message);
    ret->report.body = arena_strdup(arena, body);
    free(body);
    digest_report(ret, ret->report.hash);
    return true;
}
