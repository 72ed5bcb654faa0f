/* SPDX-License-Identifier: Apache-2.0 */

/* A turn of the actor:
 *
 *   1 wait     for mail, a timer of the plan, or a pause that ends
 *   2 mail     asks are answered; what changes the planner's state is held while a publication is under way
 *   3 changes  what came from the store is handed in; more is asked for when due
 *   4 plan     one turn of the planner, once no more changes are known to wait
 *   5 publish  what differs from the store
 *   6 search   a job for the solver, when there is none
 *
 * 3 to 5 rest while a publication is under way.
 *
 * A turn takes 256 changes, so that its publication is short: whoever sends an order waits for it. Where turns or the store take
 * long it takes more, 8 for each millisecond that the last turn took until its publication was written; and after each 128 turns in a
 * row that were full twice as many as before, up to eight times, so that the planner catches up however fast orders are accepted.
 *
 * A publication that the store refuses since changes were not seen (TAKT_ESTALE) needs all of them: with a part of them the next
 * one would be refused as well, and where the next cancellation comes before the last one is reached, all would be for ever.
 *
 *   READ_SOME ── refused ──→ READ_ALL ── a page asked for since was not full ──→ READ_DONE ── published ──→ READ_SOME
 *                               ↑                                                    │
 *                               └───────────────────── refused ──────────────────────┘
 *
 * While all are read no turn is made, however many there are, and then it is made at once, whatever has come since. */

#include "daemon/planner/planner_inner.h"

#include "daemon/operate/log.h"
#include "daemon/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAIL_PER_TURN_MAX = 2000,
    TAIL_EVERY_MS = 5000,   /* so often the store is asked for changes of which nobody has told */
    TAIL_ALONE_MS = 30000,  /* likewise, where no other process works with the store */
    TAIL_RETRY_MS = 1000,   /* so soon, if it failed */
    ESTIMATE_EVERY_MS = 1000,
    THICK_MS_MAX = 300,     /* so long changes may keep coming before a turn is made anyway */
    TURN_CHANGES = 256,     /* and so many, or more: */
    TURN_CHANGES_MAX = 5 * PLANNER_PAGE, /* a publication has to be written before others take the plant for idle */
    TURN_CHANGES_PER_MS = 8,
    TURN_FULL_MANY = 128, TURN_DOUBLED_MOST = 3,
    STOP_PUBLISH_MS = 2000  /* so long the last publication may take at the end */
};

void planner_fail(struct planner_actor *a, const struct takt_error *err) {
    if (!a->failed)
        actor_fail(a->port, err);
    a->failed = true;
}

void planner_answer(struct planner_actor *a, enum actor to, struct ask *ask) {
    while (bus_send(a->port, to, MAIL_ANSWER, ask) != 0)
        actor_wait(a->port, 10); /* an asker bounds its asks, so this is for a moment */
}

static void refuse_ask(struct planner_actor *a, enum actor to, struct ask *ask) {
    refuse(&ask->refusal, REFUSAL_BUSY, "", "the daemon is ending");
    planner_answer(a, to, ask);
}

/* ---- 2: mail ---- */

void planner_hold(struct planner_actor *a, const struct mail *mail) {
    ARRAY_GROW(a->held, a->held_count, a->held_cap);
    a->held[a->held_count++] = *mail;
}

static void take_report(struct planner_actor *a, enum actor from, struct ask *ask) {
    if (!planner_report(a->planner, clock_plant_s(a->config->clock), ask->u.report.report, &ask->refusal)) {
        planner_answer(a, from, ask);
        return;
    }
    ARRAY_GROW(a->waiting, a->waiting_count, a->waiting_cap);
    a->waiting[a->waiting_count++] = ask;
    a->collect_due = true;
}

static void take_plant(struct planner_actor *a, struct reload *reload) {
    int64_t now_s = clock_plant_s(a->config->clock);
    reload->code = planner_reload(a->planner, reload->plant, now_s, &reload->err);
    reload->at_s = now_s;
    if (reload->code == 0) {
        plant_unref(a->plant);
        a->plant = plant_ref(reload->plant);
        a->collect_due = true;
    }
    while (bus_send(a->port, ACTOR_MAIN, MAIL_RELOADED, reload) != 0)
        actor_wait(a->port, 10);
}

static void take_searched(struct planner_actor *a, struct search_job *job) {
    a->searching = false;
    if (job->code < 0 && job->code != TAKT_ETIMEOUT && !a->stopping)
        log_warning("planner", "a search found no plan (%s), ignoring", job->err.text);
    planner_searched(a->planner, job, clock_plant_s(a->config->clock), NULL);
    a->collect_due = true;
    a->search_due = true;
}

/* What must not reach the planner while a publication is under way. */
static void take_held(struct planner_actor *a, const struct mail *mail) {
    if (mail->kind == MAIL_SOLVED)
        take_searched(a, mail->body);
    else if (mail->kind == MAIL_RELOAD)
        take_plant(a, mail->body);
    else
        take_report(a, mail->from, mail->body);
}

static void take_ask(struct planner_actor *a, const struct mail *mail) {
    struct ask *ask = mail->body;
    if (a->stopping) {
        refuse_ask(a, mail->from, ask);
    } else if (ask->kind == ASK_REPORT) {
        planner_hold(a, mail);
    } else {
        planner_ask(a->planner, clock_plant_s(a->config->clock), ask);
        if (ask->kind == ASK_STATUS && a->refused > 0)
            ask->u.status.trouble = arena_strdup(ask->arena, a->refusal);
        planner_answer(a, mail->from, ask);
    }
}

static void take_done(struct planner_actor *a, const struct store_request *r, int64_t now_ms) {
    if (r == &a->changes.head) {
        a->changes_asked = false;
        a->changes_came = true;
    } else if (a->lookup && r == &a->lookup->head) {
        planner_publish_looked_up(a, now_ms);
    } else {
        planner_publish_done(a, now_ms);
    }
}

static void take_mail(struct planner_actor *a, int64_t now_ms) {
    struct mail mail;
    for (int i = 0; i < MAIL_PER_TURN_MAX && bus_receive(a->port, &mail); i++) {
        switch (mail.kind) {
        case MAIL_WAKE:
            a->changes_due = true;
            break;
        case MAIL_STORE_DONE:
            take_done(a, mail.body, now_ms);
            break;
        case MAIL_ASK:
            take_ask(a, &mail);
            break;
        case MAIL_SOLVED:
        case MAIL_RELOAD:
            planner_hold(a, &mail);
            break;
        case MAIL_PLANT:
            plant_unref(mail.body); /* it came with the reload */
            break;
        case MAIL_STOP:
            a->stopping = true;
            break;
        default:
            break;
        }
    }
}

static void take_all_held(struct planner_actor *a) {
    for (size_t i = 0; i < a->held_count; i++)
        take_held(a, &a->held[i]);
    a->held_count = 0;
}

/* ---- 3: changes ---- */

static int64_t tail_every_ms(const struct planner_actor *a) {
    return a->config->shared ? TAIL_EVERY_MS : TAIL_ALONE_MS;
}

static void ask_changes(struct planner_actor *a, int64_t now_ms) {
    arena_clear(a->changes.head.arena);
    a->changes.after = planner_seen(a->planner);
    size_t left = a->turn_changes - a->thick_count;
    a->asked_all = a->reading == READ_ALL;
    a->changes.limit = a->asked_all || left > PLANNER_PAGE ? PLANNER_PAGE : left;
    a->changes_asked = bus_send(a->port, ACTOR_STORE, MAIL_STORE, &a->changes.head) == 0;
    a->changes_asked_ms = now_ms;
    a->changes_due = !a->changes_asked;
}

static void take_changes(struct planner_actor *a, int64_t now_ms) {
    a->changes_came = false;
    if (a->changes.head.code != 0) { /* the store's actor has said why */
        a->changes_asked_ms = now_ms - tail_every_ms(a) + TAIL_RETRY_MS;
        return;
    }
    for (size_t i = 0; i < a->changes.ret_count; i++)
        planner_change(a->planner, &a->changes.ret_changes[i]);
    if (a->asked_all && a->reading == READ_ALL && a->changes.ret_count < a->changes.limit)
        a->reading = READ_DONE;
    if (a->changes.ret_count == 0)
        return;
    bus_wake(a->port, ACTOR_MAIN);
    a->collect_due = true;
    a->changes_due |= a->changes.ret_count == a->changes.limit;
    if (a->thick_since_ms == 0)
        a->thick_since_ms = now_ms;
    a->thick_count += a->changes.ret_count;
}

/* ---- 4 to 6 ---- */

static bool has_enough(const struct planner_actor *a) {
    return a->reading != READ_ALL && a->thick_count >= a->turn_changes;
}

/* While the store fails to take the plan nothing new is read, or the plan would grow with each try. */
static bool changes_due(const struct planner_actor *a, int64_t now_ms) {
    return !a->store_fails && !has_enough(a) && (a->changes_due || now_ms - a->changes_asked_ms >= tail_every_ms(a));
}

static bool changes_wait(const struct planner_actor *a, int64_t now_ms) {
    bool more = (a->changes_due && !a->store_fails) || a->changes_asked;
    if (!more || a->reading != READ_SOME)
        return more && a->reading == READ_ALL;
    return a->thick_since_ms == 0 || (now_ms - a->thick_since_ms < THICK_MS_MAX && !has_enough(a));
}

void planner_keeps_up(struct planner_actor *a, int64_t now_ms) {
    int64_t until_ms = now_ms > a->turn_after_ms ? now_ms : a->turn_after_ms, took_ms = until_ms - a->turn_began_ms;
    if (a->turn_began_ms == 0)
        return;
    a->turn_began_ms = 0;
    unsigned doubled = a->full_turns / TURN_FULL_MANY < TURN_DOUBLED_MOST ? a->full_turns / TURN_FULL_MANY : TURN_DOUBLED_MOST;
    int64_t changes = took_ms * TURN_CHANGES_PER_MS > TURN_CHANGES ? took_ms * TURN_CHANGES_PER_MS : TURN_CHANGES;
    changes = changes < TURN_CHANGES_MAX ? changes << doubled : TURN_CHANGES_MAX;
    a->turn_changes = (size_t)(changes < TURN_CHANGES_MAX ? changes : TURN_CHANGES_MAX);
}

/* Once when it comes, and once when it has gone. */
static void tell_trouble(struct planner_actor *a) {
    const char *trouble = planner_trouble(a->planner);
    if (strcmp(trouble, a->trouble) == 0)
        return;
    if (trouble[0] != '\0')
        log_write(LOG_LEVEL_ERR, "planner", LOG_MESSAGE_NO_PLAN, NULL, "there is no plan: %s", trouble);
    else
        log_write(LOG_LEVEL_NOTICE, "planner", LOG_MESSAGE_PLAN_AGAIN, NULL, "there is a plan again");
    snprintf(a->trouble, sizeof a->trouble, "%s", trouble);
}

static void plan(struct planner_actor *a, int64_t now_ms) {
    int64_t now_s = clock_plant_s(a->config->clock);
    a->full_turns = a->thick_count >= a->turn_changes ? a->full_turns + 1 : 0;
    a->thick_since_ms = 0;
    a->thick_count = 0;
    if (!planner_wants_turn(a->planner) && planner_next_s(a->planner) > now_s)
        return;
    a->turn_began_ms = now_ms;
    planner_turn(a->planner, now_s);
    tell_trouble(a);
    bus_wake(a->port, ACTOR_MAIN);
    a->collect_due = true;
    int64_t end_ms = clock_mono_ms();
    a->turn_after_ms = end_ms + (end_ms - now_ms);
}

static void send_estimate(struct planner_actor *a, int64_t now_ms) {
    a->estimate_due = false;
    a->estimate_after_ms = now_ms + ESTIMATE_EVERY_MS;
    const struct {
        enum actor who;
        bool wants;
    } receivers[] = {{ACTOR_INTAKE, !a->config->intakeless}, {ACTOR_OPERATE, a->plant->listen.planner != NULL}};
    for (size_t i = 0; i < sizeof receivers / sizeof receivers[0]; i++) {
        struct estimate *e = receivers[i].wants ? planner_estimate(a->planner, clock_plant_s(a->config->clock)) : NULL;
        if (e && bus_send(a->port, receivers[i].who, MAIL_ESTIMATE, e) != 0)
            estimate_free(e);
    }
}

static void search(struct planner_actor *a) {
    struct search_job *job = planner_search(a->planner, clock_plant_s(a->config->clock));
    a->search_due = false;
    if (!job)
        return;
    a->searching = bus_send(a->port, ACTOR_SOLVER, MAIL_SOLVE, job) == 0;
    if (a->searching)
        return;
    job->code = TAKT_EBUSY; /* the solver has ended, as it does before the planner: the plan stays as it is */
    planner_searched(a->planner, job, clock_plant_s(a->config->clock), NULL);
    a->collect_due = true;
}

/* ---- anew ---- */

/* The planner's memory and the store contradict each other. What is in memory alone are reports: they go back to whoever sent
 * them and are repeated; all else is read again. */
static void start_anew(struct planner_actor *a) {
    struct planner_config config = {.plant = a->plant, .seed = a->config->epoch};
    a->anew_due = a->changes_came = false;
    for (size_t i = 0; i < a->waiting_count; i++) {
        refuse(&a->waiting[i]->refusal, REFUSAL_BUSY, "", "the plan is read again from the store");
        planner_answer(a, ACTOR_OPERATE, a->waiting[i]);
    }
    a->waiting_count = a->waiting_published = a->thick_count = 0;
    a->owes = false;
    a->reading = READ_SOME;
    planner_free(a->planner);
    a->planner = planner_new(&config, a->config->epoch);
    a->collect_due = a->changes_due = planner_load(a, false);
    a->publish_after_ms = 0;
}

/* What was searched is of a plan that is no more. */
static void drop_searched(struct planner_actor *a) {
    size_t kept = 0;
    for (size_t i = 0; i < a->held_count; i++) {
        if (a->held[i].kind != MAIL_SOLVED) {
            a->held[kept++] = a->held[i];
            continue;
        }
        search_job_free(a->held[i].body);
        a->searching = false;
    }
    a->held_count = kept;
}

/* What is under way comes back first. */
static bool anew(struct planner_actor *a) {
    if (!a->anew_due || a->stopping)
        return false;
    drop_searched(a);
    if (!a->changes_asked && !a->searching && !a->publishing)
        start_anew(a);
    return true;
}

/* ---- the turn ---- */

/* At the end nothing new is begun but what somebody waits for, and that not for ever: in a plant where something happens all the
 * time there would always be one more thing to plan. */
static bool may_begin(const struct planner_actor *a, int64_t now_ms) {
    return !a->stopping || (a->waiting_count > 0 && now_ms < a->stop_by_ms);
}

static int64_t wait_ms(const struct planner_actor *a, int64_t now_ms) {
    if (a->publishing) {
        bool asks = changes_due(a, now_ms) && !a->changes_asked && !a->changes_came && may_begin(a, now_ms);
        return asks ? 1 : a->publish_sent ? BUS_TURN_MS_MAX : 10;
    }
    if (a->anew_due && !a->stopping)
        return a->changes_asked || a->searching ? BUS_TURN_MS_MAX : 0;
    if (a->held_count == 0 && !a->changes_came && !may_begin(a, now_ms))
        return BUS_TURN_MS_MAX;
    if (a->held_count > 0 || a->changes_came)
        return 0;
    if (changes_wait(a, now_ms)) {
        bool bounded = a->thick_since_ms != 0 && a->reading == READ_SOME;
        int64_t thick_ms = bounded ? a->thick_since_ms + THICK_MS_MAX - now_ms : BUS_TURN_MS_MAX;
        return changes_due(a, now_ms) && !a->changes_asked ? 0 : thick_ms;
    }
    int64_t wait = clock_until_ms(a->config->clock, planner_next_s(a->planner));
    if (planner_wants_turn(a->planner) || has_enough(a))
        wait = 0;
    if (wait < a->turn_after_ms - now_ms)
        wait = a->turn_after_ms - now_ms;
    if ((a->collect_due || a->owes) && now_ms >= a->turn_after_ms) {
        int64_t due_ms = a->collect_due ? 0 : a->part_after_ms;
        int64_t publish_ms = (due_ms > a->publish_after_ms ? due_ms : a->publish_after_ms) - now_ms;
        wait = publish_ms < wait ? publish_ms : wait;
    }
    if (a->estimate_due && a->estimate_after_ms > now_ms && a->estimate_after_ms - now_ms < wait)
        wait = a->estimate_after_ms - now_ms;
    bool tails = !a->changes_asked && !a->store_fails && !has_enough(a);
    int64_t tail_ms = tails ? a->changes_asked_ms + tail_every_ms(a) - now_ms : BUS_TURN_MS_MAX;
    return wait < tail_ms ? wait : tail_ms;
}

static void turn(struct planner_actor *a) {
    actor_wait(a->port, wait_ms(a, clock_mono_ms()));
    int64_t now_ms = clock_mono_ms();
    take_mail(a, now_ms);
    if (anew(a))
        return;
    if (changes_due(a, now_ms) && !a->changes_asked && !a->changes_came && may_begin(a, now_ms))
        ask_changes(a, now_ms);
    if (a->publishing) {
        planner_publish_send(a);
        return;
    }
    take_all_held(a);
    if (a->changes_came)
        take_changes(a, now_ms);
    if (now_ms < a->turn_after_ms || changes_wait(a, now_ms) || !may_begin(a, now_ms))
        return;
    plan(a, now_ms);
    if (a->collect_due || (a->owes && now_ms >= a->part_after_ms))
        planner_publish(a, now_ms);
    if (a->estimate_due && now_ms >= a->estimate_after_ms)
        send_estimate(a, now_ms);
    if (a->search_due && !a->searching && !a->stopping && !a->publishing)
        search(a);
}

/* ---- start and end ---- */

/* What a new store starts from is written, and the plan of the last run stands, before anybody relies on it. A store that can
 * be read but takes nothing, as on a full disk, does not keep the plant waiting: the plan of the last run is served, and the
 * intake says `busy` until it is well again. */
static void begin(struct planner_actor *a) {
    if (!planner_load(a, a->config->planner != NULL))
        return;
    a->collect_due = true;
    a->changes_due = true;
    while (!a->stopping && !a->failed && !a->store_fails && a->refused == 0 && (a->collect_due || a->publishing || a->changes_due || a->changes_asked))
        turn(a);
    if (!a->failed)
        actor_ready(a->port);
}

/* Main has stopped the others: nobody asks any more. What is under way is waited for, what is not durable yet gets one more
 * chance, and everything that is held goes back. */
static void end(struct planner_actor *a) {
    a->stopping = true;
    a->stop_by_ms = clock_mono_ms() + STOP_PUBLISH_MS;
    while (a->changes_asked || a->publishing || a->searching ||
           (!a->failed && (a->held_count > 0 || may_begin(a, clock_mono_ms()))))
        turn(a);
    for (size_t i = 0; i < a->waiting_count; i++)
        refuse_ask(a, ACTOR_OPERATE, a->waiting[i]);
    for (size_t i = 0; i < a->held_count; i++)
        if (a->held[i].kind == MAIL_RELOAD)
            reload_free(a->held[i].body);
        else if (a->held[i].kind == MAIL_ASK)
            refuse_ask(a, a->held[i].from, a->held[i].body);
}

static void body(struct bus_port *port, const struct actor_config *config) {
    struct planner_actor a = {.port = port, .config = config, .plant = config->plant, .publish_arena = arena_new()};
    struct planner_config planner_config = {.plant = config->plant, .seed = config->epoch};
    a.turn_changes = TURN_CHANGES;
    a.changes.head = (struct store_request){.op = STORE_CHANGES, .arena = arena_new()};
    a.planner = config->planner != NULL ? config->planner : planner_new(&planner_config, config->epoch);
    begin(&a);
    while (!a.stopping)
        if (a.failed) { /* main ends us soon */
            actor_wait(port, BUS_TURN_MS_MAX);
            take_mail(&a, clock_mono_ms());
        } else {
            turn(&a);
        }
    end(&a);
    planner_free(a.planner);
    arena_free(a.changes.head.arena);
    arena_free(a.publish_arena);
    free(a.held);
    free(a.waiting);
    plant_unref(a.plant);
}

int planner_actor_start(const struct actor_config *config, pthread_t *ret_thread, struct takt_error *err) {
    return actor_spawn(ACTOR_PLANNER, body, config, ret_thread, err);
}
