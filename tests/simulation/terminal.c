/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t put_text(char *text, size_t size, size_t used, const char *name, const char *value) {
    return value == NULL ? used : used + (size_t)snprintf(text + used, size - used, ", \"%s\": \"%s\"", name, value);
}

static size_t put_number(char *text, size_t size, size_t used, const char *name, int64_t value) {
    return value < 0 ? used : used + (size_t)snprintf(text + used, size - used, ", \"%s\": %lld", name, (long long)value);
}

static size_t put_time(char *text, size_t size, size_t used, const char *name, int64_t at_s) {
    char time[TIME_TEXT_SIZE];
    return at_s == TAKT_TIME_NONE ? used : put_text(text, size, used, name, time_format(at_s, time));
}

static void terminal_send(struct world *w, const struct report *r) {
    static const char *const events[] = {
#define X(name, wire) wire,
        REPORT_EVENTS(X)
#undef X
    };
    char text[1024];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"type\": \"report\", \"id\": \"%u\", \"report_ref\": \"%s\", \"event\": \"%s\"",
                                   ++w->terminal.id, r->report_ref, events[r->event]);
    used = put_text(text, sizeof text, used, "line", r->line);
    used = put_text(text, sizeof text, used, "task", r->task);
    used = put_text(text, sizeof text, used, "material", r->material);
    used = put_text(text, sizeof text, used, "reason", r->reason);
    used = put_number(text, sizeof text, used, "good", r->good);
    used = put_number(text, sizeof text, used, "scrap", r->scrap);
    if (r->quantity_milli >= 0)
        used += (size_t)snprintf(text + used, sizeof text - used, ", \"quantity\": %lld.%03d", (long long)r->quantity_milli / 1000,
                                 (int)(r->quantity_milli % 1000));
    used = put_time(text, sizeof text, used, "at", r->at_s);
    used = put_time(text, sizeof text, used, "until", r->until_s);
    snprintf(text + used, sizeof text - used, "}");
    link_ask(w, &w->terminal, text);
    if (w->life.faults && dice_hit(world_dice(w), 30))
        plantlife_send(&w->life, TO_FLOOR, w->terminal.peer, text);
}

bool terminal_acts(struct world *w) {
    if (w->terminal.peer == 0) {
        link_open(w, &w->terminal, "{\"type\": \"hello\", \"protocol\": 1, \"terminal\": \"floor\"}");
        return true;
    }
    if (link_gives_up(w, &w->terminal))
        return true;
    struct report r;
    if (!w->terminal.welcome || w->terminal.asked_s != TAKT_TIME_NONE || w->life.now_s < w->retry_s)
        return false;
    w->reporting_supply = false;
    if (!shop_report(w->shop, w->life.now_s, &r)) {
        w->reporting_supply = supply_report(w->supply, w->life.now_s, &r);
        if (!w->reporting_supply)
            return false;
    }
    terminal_send(w, &r);
    return true;
}

static void terminal_problem(struct world *w, const json_t *j) {
    const char *problem = text_of(j, "problem");
    plantlife_say(&w->life, "terminal is told %s: %s", problem, text_of(j, "detail"));
    if (strcmp(problem, "no-session") == 0) {
        plantlife_break(&w->life, TO_FLOOR, w->terminal.peer);
        return;
    }
    w->retry_s = w->life.now_s + 30;
    if (is_passing(problem))
        return;
    WORLD_HOLDS(w, !w->reporting_supply, "a receipt is refused: %s %s", problem, text_of(j, "detail"));
    WORLD_HOLDS(w, strcmp(problem, "contradiction") == 0 || strcmp(problem, "unknown-task") == 0, "a report is refused: %s %s",
                problem, text_of(j, "detail"));
    WORLD_HOLDS(w, shop_answered(w->shop, false), "the end of a task is refused: %s", text_of(j, "detail"));
    w->reports_refused++;
}

void terminal_hears(struct world *w, const json_t *j) {
    const char *type = text_of(j, "type");
    if (strcmp(type, "welcome") == 0) {
        w->terminal.welcome = true;
        w->terminal.asked_s = TAKT_TIME_NONE;
        return;
    }
    if ((unsigned)atoi(text_of(j, "id")) != w->terminal.id || w->terminal.asked_s == TAKT_TIME_NONE)
        return; /* of a repeat */
    w->terminal.asked_s = TAKT_TIME_NONE;
    if (strcmp(type, "problem") == 0)
        terminal_problem(w, j);
    else if (w->reporting_supply)
        supply_answered(w->supply);
    else
        shop_answered(w->shop, true);
}

void supply_looks(struct world *w) {
    if (!supply_wants_look(w->supply, w->life.now_s))
        return;
    struct ask ask = {.kind = ASK_STOCK, .arena = arena_new()};
    planner_ask(w->life.planner, w->life.now_s, &ask);
    supply_look(w->supply, w->life.now_s, ask.u.stock.ret_materials, ask.u.stock.ret_material_count);
    arena_free(ask.arena);
}

