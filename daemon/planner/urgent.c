/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/urgent.h"

#include "daemon/planner/lot_time.h"
#include "daemon/planner/stake.h"
#include "daemon/planner/state.h"
#include "schedulers/solver.h"

/* Of all orders that wait for lots, on average. */
static int64_t usual_weight(const struct planner *p) {
    int64_t weight = 0, orders = 0;
    for (size_t i = 0; i < p->dues.count; i++) {
        weight += p->dues.list[i]->weight;
        orders += p->dues.list[i]->orders;
    }
    return orders == 0 ? 0 : weight / orders;
}

static bool is_urgent(const struct planner *p, const struct lot *lot, int64_t usual) {
    if (lot->job < 0 || lot->state != LOT_OPEN || lot->ready_s != TAKT_TIME_NEVER)
        return false;
    for (const struct slice *s = lot->slices; s != NULL; s = s->lot_next)
        if (order_weight(p, s->order) > usual)
            return true;
    return false;
}

/* Where the tasks of urgent lots would be if each began as early as it may. False: there are none. */
static bool put_first(const struct planner *p, const struct plan_model *m, const struct schedule *s,
                      struct schedule *first, int64_t now_s) {
    int64_t usual = usual_weight(p), at_s = now_s;
    bool any = false;
    for (int32_t i = 0; i < m->task_count; i++) {
        const struct lot *lot = lot_find(&p->lots, m->tasks[i].lot);
        if (!is_urgent(p, lot, usual))
            continue;
        if (m->tasks[i].op == 0)
            at_s = lot_release(p, lot, now_s);
        int64_t time_s = task_time(p, lot, m->tasks[i].op, s->line[i]);
        first->line[i] = s->line[i];
        first->start[i] = (int32_t)(at_s - m->origin_s);
        first->end[i] = (int32_t)(at_s + time_s - m->origin_s);
        at_s += time_s;
        any = true;
    }
    return any;
}

static int64_t cost_but_moves(const struct plan_model *m, const struct schedule *s) {
    struct figures f;
    schedule_evaluate(m->problem, s, &f);
    return f.objective - m->move_cost * f.moves;
}

void urgent_first(struct planner *p, const struct plan_model *m, const struct schedule *start, struct schedule **s,
                  int64_t now_s) {
    struct schedule *first = schedule_copy(start), *other = NULL;
    if (put_first(p, m, *s, first, now_s) && solve_repair(m->problem, first, &other, NULL) == 0) {
        int64_t broken = stake_of(p, m, *s, now_s).broken;
        if (stake_of(p, m, other, now_s).broken <= broken && cost_but_moves(m, other) < cost_but_moves(m, *s)) {
            struct schedule *behind = *s;
            *s = other;
            other = behind;
        }
    }
    schedule_free(other);
    schedule_free(first);
}
