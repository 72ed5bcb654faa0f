/* SPDX-License-Identifier: Apache-2.0 */
#include "config/check.h"

#include "base/arena.h"
#include "config/calendar.h"
#include "config/plant.h"
#include "config/print.h"
#include "config/week.h"

#include <string.h>
#include <sysexits.h>

static void print_faults(const struct plant_fault *list, size_t count, const char *prefix, FILE *to) {
    for (size_t k = 0; k < count; k++)
        fprintf(to, "%s:%d:%d: %s%s\n", list[k].file, list[k].line, list[k].column, prefix, list[k].text);
}

static void print_count(FILE *out, const char *before, size_t count, const char *one) {
    fprintf(out, "%s%zu %s%s", before, count, one, count == 1 ? "" : "s");
}

/* Hours in which lines work, in a week without holidays. */
static void print_hours(const struct plant *plant, FILE *out) {
    int least = WEEK_MINUTES, most = 0;
    for (size_t k = 0; k < plant->line_count; k++) {
        struct week week;
        week_of(&plant->calendars[plant->lines[k].calendar], &week);
        int minutes = week_minutes(&week);
        least = minutes < least ? minutes : least;
        most = minutes > most ? minutes : most;
    }
    if (least == most)
        fprintf(out, "; lines work %d h a week\n", (most + 30) / 60);
    else
        fprintf(out, "; lines work %d to %d h a week\n", (least + 30) / 60, (most + 30) / 60);
}

static void print_summary(const struct plant *plant, FILE *out) {
    print_count(out, "ok: ", plant->line_count, "line");
    print_count(out, ", ", plant->product_count, "product");
    print_count(out, ", ", plant->packing_count, "packing line");
    print_count(out, ", ", plant->creator_count, "creator");
    print_hours(plant, out);
}

int plant_check_main(const char *file, bool print, FILE *out, FILE *err) {
    struct plant *plant = NULL;
    struct plant_faults faults;
    struct takt_error error = {0};
    int r = plant_load(file, NULL, 0, &plant, &faults, &error);
    if (r == TAKT_ECONFIG) {
        print_faults(faults.list, faults.count, "", err);
    } else if (r < 0) {
        fprintf(err, "taktd: %s\n", error.text);
    } else {
        print_faults(plant->notes, plant->note_count, "note: ", err);
        (print ? plant_print : print_summary)(plant, out);
    }
    plant_faults_done(&faults);
    plant_unref(plant);
    return r == 0 ? 0 : r == TAKT_ECONFIG ? EX_CONFIG : EX_NOINPUT;
}
