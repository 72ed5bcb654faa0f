/* SPDX-License-Identifier: Apache-2.0 */

/* Who tunes a rule makes the same plan again and again, with another rule from some phase on. Up to there all decisions are those of
 * the plan before, so it is kept how things stood at the beginning of a few phases, and a run begins at the last of them that is
 * before the change. What is kept costs a copy, so it is taken only by a run that passes there with the phases that will be gone
 * on from. The plan is the same, to the tick. */

#include "schedulers/dispatch_work.h"

#include <stdlib.h>
#include <string.h>

/* The phase at which a mark is. */
static int32_t phase_of(const struct dispatcher *d, int32_t mark) {
    return (int32_t)((d->phases_end - d->phases) * (mark + 1) / (DISPATCH_MARKS + 1));
}

static size_t active_words(const struct dispatcher *d) {
    return (size_t)d->p->lines / 64 + 1;
}

static void make(struct dispatch_mark *m, const struct dispatcher *d) {
    size_t n = (size_t)d->p->tasks, lines = (size_t)d->p->lines;
    m->t = timetable_copy(d->t);
    m->state = d->state;
    m->state.ready = takt_alloc(d->state.size); /* one block; where its parts begin is of no interest here */
    m->left = takt_alloc(n * sizeof *m->left);
    m->busy_until = takt_alloc(lines * sizeof *m->busy_until);
    m->queue_count = takt_alloc(lines * sizeof *m->queue_count);
    m->active = takt_alloc(active_words(d) * sizeof *m->active);
}

static void take_queues(struct dispatch_mark *m, const struct dispatcher *d) {
    size_t count = 0;
    for (int32_t l = 0; l < d->p->lines; l++) {
        size_t here = (size_t)d->queues[l].count;
        if (count + here > m->rows_cap) {
            m->rows_cap = (count + here) * 2;
            m->rows = takt_realloc(m->rows, m->rows_cap, sizeof *m->rows);
        }
        if (here > 0)
            memcpy(m->rows + count, d->queues[l].rows, here * sizeof *m->rows);
        m->queue_count[l] = d->queues[l].count;
        count += here;
    }
}

static void take_heap(struct dispatch_mark *m, const struct dispatcher *d) {
    if (d->heap_count > m->heap_cap) {
        m->heap_cap = d->heap_count * 2;
        m->heap = takt_realloc(m->heap, m->heap_cap, sizeof *m->heap);
    }
    m->heap_count = d->heap_count;
    if (d->heap_count > 0)
        memcpy(m->heap, d->heap, d->heap_count * sizeof *m->heap);
}

static void take(struct dispatch_mark *m, const struct dispatcher *d) {
    size_t n = (size_t)d->p->tasks, lines = (size_t)d->p->lines;
    if (m->t == NULL)
        make(m, d);
    else
        timetable_reset(m->t, d->t);
    memcpy(m->state.ready, d->state.ready, d->state.size);
    memcpy(m->left, d->left, n * sizeof *m->left);
    memcpy(m->busy_until, d->busy_until, lines * sizeof *m->busy_until);
    memcpy(m->active, d->active, active_words(d) * sizeof *m->active);
    take_queues(m, d);
    take_heap(m, d);
    m->first_next = d->first_next;
    m->forced = d->forced;
    m->taken = true;
}

static void restore(const struct dispatch_mark *m, struct dispatcher *d) {
    size_t n = (size_t)d->p->tasks, lines = (size_t)d->p->lines, at = 0;
    timetable_reset(d->t, m->t);
    memcpy(d->state.ready, m->state.ready, d->state.size);
    memcpy(d->left, m->left, n * sizeof *m->left);
    memcpy(d->busy_until, m->busy_until, lines * sizeof *m->busy_until);
    memcpy(d->active, m->active, active_words(d) * sizeof *m->active);
    for (size_t l = 0; l < lines; l++) {
        size_t count = (size_t)m->queue_count[l];
        d->queues[l].count = m->queue_count[l];
        if (count > 0)
            memcpy(d->queues[l].rows, m->rows + at, count * sizeof *m->rows);
        at += count;
    }
    d->heap_count = 0;
    while (d->heap_count < m->heap_count) {
        ARRAY_GROW(d->heap, d->heap_count, d->heap_cap);
        d->heap[d->heap_count] = m->heap[d->heap_count];
        d->heap_count++;
    }
    d->first_next = m->first_next;
    d->forced = m->forced;
}

void dispatch_mark_pass(struct dispatcher *d) {
    for (; d->next_mark < DISPATCH_MARKS; d->next_mark++) {
        struct dispatch_mark *m = &d->marks[d->next_mark];
        int32_t phase = phase_of(d, d->next_mark);
        if (d->phases[phase].from > d->now)
            return;
        if (!m->taken && phase <= d->same)
            take(m, d);
    }
}

bool dispatch_mark_begin(struct dispatcher *d) {
    int32_t k = DISPATCH_MARKS - 1;
    while (k >= 0 && (!d->marks[k].taken || phase_of(d, k) > d->same))
        k--;
    if (k < 0)
        return false;
    d->next_mark = k + 1;
    restore(&d->marks[k], d);
    d->phase = d->phases + phase_of(d, k); /* which the event that comes first brings into force */
    return true;
}

void dispatch_mark_forget(struct dispatcher *d, int32_t same) {
    for (int32_t k = 0; k < DISPATCH_MARKS; k++)
        if (d->phases == NULL || phase_of(d, k) > same)
            d->marks[k].taken = false;
}

void dispatch_mark_done(struct dispatcher *d) {
    for (int32_t k = 0; k < DISPATCH_MARKS; k++) {
        struct dispatch_mark *m = &d->marks[k];
        void *arrays[] = {m->state.ready, m->left, m->busy_until, m->queue_count, m->rows, m->heap, m->active};
        for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++)
            free(arrays[a]);
        timetable_free(m->t);
    }
}
