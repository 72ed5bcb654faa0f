/* SPDX-License-Identifier: Apache-2.0 */

/* The start. Pages (pages.h) are asked for by mail like anything else; between asking and having, the actor turns, so that a million
 * orders do not look like a hang. One that has waited its turn has all rows already (standby.h). */

#include "daemon/planner/planner_inner.h"

#include "daemon/operate/log.h"
#include "daemon/planner/pages.h"

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
            plant_unref(mail.body); /* it comes with the reload */
            break;
        case MAIL_RELOAD: /* while everything is read anew */
            planner_hold(a, &mail);
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

static bool load_pages(struct planner_actor *a) {
    struct arena *arena = arena_new();
    struct pages pages;
    bool good;
    pages_begin(&pages, arena);
    do
        good = load_page(a, &pages.page.head);
    while (good && pages_take(&pages, a->planner));
    arena_free(arena);
    return good;
}

bool planner_load(struct planner_actor *a, bool has_rows) {
    struct takt_error err = {0};
    if (!has_rows && !load_pages(a))
        return false;
    if (planner_loaded(a->planner, clock_plant_s(a->config->clock), &err) == 0)
        return true;
    planner_fail(a, &err);
    return false;
}
