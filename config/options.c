/* SPDX-License-Identifier: Apache-2.0 */
/* The rows stand in the order in which they are read and printed: what is referred to comes before what refers to it.
 */
#include "config/options.h"

#include "config/plant.h"
#include "config/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define AT(type, field)          .offset = offsetof(struct type, field)
#define ARRAY(type, field, size) .offset = offsetof(struct type, field), .count_offset = offsetof(struct type, size)
#define RANGE(low, high)         .least = (low), .most = (high)
#define NEEDED                   .flags = OPTION_COMPULSORY
#define RESTART                  .flags = OPTION_RESTART
#define INITIAL                  .flags = OPTION_INITIAL
#define DEFAULT(text)            .fallback = (text)
#define HELP(text)               .help = (text)
#define DAYS_S(days)             (INT64_C(86400) * (days))

enum { MANY = 1000000 };

#define YEARS_10_S DAYS_S(3660)
#define BILLION    INT64_C(1000000000)

static const struct option_row ROOT[] = {
    {"takt", OPTION_VERSION, NEEDED, RANGE(1, 1), HELP("version of this format")},
    {"plant", OPTION_GROUP, NEEDED, HELP("which plant this is")},
    {"calendars", OPTION_NAMED, ARRAY(plant, calendars, calendar_count), .of = TABLE_CALENDARS,
     HELP("when lines and pools work; `always` is built in")},
    {"pools", OPTION_NAMED, ARRAY(plant, pools, pool_count), .of = TABLE_POOLS,
     HELP("people or tools that lines share; a task runs where its line and its pools are open")},
    {"changeovers", OPTION_NAMED, ARRAY(plant, changeovers, changeover_count), .of = TABLE_CHANGEOVERS,
     HELP("open time between tasks of different families on one line")},
    {"lines", OPTION_NAMED, NEEDED, ARRAY(plant, lines, line_count), .of = TABLE_LINES,
     HELP("machines or benches that do one task at a time")},
    {"materials", OPTION_NAMED, ARRAY(plant, materials, material_count), .of = TABLE_MATERIALS,
     HELP("what products consume")},
    {"products", OPTION_NAMED, NEEDED, ARRAY(plant, products, product_count), .of = TABLE_PRODUCTS,
     HELP("what can be ordered, and how it is made")},
    {"packing", OPTION_GROUP, NEEDED, HELP("where finished orders become parcels")},
    {"creators", OPTION_NAMED, ARRAY(plant, creators, creator_count), .of = TABLE_CREATORS, HELP("who sends orders")},
    {"consumers", OPTION_NAMED, ARRAY(plant, consumers, consumer_count), .of = TABLE_CONSUMERS,
     HELP("who takes shipments")},
    {"terminals", OPTION_NAMED, ARRAY(plant, terminals, terminal_count), .of = TABLE_TERMINALS,
     HELP("what reports from the floor, and for which lines")},
    {"shipping", OPTION_GROUP, NEEDED, HELP("how parcels leave")},
    {"planning", OPTION_GROUP, .offset = offsetof(struct plant, planning), HELP("how the plan is made")},
    {"store", OPTION_STORE, RESTART, AT(plant, store), DEFAULT("sqlite:/var/lib/takt/takt.db"),
     HELP("where orders are kept: sqlite:PATH, postgresql://… or memory: (gone when the daemon ends)")},
    {"listen", OPTION_GROUP, .offset = offsetof(struct plant, listen), HELP("where the daemon listens")},
    {"security", OPTION_CHOICE, RESTART, AT(plant, security), .choices = "curve none", DEFAULT("curve"),
     HELP("curve: only keys named here may connect; none: anybody, so only on loopback and ipc")},
};

static const struct option_row PLANT[] = {
    {"id", OPTION_NAME, .flags = OPTION_COMPULSORY | OPTION_RESTART, AT(plant, id),
     HELP("its name on the wire and in the store")},
    {"name", OPTION_TEXT, AT(plant, name), RANGE(1, 100), HELP("its name for people; default: the id")},
    {"time_zone", OPTION_ZONE, .flags = OPTION_COMPULSORY | OPTION_RESTART, AT(plant, time_zone),
     HELP("of the tz database, such as Asia/Shanghai; every local time here is of it")},
};

static const struct option_row CALENDAR[] = {
    {"weekly", OPTION_LIST, ARRAY(plant_calendar, weekly, weekly_count), RANGE(0, 200),
     HELP("shifts that come every week; adjoining ones are one interval")},
    {"closed", OPTION_DATES, ARRAY(plant_calendar, closed, closed_count), RANGE(0, 10000),
     HELP("whole days, both ends included, on which no shift begins")},
    {"extra", OPTION_SPANS, ARRAY(plant_calendar, extra, extra_count), RANGE(0, 10000),
     HELP("open once besides, also on closed days")},
};

static const struct option_row SHIFT[] = {
    {"days", OPTION_DAYS, NEEDED, AT(plant_shift, days), HELP("on which the shift begins")},
    {"from", OPTION_CLOCK, NEEDED, AT(plant_shift, from_min), RANGE(0, 1439), HELP("local time at which it begins")},
    {"to", OPTION_SHIFT_END, NEEDED, AT(plant_shift, to_min), RANGE(0, 1440),
     HELP("local time at which it ends; one not after `from` is of the next day")},
};

static const struct option_row POOL[] = {
    {"capacity", OPTION_INTEGER32, AT(plant_pool, capacity), RANGE(1, 10000), DEFAULT("1"), HELP("how many there are")},
    {"calendar", OPTION_REF, AT(plant_pool, calendar), .of = TABLE_CALENDARS, DEFAULT("always"),
     HELP("when they work")},
};

static const struct option_row CHANGEOVER[] = {
    {"default", OPTION_DURATION, NEEDED, AT(plant_changeover, default_s), RANGE(0, DAYS_S(30)),
     HELP("any pair that is not named; within one family none is needed")},
    {"pairs", OPTION_PAIRS, ARRAY(plant_changeover, pairs, pair_count), RANGE(0, DAYS_S(30)),
     HELP("`from > to: time`, families as the operations name them")},
};

static const struct option_row LINE[] = {
    {"calendar", OPTION_REF, NEEDED, AT(plant_line, calendar), .of = TABLE_CALENDARS, HELP("when it works")},
    {"count", OPTION_COUNT, RANGE(1, 1000), DEFAULT("1"),
     HELP("alike stations, planned as NAME.1, NAME.2 …; 1: the line itself")},
    {"changeover", OPTION_REF, AT(plant_line, changeover), .of = TABLE_CHANGEOVERS,
     HELP("what it needs between families; without it nothing")},
    {"batch", OPTION_INTEGER64, AT(plant_line, batch), RANGE(1, MANY),
     HELP("units of one family at once, as a kiln does; without it one task at a time")},
    {"reports", OPTION_CHOICE, AT(plant_line, reports), .choices = "floor planned", DEFAULT("floor"),
     HELP("floor: only reports count; planned: what was planned counts as done")},
    {"set_up_for", OPTION_FAMILY, INITIAL, AT(plant_line, set_up_for),
     HELP("family at the start; without it not known")},
    {"down", OPTION_LIST, INITIAL, ARRAY(plant_line, down, down_count), RANGE(0, 1000),
     HELP("downtimes known at the start")},
};

static const struct option_row DOWN[] = {
    {"from", OPTION_MOMENT, NEEDED, AT(plant_interval, from_s), HELP("local time")},
    {"to", OPTION_MOMENT, NEEDED, AT(plant_interval, to_s), HELP("local time")},
    {"reason", OPTION_TEXT, AT(plant_interval, reason), RANGE(1, 200),
     HELP("for the plan and for why an order is late")},
};

static const struct option_row MATERIAL[] = {
    {"unit", OPTION_NAME, NEEDED, AT(plant_material, unit),
     HELP("m, kg, sheet …; products name it with every quantity")},
    {"on_hand", OPTION_AMOUNT, INITIAL, AT(plant_material, on_hand_milli), RANGE(0, BILLION * 1000), DEFAULT("0"),
     HELP("how much is there at the start")},
    {"receipts", OPTION_LIST, INITIAL, ARRAY(plant_material, receipts, receipt_count), RANGE(0, 10000),
     HELP("deliveries expected at the start")},
    {"lead_time", OPTION_DURATION, AT(plant_material, lead_time_s), RANGE(0, YEARS_10_S),
     HELP("beyond receipts it can be had so long from now; without it never")},
};

static const struct option_row RECEIPT[] = {
    {"at", OPTION_TIME, NEEDED, AT(plant_receipt, at_s), HELP("a date, meaning its first moment, or a local time")},
    {"quantity", OPTION_AMOUNT, NEEDED, AT(plant_receipt, quantity_milli), RANGE(1, BILLION * 1000),
     HELP("in the material's unit")},
};

static const struct option_row PRODUCT[] = {
    {"options", OPTION_OPTIONS, ARRAY(plant_product, options, option_count), RANGE(0, 32),
     HELP("choices on it: a list of values, or `any` for what creators bring (1–64 letters, digits, . _ -)")},
    {"weight", OPTION_WEIGHT, AT(plant_product, weight_mg), RANGE(1, BILLION), HELP("of one unit")},
    {"materials", OPTION_MATERIALS, ARRAY(plant_product, materials, material_count), RANGE(1, BILLION),
     HELP("what one unit takes, with the material's unit")},
    {"lot", OPTION_GROUP, NEEDED, HELP("which units are made together")},
    {"route", OPTION_LIST, NEEDED, ARRAY(plant_product, route, op_count), RANGE(1, 100), HELP("operations, in order")},
};

static const struct option_row LOT[] = {
    {"like", OPTION_LIKE, ARRAY(plant_product, like, like_count), RANGE(0, 32),
     HELP("options in which units of one lot agree; default: all of the product's")},
    {"max", OPTION_INTEGER64, NEEDED, AT(plant_product, lot_max), RANGE(1, MANY), HELP("most units of a lot")},
    {"min", OPTION_INTEGER64, AT(plant_product, lot_min), RANGE(1, MANY), DEFAULT("1"),
     HELP("fewest units worth starting before `wait` is over")},
    {"wait", OPTION_DURATION, AT(plant_product, lot_wait_s), RANGE(0, DAYS_S(366)), DEFAULT("0"),
     HELP("longest that an order waits for company")},
};

static const struct option_row OPERATION[] = {
    {"op", OPTION_NAME, NEEDED, AT(plant_op, id), HELP("its name, once in a route")},
    {"lines", OPTION_OP_LINES, NEEDED, ARRAY(plant_op, lines, line_count), RANGE(1, 1000),
     HELP("lines that can do it: a rate of units, or `{rate, fixed}`; on a batch line `{fixed}`, the time of a run")},
    {"family", OPTION_TEMPLATE, AT(plant_op, family),
     HELP("what its line must be set up for; `{option}` stands for the option's value")},
    {"pools", OPTION_POOLS, ARRAY(plant_op, pools, pool_count), RANGE(1, 10000), HELP("how many of a pool it holds")},
    {"overlap", OPTION_INTEGER64, AT(plant_op, overlap), RANGE(1, MANY),
     HELP("the next operation may start after so many units; without it after all")},
    {"rest", OPTION_REST, AT(plant_op, rest_s), RANGE(0, DAYS_S(366)), DEFAULT("0"),
     HELP("must pass before the next operation or packing; `2h..8h` with an upper limit")},
    {"breakable", OPTION_BOOL, AT(plant_op, breakable), DEFAULT("true"),
     HELP("whether it may pause while its line is closed")},
    {"yield", OPTION_PERCENT, AT(plant_op, yield_ppm), RANGE(10000, 1000000), DEFAULT("100%"),
     HELP("good units of those started")},
};

static const struct option_row RATE[] = {
    {"rate", OPTION_RATE_H, AT(plant_rate, rate_milli), RANGE(1, BILLION),
     HELP("units; without it the time does not depend on the quantity")},
    {"fixed", OPTION_DURATION, AT(plant_rate, fixed_s), RANGE(0, DAYS_S(366)), DEFAULT("0"),
     HELP("time besides, however many units; on a batch line the time of a run")},
};

static const struct option_row PACKING[] = {
    {"lines", OPTION_NAMED, NEEDED, ARRAY(plant, packing, packing_count), .of = TABLE_PACKING, HELP("packing lines")},
};

static const struct option_row PACKING_LINE[] = {
    {"calendar", OPTION_REF, NEEDED, AT(plant_packing_line, calendar), .of = TABLE_CALENDARS, HELP("when it works")},
    {"rate", OPTION_RATE_H, NEEDED, AT(plant_packing_line, rate_milli), RANGE(1, BILLION), HELP("parcels")},
};

static const struct option_row CREATOR[] = {
    {"keys", OPTION_KEYS, .offset = offsetof(struct plant_creator, keys), RANGE(0, 100),
     HELP("public keys of CURVE, in Z85")},
    {"share", OPTION_INTEGER32, AT(plant_creator, share), RANGE(1, 10000), DEFAULT("1"),
     HELP("of intake and of capacity, against the other creators'")},
    {"weight", OPTION_INTEGER32, AT(plant_creator, weight), RANGE(1, 1000), DEFAULT("1"),
     HELP("of its orders' lateness")},
    {"max_open", OPTION_INTEGER64, AT(plant_creator, max_open), RANGE(1, INT64_C(100000000)), DEFAULT("1000000"),
     HELP("most open orders")},
    {"rate", OPTION_RATE_S, AT(plant_creator, rate_milli), RANGE(1, BILLION),
     HELP("most orders in a time; without it no limit")},
};

static const struct option_row CONSUMER[] = {
    {"keys", OPTION_KEYS, .offset = offsetof(struct plant_consumer, keys), RANGE(0, 100),
     HELP("public keys of CURVE, in Z85")},
};

static const struct option_row TERMINAL[] = {
    {"keys", OPTION_KEYS, .offset = offsetof(struct plant_terminal, keys), RANGE(0, 100),
     HELP("public keys of CURVE, in Z85")},
    {"tokens", OPTION_TOKENS, .offset = offsetof(struct plant_terminal, tokens), RANGE(0, 100),
     HELP("SHA-256 of each token by which its browser may use the pages of its lines")},
    {"lines", OPTION_TERMINAL_LINES, NEEDED, ARRAY(plant_terminal, lines, line_count), RANGE(1, 10000),
     HELP("lines that it reports for; with a packing line, orders are packed when it says so")},
};

static const struct option_row SHIPPING[] = {
    {"carriers", OPTION_NAMED, NEEDED, ARRAY(plant, carriers, carrier_count), .of = TABLE_CARRIERS,
     HELP("who takes parcels away")},
    {"services", OPTION_NAMED, NEEDED, ARRAY(plant, services, service_count), .of = TABLE_SERVICES,
     HELP("what an order can ask for; the first is meant where it asks for none")},
    {"consolidate", OPTION_DURATION, AT(plant, consolidate_s), RANGE(0, DAYS_S(60)), DEFAULT("0"),
     HELP("one consumer's orders of one creator packed within this leave as one parcel, if no promise breaks")},
    {"if_late", OPTION_CHOICE, AT(plant, if_late), .choices = "accept refuse", DEFAULT("accept"),
     HELP("what becomes of an order whose wish cannot be met")},
};

static const struct option_row CARRIER[] = {
    {"cutoff", OPTION_CLOCK, NEEDED, AT(plant_carrier, cutoff_min), RANGE(0, 1439),
     HELP("local time at which it collects")},
    {"days", OPTION_DAYS, NEEDED, AT(plant_carrier, days), HELP("on which it collects")},
    {"transit", OPTION_TRANSIT, NEEDED, ARRAY(plant_carrier, transit, transit_count), RANGE(0, 366),
     HELP("calendar days on the way, by country (ISO 3166, two letters), and `else`")},
};

static const struct option_row SERVICE[] = {
    {"carrier", OPTION_REF, NEEDED, AT(plant_service, carrier), .of = TABLE_CARRIERS, HELP("which carrier takes it")},
    {"weight", OPTION_INTEGER32, AT(plant_service, weight), RANGE(1, 1000), DEFAULT("1"),
     HELP("of lateness, times the creator's")},
};

static const struct option_row PLANNING[] = {
    {"scheduler", OPTION_WORD, AT(plant_planning, scheduler), .choices = "auto fifo edd spt atcs search",
     DEFAULT("auto"), HELP("how tasks are put in order")},
    {"target", OPTION_DURATION, AT(plant_planning, target_s), RANGE(3600, DAYS_S(366)), DEFAULT("10d"),
     HELP("due for orders without a wish")},
    {"horizon", OPTION_DURATION, AT(plant_planning, horizon_s), RANGE(DAYS_S(1), DAYS_S(366)), DEFAULT("60d"),
     HELP("work beyond is planned coarsely, and promised all the same")},
    {"frozen", OPTION_DURATION, AT(plant_planning, frozen_s), RANGE(0, DAYS_S(30)), DEFAULT("4h"),
     HELP("tasks that start within this stay where they are")},
    {"threads", OPTION_INTEGER32, RESTART, AT(plant_planning, threads), RANGE(1, 256), DEFAULT("2"),
     HELP("of the solver")},
    {"think", OPTION_DURATION_MS, AT(plant_planning, think_ms), RANGE(0, 3600000), DEFAULT("20s"),
     HELP("improvement before a better plan is published; a repair is published at once")},
    {"promise", OPTION_GROUP, HELP("how dates are promised")},
    {"objective", OPTION_GROUP, .offset = offsetof(struct plant_planning, objective),
     HELP("weights of what a plan costs")},
};

static const struct option_row PROMISE[] = {
    {"margin", OPTION_PERCENT, AT(plant_planning, margin_ppm), RANGE(0, 10000000), DEFAULT("10%"),
     HELP("added to a promise: of the last line's open time, then of the time until the packing")},
    {"at_most", OPTION_DURATION, AT(plant_planning, promise_at_most_s), RANGE(3600, YEARS_10_S), DEFAULT("30d"),
     HELP("orders that would be promised later are refused as `no-capacity`")},
};

static const struct option_row OBJECTIVE[] = {
    {"late_promise", OPTION_INTEGER32, AT(plant_objective, late_promise), RANGE(0, 10000), DEFAULT("100"),
     HELP("a day after the promise")},
    {"late_wish", OPTION_INTEGER32, AT(plant_objective, late_wish), RANGE(0, 10000), DEFAULT("10"),
     HELP("a day after the wish, or the target")},
    {"flow", OPTION_INTEGER32, AT(plant_objective, flow), RANGE(0, 10000), DEFAULT("1"),
     HELP("a day from acceptance to packed")},
    {"waiting", OPTION_INTEGER32, AT(plant_objective, waiting), RANGE(0, 10000), DEFAULT("1"),
     HELP("a day that finished units wait for the rest of their order")},
    {"changeover", OPTION_INTEGER32, AT(plant_objective, changeover), RANGE(0, 10000), DEFAULT("20"),
     HELP("a line hour of changeovers")},
    {"moves", OPTION_INTEGER32, AT(plant_objective, moves), RANGE(0, 10000), DEFAULT("5"),
     HELP("a task of the next two days that moves")},
};

static const struct option_row LISTEN[] = {
    {"orders", OPTION_ENDPOINT, RESTART, AT(plant_listen, orders), DEFAULT("tcp://*:7710"), HELP("creators")},
    {"shipments", OPTION_ENDPOINT, RESTART, AT(plant_listen, shipments), DEFAULT("tcp://*:7711"), HELP("consumers")},
    {"floor", OPTION_ENDPOINT, RESTART, AT(plant_listen, floor), DEFAULT("ipc:///run/takt/floor.sock"),
     HELP("terminals")},
    {"control", OPTION_ENDPOINT, RESTART, AT(plant_listen, control), DEFAULT("ipc:///run/takt/control.sock"),
     HELP("taktctl; who may use it is decided by the socket's permissions")},
    {"planner", OPTION_ENDPOINT, RESTART, AT(plant_listen, planner), DEFAULT("off"),
     HELP("intakes on other machines (taktd --role intake), which ask here for quotes with the plant's own key; `*` is told them "
          "as this machine's name")},
    {"http", OPTION_ADDRESS, RESTART, AT(plant_listen, http), DEFAULT("127.0.0.1:7780"), HELP("board and metrics")},
};

#define ROWS(array) .options = (array), .count = sizeof(array) / sizeof *(array)

const struct section sections[] = {
    {"", "the plant's file", sizeof(struct plant), ROWS(ROOT)},
    {"plant", "the plant", 0, ROWS(PLANT)},
    {"calendars.*", "a calendar", sizeof(struct plant_calendar), ROWS(CALENDAR)},
    {"calendars.*.weekly[]", "a shift", sizeof(struct plant_shift), ROWS(SHIFT)},
    {"pools.*", "a pool", sizeof(struct plant_pool), ROWS(POOL)},
    {"changeovers.*", "a changeover", sizeof(struct plant_changeover), ROWS(CHANGEOVER)},
    {"lines.*", "a line", sizeof(struct plant_line), ROWS(LINE)},
    {"lines.*.down[]", "a downtime", sizeof(struct plant_interval), ROWS(DOWN)},
    {"materials.*", "a material", sizeof(struct plant_material), ROWS(MATERIAL)},
    {"materials.*.receipts[]", "a receipt", sizeof(struct plant_receipt), ROWS(RECEIPT)},
    {"products.*", "a product", sizeof(struct plant_product), ROWS(PRODUCT)},
    {"products.*.lot", "a lot", 0, ROWS(LOT)},
    {"products.*.route[]", "an operation", sizeof(struct plant_op), ROWS(OPERATION)},
    {"products.*.route[].lines.*", "a line's rate", sizeof(struct plant_rate), ROWS(RATE)},
    {"packing", "packing", 0, ROWS(PACKING)},
    {"packing.lines.*", "a packing line", sizeof(struct plant_packing_line), ROWS(PACKING_LINE)},
    {"creators.*", "a creator", sizeof(struct plant_creator), ROWS(CREATOR)},
    {"consumers.*", "a consumer", sizeof(struct plant_consumer), ROWS(CONSUMER)},
    {"terminals.*", "a terminal", sizeof(struct plant_terminal), ROWS(TERMINAL)},
    {"shipping", "shipping", 0, ROWS(SHIPPING)},
    {"shipping.carriers.*", "a carrier", sizeof(struct plant_carrier), ROWS(CARRIER)},
    {"shipping.services.*", "a service", sizeof(struct plant_service), ROWS(SERVICE)},
    {"planning", "planning", 0, ROWS(PLANNING)},
    {"planning.promise", "promise", 0, ROWS(PROMISE)},
    {"planning.objective", "objective", 0, ROWS(OBJECTIVE)},
    {"listen", "listen", 0, ROWS(LISTEN)},
};
const size_t section_count = sizeof sections / sizeof *sections;

const char *option_path(const struct section *section, const struct option_row *option, char *buffer) {
    snprintf(buffer, OPTION_PATH_SIZE, "%s%s%s", section->path, section->path[0] == '\0' ? "" : ".", option->name);
    return buffer;
}

const struct section *section_find(const char *path) {
    for (size_t k = 0; k < section_count; k++)
        if (strcmp(sections[k].path, path) == 0)
            return &sections[k];
    return NULL;
}

const struct section *option_section(const struct section *of, const struct option_row *option) {
    static const char *const SUFFIX[OPTION_KINDS] = {
        [OPTION_GROUP] = "", [OPTION_NAMED] = ".*", [OPTION_LIST] = "[]", [OPTION_OP_LINES] = ".*"};
    char path[OPTION_PATH_SIZE];
    if (SUFFIX[option->kind] == NULL)
        return NULL;
    option_path(of, option, path);
    strncat(path, SUFFIX[option->kind], sizeof path - strlen(path) - 1);
    return section_find(path);
}

const struct section *section_with(const struct option_row *option) {
    for (size_t k = 0; k < section_count; k++)
        if (option >= sections[k].options && option < sections[k].options + sections[k].count)
            return &sections[k];
    return NULL;
}

const struct option_row *section_option(const struct section *section, const char *name) {
    for (size_t k = 0; k < section->count; k++)
        if (strcmp(section->options[k].name, name) == 0)
            return &section->options[k];
    return NULL;
}

static const char *const KIND_TEXTS[OPTION_KINDS] = {
    [OPTION_GROUP] = "a map of options",
    [OPTION_NAMED] = "a map of names",
    [OPTION_LIST] = "a list of maps",
    [OPTION_VERSION] = "a whole number",
    [OPTION_COUNT] = "a whole number",
    [OPTION_INTEGER32] = "a whole number",
    [OPTION_INTEGER64] = "a whole number",
    [OPTION_AMOUNT] = "a number with at most three decimals",
    [OPTION_BOOL] = "true or false",
    [OPTION_CHOICE] = "one of the words",
    [OPTION_WORD] = "one of the words",
    [OPTION_TEXT] = "text",
    [OPTION_NAME] = "a name (1–64 letters, digits, . _ -, beginning with a letter or digit)",
    [OPTION_FAMILY] = "a family (1–64 characters without { } < > and commas)",
    [OPTION_TEMPLATE] = "a family such as light or \"{fabric}\"",
    [OPTION_ZONE] = "a time zone such as Asia/Shanghai",
    [OPTION_STORE] = "a store: sqlite:PATH, postgresql://… or memory:",
    [OPTION_ENDPOINT] = "an endpoint such as tcp://127.0.0.1:7710, ipc:///run/takt/x.sock or off",
    [OPTION_ADDRESS] = "an address such as 127.0.0.1:7780, [::1]:7780 or off",
    [OPTION_DURATION] = "a duration such as 30s, 5m, 2h or 1d12h",
    [OPTION_DURATION_MS] = "a duration such as 500ms, 20s or 5m",
    [OPTION_REST] = "a duration such as 2h, or two such as 2h..8h",
    [OPTION_PERCENT] = "a percentage such as 98%",
    [OPTION_WEIGHT] = "a weight such as 180 g or 1.2 kg",
    [OPTION_RATE_H] = "a rate such as 240/h or 4/m",
    [OPTION_RATE_S] = "a rate such as 2000/s or 60/m",
    [OPTION_CLOCK] = "a time of day such as \"06:00\"",
    [OPTION_SHIFT_END] = "a time of day such as \"14:00\" or \"24:00\"",
    [OPTION_DAYS] = "days such as mon-fri or mon,wed,sat",
    [OPTION_TIME] = "a date or local time such as 2026-12-01 or 2026-12-01T08:00",
    [OPTION_MOMENT] = "a local time such as 2026-12-01T08:00",
    [OPTION_DATES] = "a list of dates such as 2027-02-06 or 2027-02-06/2027-02-13",
    [OPTION_SPANS] = "a list of spans such as 2027-01-31T06:00/2027-01-31T14:00",
    [OPTION_REF] = "a name",
    [OPTION_KEYS] = "a list of public keys in Z85",
    [OPTION_TOKENS] = "a list of digests, each 64 hexadecimal digits",
    [OPTION_PAIRS] = "a map such as {light > dark: 15m}",
    [OPTION_OPTIONS] = "a map such as {size: [S, M, L], design: any}",
    [OPTION_MATERIALS] = "a map such as {jersey: 1.2 m}",
    [OPTION_POOLS] = "a map such as {crew: 1}",
    [OPTION_LIKE] = "a list of the product's options",
    [OPTION_OP_LINES] = "a map such as {cut-1: 240/h, sew-1: {rate: 25/h, fixed: 10m}}",
    [OPTION_TERMINAL_LINES] = "a list of lines",
    [OPTION_TRANSIT] = "a map such as {CN: 1d, else: 7d}",
};

const char *option_kind_text(enum option_kind kind) {
    return KIND_TEXTS[kind];
}

/* One end of a range, as an operator would write it. */
static const char *bound_text(enum option_kind kind, int64_t value, char *buffer) {
    char number[VALUE_TEXT_SIZE];
    switch (kind) {
    case OPTION_DURATION:
    case OPTION_REST:
    case OPTION_PAIRS:
        return value_duration_print(value * 1000, buffer);
    case OPTION_DURATION_MS:
        return value_duration_print(value, buffer);
    case OPTION_PERCENT:
        return value_percent_print((int32_t)value, buffer);
    case OPTION_WEIGHT:
        return value_weight_print(value, buffer);
    case OPTION_CLOCK:
    case OPTION_SHIFT_END:
        return value_clock_print((int32_t)value, buffer);
    case OPTION_AMOUNT:
    case OPTION_MATERIALS:
        return value_decimal_print(value, 3, buffer);
    case OPTION_RATE_H:
    case OPTION_RATE_S:
        snprintf(buffer, VALUE_TEXT_SIZE, "%.40s/%s", value_decimal_print(value, 3, number),
                 kind == OPTION_RATE_H ? "h" : "s");
        return buffer;
    case OPTION_TRANSIT:
        snprintf(buffer, VALUE_TEXT_SIZE, "%" PRId64 "d", value);
        return buffer;
    default:
        snprintf(buffer, VALUE_TEXT_SIZE, "%" PRId64, value);
        return buffer;
    }
}

const char *option_range(const struct option_row *option, char *buffer) {
    char least[VALUE_TEXT_SIZE], most[VALUE_TEXT_SIZE];
    buffer[0] = '\0';
    if (option->choices != NULL) {
        size_t at = 0;
        for (const char *c = option->choices; *c != '\0'; c++)
            at += (size_t)snprintf(buffer + at, OPTION_RANGE_SIZE - at, *c == ' ' ? ", " : "%c", *c);
    } else if (option->most > 0) {
        snprintf(buffer, OPTION_RANGE_SIZE, "%s … %s", bound_text(option->kind, option->least, least),
                 bound_text(option->kind, option->most, most));
    }
    return buffer;
}

const char *option_table_text(enum option_table table) {
    static const char *const TEXTS[TABLE_COUNT] = {
        [TABLE_CALENDARS] = "calendar",   [TABLE_POOLS] = "pool",         [TABLE_CHANGEOVERS] = "changeover",
        [TABLE_LINES] = "line",           [TABLE_MATERIALS] = "material", [TABLE_PRODUCTS] = "product",
        [TABLE_PACKING] = "packing line", [TABLE_CREATORS] = "creator",   [TABLE_CONSUMERS] = "consumer",
        [TABLE_TERMINALS] = "terminal",   [TABLE_CARRIERS] = "carrier",   [TABLE_SERVICES] = "service",
    };
    return TEXTS[table];
}
