/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/profile.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

void profile_init(struct profile *f, const int32_t *from, const int32_t *capacity, int32_t count) {
    *f = (struct profile){.cap = (uint32_t)count + 8};
    f->steps = takt_realloc(NULL, f->cap, sizeof *f->steps);
    for (int32_t k = 0; k < count; k++)
        f->steps[f->count++] = (struct profile_step){from[k], capacity[k]};
}

void profile_copy(struct profile *to, const struct profile *from) {
    if (to->cap < from->count) {
        to->cap = from->count + from->count / 2;
        to->steps = takt_realloc(to->steps, to->cap, sizeof *to->steps);
    }
    to->count = from->count;
    memcpy(to->steps, from->steps, from->count * sizeof *to->steps);
}

void profile_done(struct profile *f) {
    free(f->steps);
    *f = (struct profile){0};
}

/* The step that holds t; the first one also holds what is before it. */
static uint32_t step_at(const struct profile *f, int32_t t) {
    uint32_t low = 0, high = f->count;
    if (f->steps[f->count - 1].from <= t)
        return f->count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (f->steps[middle].from <= t)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? low - 1 : 0;
}

static void insert_step(struct profile *f, uint32_t at, struct profile_step step) {
    ARRAY_GROW(f->steps, f->count, f->cap);
    memmove(&f->steps[at + 1], &f->steps[at], (f->count - at) * sizeof *f->steps);
    f->steps[at] = step;
    f->count++;
}

/* Makes a step begin at t, and returns its number. */
static uint32_t split(struct profile *f, int32_t t) {
    uint32_t at = step_at(f, t);
    if (f->steps[at].from == t)
        return at;
    if (t < f->steps[at].from) {
        insert_step(f, 0, (struct profile_step){t, f->steps[0].free});
        return 0;
    }
    insert_step(f, at + 1, (struct profile_step){t, f->steps[at].free});
    return at + 1;
}

static void merge(struct profile *f, uint32_t at) {
    if (at == 0 || at >= f->count || f->steps[at].free != f->steps[at - 1].free)
        return;
    memmove(&f->steps[at], &f->steps[at + 1], (f->count - at - 1) * sizeof *f->steps);
    f->count--;
}

void profile_take(struct profile *f, int32_t from, int32_t to, int32_t amount) {
    if (from >= to || amount == 0)
        return;
    uint32_t first = split(f, from), last = split(f, to);
    for (uint32_t k = first; k < last; k++)
        f->steps[k].free -= amount;
    merge(f, last);
    merge(f, first);
}

bool profile_has(const struct profile *f, int32_t from, int32_t to, int32_t amount, int32_t *ret_until) {
    if (from >= to)
        return true;
    uint32_t first = step_at(f, from), k = first;
    while (k + 1 < f->count && f->steps[k + 1].from < to)
        k++;
    for (;; k--) {
        if (f->steps[k].free < amount) {
            *ret_until = k + 1 < f->count ? f->steps[k + 1].from : INT32_MAX;
            return false;
        }
        if (k == first)
            return true;
    }
}

int32_t profile_next(const struct profile *f, int32_t t, int32_t amount) {
    for (uint32_t k = step_at(f, t); k < f->count; k++)
        if (f->steps[k].free >= amount)
            return k > 0 && f->steps[k].from > t ? f->steps[k].from : t;
    return INT32_MAX;
}
