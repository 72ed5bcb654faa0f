/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Plants out of text, for tests: written to a folder of their own, loaded, and gone. */

#include "base/arena.h"
#include "config/plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A small plant without a fault or a note. */
#define SMALL_PLANT                                                                                                    \
    "takt: 1\n"                                                                                                        \
    "plant: {id: p1, time_zone: Europe/Berlin}\n"                                                                      \
    "calendars:\n"                                                                                                     \
    "  day: {weekly: [{days: mon-fri, from: \"06:00\", to: \"14:00\"}]}\n"                                             \
    "pools:\n"                                                                                                         \
    "  crew: {capacity: 2, calendar: day}\n"                                                                           \
    "changeovers:\n"                                                                                                   \
    "  ink: {default: 20m, pairs: {light > dark: 15m}}\n"                                                              \
    "lines:\n"                                                                                                         \
    "  print: {calendar: day, changeover: ink}\n"                                                                      \
    "  sew: {calendar: day, count: 3}\n"                                                                               \
    "  kiln: {calendar: always, batch: 100}\n"                                                                         \
    "materials:\n"                                                                                                     \
    "  cloth: {unit: m, on_hand: 10, lead_time: 2d}\n"                                                                 \
    "products:\n"                                                                                                      \
    "  tee:\n"                                                                                                         \
    "    options: {ink: [light, dark], design: any}\n"                                                                 \
    "    materials: {cloth: 1.2 m}\n"                                                                                  \
    "    lot: {max: 100, wait: 1d}\n"                                                                                  \
    "    route:\n"                                                                                                     \
    "      - {op: print, lines: {print: 60/h}, family: \"{ink}\", pools: {crew: 1}, overlap: 10}\n"                    \
    "      - {op: sew, lines: {sew: {rate: 30/h, fixed: 5m}}}\n"                                                       \
    "      - {op: fire, lines: {kiln: {fixed: 5h}}, breakable: false}\n"                                               \
    "packing: {lines: {pack: {calendar: day, rate: 60/h}}}\n"                                                          \
    "creators: {luna: {}}\n"                                                                                           \
    "consumers: {dock: {}}\n"                                                                                          \
    "shipping:\n"                                                                                                      \
    "  carriers: {mail: {cutoff: \"17:00\", days: mon-sat, transit: {DE: 1d, else: 5d}}}\n"                            \
    "  services: {standard: {carrier: mail}}\n"                                                                        \
    "security: none\n"                                                                                                 \
    "listen: {orders: \"tcp://127.0.0.1:7710\", shipments: \"tcp://127.0.0.1:7711\"}\n"

struct fixture {
    struct plant *plant; /* NULL: it has faults */
    struct plant_faults faults;
    struct takt_error err;
    char folder[64], file[96];
    int code;
};

static inline void fixture_write(const char *path, const char *text, size_t size) {
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    assert_int_equal(fwrite(text, 1, size, to), size);
    assert_int_equal(fclose(to), 0);
}

static inline void fixture_load_bytes(struct fixture *f, const char *text, size_t size) {
    *f = (struct fixture){0};
    snprintf(f->folder, sizeof f->folder, "/tmp/test_plant.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->file, sizeof f->file, "%s/p.yaml", f->folder);
    fixture_write(f->file, text, size);
    f->code = plant_load(f->file, NULL, 0, &f->plant, &f->faults, &f->err);
    unlink(f->file);
    rmdir(f->folder);
}

static inline void fixture_load(struct fixture *f, const char *text) {
    fixture_load_bytes(f, text, strlen(text));
}

static inline void fixture_done(struct fixture *f) {
    plant_faults_done(&f->faults);
    plant_unref(f->plant);
}

/* The small plant with `from`, which must be in it once, replaced. */
static inline char *fixture_edit(const char *from, const char *to) {
    const char *at = strstr(SMALL_PLANT, from);
    if (at == NULL || strstr(at + 1, from) != NULL)
        fail_msg("'%s' is not in the plant once", from);
    char *text = malloc(strlen(SMALL_PLANT) + strlen(to) + 1);
    assert_non_null(text);
    sprintf(text, "%.*s%s%s", (int)(at - SMALL_PLANT), SMALL_PLANT, to, at + strlen(from));
    return text;
}

static inline void fixture_load_edited(struct fixture *f, const char *from, const char *to) {
    char *text = fixture_edit(from, to);
    fixture_load(f, text);
    free(text);
}

/* A plant that must be good. */
static inline struct plant *fixture_good(struct fixture *f) {
    for (size_t k = 0; k < f->faults.count; k++)
        print_error("%d:%d: %s\n", f->faults.list[k].line, f->faults.list[k].column, f->faults.list[k].text);
    assert_int_equal(f->code, 0);
    assert_non_null(f->plant);
    return f->plant;
}
