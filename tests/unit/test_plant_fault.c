/* SPDX-License-Identifier: Apache-2.0 */
/* Each row is one mistake in a plant that is good without it, and all that is said about it. */
#include "plant_fixture.h"

struct mistake {
    const char *from, *to; /* in the small plant */
    const char *found;     /* "line:column: text", one a line; NULL text: none */
};

static const char *join(const struct plant_fault *list, size_t count, struct arena *arena) {
    const char *all = "";
    for (size_t k = 0; k < count; k++)
        all = arena_printf(arena, "%s%s%d:%d: %s", all, k > 0 ? "\n" : "", list[k].line, list[k].column, list[k].text);
    return all;
}

static void check_faults(const struct mistake *list, size_t count) {
    for (size_t k = 0; k < count; k++) {
        struct arena *arena = arena_new();
        struct fixture f;
        fixture_load_edited(&f, list[k].from, list[k].to);
        assert_string_equal(join(f.faults.list, f.faults.count, arena), list[k].found);
        assert_int_equal(f.code, TAKT_ECONFIG);
        assert_null(f.plant);
        fixture_done(&f);
        arena_free(arena);
    }
}

static void check_notes(const struct mistake *list, size_t count) {
    for (size_t k = 0; k < count; k++) {
        struct arena *arena = arena_new();
        struct fixture f;
        fixture_load_edited(&f, list[k].from, list[k].to);
        fixture_good(&f);
        assert_string_equal(join(f.plant->notes, f.plant->note_count, arena), list[k].found);
        fixture_done(&f);
        arena_free(arena);
    }
}

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void test_keys_that_do_not_exist_name_the_nearest(void **state) {
    static const struct mistake LIST[] = {
        {"calendars:", "calendar:",
         "3:1: 'calendar' is no option of the plant's file; did you mean 'calendars'?\n6:33: there is no calendar "
         "'day'; there are: always\n10:21: there is no calendar 'day'; there are: always\n11:19: there is no calendar "
         "'day'; there are: always\n24:36: there is no calendar 'day'; there are: always"},
        {"cutoff:", "cutof:",
         "28:20: a carrier has no 'cutoff', which is compulsory: local time at which it collects\n28:21: 'cutof' is no "
         "option of a carrier; did you mean 'cutoff'?"},
        {"crew: {capacity: 2,", "crew: {zzz: 2,", "6:10: 'zzz' is no option of a pool; there are: capacity, calendar"},
        {"lot: {max: 100,", "lot: {max: 100, mxa: 3,", "19:21: 'mxa' is no option of a lot; did you mean 'max'?"},
    };
    (void)state;
    check_faults(LIST, COUNT(LIST));
}

static void test_names_that_do_not_exist_name_the_nearest(void **state) {
    static const struct mistake LIST[] = {
        {"print: {calendar: day,", "print: {calendar: dya,", "10:21: there is no calendar 'dya'; did you mean 'day'?"},
        {"changeover: ink", "changeover: unk", "10:38: there is no changeover 'unk'; did you mean 'ink'?"},
        {"lines: {print: 60/h}", "lines: {pritn: 60/h}", "21:29: there is no line 'pritn'; did you mean 'print'?"},
        {"pools: {crew: 1}", "pools: {crow: 1}", "21:68: there is no pool 'crow'; did you mean 'crew'?"},
        {"materials: {cloth: 1.2 m}", "materials: {silk: 1.2 m}",
         "18:17: there is no material 'silk'; there are: cloth"},
        {"lot: {max: 100,", "lot: {like: [ikn], max: 100,", "19:18: there is no option 'ikn'; did you mean 'ink'?"},
        {"\"{ink}\"", "\"{ikn}\"", "21:51: 'tee' has no option 'ikn'; did you mean 'ink'?"},
        {"services: {standard: {carrier: mail}}", "services: {standard: {carrier: main}}",
         "29:34: there is no carrier 'main'; did you mean 'mail'?"},
        {"creators: {luna: {}}", "terminals: {t: {lines: [sew, pakc]}}",
         "25:30: there is no line 'pakc'; there are: print, sew, kiln"},
        {"time_zone: Europe/Berlin", "time_zone: Europe/Berlim",
         "2:28: time_zone: there is no time zone 'Europe/Berlim'; did you mean 'Europe/Berlin'?"},
    };
    (void)state;
    check_faults(LIST, COUNT(LIST));
}

static void test_values_that_are_none_say_what_is_wanted(void **state) {
    static const struct mistake LIST[] = {
        {"capacity: 2", "capacity: two", "6:20: capacity: 'two' is wrong; wanted: a whole number"},
        {"capacity: 2", "capacity: \"2\"", "6:20: capacity: '2' is wrong; wanted: a whole number"},
        {"capacity: 2", "capacity: [2]", "6:20: capacity: a list is wrong here; wanted: a whole number"},
        {"capacity: 2", "capacity: ", "6:20: capacity has no value; wanted: a whole number"},
        {"default: 20m", "default: 20",
         "8:18: default: '20' is wrong; wanted: a duration such as 30s, 5m, 2h or 1d12h"},
        {"light > dark: 15m", "light > dark: 15",
         "8:45: pairs: '15' is wrong; wanted: a duration such as 30s, 5m, 2h or 1d12h"},
        {"lines: {print: 60/h}", "lines: {print: 60}",
         "21:36: rate: '60' is wrong; wanted: a rate such as 240/h or 4/m"},
        {"to: \"14:00\"", "to: \"14.00\"",
         "4:53: to: '14.00' is wrong; wanted: a time of day such as \"14:00\" or \"24:00\""},
        {"days: mon-fri", "days: monday", "4:25: days: 'monday' is wrong; wanted: days such as mon-fri or mon,wed,sat"},
        {"breakable: false", "breakable: no", "23:59: breakable: 'no' is wrong; wanted: true or false"},
        {"security: none", "security: off", "30:11: security: 'off' is wrong; wanted: curve, none"},
        {"cloth: 1.2 m", "cloth: 1.2", "18:24: '1.2' is no quantity of cloth such as 1.2 m"},
        {"cloth: 1.2 m", "cloth: 1.2 kg", "18:24: '1.2 kg': cloth is counted in m"},
        {"DE: 1d", "DE: 36h", "28:67: '36h' is wrong; transit is in whole calendar days, such as 2d"},
        {"DE: 1d", "Germany: 1d",
         "28:63: 'Germany' is no country: two capital letters of ISO 3166, such as CN, or else"},
        {"luna: {}", "luna: {keys: [abc]}",
         "25:26: 'abc' is no public key: 40 characters of Z85, as curve_keygen prints"},
        {"creators: {luna: {}}", "terminals: {t: {lines: [sew], tokens: [secret]}}",
         "25:40: tokens: what stands here is no SHA-256 digest of a token: 64 hexadecimal digits, as sha256sum prints"},
        {"creators: {luna: {}}",
         "terminals: {t: {lines: [sew], tokens: [9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f]}, u: {lines: [sew], tokens: [9F9F5111F7B27A781F1F1DDDE5EBC2DD2B796BFC7365C9C28B548E564176929F]}}",
         "25:134: token 1 is that of 't' too; a token is one's own"},
        {"luna: {}", "luna: ", "25:18: a creator is a map of options such as {keys: …}"},
        {"orders: \"tcp://127.0.0.1:7710\"", "orders: 7710",
         "31:18: orders: '7710' is wrong; wanted: an endpoint such as tcp://127.0.0.1:7710, ipc:///run/takt/x.sock or "
         "off"},
        {"orders: \"tcp://127.0.0.1:7710\"",
         "orders: ipc://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "31:18: orders: the path of a socket may have 107 bytes, this one has 108"},
        {"security: none", "security: none\nstore: mysql://db",
         "31:8: store: 'mysql://db' is wrong; wanted: a store: sqlite:PATH, postgresql://… or memory:"},
        {"security: none", "security: none\nplanning: {scheduler: magic}",
         "31:23: scheduler: 'magic' is wrong; wanted: auto, fifo, edd, spt, atcs, search"},
    };
    (void)state;
    check_faults(LIST, COUNT(LIST));
}

static void test_values_out_of_range_say_the_range(void **state) {
    static const struct mistake LIST[] = {
        {"takt: 1", "takt: 2", "1:7: takt: 2 is out of range: 1 … 1"},
        {"capacity: 2", "capacity: 0", "6:20: capacity: 0 is out of range: 1 … 10000"},
        {"count: 3", "count: 0", "11:31: count: 0 is out of range: 1 … 1000"},
        {"max: 100", "max: -1", "19:16: max: -1 is out of range: 1 … 1000000"},
        {"lines: {print: 60/h}", "lines: {print: 0/h}", "21:36: rate: 0/h is out of range: 0.001/h … 1000000/h"},
        {"on_hand: 10,", "on_hand: 10, receipts: [{at: 2026-12-01, quantity: 0}],",
         "14:71: quantity: 0 is out of range: 0.001 … 1000000000"},
        {"cutoff: \"17:00\"", "cutoff: \"24:00\"", "28:29: cutoff: 24:00 is out of range: 00:00 … 23:59"},
        {"overlap: 10", "yield: 120%", "21:85: yield: 120% is out of range: 1% … 100%"},
        {"security: none", "security: none\nplanning: {horizon: 3h}", "31:21: horizon: 3h is out of range: 1d … 366d"},
    };
    (void)state;
    check_faults(LIST, COUNT(LIST));
}

static void test_what_is_compulsory_is_asked_for(void **state) {
    static const struct mistake LIST[] = {
        {"plant: {id: p1, time_zone: Europe/Berlin}", "plant: {}",
         "2:8: the plant has no 'id', which is compulsory: its name on the wire and in the store\n2:8: the plant has "
         "no 'time_zone', which is compulsory: of the tz database, such as Asia/Shanghai; every local time here is of "
         "it"},
        {"print: {calendar: day, changeover: ink}", "print: {changeover: ink}",
         "10:10: a line has no 'calendar', which is compulsory: when it works"},
        {"lines: {print: 60/h}, ", "",
         "21:9: an operation has no 'lines', which is compulsory: lines that can do it: a rate of units, or `{rate, "
         "fixed}`; on a batch line `{fixed}`, the time of a run"},
        {"lines: {print: 60/h}", "lines: {}", "21:28: lines: at least one line must be able to do it"},
        {"lines: {print: 60/h}", "lines: {print: {}}",
         "21:36: neither a rate nor a fixed time is given, so it would take no time"},
        {"packing: {lines: {pack: {calendar: day, rate: 60/h}}}", "packing: {lines: {}}",
         "24:18: lines: at least one is needed"},
        {"days: mon-sat, ", "", "28:20: a carrier has no 'days', which is compulsory: on which it collects"},
        {"{DE: 1d, else: 5d}", "{}", "28:62: transit: at least `else` must be there"},
    };
    (void)state;
    check_faults(LIST, COUNT(LIST));
}

static void test_what_would_never_work_is_a_fault(void **state) {
    static const struct mistake LIST[] = {
        {"{weekly: [{days: mon-fri, from: \"06:00\", to: \"14:00\"}]}", "{closed: [2026-12-24]}",
         "4:8: the calendar 'day' is never open: it has neither weekly shifts nor extra ones"},
        {"  day: {", "  always: {weekly: []}\n  day: {",
         "4:3: the calendar 'always' is built in; give this one another name"},
        {"lot: {max: 100, wait: 1d}", "lot: {max: 101, wait: 1d}",
         "23:9: 'fire': no line for it takes a lot of 101 units at once, the most is 100; make lot.max or the batch "
         "fit"},
        {"lot: {max: 100, wait: 1d}", "lot: {max: 50, min: 60, wait: 1d}",
         "19:25: lot.min is 60, above lot.max, which is 50"},
        {"overlap: 10", "overlap: 200", "21:87: overlap is 200, but a lot has at most 100 units"},
        {"pools: {crew: 1}", "pools: {crew: 3}", "21:74: it needs 3 of the pool 'crew', which has 2"},
        {"lines: {kiln: {fixed: 5h}}", "lines: {kiln: 20/h}",
         "23:27: 'kiln' is a batch line: a run takes the same time however full it is; write {fixed: …} instead of a "
         "rate"},
        {"op: sew", "op: print", "22:14: 'print' is in the route twice; name its operations apart"},
        {"overlap: 10", "breakable: false, rest: 3h..2h", "21:102: rest: '3h..2h' ends before it begins"},
        {"lines: {print: 60/h}, ", "lines: {print: 12/h}, breakable: false, ",
         "21:9: 'print' must not pause (breakable: false), but a lot of 100 units takes longer than any line for it is "
         "open at a stretch; make lot.max smaller or the shifts longer"},
        {"crew: {capacity: 2, calendar: day}", "crew: {capacity: 2, calendar: sunday}\ncalendars: {}",
         "6:33: there is no calendar 'sunday'; there are: always, day\n7:1: 'calendars' is here twice; the first is in "
         "line 3, column 1"},
        {"batch: 100}", "batch: 100, down: [{from: 2026-12-02T08:00, to: 2026-12-01T08:00}]}",
         "12:46: down: entry 1 ends before it begins"},
        {"print: {calendar: day,", "pack: {calendar: day}\n  print: {calendar: day,",
         "25:25: 'pack' is a line already; a packing line needs a name of its own"},
        {"kiln: {calendar", "sew.2: {calendar: day}\n  kiln: {calendar",
         "12:3: two lines are called 'sew.2': a station of a line with count, and a line of that name"},
        {"security: none", "security: none\nplanning: {frozen: 20d, horizon: 20d}",
         "31:20: frozen is 20 d and the horizon 20 d: nothing could ever be planned anew"},
    };
    (void)state;
    check_faults(LIST, COUNT(LIST));
}

static void test_lines_and_pools_that_never_meet_are_a_fault(void **state) {
    static const struct mistake LIST[] = {
        {"  day: {weekly: [{days: mon-fri, from: \"06:00\", to: \"14:00\"}]}\npools:\n  crew: {capacity: 2, calendar: "
         "day}",
         "  day: {weekly: [{days: mon-fri, from: \"06:00\", to: \"14:00\"}]}\n  night: {weekly: [{days: mon-fri, from: "
         "\"14:00\", to: \"06:00\"}]}\npools:\n  crew: {capacity: 2, calendar: night}",
         "22:9: 'print': its lines are never open together with its pools"},
    };
    (void)state;
    check_faults(LIST, COUNT(LIST));
}

static void test_strangers_cannot_be_let_in(void **state) {
    static const struct mistake LIST[] = {
        {"orders: \"tcp://127.0.0.1:7710\"", "orders: \"tcp://*:7710\"",
         "31:18: listen.orders is tcp://*:7710 and security is none: anybody could connect; listen on 127.0.0.1 or "
         "ipc, or set security: curve"},
        {"orders: \"tcp://127.0.0.1:7710\"", "orders: \"tcp://127.evil.example:7710\"",
         "31:18: listen.orders is tcp://127.evil.example:7710 and security is none: anybody could connect; listen on "
         "127.0.0.1 or ipc, or set security: curve"},
        {"orders: \"tcp://127.0.0.1:7710\", ", "",
         "31:9: listen.orders is tcp://*:7710 and security is none: anybody could connect; listen on 127.0.0.1 or ipc, "
         "or set security: curve"},
        {"tcp://127.0.0.1:7711", "tcp://127.0.0.1:7710", "31:53: listen.orders and listen.shipments are the same"},
    };
    (void)state;
    check_faults(LIST, COUNT(LIST));
}

#define KEY "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"

static void test_a_key_belongs_to_one(void **state) {
    static const struct mistake LIST[] = {
        {"luna: {}", "luna: {keys: [\"" KEY "\"]}, ada: {keys: [\"" KEY "\"]}",
         "25:84: the key " KEY " is that of 'luna' too; a key is one's own"},
        {"luna: {}", "luna: {keys: [\"" KEY "\", \"" KEY "\"]}", "25:25: the key " KEY " is here twice"},
    };
    (void)state;
    check_faults(LIST, COUNT(LIST));
}

static void test_every_mistake_is_reported_in_order_of_place(void **state) {
    struct fixture f;
    struct arena *arena = arena_new();
    (void)state;
    fixture_load(
        &f,
        "takt: 1\nplant: {id: \"p 1\", time_zone: Mars/Base}\nlines:\n  a: {calendar: nine, batch: x}\nproducts:\n  t: "
        "{lot: {max: 0}, route: [{op: x, lines: {b: 1/h}}]}\npacking: {lines: {p: {calendar: always, rate: 1}}}\n");
    assert_string_equal(
        join(f.faults.list, f.faults.count, arena),
        "1:1: the plant's file has no 'shipping', which is compulsory: how parcels leave\n2:13: id: 'p 1' is wrong; "
        "wanted: a name (1–64 letters, digits, . _ -, beginning with a letter or digit)\n2:31: time_zone: there is no "
        "time zone 'Mars/Base'; one is such as Europe/London or UTC\n4:17: there is no calendar 'nine'; there are: "
        "always\n4:30: batch: 'x' is wrong; wanted: a whole number\n6:18: max: 0 is out of range: 1 … 1000000\n6:46: "
        "there is no line 'b'; there are: a\n7:47: rate: '1' is wrong; wanted: a rate such as 240/h or 4/m");
    assert_non_null(strstr(f.err.text, "(and 7 more)"));
    fixture_done(&f);
    arena_free(arena);
}

static void test_what_is_allowed_and_not_meant_is_a_note(void **state) {
    static const struct mistake LIST[] = {
        {"light > dark: 15m", "light > drak: 15m",
         "8:31: no operation there is of the family 'drak'; did you mean 'dark'?"},
        {"changeover: ink}", "changeover: ink, set_up_for: blue}", "10:55: no operation there is of the family 'blue'"},
        {"sew: {calendar: day,", "sew: {calendar: day, set_up_for: x,",
         "11:36: 'sew' needs no changeover, so what it is set up for means nothing"},
        {"  cloth: {", "  silk: {unit: m}\n  cloth: {", "14:9: nothing uses the material 'silk'"},
        {"on_hand: 10, lead_time: 2d", "on_hand: 0",
         "14:10: there is no 'cloth' and none is expected, so orders that need it wait until stock or a receipt is "
         "reported"},
        {"  kiln: {", "  idle: {calendar: always}\n  kiln: {", "12:9: no operation uses the line 'idle'"},
        {"creators: {luna: {}}", "", "1:1: there are no creators, so nobody can send orders"},
        {"breakable: false}", "breakable: false, overlap: 5}",
         "23:75: 'fire' is the last operation, so nothing can overlap with it"},
        {"wait: 1d", "wait: 11d",
         "19:27: lot.wait is as long as planning.target, so orders without a wish will be late"},
        {"security: none", "security: none\nstore: \"memory:\"",
         "31:8: memory: keeps nothing when the daemon ends; it is for trials only"},
        {"security: none", "security: curve",
         "25:18: 'luna' has no key, so it cannot connect\n26:19: 'dock' has no key, so it cannot connect"},
    };
    (void)state;
    check_notes(LIST, COUNT(LIST));
}

static void test_a_family_that_creators_bring_is_no_note(void **state) {
    static const struct mistake LIST[] = {
        {"\"{ink}\"", "\"{design}\"", ""},
        {"\"{ink}\"", "\"{ink}-{design}\"",
         "8:31: no operation there is of the family 'light'\n8:31: no operation there is of the family 'dark'"},
    };
    (void)state;
    check_notes(LIST, COUNT(LIST));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_that_do_not_exist_name_the_nearest),
        cmocka_unit_test(test_names_that_do_not_exist_name_the_nearest),
        cmocka_unit_test(test_values_that_are_none_say_what_is_wanted),
        cmocka_unit_test(test_values_out_of_range_say_the_range),
        cmocka_unit_test(test_what_is_compulsory_is_asked_for),
        cmocka_unit_test(test_what_would_never_work_is_a_fault),
        cmocka_unit_test(test_lines_and_pools_that_never_meet_are_a_fault),
        cmocka_unit_test(test_strangers_cannot_be_let_in),
        cmocka_unit_test(test_a_key_belongs_to_one),
        cmocka_unit_test(test_every_mistake_is_reported_in_order_of_place),
        cmocka_unit_test(test_what_is_allowed_and_not_meant_is_a_note),
        cmocka_unit_test(test_a_family_that_creators_bring_is_no_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
