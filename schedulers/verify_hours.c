/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/verify_hours.h"

static void intersect(struct verify_clock *c, const struct hours *h, struct arena *arena) {
    if (h->count == HOURS_ALWAYS)
        return;
    size_t most = (size_t)c->count + (size_t)h->count + 1;
    struct problem_span *both = arena_array(arena, most, sizeof *both);
    int32_t n = 0;
    for (int32_t k = 0; k < h->count; k++) {
        if (c->always) {
            both[n++] = (struct problem_span){h->from[k], h->to[k]};
            continue;
        }
        for (int32_t i = verify_span_after(c, h->from[k]); i < c->count && c->spans[i].from < h->to[k]; i++) {
            int32_t from = c->spans[i].from < h->from[k] ? h->from[k] : c->spans[i].from;
            int32_t to = c->spans[i].to > h->to[k] ? h->to[k] : c->spans[i].to;
            both[n++] = (struct problem_span){from, to};
        }
    }
    *c = (struct verify_clock){.count = n, .spans = both};
}

struct verify_clock *verify_clock_new(const struct problem *p, const int32_t *hours, size_t count,
                                      struct arena *arena) {
    struct verify_clock *c = arena_alloc(arena, sizeof *c);
    c->always = true;
    for (size_t k = 0; k < count; k++)
        intersect(c, &p->hours[hours[k]], arena);
    return c;
}

int32_t verify_span_after(const struct verify_clock *c, int32_t t) {
    int32_t first = 0, left = c->count;
    while (left > 0) {
        int32_t half = left / 2;
        if (c->spans[first + half].to <= t) {
            first += half + 1;
            left -= half + 1;
        } else {
            left = half;
        }
    }
    return first;
}

int64_t verify_open_ticks(const struct verify_clock *c, int32_t from, int32_t to) {
    if (c->always)
        return (int64_t)to - from;
    int64_t sum = 0;
    for (int32_t k = verify_span_after(c, from); k < c->count && c->spans[k].from < to; k++) {
        int32_t s = c->spans[k].from > from ? c->spans[k].from : from;
        int32_t e = c->spans[k].to < to ? c->spans[k].to : to;
        sum += e - s;
    }
    return sum;
}

bool verify_is_open(const struct verify_clock *c, int32_t t) {
    if (c->always)
        return true;
    int32_t k = verify_span_after(c, t);
    return k < c->count && c->spans[k].from <= t;
}

int64_t verify_passed(const struct verify_clock *c, int32_t t, int64_t ticks) {
    if (c->always || ticks == 0)
        return t + ticks;
    for (int32_t k = verify_span_after(c, t); k < c->count; k++) {
        int32_t s = c->spans[k].from > t ? c->spans[k].from : t;
        if (ticks <= c->spans[k].to - s)
            return s + ticks;
        ticks -= c->spans[k].to - s;
    }
    return INT64_MAX;
}
