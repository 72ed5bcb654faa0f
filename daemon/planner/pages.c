/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/planner/pages.h"

#include <string.h>

#define FEED(name, field)                                                                                               \
    static void feed_##name(struct planner *p, const struct store_load *l) {                                            \
        for (size_t i = 0; i < l->ret_count; i++)                                                                       \
            planner_load_##name(p, &l->ret.field[i]);                                                                   \
    }
FEED(order, orders)
FEED(lot, lots)
FEED(slice, slices)
FEED(task, tasks)
FEED(stock, stock)
FEED(receipt, receipts)
FEED(down, downs)
FEED(setup, setups)
FEED(surplus, surplus)
#undef FEED

static void feed_meta(struct planner *p, const struct store_load *l) {
    planner_load_meta(p, &l->ret_meta);
}

static const struct {
    enum load_kind kind;
    bool paged;
    void (*feed)(struct planner *p, const struct store_load *l);
} kinds[] = {
    {LOAD_META, false, feed_meta},       {LOAD_ORDERS, true, feed_order},     {LOAD_LOTS, true, feed_lot},
    {LOAD_SLICES, true, feed_slice},     {LOAD_TASKS, true, feed_task},       {LOAD_STOCK, false, feed_stock},
    {LOAD_RECEIPTS, false, feed_receipt}, {LOAD_DOWNS, false, feed_down},     {LOAD_SETUPS, false, feed_setup},
    {LOAD_SURPLUS, false, feed_surplus},
};

static void ask_first(struct pages *g, struct arena *arena) {
    g->page = (struct store_load){.head = {.op = STORE_LOAD, .arena = arena},
                                  .kind = kinds[g->kind].kind,
                                  .first = true,
                                  .limit = PLANNER_PAGE};
}

void pages_begin(struct pages *g, struct arena *arena) {
    g->kind = 0;
    arena_clear(arena);
    ask_first(g, arena);
}

bool pages_take(struct pages *g, struct planner *p) {
    struct arena *arena = g->page.head.arena;
    bool more = kinds[g->kind].paged && g->page.ret_count == g->page.limit;
    kinds[g->kind].feed(p, &g->page);
    arena_clear(arena);
    if (more) {
        g->page.first = false;
        memcpy(g->page.after, g->page.ret_after, sizeof g->page.after);
        return true;
    }
    if (++g->kind == sizeof kinds / sizeof kinds[0])
        return false;
    ask_first(g, arena);
    return true;
}
