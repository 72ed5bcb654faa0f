/* SPDX-License-Identifier: Apache-2.0 */
/* Random lives of a planner: orders, cancellations, amendments, reports sensible and not, breakdowns, publications that
 * fail, restarts. After every step its invariants hold (config.check), and what the store has is what the planner has.
 * Another planner waits meanwhile: it has loaded while the first one went on, and follows. After every step it has the same rows
 * as one that loads now; and when it takes over it is in the same state, and does the same with its first turn.
 */
#include "tests/effort.h"
#include "../unit/planner_rig.h"

static const char PLANT[] =
    "takt: 1\n"
    "plant: {id: hz-01, name: Test, time_zone: UTC}\n"
    "calendars: {day: {weekly: [{days: mon-sat, from: \"06:00\", to: \"20:00\"}]}}\n"
    "pools: {crew: {capacity: 1, calendar: day}}\n"
    "changeovers: {ink: {default: 20m, pairs: {light > dark: 5m}}, cloth: {default: 10m}}\n"
    "lines:\n"
    "  cut-1: {calendar: day, changeover: cloth}\n"
    "  cut-2: {calendar: day, changeover: cloth}\n"
    "  print-1: {calendar: day, changeover: ink, set_up_for: light}\n"
    "  sew-1: {calendar: day, count: 2}\n"
    "  desk-1: {calendar: day, reports: planned}\n"
    "  kiln-1: {calendar: always, batch: 60}\n"
    "materials:\n"
    "  jersey: {unit: m, on_hand: 200, receipts: [{at: 2026-12-03, quantity: 100}], lead_time: 3d}\n"
    "  clay: {unit: kg, on_hand: 60}\n"
    "products:\n"
    "  tee:\n"
    "    options: {fabric: [white, black], size: [S, M, L], ink: [light, dark]}\n"
    "    weight: 180 g\n"
    "    materials: {jersey: 1.2 m}\n"
    "    lot: {like: [fabric, ink], max: 40, min: 4, wait: 1d}\n"
    "    route:\n"
    "      - {op: cut, lines: {cut-1: 60/h, cut-2: 40/h}, family: \"{fabric}\"}\n"
    "      - {op: print, lines: {print-1: 30/h}, family: \"{ink}\", pools: {crew: 1}, overlap: 5, rest: 30m}\n"
    "      - {op: sew, lines: {sew-1: {rate: 20/h, fixed: 10m}}, pools: {crew: 1}}\n"
    "      - {op: inspect, lines: {desk-1: 90/h}, yield: 90%}\n"
    "  mug:\n"
    "    options: {glaze: [white, blue], design: any}\n"
    "    weight: 350 g\n"
    "    materials: {clay: 0.4 kg}\n"
    "    lot: {like: [glaze], max: 30, wait: 2d}\n"
    "    route:\n"
    "      - {op: glaze, lines: {print-1: 60/h}, family: light, rest: 2h..12h}\n"
    "      - {op: fire, lines: {kiln-1: {fixed: 5h}}, breakable: false, rest: 1h}\n"
    "packing: {lines: {pack-1: {calendar: day, rate: 10/h}}}\n"
    "creators: {luna: {}, sol: {weight: 3}}\n"
    "terminals: {floor: {lines: [cut-1, cut-2, print-1, sew-1, kiln-1]}}\n"
    "shipping:\n"
    "  carriers: {sf: {cutoff: \"18:00\", days: mon-sat, transit: {CN: 1d, else: 7d}}}\n"
    "  services: {standard: {carrier: sf}, express: {carrier: sf, weight: 5}}\n"
    "  consolidate: 6h\n"
    "planning: {scheduler: atcs, target: 5d, frozen: 3h, promise: {margin: 10%}}\n"
    "store: \"memory:\"\n"
    "security: none\n"
    "listen: {orders: \"tcp://127.0.0.1:7710\", shipments: \"tcp://127.0.0.1:7711\"}\n";

struct dice {
    uint64_t state;
};

static uint64_t roll(struct dice *d, uint64_t sides) {
    d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (d->state >> 33) % sides;
}

/* ---- the state as text ---- */

struct text {
    char *bytes;
    size_t length, cap;
};

static void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *t, const char *format, ...) {
    va_list args;
    if (t->cap - t->length < 512) {
        t->cap = t->cap * 2 + 4096;
        t->bytes = realloc(t->bytes, t->cap);
    }
    va_start(args, format);
    t->length += (size_t)vsnprintf(t->bytes + t->length, t->cap - t->length, format, args);
    va_end(args);
}

static void put_order(struct text *t, const struct planner *p, const struct order *o) {
    put(t, "order %d state %d promise %lld day %d packed %lld unplaced %u busy %u parcel %d wish %lld\n", (int)o->no,
        o->state, (long long)o->ship_by_s, o->deliver_by_day, (long long)o->packed_at_s, o->unplaced, o->busy,
        o->parcelled, (long long)o->wish_s);
    for (uint16_t i = 0; i < o->item_count; i++) {
        put(t, "  item %s %s %u %d\n", o->items[i].variant->product_id, o->items[i].variant->options,
            o->items[i].quantity, o->items[i].personalised);
        for (const struct slice *s = o->items[i].slices; s != NULL; s = s->next)
            put(t, "    %u +%u L%u\n", s->first, s->count, s->lot == NULL ? 0 : s->lot->no);
    }
    (void)p;
}

static void put_lot(struct text *t, const struct planner *p, const struct lot *lot) {
    if (lot->state == LOT_DONE && lot->slices == NULL)
        return;
    put(t, "lot L%u %s %s %d state %d opened %lld let go %lld firm %lld extra %u\n", lot->no, lot->group->product_id,
        lot->group->like, lot->group->personalised, lot->state, (long long)lot->opened_at_s,
        (long long)lot->let_go_at_s, (long long)lot->firm_at_s, lot_extra(lot));
    for (size_t k = 0; k < lot->op_count; k++) {
        const struct task *k_ = &lot->tasks[k];
        if (lot->units == 0 && k_->state == TASK_PLANNED)
            continue;
        put(t, "  %s line %s %lld-%lld state %d q %u g %u s %u started %lld finished %lld late %d\n",
            lot_op(p, lot, k)->id, k_->line < 0 ? "-" : p->plant->lines[k_->line].id, (long long)k_->start_s,
            (long long)k_->end_s, k_->state, k_->quantity, k_->good, k_->scrap, (long long)k_->started_at_s,
            (long long)k_->finished_at_s, k_->late);
    }
}

static int by_lot(const void *a, const void *b) {
    const struct lot *x = *(struct lot *const *)a, *y = *(struct lot *const *)b;
    return (x->no > y->no) - (x->no < y->no);
}

static void put_lots(struct text *t, const struct planner *p) {
    const struct table *lots = &p->lots.by_no;
    struct lot **list = calloc(lots->count + 1, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; lots->slots != NULL && i <= lots->mask; i++)
        if (lots->slots[i] != NULL)
            list[n++] = lots->slots[i];
    qsort(list, n, sizeof *list, by_lot);
    for (size_t i = 0; i < n; i++)
        put_lot(t, p, list[i]);
    free(list);
}

static void put_world(struct text *t, const struct planner *p) {
    for (size_t i = 0; i < p->stock.material_count; i++) {
        const struct material *m = &p->stock.materials[i];
        put(t, "material %s %lld\n", m->id, (long long)m->on_hand_milli);
        for (size_t k = 0; k < m->receipt_count; k++)
            put(t, "  %lld at %lld\n", (long long)m->receipts[k].quantity_milli, (long long)m->receipts[k].at_s);
    }
    for (size_t i = 0; i < p->plant->line_count; i++) {
        int32_t family = p->stock.setups[i].family;
        put(t, "line %s %s\n", p->plant->lines[i].id, family < 0 ? "-" : p->variants.family_names[family]);
        for (size_t k = 0; k < p->stock.down_count; k++)
            if (strcmp(p->stock.downs[k].line, p->plant->lines[i].id) == 0)
                put(t, "  down %lld-%lld %s\n", (long long)p->stock.downs[k].from_s, (long long)p->stock.downs[k].to_s,
                    p->stock.downs[k].reason);
    }
}

static int by_variant(const void *a, const void *b) {
    const struct variant *x = *(struct variant *const *)a, *y = *(struct variant *const *)b;
    int c = strcmp(x->product_id, y->product_id);
    return c != 0 ? c : strcmp(x->options, y->options);
}

static void put_surplus(struct text *t, const struct planner *p) {
    struct variant **list = calloc(p->variants.count + 1, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < p->variants.count; i++)
        if (p->variants.list[i]->surplus > 0)
            list[n++] = p->variants.list[i];
    qsort(list, n, sizeof *list, by_variant);
    for (size_t i = 0; i < n; i++)
        put(t, "surplus %s %s %u\n", list[i]->product_id, list[i]->options, list[i]->surplus);
    free(list);
}

static char *describe(const struct planner *p, uint64_t last_order) {
    struct text t = {0};
    for (uint64_t no = 1; no <= last_order; no++)
        if (book_find(&p->book, no) != NULL)
            put_order(&t, p, book_find(&p->book, no));
    put_lots(&t, p);
    put_world(&t, p);
    put_surplus(&t, p);
    return t.bytes;
}

static void assert_store_knows_all(struct rig *r) {
    struct planner *again = rig_loaded(r, 0);
    char *here = describe(r->p, r->last_order), *there = describe(again, r->last_order);
    if (strcmp(here, there) != 0) {
        const char *a = here, *b = there;
        while (*a == *b)
            a++, b++;
        while (a > here && a[-1] != '\n')
            a--, b--;
        print_error("memory: %.*s\nstore:  %.*s\n", (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
        fail_msg("the store has another state");
    }
    planner_check(again);
    planner_free(again);
    free(here);
    free(there);
}

/* ---- what happens ---- */

static void order_something(struct rig *r, struct dice *d) {
    static const char *const FABRIC[] = {"white", "black"}, *const SIZE[] = {"S", "M", "L"},
                             *const INK[] = {"light", "dark"}, *const GLAZE[] = {"white", "blue"};
    char options[4][64];
    struct rig_item items[4];
    size_t count = 1 + roll(d, 3);
    for (size_t i = 0; i < count; i++) {
        bool tee = roll(d, 3) > 0;
        if (tee)
            snprintf(options[i], sizeof options[i], "fabric=%s;ink=%s;size=%s", FABRIC[roll(d, 2)], INK[roll(d, 2)],
                     SIZE[roll(d, 3)]);
        else
            snprintf(options[i], sizeof options[i], "design=d%d;glaze=%s", (int)roll(d, 3), GLAZE[roll(d, 2)]);
        items[i] = (struct rig_item){tee ? "tee" : "mug", options[i],
                                     (uint32_t)(1 + roll(d, roll(d, 8) == 0 ? 90 : 12)), roll(d, 6) == 0};
    }
    int32_t wish = roll(d, 2) == 0 ? TAKT_DAY_NONE : (int32_t)(r->now_s / RIG_DAY + (int64_t)roll(d, 12));
    rig_order_by(r, roll(d, 3) == 0 ? "sol" : "luna", items, count, wish, roll(d, 10) == 0 ? 0 : 1 + roll(d, 5));
}

static void amend_something(struct rig *r, struct dice *d) {
    char ref[32];
    snprintf(ref, sizeof ref, "R%d", 1 + (int)roll(d, (uint64_t)r->refs + 1));
    struct item_row item = {"tee", "fabric=white;ink=dark;size=L", (uint32_t)(1 + roll(d, 9)), false};
    struct store_amend q = {.head = {.op = STORE_AMEND},
                            .creator = "luna",
                            .order_ref = ref,
                            .now_s = r->now_s,
                            .set_items = roll(d, 2) == 0,
                            .set_recipient = true,
                            .set_shipping = roll(d, 2) == 0,
                            .row = {.country = "DE",
                                    .recipient_key = 1 + roll(d, 5),
                                    .service = roll(d, 2) == 0 ? "express" : "standard",
                                    .wish_day = (int32_t)(r->now_s / RIG_DAY + (int64_t)roll(d, 9)),
                                    .items = &item,
                                    .item_count = 1},
                            .body = "{}"};
    store_call(r->store, &q.head);
}

static const struct lot *some_lot(struct rig *r, struct dice *d) {
    uint32_t last = r->p->lots.last_no;
    return last == 0 ? NULL : lot_find(&r->p->lots, 1 + (uint32_t)roll(d, last));
}

/* Most of these make no sense: they must be refused or harmless. */
static void report_something(struct rig *r, struct dice *d) {
    char task[72];
    const struct lot *lot = some_lot(r, d);
    if (lot == NULL || lot->state == LOT_GONE)
        return;
    size_t op = roll(d, lot->op_count);
    task_name(r->p, lot, op, task);
    static const enum report_event EVENTS[] = {REPORT_STARTED, REPORT_PROGRESS, REPORT_FINISHED, REPORT_SCRAPPED};
    struct report report = rig_report_of(r, EVENTS[roll(d, 4)], task);
    report.good = roll(d, 2) == 0 ? -1 : (int64_t)roll(d, lot->tasks[op].quantity + 2);
    report.scrap = roll(d, 3) == 0 ? (int64_t)roll(d, 6) : -1;
    struct report_unit unit = {0};
    if (lot->slices != NULL && roll(d, 2) == 0) {
        unit = (struct report_unit){lot->slices->order->no, lot->slices->item, lot->slices->first};
        report.units = &unit;
        report.unit_count = 1;
    }
    if (roll(d, 4) == 0)
        report.at_s = r->now_s - (int64_t)roll(d, 4000);
    planner_report(r->p, r->now_s, &report, &r->refusal);
}

static void report_line(struct rig *r, struct dice *d) {
    static const enum report_event EVENTS[] = {REPORT_DOWN, REPORT_UP, REPORT_UP, REPORT_SETUP};
    struct report report = rig_report_of(r, EVENTS[roll(d, 4)], NULL);
    report.line = r->plant->lines[roll(d, r->plant->line_count)].id;
    report.reason = "belt";
    report.family = roll(d, 2) == 0 ? "dark" : "white";
    if (roll(d, 2) == 0)
        report.until_s = r->now_s + 3600 * (int64_t)(1 + roll(d, 20));
    planner_report(r->p, r->now_s, &report, &r->refusal);
}

static void report_material(struct rig *r, struct dice *d) {
    struct report report = rig_report_of(r, roll(d, 2) == 0 ? REPORT_STOCK : REPORT_RECEIPT, NULL);
    report.material = roll(d, 2) == 0 ? "jersey" : "clay";
    report.quantity_milli = (int64_t)roll(d, 60) * 1000;
    planner_report(r->p, r->now_s, &report, &r->refusal);
}

static void ship_something(struct rig *r, struct dice *d) {
    struct arena *arena = arena_new();
    struct store_shipments q = {.head = {.op = STORE_SHIPMENTS, .arena = arena}, .state = -2, .limit = 20};
    rig_call(r, &q.head);
    for (size_t i = 0; i < q.ret_count; i++) {
        if (roll(d, 2) == 0)
            continue;
        struct store_shipment s = {.head = {.op = STORE_SHIPMENT},
                                   .act = SHIPMENT_SHIP,
                                   .shipment = q.ret_shipments[i].parcel.shipment,
                                   .consumer = "",
                                   .carrier = "sf",
                                   .tracking = "T",
                                   .reason = "",
                                   .now_s = r->now_s};
        rig_call(r, &s.head);
    }
    arena_free(arena);
}

static void pass_time(struct rig *r, struct dice *d) {
    int64_t to_s = r->now_s + (int64_t)roll(d, roll(d, 3) == 0 ? 40000 : 4000);
    if (roll(d, 3) > 0)
        rig_work_to(r, to_s);
    else
        rig_to(r, to_s);
}

static void ask_something(struct rig *r, struct dice *d) {
    static const enum ask_kind KINDS[] = {ASK_QUOTE, ASK_NEXT,  ASK_STATUS, ASK_PLAN,
                                          ASK_LOTS,  ASK_ORDER, ASK_WHY,    ASK_STOCK};
    struct arena *arena = arena_new();
    struct ask_item item = {0, "fabric=white;ink=dark;size=L", 1 + (uint32_t)roll(d, 60), roll(d, 2) == 0};
    struct ask ask = {.kind = KINDS[roll(d, 8)], .arena = arena};
    if (ask.kind == ASK_QUOTE) {
        ask.u.quote.items = &item;
        ask.u.quote.item_count = 1;
        ask.u.quote.country = "CN";
    } else if (ask.kind == ASK_NEXT) {
        ask.u.next.line = (int32_t)roll(d, r->plant->line_count);
        ask.u.next.limit = 5;
    } else if (ask.kind == ASK_PLAN) {
        ask.u.plan.line = -1;
        ask.u.plan.to_s = TAKT_TIME_NEVER;
    } else if (ask.kind == ASK_ORDER) {
        ask.u.order.order = 1 + roll(d, r->last_order + 1);
    } else if (ask.kind == ASK_WHY) {
        ask.u.why.order = 1 + roll(d, r->last_order + 1);
    }
    planner_ask(r->p, r->now_s, &ask);
    if (ask.kind == ASK_QUOTE && ask.refusal.kind == REFUSAL_NONE)
        assert_true(ask.u.quote.ret_ship_by_s >= r->now_s);
    if (ask.kind == ASK_WHY && ask.refusal.kind == REFUSAL_NONE)
        assert_true(ask.u.why.ret_sentence[0] != '\0');
    arena_free(arena);
}

static void (*const HAPPENINGS[])(struct rig *, struct dice *) = {
    order_something, order_something, order_something, amend_something, report_something, report_something,
    report_line,     report_material, ship_something,  pass_time,       pass_time,        ask_something,
};

/* ---- the one that waits ---- */

static void assert_same(const char *what, char *here, char *there) {
    if (strcmp(here, there) != 0) {
        const char *a = here, *b = there;
        while (*a == *b)
            a++, b++;
        while (a > here && a[-1] != '\n')
            a--, b--;
        print_error("%s: warm: %.*s\ncold: %.*s\n", what, (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
        fail_msg("one that has followed is not as one that has loaded");
    }
    free(here);
    free(there);
}

static struct planner *wait_beside(struct rig *r, struct dice *d, bool busy) {
    struct planner *p = planner_new(&r->config, 0);
    for (enum load_kind kind = LOAD_META; kind <= LOAD_SURPLUS; kind++) {
        rig_load_kind(r, p, kind);
        for (uint64_t n = busy ? roll(d, 3) : 0; n > 0; n--) {
            HAPPENINGS[roll(d, sizeof HAPPENINGS / sizeof *HAPPENINGS)](r, d);
            if (roll(d, 3) == 0 && r->refs > 0)
                rig_cancel(r, 1 + (int)roll(d, (uint64_t)r->refs));
            rig_turn(r);
        }
    }
    return p;
}

static char *publication(struct rig *r, struct planner *p) {
    struct text t = {0};
    struct arena *arena = arena_new();
    planner_turn(p, r->now_s);
    const struct store_publish *q = planner_collect(p, r->now_s, arena);
    put(&t, "publication\n");
    for (size_t i = 0; q != NULL && i < q->lot_count; i++)
        put(&t, "lot %u %s %s %d %lld %lld %u\n", q->lots[i].lot, q->lots[i].product, q->lots[i].like, q->lots[i].state,
            (long long)q->lots[i].let_go_at_s, (long long)q->lots[i].firm_at_s, q->lots[i].units);
    for (size_t i = 0; q != NULL && i < q->task_count; i++)
        put(&t, "task %u %u %s %lld %lld %u %d %d\n", q->tasks[i].lot, q->tasks[i].op, q->tasks[i].line,
            (long long)q->tasks[i].start_s, (long long)q->tasks[i].end_s, q->tasks[i].quantity, q->tasks[i].state,
            q->tasks[i].gone);
    for (size_t i = 0; q != NULL && i < q->slice_count; i++)
        put(&t, "slice %d %u %u %u %u %d\n", (int)q->slices[i].order, q->slices[i].item, q->slices[i].first,
            q->slices[i].count, q->slices[i].lot, q->slices[i].gone);
    for (size_t i = 0; q != NULL && i < q->order_count; i++)
        put(&t, "order %d %d %lld %lld\n", (int)q->orders[i].no, q->orders[i].state,
            (long long)q->orders[i].planned_packed_s, (long long)q->orders[i].packed_at_s);
    for (size_t i = 0; q != NULL && i < q->promise_count; i++)
        put(&t, "promise %d %lld %s\n", (int)q->promises[i].order, (long long)q->promises[i].ship_by_s,
            q->promises[i].reason);
    arena_free(arena);
    return t.bytes;
}

/* The rows at once; and, at the end of a wait, what comes of them. */
static void assert_followed(struct rig *r, struct planner **warm, struct dice *d, bool to_the_end) {
    struct takt_error err = {0};
    rig_follow(r, *warm, 1 + roll(d, 40));
    struct planner *cold = wait_beside(r, d, false);
    assert_same("rows", describe(*warm, r->last_order), describe(cold, r->last_order));
    if (to_the_end) {
        planner_take_over(*warm, 7);
        planner_take_over(cold, 7);
        assert_int_equal(planner_loaded(*warm, r->now_s, &err), 0);
        assert_int_equal(planner_loaded(cold, r->now_s, &err), 0);
        assert_same("state", describe(*warm, r->last_order), describe(cold, r->last_order));
        assert_same("first turn", publication(r, *warm), publication(r, cold));
        planner_free(*warm);
        *warm = wait_beside(r, d, true);
    }
    planner_free(cold);
}

/* A publication that failed, or of which nobody knows, is collected again. */
static void publish_badly(struct rig *r, struct dice *d) {
    struct arena *arena = arena_new();
    if (roll(d, 4) == 0 && planner_collect(r->p, r->now_s, arena) != NULL)
        planner_published(r->p, TAKT_ESTORE);
    arena_free(arena);
    rig_publish(r);
}

static void live(uint64_t seed, const char *scheduler, int steps) {
    struct dice d = {seed};
    struct rig *r = rig_new(PLANT, scheduler);
    r->spreads = seed % 2 == 0;
    struct planner *warm = wait_beside(r, &d, false);
    for (int i = 0; i < steps; i++) {
        HAPPENINGS[roll(&d, sizeof HAPPENINGS / sizeof *HAPPENINGS)](r, &d);
        if (roll(&d, 12) == 0 && r->refs > 0)
            rig_cancel(r, 1 + (int)roll(&d, (uint64_t)r->refs));
        if (roll(&d, 2) == 0)
            planner_turn(r->p, r->now_s);
        rig_changes(r);
        planner_turn(r->p, r->now_s);
        publish_badly(r, &d);
        assert_store_knows_all(r);
        if (roll(&d, 3) > 0)
            assert_followed(r, &warm, &d, roll(&d, 12) == 0);
        if (roll(&d, 3) == 0)
            rig_search(r);
        if (roll(&d, 40) == 0)
            rig_start(r);
    }
    planner_free(warm);
    rig_free(r);
}

static void test_any_life_keeps_the_invariants_and_the_store_knows_all_of_it(void **state) {
    static const char *const SCHEDULERS[] = {"atcs", "fifo", "edd", "spt", "search"};
    const char *only = getenv("SEED");
    (void)state;
    for (uint64_t seed = only == NULL ? 1 : strtoull(only, NULL, 10); seed <= TEST_EFFORT(60); seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        live(seed, SCHEDULERS[seed % 5], 150);
        if (only != NULL)
            break;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_life_keeps_the_invariants_and_the_store_knows_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
