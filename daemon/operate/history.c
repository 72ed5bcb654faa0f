/* SPDX-License-Identifier: Apache-2.0 */

/* A story has promises, events and, at its end, a parcel. Promises are told from their own rows, which hold their reasons, so
 * the events about them are left out; being packed is no event, and stands in the order. */

#include "daemon/operate/history.h"

#include "config/moment.h"

#include <stdio.h>

enum { HOUR_S = 3600, DAY_S = 86400 };

struct telling {
    const struct store_order *story;
    const struct plant *plant;
    struct arena *arena;
    int64_t now_s;
    struct history *to;
};

static const char *when(const struct telling *t, int64_t time_s, char buffer[MOMENT_SIZE]) {
    return moment_text(t->plant->zone, time_s, t->now_s, buffer);
}

static struct why_step *add(struct telling *t, const char *what, int64_t from_s, int64_t to_s, const char *text) {
    struct why_step *s = &t->to->steps[t->to->count++];
    *s = (struct why_step){.how = "", .line = "", .pool = "", .material = "", .reason = "", .from_s = from_s, .to_s = to_s,
                           .until_s = TAKT_TIME_NONE, .text = text};
    snprintf(s->what, sizeof s->what, "%s", what);
    return s;
}

/* ---- what is told ---- */

static void tell_promise(struct telling *t, const struct promise_row *p, bool first) {
    char at[MOMENT_SIZE], by[MOMENT_SIZE];
    const char *text = first ? arena_printf(t->arena, "it was promised %s to leave by %s", when(t, p->at_s, at),
                                            when(t, p->ship_by_s, by))
                             : arena_printf(t->arena, "%s it was promised anew to leave by %s (%s)", when(t, p->at_s, at),
                                            when(t, p->ship_by_s, by), p->reason[0] ? p->reason : "no reason was kept");
    struct why_step *s = add(t, "promised", p->at_s, p->ship_by_s, text);
    s->how = first ? "" : "anew";
    s->reason = first ? "" : p->reason;
}

static void tell_shipped(struct telling *t, const struct event_row *e) {
    const struct shipment_row *shipment = t->story->ret_shipment;
    const char *carrier = e->carrier[0] ? e->carrier : shipment ? shipment->parcel.carrier : "";
    const char *id = e->shipment[0] ? e->shipment : shipment ? shipment->parcel.shipment : "its parcel";
    char at[MOMENT_SIZE];
    struct why_step *s = add(t, "shipped", e->at_s, e->at_s,
                             arena_printf(t->arena, "it left in %s%s%s %s", id, carrier[0] ? " with " : "", carrier,
                                          when(t, e->at_s, at)));
    s->reason = carrier;
    snprintf(s->other, sizeof s->other, "%s", id);
}

static void tell_event(struct telling *t, const struct event_row *e) {
    char at[MOMENT_SIZE];
    switch (e->kind) {
    case EVENT_ORDER_PROMISED:
    case EVENT_ORDER_REPROMISED:
        break;
    case EVENT_ORDER_STARTED:
        add(t, "started", e->at_s, e->at_s, arena_printf(t->arena, "it was begun %s", when(t, e->at_s, at)));
        break;
    case EVENT_ORDER_MADE:
        add(t, "made", e->at_s, e->at_s, arena_printf(t->arena, "all of it was made %s", when(t, e->at_s, at)));
        break;
    case EVENT_ORDER_SHIPPED:
        tell_shipped(t, e);
        break;
    case EVENT_ORDER_CANCELLED:
        add(t, "cancelled", e->at_s, e->at_s, arena_printf(t->arena, "it was cancelled %s", when(t, e->at_s, at)));
        break;
    }
}

static void tell_packed(struct telling *t) {
    int64_t at_s = t->story->ret_order.packed_at_s;
    char at[MOMENT_SIZE];
    if (at_s != TAKT_TIME_NONE)
        add(t, "packed", at_s, at_s, arena_printf(t->arena, "it was packed %s", when(t, at_s, at)));
}

/* "2 d 3 h", "40 min" */
static const char *say_span(const struct telling *t, int64_t span_s) {
    if (span_s >= DAY_S)
        return arena_printf(t->arena, "%lld d %lld h", (long long)(span_s / DAY_S), (long long)(span_s % DAY_S / HOUR_S));
    if (span_s >= HOUR_S)
        return arena_printf(t->arena, "%lld h %lld min", (long long)(span_s / HOUR_S), (long long)(span_s % HOUR_S / 60));
    return arena_printf(t->arena, "%lld min", (long long)(span_s / 60));
}

static const char *say_kept(const struct telling *t, int64_t shipped_s, int64_t ship_by_s) {
    return shipped_s <= ship_by_s ? arena_printf(t->arena, "%s before", say_span(t, ship_by_s - shipped_s))
                                  : arena_printf(t->arena, "%s after", say_span(t, shipped_s - ship_by_s));
}

/* How the end compares with what was promised: the last word, and the first one where they differ. */
static void tell_kept(struct telling *t) {
    const struct store_order *story = t->story;
    int64_t shipped_s = TAKT_TIME_NONE;
    for (size_t i = 0; i < story->ret_event_count; i++)
        if (story->ret_events[i].kind == EVENT_ORDER_SHIPPED)
            shipped_s = story->ret_events[i].at_s;
    if (shipped_s == TAKT_TIME_NONE || story->ret_promise_count == 0)
        return;
    int64_t first_s = story->ret_promises[0].ship_by_s, last_s = story->ret_promises[story->ret_promise_count - 1].ship_by_s;
    const char *text = arena_printf(t->arena, "that was %s %s", say_kept(t, shipped_s, last_s),
                                    story->ret_promise_count == 1 ? "its promise" : "its last promise");
    if (first_s != last_s)
        text = arena_printf(t->arena, "%s and %s its first", text, say_kept(t, shipped_s, first_s));
    struct why_step *s = add(t, "kept", shipped_s, last_s, text);
    s->until_s = first_s != last_s ? first_s : TAKT_TIME_NONE;
}

/* ---- all of it ---- */

/* By time; steps of one time stay as they were told. There are a handful. */
static void sort(struct why_step *steps, size_t count) {
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && steps[k].from_s < steps[k - 1].from_s; k--) {
            struct why_step swap = steps[k];
            steps[k] = steps[k - 1];
            steps[k - 1] = swap;
        }
}

void history_tell(const struct store_order *story, const struct plant *plant, int64_t now_s, struct arena *arena,
                  struct history *ret) {
    struct telling t = {.story = story, .plant = plant, .arena = arena, .now_s = now_s, .to = ret};
    const char *all = "";
    *ret = (struct history){.steps = arena_array(arena, story->ret_promise_count + story->ret_event_count + 2, sizeof *ret->steps)};
    for (size_t i = 0; i < story->ret_promise_count; i++)
        tell_promise(&t, &story->ret_promises[i], i == 0);
    tell_packed(&t);
    for (size_t i = 0; i < story->ret_event_count; i++)
        tell_event(&t, &story->ret_events[i]);
    sort(ret->steps, ret->count);
    tell_kept(&t);
    for (size_t i = 0; i < ret->count; i++)
        all = i == 0 ? ret->steps[i].text : arena_printf(arena, "%s; %s", all, ret->steps[i].text);
    ret->sentence = all[0] ? all : "nothing is kept of it";
}

void history_tell_open(const struct store_order *story, const struct plant *plant, int64_t now_s, const struct ask *why,
                       struct history *ret) {
    struct telling t = {.story = story, .plant = plant, .arena = why->arena, .now_s = now_s, .to = ret};
    *ret = (struct history){.steps = arena_array(why->arena, why->u.why.ret_count + 1, sizeof *ret->steps),
                            .sentence = why->u.why.ret_sentence};
    if (story->ret_promise_count > 1) {
        tell_promise(&t, &story->ret_promises[story->ret_promise_count - 1], false);
        ret->sentence = arena_printf(why->arena, "%s%s%s", ret->steps[0].text, *ret->sentence ? "; " : "", ret->sentence);
    }
    for (size_t i = 0; i < why->u.why.ret_count; i++)
        ret->steps[ret->count++] = why->u.why.ret_steps[i];
}
