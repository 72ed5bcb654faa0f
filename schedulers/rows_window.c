/* SPDX-License-Identifier: Apache-2.0 */

/* Sets are gone through in the order of their numbers, so all that a set follows from comes before it. Labels whose
 * cost is that of the whole row as it is are dropped too: what comes behind costs no less than nothing. */

#include "schedulers/rows_window.h"

#include "schedulers/rows_walk.h"

#include <stdlib.h>
#include <string.h>

struct rows_label {
    struct rows_walk at;
    int32_t task;  /* the last one, as a number in the window */
    int32_t from;  /* the label before it */
    int32_t other; /* of the same set */
};

struct rows_window *rows_window_new(void) {
    return takt_alloc(sizeof(struct rows_window));
}

void rows_window_free(struct rows_window *w) {
    if (w == NULL)
        return;
    free(w->labels);
    free(w);
}

static bool is_no_better(const struct rows_walk *a, const struct rows_walk *b) {
    return a->setup == b->setup && a->end >= b->end && a->cost >= b->cost;
}

/* Adds a label to a set unless another one is as good, and drops those that it makes useless. */
static void add_label(struct rows_window *w, int32_t set, struct rows_label label) {
    int32_t *link = &w->first[set];
    while (*link >= 0) {
        struct rows_label *other = &w->labels[*link];
        if (is_no_better(&label.at, &other->at))
            return;
        if (is_no_better(&other->at, &label.at))
            *link = other->other;
        else
            link = &other->other;
    }
    label.other = w->first[set];
    w->first[set] = (int32_t)w->label_count;
    ARRAY_GROW(w->labels, w->label_count, w->label_cap);
    w->labels[w->label_count++] = label;
}

static void extend(struct rows_window *w, const struct rows *r, int32_t row, const int32_t *task, int32_t count,
                   int32_t set) {
    int64_t most = r->ends_only ? ROWS_ENERGY_MAX
                                : r->now.energy / r->scale - (r->rows_cost + r->base - rows_row_cost(&r->row[row]));
    for (int32_t from = w->first[set]; from >= 0; from = w->labels[from].other)
        for (int32_t i = 0; i < count; i++) {
            struct rows_label label = {.at = w->labels[from].at, .task = i, .from = from};
            if ((set >> i & 1) == 0 && rows_step(r, row, task[i], &label.at) && label.at.cost <= most)
                add_label(w, set | 1 << i, label);
        }
}

/* The order that leads to a label. */
static void trace(struct rows_window *w, const int32_t *task, int32_t count, int32_t label) {
    for (int32_t k = count - 1; k >= 0; k--) {
        w->order[k] = task[w->labels[label].task];
        label = w->labels[label].from;
    }
}

bool rows_window_solve(struct rows_window *w, const struct rows *r, int32_t row, int32_t from, int32_t count,
                       struct rows_change *ret) {
    const int32_t *task = r->row[row].task + from;
    int32_t all = (1 << count) - 1;
    memset(w->first, -1, ((size_t)all + 1) * sizeof *w->first);
    w->label_count = 0;
    add_label(w, 0, (struct rows_label){.at = rows_walk_from(r, row, from), .from = -1});
    for (int32_t set = 0; set < all; set++)
        extend(w, r, row, task, count, set);
    struct rows_change change = {.row = row, .keep = from, .tail = from + count, .parts = 1};
    change.part[0].task = w->order;
    change.part[0].count = count;
    struct rows_value best = r->now;
    int32_t best_label = -1;
    for (int32_t label = w->first[all]; label >= 0; label = w->labels[label].other) {
        struct rows_value to;
        trace(w, task, count, label);
        if (rows_try(r, &change, 1, best.energy - 1, &to)) {
            best = to;
            best_label = label;
        }
    }
    if (best_label < 0)
        return false;
    trace(w, task, count, best_label);
    rows_try(r, &change, 1, best.energy, &best);
    *ret = change;
    return true;
}
