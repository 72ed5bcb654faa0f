/* SPDX-License-Identifier: Apache-2.0 */

/* The start: a table of kinds of rows and what each is handed to, read page by page. Pages are asked for by mail like anything
 * else; between asking and having, the actor turns, so that a million orders do not look like a hang.
 *
 * Between two pages others write: parcels are shipped, orders come and are cancelled. So what belongs together comes in one row, as an
 * order and whether it is in a parcel, and the changes since the first page are handed in before anything is published. */

#include "daemon/planner/planner_inner.h"

#include "daemon/operate/log.h"

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

/* One turn of waiting; true: the page is there. */
static bool page_came(struct planner_actor *a, const struct store_request *page) {
    struct mail mail;
    actor_wait(a->port, BUS_TURN_MS_MAX);
    while (bus_receive(a->port, &mail)) {
        switch (mail.kind) {
        case MAIL_STORE_DONE:
            if (mail.body == page)
                return true;
            break;
        case MAIL_ASK:
            refuse(&((struct ask *)mail.body)->refusal, REFUSAL_BUSY, "", "the plan is being loaded");
            planner_answer(a, mail.from, mail.body);
            break;
        case MAIL_PLANT:
            plant_unref(mail.body); /* main reloads only once everybody is ready */
            break;
        case MAIL_STOP:
            a->stopping = true;
            break;
        default:
            break;
        }
    }
    return false;
}

static bool load_page(struct planner_actor *a, struct store_request *page) {
    while (bus_send(a->port, ACTOR_STORE, MAIL_STORE, page) != 0)
        actor_wait(a->port, 10);
    while (!page_came(a, page)) {
    }
    if (page->code == 0)
        return !a->stopping;
    planner_fail(a, &page->err);
    return false;
}

static bool load_kind(struct planner_actor *a, size_t which, struct arena *arena) {
    struct store_load page = {.head = {.op = STORE_LOAD, .arena = arena},
                              .kind = kinds[which].kind,
                              .first = true,
                              .limit = PLANNER_PAGE};
    for (;;) {
        arena_clear(arena);
        if (!load_page(a, &page.head))
            return false;
        kinds[which].feed(a->planner, &page);
        if (!kinds[which].paged || page.ret_count < page.limit)
            return true;
        page.first = false;
        for (size_t i = 0; i < sizeof page.after / sizeof page.after[0]; i++)
            page.after[i] = page.ret_after[i];
    }
}

bool planner_load(struct planner_actor *a) {
    struct arena *arena = arena_new();
    bool good = true;
    for (size_t i = 0; good && i < sizeof kinds / sizeof kinds[0]; i++)
        good = load_kind(a, i, arena);
    arena_free(arena);
    struct takt_error err = {0};
    if (good && planner_loaded(a->planner, clock_plant_s(a->config->clock), &err) != 0) {
        planner_fail(a, &err);
        good = false;
    }
    return good;
}
