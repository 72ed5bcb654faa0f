/* SPDX-License-Identifier: Apache-2.0 */
#include "random_plant.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plant_text {
    char text[16384];
    size_t used;
    struct dice *dice;
    int line_count, batch_line; /* -1: no batch line */
    int product_count;
    bool has_pool, has_material, has_overlap_line;
};

static void __attribute__((format(printf, 2, 3))) plant_put(struct plant_text *p, const char *format, ...) {
    va_list list;
    va_start(list, format);
    p->used += (size_t)vsnprintf(p->text + p->used, sizeof p->text - p->used, format, list);
    va_end(list);
}

static const char *plant_calendar_name(struct plant_text *p) {
    static const char *const names[] = {"always", "day", "two_shift"};
    return names[dice_between(p->dice, 0, 2)];
}

static void plant_put_lines(struct plant_text *p) {
    p->line_count = (int)dice_between(p->dice, 1, 4);
    p->batch_line = dice_hit(p->dice, 300) ? p->line_count - 1 : -1;
    plant_put(p, "lines:\n");
    for (int k = 0; k < p->line_count; k++) {
        plant_put(p, "  line-%d: {calendar: %s", k, plant_calendar_name(p));
        if (k == p->batch_line)
            plant_put(p, ", batch: %d", (int)dice_between(p->dice, 20, 60));
        else if (dice_hit(p->dice, 150))
            plant_put(p, ", count: 2");
        if (dice_hit(p->dice, 500))
            plant_put(p, ", changeover: paint");
        if (dice_hit(p->dice, 150))
            plant_put(p, ", reports: planned");
        plant_put(p, "}\n");
    }
}

static void plant_put_op(struct plant_text *p, int number, bool last) {
    int line = (int)dice_between(p->dice, 0, p->line_count - 1);
    plant_put(p, "      - {op: op%d, lines: {", number);
    if (line == p->batch_line) {
        plant_put(p, "line-%d: {fixed: %dm}}, breakable: false", line, (int)dice_between(p->dice, 20, 300));
    } else {
        plant_put(p, "line-%d: %d/h", line, (int)dice_between(p->dice, 5, 60));
        int other = (int)dice_between(p->dice, 0, p->line_count - 1);
        if (other != line && other != p->batch_line)
            plant_put(p, ", line-%d: {rate: %d/h, fixed: 5m}", other, (int)dice_between(p->dice, 5, 60));
        plant_put(p, "}");
        if (dice_hit(p->dice, 200) && !last)
            plant_put(p, ", overlap: %d", (int)dice_between(p->dice, 1, 4));
    }
    if (dice_hit(p->dice, 500))
        plant_put(p, ", family: \"{colour}\"");
    if (p->has_pool && dice_hit(p->dice, 400))
        plant_put(p, ", pools: {crew: 1}");
    if (dice_hit(p->dice, 250))
        plant_put(p, ", rest: %dm", (int)dice_between(p->dice, 1, 180));
    if (dice_hit(p->dice, 300))
        plant_put(p, ", yield: %d%%", (int)dice_between(p->dice, 70, 99));
    plant_put(p, "}\n");
}

static void plant_put_products(struct plant_text *p) {
    p->product_count = (int)dice_between(p->dice, 1, 3);
    plant_put(p, "products:\n");
    for (int k = 0; k < p->product_count; k++) {
        plant_put(p, "  thing-%d:\n    options: {colour: [red, blue, green], size: [S, L]}\n    weight: 100 g\n", k);
        if (p->has_material && dice_hit(p->dice, 600))
            plant_put(p, "    materials: {cloth: %d m}\n", (int)dice_between(p->dice, 1, 3));
        int most = (int)dice_between(p->dice, 4, 20);
        plant_put(p, "    lot: {like: %s, max: %d, wait: %dh}\n    route:\n",
                  dice_hit(p->dice, 500) ? "[colour]" : "[colour, size]", most, (int)dice_between(p->dice, 1, 30));
        int ops = (int)dice_between(p->dice, 1, 3);
        for (int o = 0; o < ops; o++)
            plant_put_op(p, o, o + 1 == ops);
    }
}

static void plant_put_shipping(struct plant_text *p) {
    plant_put(p,
              "packing: {lines: {pack-1: {calendar: %s, rate: %d/h}}}\n"
              "creators: {luna: {share: 3}, nova: {weight: 2}}\n"
              "consumers: {dock: {}, annex: {}}\n"
              "terminals: {floor: {lines: [",
              plant_calendar_name(p), (int)dice_between(p->dice, 2, 30));
    for (int k = 0; k < p->line_count; k++)
        plant_put(p, "%sline-%d", k > 0 ? ", " : "", k);
    plant_put(p,
              "]}}\n"
              "shipping:\n"
              "  carriers:\n"
              "    mail: {cutoff: \"17:00\", days: mon-sat, transit: {DE: 1d, else: 5d}}\n"
              "    bike: {cutoff: \"12:00\", days: mon-sun, transit: {else: 1d}}\n"
              "  services: {standard: {carrier: mail}, express: {carrier: bike, weight: 5}}\n"
              "  consolidate: %dh\n",
              (int)dice_between(p->dice, 0, 12));
    plant_put(p,
              "planning:\n  target: %dd\n  horizon: 30d\n  frozen: %dm\n  promise: {margin: %d%%, at_most: 60d}\n"
              "  objective: {late_promise: 100, late_wish: 10, flow: 1, waiting: 1, changeover: 20, moves: 5}\n",
              (int)dice_between(p->dice, 2, 8), (int)dice_between(p->dice, 5, 480), (int)dice_between(p->dice, 0, 30));
}

char *random_plant(struct dice *dice) {
    struct plant_text *p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    p->dice = dice;
    p->has_pool = dice_hit(dice, 400);
    p->has_material = dice_hit(dice, 400);
    plant_put(p, "takt: 1\nplant: {id: life-1, time_zone: %s}\ncalendars:\n"
                 "  day: {weekly: [{days: mon-sun, from: \"07:00\", to: \"19:00\"}]}\n"
                 "  two_shift: {weekly: [{days: mon-sat, from: \"06:00\", to: \"14:00\"}, "
                 "{days: mon-sat, from: \"14:00\", to: \"22:00\"}], closed: [2026-11-26]}\n",
              dice_hit(dice, 500) ? "UTC" : "Europe/Berlin");
    if (p->has_pool)
        plant_put(p, "pools: {crew: {capacity: %d, calendar: %s}}\n", (int)dice_between(dice, 1, 2), plant_calendar_name(p));
    plant_put(p, "changeovers: {paint: {default: 10m, pairs: {red > blue: 25m}}}\n");
    plant_put_lines(p);
    if (p->has_material)
        plant_put(p, "materials: {cloth: {unit: m, on_hand: %d, lead_time: %dh, receipts: [{at: 2026-11-24, quantity: 30}]}}\n",
                  (int)dice_between(dice, 0, 100), (int)dice_between(dice, 1, 48));
    plant_put_products(p);
    plant_put_shipping(p);
    plant_put(p, "security: none\nlisten: {orders: \"tcp://127.0.0.1:7710\", shipments: \"tcp://127.0.0.1:7711\"}\n");
    char *text = strdup(p->text);
    free(p);
    return text;
}
