/* SPDX-License-Identifier: Apache-2.0 */
#include "plantlife.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void mix_bytes(struct plantlife *l, const void *bytes, size_t size) {
    for (size_t k = 0; k < size; k++)
        l->trace = (l->trace ^ ((const unsigned char *)bytes)[k]) * UINT64_C(0x100000001b3);
}

void plantlife_mix_number(struct plantlife *l, uint64_t number) {
    mix_bytes(l, &number, sizeof number);
}

void plantlife_say(struct plantlife *l, const char *format, ...) {
    static int loud = -1;
    if (loud < 0)
        loud = getenv("TAKT_LOUD") != NULL;
    if (!loud)
        return;
    char time[TIME_TEXT_SIZE];
    va_list list;
    va_start(list, format);
    fprintf(stderr, "%s  ", time_format(l->now_s, time));
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
}

/* ---- the network ---- */

static void put_frame(struct plantlife *l, enum endpoint endpoint, uint64_t peer, char *text, bool to_plant) {
    assert(l->frame_count < FRAMES_MAX);
    l->frames[l->frame_count++] = (struct frame){endpoint, peer, text, to_plant};
}

void plantlife_send(struct plantlife *l, enum endpoint endpoint, uint64_t peer, const char *text) {
    put_frame(l, endpoint, peer, strdup(text), true);
}

static void forget_frames(struct plantlife *l, enum endpoint endpoint, uint64_t peer) {
    size_t kept = 0;
    for (size_t k = 0; k < l->frame_count; k++) {
        struct frame f = l->frames[k];
        if (f.endpoint == endpoint && (f.peer == peer || peer == 0)) {
            free(f.text);
            l->frames_lost++;
        } else {
            l->frames[kept++] = f;
        }
    }
    l->frame_count = kept;
}

void plantlife_break(struct plantlife *l, enum endpoint endpoint, uint64_t peer) {
    plantlife_say(l, "link %d/%llu breaks", (int)endpoint, (unsigned long long)peer);
    forget_frames(l, endpoint, peer);
    if (endpoint == TO_INTAKE)
        intake_lost(l->intake, peer);
    else if (endpoint == TO_OUTBOX)
        outbox_gone(l->outbox, peer);
    l->broken(l->world, endpoint, peer);
}

/* ---- effects ---- */

static void give_back(struct plantlife *l, struct store_request *r);

static void submit_request(struct plantlife *l, struct store_request *r, enum owner by) {
    r->from = (int)by;
    bool full = l->faults && dice_hit(&l->dice, 20);
    if (full || store_submit(l->store, r) != 0) {
        r->code = TAKT_EBUSY;
        give_back(l, r);
    }
}

static void send_reply(struct plantlife *l, enum endpoint endpoint, uint64_t peer, char *text, size_t size) {
    char *whole = strndup(text, size);
    free(text);
    put_frame(l, endpoint, peer, whole, false);
}

static void apply_report(struct plantlife *l, struct ask *ask) {
    if (planner_report(l->planner, l->now_s, ask->u.report.report, &ask->refusal)) {
        plantlife_say(l, "report %s %s: applied", ask->u.report.report->report_ref,
                      ask->u.report.report->task != NULL ? ask->u.report.report->task : "");
        l->waiting[l->waiting_count++] = ask;
        l->publish_due = true;
    } else {
        plantlife_say(l, "report %s: refused, %s", ask->u.report.report->report_ref, ask->refusal.detail);
        floor_answered(l->floor, ask, l->now_s);
    }
}

static void carry_ask(struct plantlife *l, struct ask *ask, enum owner by) {
    if (ask->kind != ASK_REPORT) {
        planner_ask(l->planner, l->now_s, ask);
        if (by == BY_INTAKE)
            intake_answered(l->intake, ask);
        else
            floor_answered(l->floor, ask, l->now_s);
    } else if (l->waiting_count + l->held_count >= WAITING_MAX) {
        refuse(&ask->refusal, REFUSAL_BUSY, "", "too much waits");
        floor_answered(l->floor, ask, l->now_s);
    } else if (l->publishing != NULL) {
        l->held[l->held_count++] = ask;
    } else {
        apply_report(l, ask);
    }
}

static bool take_intake_effect(struct plantlife *l) {
    struct intake_effect e;
    if (!intake_effect(l->intake, &e))
        return false;
    if (e.kind == INTAKE_REPLY)
        send_reply(l, TO_INTAKE, e.peer, e.text, e.size);
    else if (e.kind == INTAKE_STORE)
        submit_request(l, e.request, BY_INTAKE);
    else if (e.kind == INTAKE_ASK)
        carry_ask(l, e.ask, BY_INTAKE);
    else if (!l->faults || dice_hit(&l->dice, 900)) /* a wake-up may be lost */
        l->changes_due = true;
    return true;
}

static bool take_outbox_effect(struct plantlife *l) {
    struct outbox_effect e;
    if (!outbox_effect(l->outbox, &e))
        return false;
    if (e.kind == OUTBOX_SEND)
        send_reply(l, TO_OUTBOX, e.peer, e.text, e.size);
    else if (e.kind == OUTBOX_STORE)
        submit_request(l, e.request, BY_OUTBOX);
    else if (e.kind == OUTBOX_ASIDE)
        free(e.text);
    else
        l->changes_due = true;
    return true;
}

static bool take_floor_effect(struct plantlife *l) {
    struct floor_effect e;
    if (!floor_effect(l->floor, &e))
        return false;
    if (e.kind == FLOOR_REPLY)
        send_reply(l, TO_FLOOR, e.peer, e.text, e.size);
    else if (e.kind == FLOOR_STORE)
        submit_request(l, e.request, BY_FLOOR);
    else
        carry_ask(l, e.ask, BY_FLOOR);
    return true;
}

static void take_effects(struct plantlife *l) {
    do {
        while (intake_work(l->intake)) {
        }
        intake_turn(l->intake);
    } while (take_intake_effect(l) || take_outbox_effect(l) || take_floor_effect(l));
}

/* ---- the planner's shell ---- */

static void end_publication(struct plantlife *l, int code) {
    planner_published(l->planner, code);
    plantlife_say(l, "publication %llu: %s", (unsigned long long)l->publishing->publish_no, takt_error_text(code));
    l->publishing = NULL;
    if (code == 0) {
        for (size_t k = 0; k < l->waiting_published; k++)
            floor_answered(l->floor, l->waiting[k], l->now_s);
        l->waiting_count -= l->waiting_published;
        memmove(l->waiting, l->waiting + l->waiting_published, l->waiting_count * sizeof(struct ask *));
        l->publish_due = l->publish_due || planner_owes(l->planner);
        intake_wake(l->intake);
        outbox_wake(l->outbox);
    } else {
        l->publish_due = true;
        l->changes_due |= code == TAKT_ESTALE;
    }
    l->waiting_published = 0;
    for (size_t k = 0; k < l->held_count; k++)
        apply_report(l, l->held[k]);
    l->held_count = 0;
}

static void look_up(struct plantlife *l) {
    arena_clear(l->lookup_arena);
    l->lookup = (struct store_load){.head = {.op = STORE_LOAD, .arena = l->lookup_arena}, .kind = LOAD_META, .first = true};
    l->lookup_asked = true;
    submit_request(l, &l->lookup.head, BY_PLANNER);
}

static void planner_stored(struct plantlife *l, struct store_request *r) {
    if (r == &l->changes.head) {
        l->changes_asked = false;
        l->changes_due |= r->code != 0;
        for (size_t k = 0; r->code == 0 && k < l->changes.ret_count; k++)
            planner_change(l->planner, &l->changes.ret_changes[k]);
        l->publish_due |= r->code == 0 && l->changes.ret_count > 0;
        l->changes_due |= r->code == 0 && l->changes.ret_count == l->changes.limit;
    } else if (r == &l->lookup.head) {
        l->lookup_asked = false;
        if (r->code == 0)
            end_publication(l, l->lookup.ret_meta.publish_no >= l->publishing->publish_no ? 0 : TAKT_ESTORE);
    } else if (r->code == TAKT_EUNKNOWN || r->code == TAKT_EEXIST) {
        look_up(l);
    } else {
        assert(r->code != TAKT_EFENCED && r->code != TAKT_EINVAL);
        end_publication(l, r->code);
    }
}

static void give_back(struct plantlife *l, struct store_request *r) {
    struct outbox_now now = {l->now_s, l->real_ms};
    switch ((enum owner)r->from) {
    case BY_INTAKE:
        intake_stored(l->intake, r);
        break;
    case BY_OUTBOX:
        outbox_stored(l->outbox, r, &now);
        break;
    case BY_FLOOR:
        floor_stored(l->floor, r, l->now_s);
        break;
    case BY_PLANNER:
        planner_stored(l, r);
        break;
    }
}

static void do_search(struct plantlife *l) {
    bool improved = false;
    if (l->searching != NULL && (!l->faults || dice_hit(&l->dice, 500))) {
        planner_searched(l->planner, l->searching, l->now_s, &improved);
        l->searching = NULL;
        l->publish_due |= improved;
    }
    if (l->searching == NULL && (l->searching = planner_search(l->planner, l->now_s)) != NULL)
        search_job_run(l->searching);
}

/* One move of the planner's actor; false: there was nothing to do. */
static bool do_plan(struct plantlife *l) {
    if (l->publishing != NULL) {
        if (!l->publish_sent) {
            l->publish_sent = true;
            submit_request(l, &l->publishing->head, BY_PLANNER);
            return true;
        }
        int code = l->publishing->head.code;
        if ((code == TAKT_EUNKNOWN || code == TAKT_EEXIST) && !l->lookup_asked) {
            look_up(l);
            return true;
        }
        return false;
    }
    if (l->changes_asked)
        return false; /* the planner is told nothing while a publication is under way, so what comes is waited for */
    if (l->changes_due) {
        arena_clear(l->changes.head.arena);
        l->changes.after = planner_seen(l->planner);
        l->changes.limit = (size_t)dice_between(&l->dice, 1, 20);
        l->changes_due = false;
        l->changes_asked = true;
        submit_request(l, &l->changes.head, BY_PLANNER);
        return true;
    }
    if (planner_wants_turn(l->planner) || planner_next_s(l->planner) <= l->now_s) {
        planner_turn(l->planner, l->now_s);
        l->publish_due = true;
    } else if (!l->publish_due) {
        return false;
    }
    l->publish_due = false;
    arena_clear(l->publish_arena);
    l->publishing = planner_collect(l->planner, l->now_s, l->publish_arena);
    if (l->publishing == NULL) {
        for (size_t k = 0; k < l->waiting_count; k++)
            floor_answered(l->floor, l->waiting[k], l->now_s);
        l->waiting_count = 0;
        do_search(l);
        return true;
    }
    l->publishing->head = (struct store_request){.op = STORE_PUBLISH, .arena = l->publish_arena};
    l->waiting_published = l->waiting_count;
    l->publish_sent = false;
    return true;
}

/* ---- life and death ---- */

void plantlife_direct(struct plantlife *l, struct store_request *r) {
    r->next = NULL;
    l->faulty.inner->run(l->disk, r);
}

static void load_kind(struct plantlife *l, enum load_kind kind) {
    struct arena *arena = arena_new();
    struct store_load load = {.head = {.op = STORE_LOAD, .arena = arena}, .kind = kind, .first = true,
                              .limit = (size_t)dice_between(&l->dice, 1, 9)};
    bool paged = kind >= LOAD_ORDERS && kind <= LOAD_TASKS;
    do {
        plantlife_direct(l, &load.head);
        assert(load.head.code == 0);
        if (kind == LOAD_META)
            planner_load_meta(l->planner, &load.ret_meta);
        for (size_t k = 0; k < load.ret_count; k++)
            switch (kind) {
            case LOAD_ORDERS: planner_load_order(l->planner, &load.ret.orders[k]); break;
            case LOAD_LOTS: planner_load_lot(l->planner, &load.ret.lots[k]); break;
            case LOAD_SLICES: planner_load_slice(l->planner, &load.ret.slices[k]); break;
            case LOAD_TASKS: planner_load_task(l->planner, &load.ret.tasks[k]); break;
            case LOAD_STOCK: planner_load_stock(l->planner, &load.ret.stock[k]); break;
            case LOAD_RECEIPTS: planner_load_receipt(l->planner, &load.ret.receipts[k]); break;
            case LOAD_DOWNS: planner_load_down(l->planner, &load.ret.downs[k]); break;
            case LOAD_SETUPS: planner_load_setup(l->planner, &load.ret.setups[k]); break;
            case LOAD_SURPLUS: planner_load_surplus(l->planner, &load.ret.surplus[k]); break;
            case LOAD_META: break;
            }
        load.first = false;
        memcpy(load.after, load.ret_after, sizeof load.after);
    } while (paged && load.ret_count == load.limit);
    arena_free(arena);
}

void plantlife_start(struct plantlife *l) {
    struct store_claim claim = {.head = {.op = STORE_CLAIM}};
    plantlife_direct(l, &claim.head);
    assert(claim.head.code == 0);
    l->epoch = claim.ret_epoch;
    l->store = store_over(&store_faulty, &l->faulty, 0);
    l->intake = intake_new(l->plant);
    l->outbox = outbox_new(l->plant, l->epoch);
    l->floor = floor_new(l->plant);
    l->planner = planner_new(&(struct planner_config){.plant = l->plant, .seed = 1, .effort = 20, .check = true}, l->epoch);
    for (enum load_kind kind = LOAD_META; kind <= LOAD_SURPLUS; kind++)
        load_kind(l, kind);
    struct takt_error err = {0};
    if (planner_loaded(l->planner, l->now_s, &err) != 0) {
        fprintf(stderr, "planner_loaded: %s\n", err.text);
        abort();
    }
    intake_time(l->intake, l->now_s, l->real_ms);
    l->changes = (struct store_changes){.head = {.op = STORE_CHANGES, .arena = arena_new()}};
    l->publish_arena = arena_new();
    l->lookup_arena = arena_new();
    l->changes_due = l->publish_due = true;
}

/* What came of these is lost with the process. */
static void lose_results(struct plantlife *l, struct store_request *chain) {
    while (chain != NULL) {
        struct store_request *next = chain->next;
        chain->code = TAKT_EBUSY;
        if (chain->from != BY_PLANNER)
            give_back(l, chain);
        chain = next;
    }
}

static void refuse_asks(struct plantlife *l, struct ask **asks, size_t *count) {
    size_t n = *count;
    *count = 0;
    for (size_t k = 0; k < n; k++) {
        refuse(&asks[k]->refusal, REFUSAL_BUSY, "", "the daemon ends");
        floor_answered(l->floor, asks[k], l->now_s);
    }
}

/* Everything that waits comes back as failed, until nobody waits any more; what they answer goes nowhere. */
static void empty_queues(struct plantlife *l) {
    l->faulty.mode = FAULTS_DROP;
    l->waiting_published = 0;
    outbox_drain(l->outbox);
    intake_end(l->intake);
    take_effects(l);
    for (struct store_request *r = NULL; r != NULL || l->waiting_count + l->held_count > 0 || floor_pending(l->floor) > 0;
         r = store_turn(l->store, 0)) {
        lose_results(l, r);
        refuse_asks(l, l->waiting, &l->waiting_count);
        refuse_asks(l, l->held, &l->held_count);
        take_effects(l);
    }
    for (struct store_request *r; (r = store_turn(l->store, 0)) != NULL; take_effects(l))
        lose_results(l, r);
    assert(intake_owed(l->intake) == 0 && outbox_pending(l->outbox) == 0 && floor_pending(l->floor) == 0);
}

void plantlife_stop(struct plantlife *l) {
    empty_queues(l);
    for (int e = 0; e < ENDPOINTS; e++)
        forget_frames(l, (enum endpoint)e, 0);
    intake_free(l->intake);
    outbox_free(l->outbox);
    floor_free(l->floor);
    if (l->searching != NULL)
        search_job_free(l->searching);
    planner_free(l->planner);
    store_close(l->store);
    arena_free(l->changes.head.arena);
    arena_free(l->publish_arena);
    arena_free(l->lookup_arena);
    l->searching = NULL;
    l->publishing = NULL;
    l->changes_asked = l->publish_sent = l->lookup_asked = false;
}

void plantlife_crash(struct plantlife *l) {
    plantlife_say(l, "crash");
    if (dice_hit(&l->dice, 500))
        lose_results(l, store_turn(l->store, 0));
    plantlife_stop(l);
    l->restarts++;
    l->faulty.mode = l->faults ? FAULTS_SOME : FAULTS_NONE;
    plantlife_start(l);
    for (int e = 0; e < ENDPOINTS; e++)
        l->broken(l->world, (enum endpoint)e, 0);
}

/* ---- a step ---- */

static bool carry_frame(struct plantlife *l) {
    if (l->frame_count == 0)
        return false;
    struct frame f = l->frames[0];
    memmove(l->frames, l->frames + 1, --l->frame_count * sizeof f);
    plantlife_mix_number(l, (uint64_t)f.endpoint * 2 + f.to_plant);
    mix_bytes(l, f.text, strlen(f.text));
    plantlife_say(l, "%s %d/%llu %s", f.to_plant ? "→" : "←", (int)f.endpoint, (unsigned long long)f.peer, f.text);
    struct outbox_now now = {l->now_s, l->real_ms};
    if (!f.to_plant)
        l->deliver(l->world, f.endpoint, f.peer, f.text);
    else if (f.endpoint == TO_INTAKE)
        intake_receive(l->intake, f.peer, NULL, f.text, strlen(f.text));
    else if (f.endpoint == TO_OUTBOX)
        outbox_receive(l->outbox, f.peer, NULL, f.text, strlen(f.text), &now);
    else
        floor_receive(l->floor, f.peer, NULL, f.text, strlen(f.text), l->now_s);
    free(f.text);
    return true;
}

static bool run_store(struct plantlife *l) {
    struct store_request *r = store_turn(l->store, 0);
    if (r == NULL)
        return false;
    while (r != NULL) {
        struct store_request *next = r->next;
        give_back(l, r);
        r = next;
    }
    return true;
}

bool plantlife_step(struct plantlife *l) {
    static bool (*const moves[])(struct plantlife *) = {carry_frame, run_store, do_plan};
    size_t first = (size_t)dice_between(&l->dice, 0, 2);
    bool moved = false;
    for (size_t k = 0; k < 3 && !moved; k++)
        moved = moves[(first + k) % 3](l);
    take_effects(l);
    return moved;
}

void plantlife_time(struct plantlife *l, int64_t now_s) {
    l->real_ms += (now_s - l->now_s) * 1000 + 1;
    l->now_s = now_s;
    plantlife_mix_number(l, (uint64_t)now_s);
    intake_time(l->intake, l->now_s, l->real_ms);
    outbox_turn(l->outbox, &(struct outbox_now){l->now_s, l->real_ms});
    l->changes_due = true; /* the tail is looked at once a second even if nobody wakes */
    take_effects(l);
}
