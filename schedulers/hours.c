/* SPDX-License-Identifier: Apache-2.0 */

#include "schedulers/hours.h"

#include "base/arena.h"

#include <string.h>

enum { NEAR = 4 }; /* spans that are looked at one by one before the rest is halved */

/* So that a span is found without looking at all of them. */
static void make_steps(struct hours *h, struct arena *arena) {
    if (h->count == 0)
        return;
    int64_t length = (int64_t)h->from[h->count - 1] - h->from[0];
    while (length >> h->shift >= 2 * (int64_t)h->count)
        h->shift++;
    h->steps = (int32_t)(length >> h->shift) + 1;
    int32_t *last = arena_array(arena, (size_t)h->steps, sizeof *last);
    for (int32_t step = 0, k = 0; step < h->steps; step++) {
        while (k + 1 < h->count && h->from[k + 1] <= h->from[0] + ((int64_t)step << h->shift))
            k++;
        last[step] = k;
    }
    h->last_begun = last;
}

static void count_before(struct hours *h, struct arena *arena) {
    int32_t *before = arena_array(arena, (size_t)h->count + 1, sizeof *before);
    for (int32_t k = 0; k < h->count; k++)
        before[k + 1] = before[k] + (h->to[k] - h->from[k]);
    h->before = before;
    make_steps(h, arena);
}

void hours_init(struct hours *h, const struct problem_span *spans, size_t count, struct arena *arena) {
    *h = (struct hours){.count = HOURS_ALWAYS};
    if (spans == NULL)
        return;
    int32_t *from = arena_array(arena, count, sizeof *from), *to = arena_array(arena, count, sizeof *to);
    int32_t n = 0;
    for (size_t k = 0; k < count; k++) {
        if (n > 0 && to[n - 1] == spans[k].from) {
            to[n - 1] = spans[k].to;
            continue;
        }
        from[n] = spans[k].from;
        to[n++] = spans[k].to;
    }
    *h = (struct hours){.count = n, .from = from, .to = to};
    count_before(h, arena);
}

void hours_meet(struct hours *ret, const struct hours *a, const struct hours *b, struct arena *arena) {
    if (a->count == HOURS_ALWAYS || b->count == HOURS_ALWAYS) {
        *ret = a->count == HOURS_ALWAYS ? *b : *a;
        return;
    }
    size_t most = (size_t)a->count + (size_t)b->count;
    int32_t *from = arena_array(arena, most, sizeof *from), *to = arena_array(arena, most, sizeof *to);
    int32_t n = 0;
    for (int32_t i = 0, k = 0; i < a->count && k < b->count;) {
        int32_t s = a->from[i] > b->from[k] ? a->from[i] : b->from[k];
        int32_t e = a->to[i] < b->to[k] ? a->to[i] : b->to[k];
        if (s < e) {
            from[n] = s;
            to[n++] = e;
        }
        if (a->to[i] < b->to[k])
            i++;
        else
            k++;
    }
    *ret = (struct hours){.count = n, .from = from, .to = to};
    count_before(ret, arena);
}

bool hours_equal(const struct hours *a, const struct hours *b) {
    if (a->count != b->count)
        return false;
    size_t size = a->count > 0 ? (size_t)a->count * sizeof *a->from : 0;
    return size == 0 || (memcmp(a->from, b->from, size) == 0 && memcmp(a->to, b->to, size) == 0);
}

int32_t hours_span_at(const struct hours *h, int32_t t) {
    if (h->count == 0 || t < h->from[0])
        return -1;
    int64_t step = ((int64_t)t - h->from[0]) >> h->shift;
    if (step >= h->steps)
        return h->count - 1;
    int32_t low = h->last_begun[step], high = step + 1 < h->steps ? h->last_begun[step + 1] + 1 : h->count;
    while (high - low > 1) {
        int32_t middle = low + (high - low) / 2;
        if (h->from[middle] <= t)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int32_t hours_open_before(const struct hours *h, int32_t t) {
    if (h->count == HOURS_ALWAYS)
        return t;
    int32_t k = hours_span_at(h, t);
    if (k < 0)
        return 0;
    return h->before[k] + ((t < h->to[k] ? t : h->to[k]) - h->from[k]);
}

int32_t hours_open_between(const struct hours *h, int32_t a, int32_t b) {
    return h->count == HOURS_ALWAYS ? b - a : hours_open_before(h, b) - hours_open_before(h, a);
}

int32_t hours_next_slow(const struct hours *h, int32_t t) {
    int32_t k = hours_span_at(h, t);
    if (k >= 0 && t < h->to[k])
        return t;
    return k + 1 < h->count ? h->from[k + 1] : HOURS_NEVER;
}

/* The end of that open tick that is number `open_ticks` when counted from 1 over all spans. It is not before the span
 * `low`, and mostly near. */
static int32_t tick_end(const struct hours *h, int64_t open_ticks, int32_t low) {
    if (open_ticks > h->before[h->count])
        return HOURS_NEVER;
    int32_t high = h->count;
    for (int32_t k = 0; k < NEAR && low + 1 < high && h->before[low + 1] < open_ticks; k++)
        low++;
    high = h->before[low + 1] >= open_ticks ? low : high;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (h->before[middle + 1] < open_ticks)
            low = middle + 1;
        else
            high = middle;
    }
    return h->from[low] + (int32_t)(open_ticks - h->before[low]);
}

int32_t hours_passed_slow(const struct hours *h, int32_t t, int32_t ticks) {
    int32_t k = hours_span_at(h, t);
    if (k >= 0 && t < h->to[k] && ticks <= h->to[k] - t)
        return t + ticks;
    int64_t open = k < 0 ? 0 : h->before[k] + ((t < h->to[k] ? t : h->to[k]) - h->from[k]);
    return tick_end(h, open + ticks, k < 0 ? 0 : k);
}

/* The first open tick with at least so many open ones before it. */
int32_t hours_tick(const struct hours *h, int64_t open_ticks) {
    if (h->count == HOURS_ALWAYS)
        return open_ticks < PROBLEM_TICK_MAX ? (int32_t)open_ticks : HOURS_NEVER;
    int32_t end = tick_end(h, open_ticks < 0 ? 1 : open_ticks + 1, 0);
    return end == HOURS_NEVER ? end : end - 1;
}

int32_t hours_next_whole(const struct hours *h, int32_t t, int32_t ticks) {
    if (h->count == HOURS_ALWAYS)
        return t;
    int32_t k = hours_span_at(h, t);
    if (k >= 0 && t < h->to[k] && ticks <= h->to[k] - t)
        return t;
    for (k++; k < h->count; k++)
        if (h->to[k] - h->from[k] >= ticks)
            return h->from[k];
    return HOURS_NEVER;
}
