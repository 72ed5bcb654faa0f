/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The inside of a critical graph, shared by its parts: making one (critical_new.c), times and moves (critical.c), and
 * estimates (critical_estimate.c). */

#include "schedulers/critical.h"

#define CRITICAL_NEVER (-(INT32_C(1) << 29)) /* a rest that leads nowhere; ways are shorter, see critical_knows */

struct critical_work {
    struct arena *arena;
    int32_t *mark, epoch; /* by task: of the shift that moves it */
    int32_t *scratch;     /* two lists of tasks */
    /* what the last try has changed: the task's place, a part of the list, the cost, and ends behind it */
    struct critical_move back;
    int32_t from, to, *part, *old_end, *old_done;
    int64_t cost;
    int32_t *chain, *chain_end, *chain_rest, *most;
};

/* Four ends at once: the same whole numbers whatever the machine makes of them. */
typedef int32_t critical_four __attribute__((vector_size(16), aligned(4), may_alias));

static inline critical_four critical_larger(critical_four a, critical_four b) {
    critical_four first = a > b;
    return (a & first) | (b & ~first);
}

void critical_sweep(struct critical *c, int32_t from, int32_t to);
void critical_count(struct critical *c);

static inline int32_t critical_change(const struct critical *c, int32_t line, int32_t from, int32_t to) {
    if (!c->changes || to >= c->tasks)
        return 0;
    return changeover(c->p, line, from < c->tasks ? c->p->family[from] : c->p->line_initial[line], c->p->family[to]);
}
