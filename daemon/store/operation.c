/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/operation.h"

#include <string.h>

void operation_place(const struct tables *t, struct store_place *ret) {
    const struct store_state *s = &t->state;
    *ret = (struct store_place){.generation = (uint64_t)s->generation,
                                .change = (uint64_t)s->change,
                                .cursor = (uint64_t)s->cursor,
                                .shipment = (uint64_t)s->last_shipment,
                                .audit = (uint64_t)s->audit};
    audit_head(s, ret->audit_hash);
}

static int run_claim(struct tables *t, struct store_request *r) {
    struct store_claim *q = (struct store_claim *)r;
    q->ret_epoch = (uint64_t)++t->state.epoch;
    t->state.beats++;
    struct process_row row = {.process = STORE_PLANNER, .epoch = q->ret_epoch, .address = q->address ? q->address : "",
                              .creators = ""};
    return t->ops->process_put(t, &row);
}

static int run_beats(struct tables *t, struct store_request *r) {
    struct store_beat *q = (struct store_beat *)r;
    q->ret_epoch = (uint64_t)t->state.epoch;
    q->ret_beats = (uint64_t)t->state.beats;
    q->ret_address = "";
    if (r->arena == NULL)
        return 0;
    struct process_row *rows;
    size_t count;
    int code = t->ops->processes_all(t, r->arena, &rows, &count);
    for (size_t i = 0; code == 0 && i < count; i++)
        if (rows[i].epoch == q->ret_epoch && rows[i].epoch != 0)
            q->ret_address = rows[i].address;
    return code;
}

static int run_beat(struct tables *t, struct store_request *r) {
    const struct store_beat *q = (const struct store_beat *)r;
    if (q->epoch != (uint64_t)t->state.epoch)
        return takt_fail(&r->err, TAKT_EFENCED, "another planner has taken over: its epoch is %lld, this one's %llu",
                         (long long)t->state.epoch, (unsigned long long)q->epoch);
    t->state.beats = q->ends ? 0 : t->state.beats + 1;
    return run_beats(t, r);
}

static int run_present(struct tables *t, struct store_request *r) {
    struct store_present *q = (struct store_present *)r;
    struct process_row row = {.process = q->process, .address = "", .creators = q->creators, .gone = q->ends}, *rows;
    size_t count;
    int code = t->ops->processes_all(t, t->scratch, &rows, &count);
    for (size_t i = 0; code == 0 && i < count; i++)
        if (strcmp(rows[i].process, q->process) == 0)
            row.beats = rows[i].beats;
    row.beats++;
    if (code == 0)
        code = t->ops->process_put(t, &row);
    for (size_t i = 0; code == 0 && i < q->gone_count; i++) {
        struct process_row gone = {.process = q->gone[i], .address = "", .creators = "", .gone = true};
        code = t->ops->process_put(t, &gone);
    }
    q->ret_planned = t->state.beats > 0;
    return code < 0 ? code : t->ops->processes_all(t, r->arena, &q->ret_processes, &q->ret_count);
}

static int run_where(struct tables *t, struct store_request *r) {
    operation_place(t, &((struct store_where *)r)->ret_place);
    return 0;
}

static int run_clock(struct tables *t, struct store_request *r) {
    struct store_clock *q = (struct store_clock *)r;
    struct store_state *s = &t->state;
    if (q->set) {
        s->plant_s = q->plant_s;
        s->wall_ms = q->wall_ms;
        s->speed_milli = q->speed_milli;
        s->clock_set = 1;
        return 0;
    }
    q->plant_s = s->clock_set ? s->plant_s : TAKT_TIME_NONE;
    q->wall_ms = s->wall_ms;
    q->speed_milli = s->speed_milli;
    return 0;
}

static const struct {
    int (*run)(struct tables *t, struct store_request *r);
    bool writes;
} operations[] = {
    [STORE_CLAIM] = {run_claim, true},
    [STORE_BEAT] = {run_beat, true},
    [STORE_BEATS] = {run_beats, false},
    [STORE_PRESENT] = {run_present, true},
    [STORE_CLOCK] = {run_clock, true},
    [STORE_WHERE] = {run_where, false},
    [STORE_ADOPT] = {operation_adopt, true},
    [STORE_CONFIGURE] = {operation_configure, true},
    [STORE_ERASE] = {operation_erase, true},
    [STORE_ERASURES] = {operation_erasures, false},
    [STORE_ACCEPT] = {operation_accept, true},
    [STORE_AMEND] = {operation_amend, true},
    [STORE_CANCEL] = {operation_cancel, true},
    [STORE_PUBLISH] = {operation_publish, true},
    [STORE_SHIPMENT] = {operation_shipment, true},
    [STORE_LOAD] = {operation_load, false},
    [STORE_FOLLOW] = {operation_follow, false},
    [STORE_CHANGES] = {operation_changes, false},
    [STORE_EVENTS] = {operation_events, false},
    [STORE_ORDER] = {operation_order, false},
    [STORE_ORDERS] = {operation_orders, false},
    [STORE_SHIPMENTS] = {operation_shipments, false},
    [STORE_BODIES] = {operation_bodies, false},
    [STORE_REPORTED] = {operation_reported, false},
    [STORE_STATS] = {operation_stats, false},
};

static bool known(enum store_op op) {
    return (size_t)op < sizeof operations / sizeof operations[0];
}

bool operation_writes(enum store_op op) {
    return known(op) && operations[op].writes;
}

int operation_run(struct tables *t, struct store_request *r) {
    if (!known(r->op))
        return takt_fail(&r->err, TAKT_EINVAL, "the store knows no operation %d", (int)r->op);
    arena_clear(t->scratch);
    return operations[r->op].run(t, r);
}
