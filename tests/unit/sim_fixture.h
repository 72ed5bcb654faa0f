/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A plant for the tests of the simulated world, and publications made by hand for it. Monday is 2026-11-23; times are UTC. */

#include "base/time.h"
#include "daemon/sim/worktime.h"
#include "daemon/store/store.h"
#include "plant_fixture.h"

#define SIM_PLANT                                                                                                      \
    "takt: 1\n"                                                                                                        \
    "plant: {id: s1, time_zone: UTC}\n"                                                                                \
    "calendars:\n"                                                                                                     \
    "  day: {weekly: [{days: mon-fri, from: \"06:00\", to: \"14:00\"}]}\n"                                             \
    "pools:\n"                                                                                                         \
    "  crew: {capacity: 1, calendar: day}\n"                                                                           \
    "changeovers:\n"                                                                                                   \
    "  ink: {default: 30m}\n"                                                                                          \
    "lines:\n"                                                                                                         \
    "  print-1: {calendar: day, changeover: ink, set_up_for: light}\n"                                                 \
    "  print-2: {calendar: day, changeover: ink}\n"                                                                    \
    "  sew-1: {calendar: day}\n"                                                                                       \
    "  kiln-1: {calendar: always, batch: 100}\n"                                                                       \
    "  desk-1: {calendar: day, reports: planned}\n"                                                                    \
    "materials:\n"                                                                                                     \
    "  cloth: {unit: m, on_hand: 10, lead_time: 2d, receipts: [{at: 2026-11-25, quantity: 5}]}\n"                      \
    "products:\n"                                                                                                      \
    "  tee:\n"                                                                                                         \
    "    options: {ink: [light, dark]}\n"                                                                              \
    "    materials: {cloth: 1 m}\n"                                                                                    \
    "    lot: {max: 100, wait: 1d}\n"                                                                                  \
    "    route:\n"                                                                                                     \
    "      - {op: print, lines: {print-1: 60/h, print-2: 30/h}, family: \"{ink}\", pools: {crew: 1}}\n"                \
    "      - {op: sew, lines: {sew-1: 60/h}, yield: 90%}\n"                                                            \
    "  mug:\n"                                                                                                         \
    "    options: {ink: [light, dark]}\n"                                                                              \
    "    lot: {max: 100, wait: 1d}\n"                                                                                  \
    "    route:\n"                                                                                                     \
    "      - {op: fire, lines: {kiln-1: {fixed: 5h}}, breakable: false, rest: 2h}\n"                                   \
    "      - {op: check, lines: {desk-1: 60/h}}\n"                                                                     \
    "  card:\n"                                                                                                        \
    "    options: {ink: [light, dark]}\n"                                                                              \
    "    lot: {max: 100, wait: 1d}\n"                                                                                  \
    "    route:\n"                                                                                                     \
    "      - {op: print, lines: {print-2: 60/h}, overlap: 20}\n"                                                       \
    "      - {op: fold, lines: {sew-1: 120/h}}\n"                                                                      \
    "packing: {lines: {pack: {calendar: day, rate: 60/h}}}\n"                                                          \
    "creators: {luna: {}, nova: {}}\n"                                                                                 \
    "consumers: {dock: {}}\n"                                                                                          \
    "shipping:\n"                                                                                                      \
    "  carriers: {mail: {cutoff: \"17:00\", days: mon-fri, transit: {DE: 1d, else: 5d}}}\n"                            \
    "  services: {standard: {carrier: mail}}\n"                                                                        \
    "security: none\n"                                                                                                 \
    "listen: {orders: \"tcp://127.0.0.1:7710\", shipments: \"tcp://127.0.0.1:7711\"}\n"

static inline int64_t sim_time(const char *text) {
    int64_t t;
    char full[32];
    snprintf(full, sizeof full, "2026-11-%.2sT%.5s:00Z", text, text + 3);
    assert_true(time_parse_rfc3339(full, &t));
    return t;
}
