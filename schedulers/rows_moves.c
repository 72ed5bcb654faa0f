/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/rows_moves.h"

#include "schedulers/rows_walk.h"

#include <stdlib.h>

enum { BLOCK_MAX = 10, NEAR_PLACES = 4, NEAR_SHIFT = 12, SHORT = 8, FAST = 6, LOOKED_AT = 100 };

static int32_t below(struct rows_moves *m, int32_t limit) {
    return random_below(&m->random, limit);
}

static void add_part(struct rows_change *c, const int32_t *task, int32_t count) {
    if (count > 0) {
        c->part[c->parts].task = task;
        c->part[c->parts++].count = count;
    }
}

static int32_t block_length(struct rows_moves *m, int32_t most) {
    int32_t length = below(m, 2) == 0 ? 1 : 1 + below(m, BLOCK_MAX);
    return length < most ? length : most;
}

/* One of so many places, mostly not far away. */
static int32_t near(struct rows_moves *m, int32_t place, int32_t count) {
    if (below(m, 2) == 0)
        return below(m, count);
    int32_t most = count < NEAR_SHIFT ? count : NEAR_SHIFT, to = place + below(m, 2 * most) - most;
    return to < 0 ? 0 : to >= count ? count - 1 : to;
}

/* A block to another place of its row, counted without it. */
static bool shift_block(struct rows_moves *m, int32_t row, int32_t from, int32_t length, int32_t to) {
    const struct row *l = &m->r->row[row];
    struct rows_change *c = &m->changes[0];
    if (to == from)
        return false;
    if (to < from) {
        *c = (struct rows_change){.row = row, .keep = to, .tail = from + length};
        add_part(c, l->task + from, length);
        add_part(c, l->task + to, from - to);
    } else {
        *c = (struct rows_change){.row = row, .keep = from, .tail = to + length};
        add_part(c, l->task + from + length, to - from);
        add_part(c, l->task + from, length);
    }
    m->change_count = 1;
    return true;
}

static bool relocate_block(struct rows_moves *m, int32_t row, int32_t from, int32_t length, int32_t to_row,
                           int32_t to) {
    m->changes[0] = (struct rows_change){.row = row, .keep = from, .tail = from + length};
    m->changes[1] = (struct rows_change){.row = to_row, .keep = to, .tail = to};
    add_part(&m->changes[1], m->r->row[row].task + from, length);
    m->change_count = 2;
    return true;
}

static bool propose_shift(struct rows_moves *m, int32_t row, int32_t from) {
    int32_t count = m->r->row[row].count, length = block_length(m, count - from);
    return shift_block(m, row, from, length, near(m, from, count - length + 1));
}

/* A block to a task behind which its changeover is short. */
static bool propose_follow(struct rows_moves *m, int32_t row, int32_t at) {
    const struct rows *r = m->r;
    const struct row *l = &r->row[row];
    int32_t kind = r->facts[l->task[at]].kind;
    if (kind == 0)
        return false;
    int32_t before = m->short_before[(row * r->kinds + kind) * SHORT + below(m, SHORT)];
    int32_t count = m->kind_offset[before + 1] - m->kind_offset[before];
    if (count == 0)
        return false;
    int32_t other = m->kind_task[m->kind_offset[before] + below(m, count)], place = r->place[other];
    if (r->row_of[other] != row) {
        int32_t length = below(m, 4) == 0 ? block_length(m, l->count - at) : 1;
        return relocate_block(m, row, at, length, r->row_of[other], place + 1);
    }
    if (place == at)
        return false;
    if (below(m, 2) == 0) { /* the block that begins with it, behind the other */
        int32_t most = place > at ? place - at : l->count - at, length = block_length(m, most);
        return shift_block(m, row, at, length, place > at ? place + 1 - length : place + 1);
    }
    int32_t most = place < at ? place + 1 : place - at; /* the block that ends with the other, before it */
    int32_t length = block_length(m, most);
    return shift_block(m, row, place + 1 - length, length, place < at ? at - length : at);
}

static bool propose_swap(struct rows_moves *m, int32_t row, int32_t a) {
    const struct row *l = &m->r->row[row];
    int32_t b = near(m, a, l->count);
    if (a == b)
        return false;
    int32_t first = a < b ? a : b, last = a < b ? b : a;
    struct rows_change *c = &m->changes[0];
    *c = (struct rows_change){.row = row, .keep = first, .tail = last + 1};
    add_part(c, l->task + last, 1);
    add_part(c, l->task + first + 1, last - first - 1);
    add_part(c, l->task + first, 1);
    m->change_count = 1;
    return true;
}

/* A place in a row about where something ends at a tick; anywhere if that does not matter. */
static int32_t place_in(struct rows_moves *m, int32_t row, int32_t end) {
    const struct row *l = &m->r->row[row];
    if (m->r->p->objective.makespan > 0 || below(m, 4) == 0)
        return below(m, l->count + 1);
    int32_t low = 0, high = l->count;
    while (low < high) {
        int32_t mid = (low + high) / 2;
        if (l->end[mid] < end)
            low = mid + 1;
        else
            high = mid;
    }
    low += below(m, 2 * NEAR_PLACES + 1) - NEAR_PLACES;
    return low < 0 ? 0 : low > l->count ? l->count : low;
}

struct spot {
    int32_t place;
    int32_t more; /* than without the task: its time, and changeovers */
};

static int32_t kind_at(const struct rows *r, int32_t row, int32_t place) {
    const struct row *l = &r->row[row];
    return place < 0 ? r->initial[row] : place < l->count ? l->setup[place] : 0;
}

/* What a row's end is without the task at a place, where ends are sums of times. */
static int32_t end_without(const struct rows *r, int32_t row, int32_t place) {
    const int32_t *change = r->change[row], task = r->row[row].task[place], kind = r->facts[task].kind;
    int32_t before = kind_at(r, row, place - 1), behind = kind_at(r, row, place + 1);
    return rows_row_end(&r->row[row]) - r->time[row * r->tasks + task] - change[before * r->kinds + kind] -
           change[kind * r->kinds + behind] + change[before * r->kinds + behind];
}

static void price(const struct rows *r, struct rows_change *c, int32_t end) {
    c->cost = 0;
    c->end = end;
    c->priced = r->additive;
}

/* The place in a row, or of some of a long one, where a task costs least changeover, as if the one at `out` (-1: none)
 * were gone. */
static struct spot cheapest_place(struct rows_moves *m, int32_t row, int32_t task, int32_t out) {
    const struct rows *r = m->r;
    const struct row *l = &r->row[row];
    const int32_t *change = r->change[row];
    if (r->bare)
        return (struct spot){l->count, r->time[row * r->tasks + task]};
    int32_t from = l->count > LOOKED_AT ? below(m, l->count - LOOKED_AT + 1) : 0;
    int32_t to = l->count < from + LOOKED_AT ? l->count : from + LOOKED_AT;
    int32_t kind = r->facts[task].kind, before = kind_at(r, row, from - 1 == out ? from - 2 : from - 1);
    int32_t best = INT32_MAX, at = 0, ties = 0;
    for (int32_t k = from; k <= to; k++) {
        if (k == out)
            continue;
        int32_t behind = k < l->count ? l->setup[k] : 0;
        int32_t more =
            change[before * r->kinds + kind] + change[kind * r->kinds + behind] - change[before * r->kinds + behind];
        ties = more < best ? 1 : ties + (more == best);
        if (more < best || (more == best && below(m, ties) == 0)) {
            best = more;
            at = k;
        }
        before = behind;
    }
    return (struct spot){at, best + r->time[row * r->tasks + task]};
}

/* To where it would best go: near in time, or where ends count by its changeovers. */
static bool propose_relocation(struct rows_moves *m, int32_t row, int32_t from, int32_t to_row) {
    const struct rows *r = m->r;
    const struct row *l = &r->row[row];
    int32_t length = below(m, 4) == 0 ? block_length(m, l->count - from) : 1;
    if (r->p->objective.makespan == 0 || below(m, 8) == 0)
        return relocate_block(m, row, from, length, to_row, place_in(m, to_row, l->end[from]));
    struct spot spot = cheapest_place(m, to_row, l->task[from], -1);
    relocate_block(m, row, from, length, to_row, spot.place);
    if (length == 1) {
        price(r, &m->changes[0], end_without(r, row, from));
        price(r, &m->changes[1], rows_row_end(&r->row[to_row]) + spot.more);
    }
    return true;
}

/* A row without the task at `out` and with another one before the place `at`. */
static void replace(struct rows_change *c, const struct rows *r, int32_t row, int32_t out, const int32_t *task,
                    int32_t at) {
    const struct row *l = &r->row[row];
    if (at <= out) {
        *c = (struct rows_change){.row = row, .keep = at, .tail = out + 1};
        add_part(c, task, 1);
        add_part(c, l->task + at, out - at);
    } else {
        *c = (struct rows_change){.row = row, .keep = out, .tail = at};
        add_part(c, l->task + out + 1, at - out - 1);
        add_part(c, task, 1);
    }
}

static void replace_cheaply(struct rows_moves *m, int32_t change, int32_t row, int32_t out, const int32_t *task) {
    struct spot spot = cheapest_place(m, row, *task, out);
    replace(&m->changes[change], m->r, row, out, task, spot.place);
    price(m->r, &m->changes[change], end_without(m->r, row, out) + spot.more);
}

static bool propose_exchange(struct rows_moves *m, int32_t row, int32_t a, int32_t other) {
    const struct rows *r = m->r;
    const struct row *l = &r->row[row], *n = &r->row[other];
    if (n->count == 0)
        return false;
    int32_t b = place_in(m, other, l->end[a]);
    b = b < n->count ? b : n->count - 1;
    if (r->time[row * r->tasks + n->task[b]] < 0 || r->time[other * r->tasks + l->task[a]] < 0)
        return false;
    m->change_count = 2;
    if (r->p->objective.makespan > 0) {
        replace_cheaply(m, 0, row, a, &n->task[b]);
        replace_cheaply(m, 1, other, b, &l->task[a]);
    } else {
        replace(&m->changes[0], r, row, a, &n->task[b], a);
        replace(&m->changes[1], r, other, b, &l->task[a], b);
    }
    return true;
}

static int32_t other_row(struct rows_moves *m, int32_t row, int32_t task);

/* A task to another row, for one of those there, which goes to a third row. */
static bool propose_chain(struct rows_moves *m, int32_t row, int32_t a, int32_t other) {
    const struct rows *r = m->r;
    const struct row *l = &r->row[row], *n = &r->row[other];
    if (n->count == 0)
        return false;
    int32_t b = below(m, n->count), third = other_row(m, other, n->task[b]);
    if (third < 0 || third == row)
        return false;
    m->changes[0] = (struct rows_change){.row = row, .keep = a, .tail = a + 1};
    price(r, &m->changes[0], end_without(r, row, a));
    replace_cheaply(m, 1, other, b, &l->task[a]);
    struct spot spot = cheapest_place(m, third, n->task[b], -1);
    m->changes[2] = (struct rows_change){.row = third, .keep = spot.place, .tail = spot.place};
    add_part(&m->changes[2], &n->task[b], 1);
    price(r, &m->changes[2], rows_row_end(&r->row[third]) + spot.more);
    m->change_count = 3;
    return true;
}

/* What two rows do last. */
static bool propose_crossing(struct rows_moves *m, int32_t row, int32_t a, int32_t other) {
    const struct row *l = &m->r->row[row], *n = &m->r->row[other];
    int32_t b = place_in(m, other, l->end[a]);
    m->changes[0] = (struct rows_change){.row = row, .keep = a, .tail = l->count};
    add_part(&m->changes[0], n->task + b, n->count - b);
    m->changes[1] = (struct rows_change){.row = other, .keep = b, .tail = n->count};
    add_part(&m->changes[1], l->task + a, l->count - a);
    m->change_count = 2;
    return true;
}

static int32_t last_row(const struct rows *r) {
    int32_t last = 0;
    for (int32_t l = 1; l < r->lines; l++)
        if (r->row[l].count > 0 &&
            (r->row[last].count == 0 || r->row[l].end[r->row[l].count - 1] > r->row[last].end[r->row[last].count - 1]))
            last = l;
    return last;
}

/* Another row that the task can be in, mostly one that is fast. */
static int32_t other_row(struct rows_moves *m, int32_t row, int32_t task) {
    const struct rows *r = m->r;
    int32_t other = below(m, 4) > 0 ? m->fast[task * FAST + below(m, FAST)] : below(m, r->lines);
    return other == row || r->time[other * r->tasks + task] < 0 ? -1 : other;
}

bool rows_propose(struct rows_moves *m) {
    const struct rows *r = m->r;
    int32_t task = below(m, r->tasks), row = r->row_of[task], place = r->place[task];
    if (r->lines > 1 && r->p->objective.makespan > 0 && below(m, 2) == 0) {
        row = last_row(r);
        place = below(m, r->row[row].count);
    }
    if (r->kinds > 1 && (r->lines == 1 || r->p->objective.makespan == 0) && below(m, 2) == 0)
        return propose_follow(m, row, place);
    int32_t kind = below(m, 16);
    if (r->lines > 1 && kind < 11) {
        int32_t other = other_row(m, row, r->row[row].task[place]);
        if (other < 0)
            return false;
        if (r->p->objective.makespan > 0 && below(m, 4) == 0)
            return propose_chain(m, row, place, other);
        return kind < 7    ? propose_relocation(m, row, place, other)
               : kind < 10 ? propose_exchange(m, row, place, other)
                           : propose_crossing(m, row, place, other);
    }
    if (r->lines > 1 && r->p->objective.makespan > 0 && kind < 14) { /* to the cheapest place of its own row */
        struct spot spot = cheapest_place(m, row, r->row[row].task[place], place);
        if (!shift_block(m, row, place, 1, spot.place > place ? spot.place - 1 : spot.place))
            return false;
        price(r, &m->changes[0], end_without(r, row, place) + spot.more);
        return true;
    }
    return kind % 2 == 0 ? propose_shift(m, row, place) : propose_swap(m, row, place);
}

static void find_short(struct rows_moves *m, int32_t row, int32_t kind) {
    const struct rows *r = m->r;
    int32_t *best = &m->short_before[(row * r->kinds + kind) * SHORT], count = 0;
    for (int32_t k = 1; k < r->kinds; k++) {
        if (k == kind && m->kind_offset[k + 1] - m->kind_offset[k] < 2)
            continue;
        int32_t time = r->change[row][k * r->kinds + kind], at = count < SHORT ? count++ : SHORT;
        for (; at > 0 && time < r->change[row][best[at - 1] * r->kinds + kind]; at--)
            if (at < SHORT)
                best[at] = best[at - 1];
        if (at < SHORT)
            best[at] = k;
    }
    for (int32_t k = count; k < SHORT; k++)
        best[k] = count > 0 ? best[k % count] : kind;
}

static void find_kinds(struct rows_moves *m) {
    const struct rows *r = m->r;
    m->kind_offset = takt_alloc(((size_t)r->kinds + 1) * sizeof *m->kind_offset);
    m->kind_task = takt_alloc((size_t)r->tasks * sizeof *m->kind_task);
    m->short_before = takt_alloc((size_t)r->lines * (size_t)r->kinds * SHORT * sizeof *m->short_before);
    for (int32_t i = 0; i < r->tasks; i++)
        m->kind_offset[r->facts[i].kind + 1]++;
    for (int32_t k = 0; k < r->kinds; k++)
        m->kind_offset[k + 1] += m->kind_offset[k];
    int32_t *fill = takt_alloc((size_t)r->kinds * sizeof *fill);
    for (int32_t i = 0; i < r->tasks; i++)
        m->kind_task[m->kind_offset[r->facts[i].kind] + fill[r->facts[i].kind]++] = i;
    free(fill);
    for (int32_t l = 0; l < r->lines; l++)
        for (int32_t k = 1; k < r->kinds; k++)
            find_short(m, l, k);
}

/* Rows by the time that a task takes there, with a short changeover. */
static void find_fast(struct rows_moves *m) {
    const struct rows *r = m->r;
    m->fast = takt_alloc((size_t)r->tasks * FAST * sizeof *m->fast);
    for (int32_t i = 0; i < r->tasks; i++) {
        int32_t *best = &m->fast[i * FAST], count = 0, sum[FAST + 1];
        for (int32_t l = 0; l < r->lines; l++) {
            int32_t kind = r->facts[i].kind, time = r->time[l * r->tasks + i];
            if (time < 0)
                continue;
            time += r->change[l][m->short_before[(l * r->kinds + kind) * SHORT + 1] * r->kinds + kind];
            int32_t at = count < FAST ? count++ : FAST;
            for (; at > 0 && time < sum[at - 1]; at--)
                if (at < FAST) {
                    best[at] = best[at - 1];
                    sum[at] = sum[at - 1];
                }
            if (at < FAST) {
                best[at] = l;
                sum[at] = time;
            }
        }
        for (int32_t k = count; k < FAST; k++)
            best[k] = best[k % count];
    }
}

void rows_moves_init(struct rows_moves *m, const struct rows *r, uint64_t seed) {
    *m = (struct rows_moves){.r = r, .random = {seed}};
    find_kinds(m);
    find_fast(m);
}

void rows_moves_done(struct rows_moves *m) {
    free(m->kind_offset);
    free(m->kind_task);
    free(m->short_before);
    free(m->fast);
}
