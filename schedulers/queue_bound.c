/* SPDX-License-Identifier: Apache-2.0 */

/* Lines that share tasks are a group; m lines of a group do no more than one that is m times as fast and may
 * interrupt what it does. On that one, taking what has least left to do (SRPT: Schrage, 1968) ends the first, the
 * second, the k-th of its items as early as any plan does, one k as the other. So the sum of tardiness is at least
 * that of the k-th end against the k-th due date (Chu, 1992), and the sum of ends that of the first ends.
 *
 * Weights: the sum of w·x over all is the sum over levels v of (v − the level below) times the sum of x over those with
 * w ≥ v, and each level is a problem of its own. Where there are many weights, a few of them are taken for levels, and
 * what is left of the others counts alone.
 *
 * An item is a due: all its tasks in the group, as one, from the earliest of their heads on, with the least of their
 * tails. Dues that share tasks go into different layers, each a problem of its own; what fits into no layer counts
 * alone. */

#include "schedulers/queue_bound.h"

#include <stdlib.h>
#include <string.h>

enum { LEVELS_MAX = 4, LAYERS_MAX = 2, GROUPS_MAX = 8 };

struct item {
    int32_t due; /* its number */
    int32_t release, tail;
    int64_t time;
};

struct queue {
    const struct problem *p;
    const struct queue_facts *facts;
    int32_t *group;     /* by line; -1: it does runs, or shares tasks with one that does */
    int32_t *layer;     /* by task: the last layer that has it */
    int32_t *due_layer; /* by due: the one that has it, or -1 */
    struct item *item;  /* by release */
    int32_t items;
    int32_t *by_due; /* items with a due date, by that less the tail */
    int32_t with_due;
    int64_t *heap, *end; /* what is left of those that wait; ends in their order */
};

static int32_t root_of(int32_t *parent, int32_t line) {
    while (parent[line] != line)
        line = parent[line] = parent[parent[line]];
    return line;
}

static void find_groups(struct queue *q) {
    const struct problem *p = q->p;
    int32_t *parent = takt_alloc((size_t)p->lines * sizeof *parent);
    for (int32_t l = 0; l < p->lines; l++)
        parent[l] = l;
    for (int32_t i = 0; i < p->tasks; i++)
        for (int32_t o = p->option_offset[i]; o < p->option_offset[i + 1]; o++)
            parent[root_of(parent, p->option_line[o])] = root_of(parent, p->option_line[p->option_offset[i]]);
    for (int32_t l = 0; l < p->lines; l++)
        q->group[l] = root_of(parent, l);
    for (int32_t l = 0; l < p->lines; l++)
        if (p->line_batch[l] > 0)
            parent[q->group[l]] = -1; /* from here on no ways are walked */
    for (int32_t l = 0; l < p->lines; l++)
        if (parent[q->group[l]] == -1)
            q->group[l] = -1;
    free(parent);
}

static int32_t group_of(const struct queue *q, int32_t task) {
    const struct problem *p = q->p;
    return p->fixed_line[task] >= 0 ? -1 : q->group[p->option_line[p->option_offset[task]]];
}

/* Adds a due to the layer, if it has tasks in the group and none that another one in the layer has. */
static void add_item(struct queue *q, int32_t group, int32_t layer, int32_t due) {
    const struct problem *p = q->p;
    struct item item = {.due = due, .release = INT32_MAX, .tail = INT32_MAX};
    for (int32_t pass = 0; pass < 2; pass++)
        for (int32_t k = p->due_offset[due]; k < p->due_offset[due + 1]; k++)
            for (int32_t j = p->due_job[k], t = p->job_offset[j]; t < p->job_offset[j + 1]; t++) {
                int32_t task = p->job_task[t];
                if (group_of(q, task) != group || (q->layer[task] == layer && pass == 1))
                    continue;
                if (q->layer[task] == layer)
                    return;
                if (pass == 0)
                    continue;
                q->layer[task] = layer;
                item.time += q->facts->time[task];
                item.release = q->facts->head[task] < item.release ? q->facts->head[task] : item.release;
                item.tail = q->facts->tail[task] < item.tail ? q->facts->tail[task] : item.tail;
            }
    if (item.release == INT32_MAX)
        return;
    q->due_layer[due] = layer;
    q->item[q->items++] = item;
}

static int compare_releases(const void *a, const void *b) {
    const struct item *x = a, *y = b;
    return (x->release > y->release) - (x->release < y->release);
}

struct dated {
    int64_t due;
    int32_t item;
};

static int compare_dates(const void *a, const void *b) {
    const struct dated *x = a, *y = b;
    return (x->due > y->due) - (x->due < y->due);
}

static int64_t date_of(const struct queue *q, const struct item *item) {
    return (int64_t)q->p->due[item->due] - item->tail;
}

static void sort_items(struct queue *q) {
    struct dated *row = takt_alloc((size_t)q->items * sizeof *row);
    if (q->items > 0)
        qsort(q->item, (size_t)q->items, sizeof *q->item, compare_releases);
    q->with_due = 0;
    for (int32_t k = 0; k < q->items; k++)
        if (q->p->due[q->item[k].due] != PROBLEM_NONE)
            row[q->with_due++] = (struct dated){date_of(q, &q->item[k]), k};
    if (q->with_due > 0)
        qsort(row, (size_t)q->with_due, sizeof *row, compare_dates);
    for (int32_t k = 0; k < q->with_due; k++)
        q->by_due[k] = row[k].item;
    free(row);
}

static void heap_down(int64_t *heap, int32_t count) {
    int64_t top = heap[0];
    int32_t at = 0;
    for (int32_t child; (child = 2 * at + 1) < count; at = child) {
        child += child + 1 < count && heap[child + 1] < heap[child];
        if (heap[child] >= top)
            break;
        heap[at] = heap[child];
    }
    heap[at] = top;
}

static void heap_add(int64_t *heap, int32_t count, int64_t left) {
    int32_t at = count;
    for (; at > 0 && heap[(at - 1) / 2] > left; at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = left;
}

/* Ends, in parts of a tick of which `lines` make one, of items with a weight of `level` and more. */
static void shortest_first(struct queue *q, int32_t level, int32_t lines) {
    int32_t waiting = 0, ended = 0;
    int64_t now = INT64_MIN;
    for (int32_t k = 0; k <= q->items; k++) {
        bool last = k == q->items;
        if (!last && q->p->weight[q->item[k].due] < level)
            continue;
        int64_t next = last ? INT64_MAX : (int64_t)q->item[k].release * lines;
        while (waiting > 0 && (last || q->heap[0] <= next - now)) {
            now += q->heap[0];
            q->end[ended++] = now;
            q->heap[0] = q->heap[--waiting];
            heap_down(q->heap, waiting);
        }
        if (last)
            break;
        if (waiting > 0)
            q->heap[0] -= next - now;
        now = next;
        heap_add(q->heap, waiting++, q->item[k].time);
    }
}

static int64_t at_least_0(int64_t x) {
    return x > 0 ? x : 0;
}

/* What items of a weight of `level` and more cost beyond what they cost alone, a unit of weight each. */
static int64_t level_bound(struct queue *q, int32_t level, int32_t lines) {
    const struct problem *p = q->p;
    int32_t dated = 0, flowing = 0;
    int64_t late = 0, late_alone = 0, flow = 0, flow_alone = 0;
    shortest_first(q, level, lines);
    for (int32_t k = 0; k < q->with_due; k++) {
        const struct item *item = &q->item[q->by_due[k]];
        if (p->weight[item->due] < level)
            continue;
        late += at_least_0(q->end[dated++] - date_of(q, item) * lines);
        late_alone += at_least_0((int64_t)q->facts->done[item->due] - p->due[item->due]);
    }
    for (int32_t k = 0; k < q->items; k++) {
        const struct item *item = &q->item[k];
        if (p->weight[item->due] < level || p->placed[item->due] == PROBLEM_NONE)
            continue;
        flow += q->end[flowing++] + (int64_t)item->tail * lines;
        flow_alone += q->facts->done[item->due];
    }
    return p->objective.tardiness * at_least_0(late / lines - late_alone) +
           p->objective.flow * at_least_0((flow - flow_alone * lines) / lines);
}

static int compare_weights(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static int64_t layer_bound(struct queue *q, int32_t lines) {
    int32_t *weight = takt_alloc((size_t)q->items * sizeof *weight), distinct = 0, below = 0;
    int64_t sum = 0;
    sort_items(q);
    for (int32_t k = 0; k < q->items; k++)
        weight[k] = q->p->weight[q->item[k].due];
    if (q->items > 0)
        qsort(weight, (size_t)q->items, sizeof *weight, compare_weights);
    for (int32_t k = 0; k < q->items; k++)
        if (distinct == 0 || weight[k] > weight[distinct - 1])
            weight[distinct++] = weight[k];
    int32_t levels = distinct < LEVELS_MAX ? distinct : LEVELS_MAX;
    for (int32_t l = 0; l < levels; l++) {
        int32_t level = weight[(int64_t)l * distinct / levels];
        sum += (level - below) * level_bound(q, level, lines);
        below = level;
    }
    free(weight);
    return sum;
}

static int64_t group_bound(struct queue *q, int32_t group, int32_t lines) {
    const struct problem *p = q->p;
    int64_t sum = 0;
    memset(q->due_layer, -1, (size_t)p->dues * sizeof *q->due_layer);
    memset(q->layer, -1, (size_t)p->tasks * sizeof *q->layer);
    for (int32_t layer = 0; layer < LAYERS_MAX; layer++) {
        q->items = 0;
        for (int32_t d = 0; d < p->dues; d++)
            if (q->due_layer[d] < 0 && p->weight[d] > 0)
                add_item(q, group, layer, d);
        sum += layer_bound(q, lines);
    }
    return sum;
}

/* The highest bound of the groups whose lines have most to do. */
static int64_t best_group(struct queue *q) {
    const struct problem *p = q->p;
    int64_t *work = takt_alloc((size_t)p->lines * sizeof *work), best = 0;
    int32_t *lines = takt_alloc((size_t)p->lines * sizeof *lines);
    for (int32_t l = 0; l < p->lines; l++)
        if (q->group[l] >= 0)
            lines[q->group[l]]++;
    for (int32_t i = 0; i < p->tasks; i++)
        if (group_of(q, i) >= 0)
            work[group_of(q, i)] += q->facts->time[i];
    for (int32_t n = 0; n < GROUPS_MAX; n++) {
        int32_t most = -1;
        for (int32_t l = 0; l < p->lines; l++)
            if (work[l] > 0 && (most < 0 || work[l] / lines[l] > work[most] / lines[most]))
                most = l;
        if (most < 0)
            break;
        int64_t own = group_bound(q, most, lines[most]);
        best = own > best ? own : best;
        work[most] = 0;
    }
    free(work);
    free(lines);
    return best;
}

int64_t queue_bound(const struct problem *p, const struct queue_facts *facts) {
    size_t dues = (size_t)p->dues;
    if (p->objective.tardiness == 0 && p->objective.flow == 0)
        return 0;
    struct queue q = {
        .p = p,
        .facts = facts,
        .group = takt_alloc((size_t)p->lines * sizeof *q.group),
        .layer = takt_alloc((size_t)p->tasks * sizeof *q.layer),
        .due_layer = takt_alloc(dues * sizeof *q.due_layer),
        .item = takt_alloc(dues * sizeof *q.item),
        .by_due = takt_alloc(dues * sizeof *q.by_due),
        .heap = takt_alloc(dues * sizeof *q.heap),
        .end = takt_alloc(dues * sizeof *q.end),
    };
    find_groups(&q);
    int64_t best = best_group(&q);
    void *all[] = {q.group, q.layer, q.due_layer, q.item, q.by_due, q.heap, q.end};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        free(all[k]);
    return best;
}
