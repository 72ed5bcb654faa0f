/* SPDX-License-Identifier: Apache-2.0 */
/* Single values, one function a kind; lists and maps of values are in reader_lists.c. */
#include "base/arena.h"
#include "base/time.h"
#include "config/reader.h"
#include "config/reader_lists.h"
#include "config/value.h"
#include "config/zone.h"

#include <string.h>

enum { DAY_S = 86400 };

/* Numbers must not stand in quotes, as any other reader of YAML would take those for text. */
static bool integer(struct reader *r, const struct option_row *o, const struct node *n, int64_t *ret) {
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return false;
    if (n->quoted || !value_integer(n->text, ret)) {
        reader_refuse(r, o, n);
        return false;
    }
    return reader_in_range(r, o, n, *ret);
}

/* The version, and how many stations a line has: looked at when names get their numbers. */
static void read_unkept(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    int64_t value;
    (void)base;
    integer(r, o, n, &value);
}

static void read_integer32(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    int64_t value;
    if (!integer(r, o, n, &value))
        return;
    int32_t narrow = (int32_t)value;
    reader_set(o, base, &narrow, sizeof narrow);
}

static void read_integer64(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    int64_t value;
    if (integer(r, o, n, &value))
        reader_set(o, base, &value, sizeof value);
}

static void read_amount(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    int64_t milli;
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    if (n->quoted || !value_decimal(n->text, 3, &milli, NULL))
        reader_refuse(r, o, n);
    else if (reader_in_range(r, o, n, milli))
        reader_set(o, base, &milli, sizeof milli);
}

static void read_bool(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    bool value = strcmp(n->text, "true") == 0;
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    if (n->quoted || (!value && strcmp(n->text, "false") != 0))
        reader_refuse(r, o, n);
    else
        reader_set(o, base, &value, sizeof value);
}

/* The place of a word in `choices`, or -1. */
static int choice(const struct option_row *o, const char *text) {
    size_t length = strlen(text);
    int number = 0;
    for (const char *word = o->choices; *word != '\0'; number++) {
        size_t n = strcspn(word, " ");
        if (n == length && strncmp(word, text, n) == 0)
            return number;
        word += n + (word[n] == ' ');
    }
    return -1;
}

static void read_choice(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    int number = choice(o, n->text);
    if (number < 0)
        reader_refuse(r, o, n);
    else
        reader_set(o, base, &number, sizeof number);
}

static void set_text(struct reader *r, const struct option_row *o, const char *text, void *base) {
    const char *copy = arena_strdup(r->arena, text);
    reader_set(o, base, &copy, sizeof copy);
}

static void read_word(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    if (choice(o, n->text) < 0)
        reader_refuse(r, o, n);
    else
        set_text(r, o, n->text, base);
}

static void read_text(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    int64_t characters = 0;
    for (const char *c = n->text; *c != '\0'; c++)
        characters += ((unsigned char)*c & 0xc0) != 0x80;
    if (characters < o->least || characters > o->most)
        fault_at(r->faults, n->place, "%s: %lld characters; at most %lld", o->name, (long long)characters,
                 (long long)o->most);
    else
        set_text(r, o, n->text, base);
}

/* Text that a function of value.h judges. */
static void read_judged(struct reader *r, const struct option_row *o, const struct node *n, void *base,
                        bool (*good)(const char *)) {
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    if (good(n->text))
        set_text(r, o, n->text, base);
    else
        reader_refuse(r, o, n);
}

static void read_name(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    read_judged(r, o, n, base, value_name);
}

static void read_family(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    read_judged(r, o, n, base, value_choice);
}

static void read_template(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    read_judged(r, o, n, base, value_template); /* that the options exist is looked at when the product is there */
}

static void read_store(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    read_judged(r, o, n, base, value_store);
}

static void read_endpoint(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    static const char *const NOT_SERVED = NULL;
    size_t length = strncmp(n->text, "ipc://", 6) == 0 ? strlen(n->text + 6) : 0;
    if (strcmp(n->text, "off") == 0)
        reader_set(o, base, &NOT_SERVED, sizeof NOT_SERVED);
    else if (length > IPC_PATH_MAX)
        fault_at(r->faults, n->place, "%s: the path of a socket may have %d bytes, this one has %zu", o->name, IPC_PATH_MAX, length);
    else
        read_judged(r, o, n, base, value_endpoint);
}

static void read_address(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    static const char *const NOT_SERVED = NULL;
    if (strcmp(n->text, "off") == 0)
        reader_set(o, base, &NOT_SERVED, sizeof NOT_SERVED);
    else
        read_judged(r, o, n, base, value_address);
}

static void read_zone(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    struct takt_error err = {0};
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    if (zone_load(r->arena, n->text, &r->plant->zone, &err) < 0)
        fault_at(r->faults, n->place, "%s: %s", o->name, err.text);
    else
        set_text(r, o, n->text, base);
}

static bool duration(struct reader *r, const struct option_row *o, const struct node *n, int64_t unit_ms,
                     int64_t *ret) {
    int64_t ms;
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return false;
    if (!value_duration_ms(n->text, &ms) || ms % unit_ms != 0) {
        reader_refuse(r, o, n);
        return false;
    }
    *ret = ms / unit_ms;
    return reader_in_range(r, o, n, *ret);
}

static void read_duration(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    int64_t s;
    if (duration(r, o, n, 1000, &s))
        reader_set(o, base, &s, sizeof s);
}

static void read_duration_ms(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    int64_t ms;
    if (duration(r, o, n, 1, &ms))
        reader_set(o, base, &ms, sizeof ms);
}

static void read_rest(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    struct plant_op *op = base;
    op->rest_max_s = -1;
    const char *dots = strstr(n->text, "..");
    if (dots == NULL) {
        read_duration(r, o, n, base);
        return;
    }
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    struct node low = *n, high = *n;
    int64_t low_s, high_s;
    low.text = arena_strndup(r->arena, n->text, (size_t)(dots - n->text));
    high.text = dots + 2;
    if (!duration(r, o, &low, 1000, &low_s) || !duration(r, o, &high, 1000, &high_s))
        return;
    if (low_s > high_s) {
        fault_at(r->faults, n->place, "%s: '%.100s' ends before it begins", o->name, n->text);
        return;
    }
    op->rest_s = low_s;
    op->rest_max_s = high_s;
}

static void read_percent(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    int32_t ppm;
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    if (!value_percent_ppm(n->text, &ppm))
        reader_refuse(r, o, n);
    else if (reader_in_range(r, o, n, ppm))
        reader_set(o, base, &ppm, sizeof ppm);
}

static void read_weight(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    int64_t mg;
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    if (!value_weight_mg(n->text, &mg))
        reader_refuse(r, o, n);
    else if (reader_in_range(r, o, n, mg))
        reader_set(o, base, &mg, sizeof mg);
}

static void read_rate(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    int64_t milli, per_s, unit_s = o->kind == OPTION_RATE_H ? 3600 : 1;
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    if (!value_rate(n->text, &milli, &per_s)) {
        reader_refuse(r, o, n);
        return;
    }
    milli = (milli * unit_s + per_s / 2) / per_s;
    if (reader_in_range(r, o, n, milli))
        reader_set(o, base, &milli, sizeof milli);
}

static void read_clock(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    int32_t minute;
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    if (!value_clock_min(n->text, &minute))
        reader_refuse(r, o, n);
    else if (reader_in_range(r, o, n, minute))
        reader_set(o, base, &minute, sizeof minute);
}

static void read_shift_end(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    struct plant_shift *shift = base;
    read_clock(r, o, n, base);
    if (shift->to_min <= shift->from_min)
        shift->to_min += DAY_S / 60;
}

static void read_days(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    uint8_t days;
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    if (value_days(n->text, &days))
        reader_set(o, base, &days, sizeof days);
    else
        reader_refuse(r, o, n);
}

static void read_moment(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    int32_t day, last_day, minute = 0;
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    bool date = o->kind == OPTION_TIME && value_dates(n->text, &day, &last_day) && strchr(n->text, '/') == NULL;
    if (!date && !value_moment(n->text, &day, &minute)) {
        reader_refuse(r, o, n);
        return;
    }
    if (r->plant->zone == NULL)
        return; /* a fault of its own */
    int64_t time_s = zone_time(r->plant->zone, day, minute * 60);
    reader_set(o, base, &time_s, sizeof time_s);
}

static void read_ref(struct reader *r, const struct option_row *o, const struct node *n, void *base) {
    if (!reader_wants(r, o, n, NODE_SCALAR))
        return;
    int32_t number = reader_refer(r, (enum option_table)o->of, n);
    reader_set(o, base, &number, sizeof number);
}

read_value_fn *const read_values[OPTION_KINDS] = {
    [OPTION_VERSION] = read_unkept,
    [OPTION_COUNT] = read_unkept,
    [OPTION_INTEGER32] = read_integer32,
    [OPTION_INTEGER64] = read_integer64,
    [OPTION_AMOUNT] = read_amount,
    [OPTION_BOOL] = read_bool,
    [OPTION_CHOICE] = read_choice,
    [OPTION_WORD] = read_word,
    [OPTION_TEXT] = read_text,
    [OPTION_NAME] = read_name,
    [OPTION_FAMILY] = read_family,
    [OPTION_TEMPLATE] = read_template,
    [OPTION_ZONE] = read_zone,
    [OPTION_STORE] = read_store,
    [OPTION_ENDPOINT] = read_endpoint,
    [OPTION_ADDRESS] = read_address,
    [OPTION_DURATION] = read_duration,
    [OPTION_DURATION_MS] = read_duration_ms,
    [OPTION_REST] = read_rest,
    [OPTION_PERCENT] = read_percent,
    [OPTION_WEIGHT] = read_weight,
    [OPTION_RATE_H] = read_rate,
    [OPTION_RATE_S] = read_rate,
    [OPTION_CLOCK] = read_clock,
    [OPTION_SHIFT_END] = read_shift_end,
    [OPTION_DAYS] = read_days,
    [OPTION_TIME] = read_moment,
    [OPTION_MOMENT] = read_moment,
    [OPTION_REF] = read_ref,
    [OPTION_DATES] = read_dates,
    [OPTION_SPANS] = read_spans,
    [OPTION_KEYS] = read_keys,
    [OPTION_TOKENS] = read_tokens,
    [OPTION_PAIRS] = read_pairs,
    [OPTION_OPTIONS] = read_options,
    [OPTION_MATERIALS] = read_materials,
    [OPTION_POOLS] = read_pools,
    [OPTION_LIKE] = read_like,
    [OPTION_OP_LINES] = read_op_lines,
    [OPTION_TERMINAL_LINES] = read_terminal_lines,
    [OPTION_TRANSIT] = read_transit,
};
