/* SPDX-License-Identifier: Apache-2.0 */

/* A result is text of several lines, cut off at a whole line where there is more than fits. */

#include "daemon/reload.h"

#include "base/arena.h"
#include "config/change.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reload *reload_new(void) {
    return takt_alloc(sizeof(struct reload));
}

void reload_free(struct reload *r) {
    if (r)
        plant_unref(r->plant);
    free(r);
}

__attribute__((format(printf, 2, 3))) static bool add_line(struct reload *r, const char *format, ...) {
    size_t used = strlen(r->text), left = sizeof r->text - used;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(r->text + used, left, format, args);
    va_end(args);
    if (length < 0 || (size_t)length + 2 > left) {
        r->text[used] = 0;
        return false;
    }
    strcat(r->text, "\n");
    return true;
}

static bool add_fault(struct reload *r, const struct plant_fault *fault, const char *prefix) {
    return add_line(r, "%s:%d:%d: %s%s", fault->file, fault->line, fault->column, prefix, fault->text);
}

static void add_changes(struct reload *r, const struct plant *running) {
    struct arena *arena = arena_new();
    struct plant_change *changes;
    size_t count;
    plant_compare(running, r->plant, arena, &changes, &count);
    for (size_t i = 0; i < count; i++) {
        const struct plant_change *change = &changes[i];
        const char *was = change->was ? change->was : "", *is = change->is ? change->is : "";
        if (change->kind == PLANT_CHANGE_RESTART)
            add_line(r, "%s: '%s' instead of '%s' takes effect at the next start", change->path, is, was);
        else if (change->kind == PLANT_CHANGE_INITIAL)
            add_line(r, "%s: '%s' instead of '%s' is only what a new store starts from, ignoring", change->path, is, was);
    }
    arena_free(arena);
}

int reload_read(struct reload *r, const char *file, const struct plant *running) {
    struct plant_faults faults = {0};
    r->code = plant_load(file, NULL, 0, &r->plant, &faults, &r->err);
    if (r->code == 0) {
        for (size_t i = 0; i < r->plant->note_count; i++)
            add_fault(r, &r->plant->notes[i], "note: ");
        add_changes(r, running);
    } else {
        r->plant = NULL;
        for (size_t i = 0; i < faults.count && add_fault(r, &faults.list[i], ""); i++) {
        }
        if (faults.count > 0) {
            takt_error_clear(&r->err); /* the loader's words are the first fault's, which is among the lines */
            takt_fail(&r->err, r->code, faults.count == 1 ? "%zu fault, at %s:%d:%d" : "%zu faults, the first at %s:%d:%d",
                      faults.count, faults.list[0].file, faults.list[0].line, faults.list[0].column);
        }
    }
    plant_faults_done(&faults);
    return r->code;
}
