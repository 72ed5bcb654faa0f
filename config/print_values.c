/* SPDX-License-Identifier: Apache-2.0 */
#include "config/print_values.h"

#include "base/arena.h"
#include "base/time.h"
#include "config/inner.h"
#include "config/print.h"
#include "config/value.h"
#include "config/zone.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct printer {
    const struct plant *plant;
    FILE *to;
    bool reveal;
    struct arena *arena;
};

/* Prints the value of a row; false: there is none. */
typedef bool print_fn(const struct printer *p, const struct option_row *o, const void *base);

static const void *field(const struct option_row *o, const void *base) {
    return (const char *)base + o->offset;
}

static int64_t int64_field(const struct option_row *o, const void *base) {
    int64_t value;
    memcpy(&value, field(o, base), sizeof value);
    return value;
}

static int32_t int32_field(const struct option_row *o, const void *base) {
    int32_t value;
    memcpy(&value, field(o, base), sizeof value);
    return value;
}

static const char *text_field(const struct option_row *o, const void *base) {
    const char *value;
    memcpy(&value, field(o, base), sizeof value);
    return value;
}

/* Text in quotes unless every reader of YAML would take it as it stands, also within [ ] and { }. */
static void put_text(FILE *to, const char *text) {
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+ ";
    size_t length = strlen(text);
    if (length > 0 && strspn(text, PLAIN) == length && strchr("-. +", text[0]) == NULL && text[length - 1] != ' ') {
        fputs(text, to);
        return;
    }
    fputc('"', to);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', to);
        fputc(*text, to);
    }
    fputc('"', to);
}

static void separate(FILE *to, size_t k) {
    if (k > 0)
        fputs(", ", to);
}

static bool print_version(const struct printer *p, const struct option_row *o, const void *base) {
    (void)base;
    fprintf(p->to, "%" PRId64, o->most);
    return true;
}

static bool print_count(const struct printer *p, const struct option_row *o, const void *base) {
    const struct plant_line *line = base;
    int32_t at = names_find(p->plant->inner->bases, line->base), count = 0;
    (void)o;
    while ((size_t)(at + count) < p->plant->line_count && p->plant->lines[at + count].base == line->base)
        count++;
    fprintf(p->to, "%" PRId32, count);
    return true;
}

static bool print_integer32(const struct printer *p, const struct option_row *o, const void *base) {
    fprintf(p->to, "%" PRId32, int32_field(o, base));
    return true;
}

static bool print_integer64(const struct printer *p, const struct option_row *o, const void *base) {
    int64_t value = int64_field(o, base);
    if (value < o->least)
        return false; /* zero stands for none where one is the least */
    fprintf(p->to, "%" PRId64, value);
    return true;
}

static bool print_amount(const struct printer *p, const struct option_row *o, const void *base) {
    char buffer[VALUE_TEXT_SIZE];
    fputs(value_decimal_print(int64_field(o, base), 3, buffer), p->to);
    return true;
}

static bool print_bool(const struct printer *p, const struct option_row *o, const void *base) {
    bool value;
    memcpy(&value, field(o, base), sizeof value);
    fputs(value ? "true" : "false", p->to);
    return true;
}

static bool print_choice(const struct printer *p, const struct option_row *o, const void *base) {
    const char *word = o->choices;
    for (int32_t k = int32_field(o, base); k > 0; k--)
        word += strcspn(word, " ") + 1;
    fprintf(p->to, "%.*s", (int)strcspn(word, " "), word);
    return true;
}

static bool print_plain_text(const struct printer *p, const struct option_row *o, const void *base) {
    const char *text = text_field(o, base);
    if (text == NULL)
        return false;
    put_text(p->to, text);
    return true;
}

static bool print_store(const struct printer *p, const struct option_row *o, const void *base) {
    const char *url = text_field(o, base);
    put_text(p->to, p->reveal ? url : store_without_password(url, p->arena));
    return true;
}

static bool print_endpoint(const struct printer *p, const struct option_row *o, const void *base) {
    const char *text = text_field(o, base);
    put_text(p->to, text != NULL ? text : "off");
    return true;
}

static void put_duration(FILE *to, int64_t ms) {
    char buffer[VALUE_TEXT_SIZE];
    fputs(value_duration_print(ms, buffer), to);
}

static bool print_duration(const struct printer *p, const struct option_row *o, const void *base) {
    int64_t s = int64_field(o, base);
    if (s < 0)
        return false;
    put_duration(p->to, s * 1000);
    return true;
}

static bool print_duration_ms(const struct printer *p, const struct option_row *o, const void *base) {
    put_duration(p->to, int64_field(o, base));
    return true;
}

static bool print_rest(const struct printer *p, const struct option_row *o, const void *base) {
    const struct plant_op *op = base;
    (void)o;
    put_duration(p->to, op->rest_s * 1000);
    if (op->rest_max_s >= 0) {
        fputs("..", p->to);
        put_duration(p->to, op->rest_max_s * 1000);
    }
    return true;
}

static bool print_percent(const struct printer *p, const struct option_row *o, const void *base) {
    char buffer[VALUE_TEXT_SIZE];
    fputs(value_percent_print(int32_field(o, base), buffer), p->to);
    return true;
}

static bool print_weight(const struct printer *p, const struct option_row *o, const void *base) {
    char buffer[VALUE_TEXT_SIZE];
    int64_t mg = int64_field(o, base);
    if (mg == 0)
        return false;
    fputs(value_weight_print(mg, buffer), p->to);
    return true;
}

static bool print_rate(const struct printer *p, const struct option_row *o, const void *base) {
    char buffer[VALUE_TEXT_SIZE];
    int64_t milli = int64_field(o, base);
    if (milli == 0)
        return false;
    fprintf(p->to, "%s/%s", value_decimal_print(milli, 3, buffer), o->kind == OPTION_RATE_H ? "h" : "s");
    return true;
}

static void put_clock(FILE *to, int32_t minute) {
    char buffer[VALUE_TEXT_SIZE];
    fprintf(to, "\"%s\"", value_clock_print(minute, buffer));
}

static bool print_clock(const struct printer *p, const struct option_row *o, const void *base) {
    put_clock(p->to, int32_field(o, base));
    return true;
}

static bool print_shift_end(const struct printer *p, const struct option_row *o, const void *base) {
    int32_t minute = int32_field(o, base);
    put_clock(p->to, minute > 24 * 60 ? minute - 24 * 60 : minute);
    return true;
}

static bool print_days(const struct printer *p, const struct option_row *o, const void *base) {
    char buffer[VALUE_TEXT_SIZE];
    uint8_t days;
    memcpy(&days, field(o, base), sizeof days);
    put_text(p->to, value_days_print(days, buffer)); /* a comma would end it within { } */
    return true;
}

static void put_moment(FILE *to, int32_t day, int32_t minute) {
    char date[DAY_TEXT_SIZE], clock[VALUE_TEXT_SIZE];
    fprintf(to, "%sT%s", day_format(day, date), value_clock_print(minute, clock));
}

static bool print_moment(const struct printer *p, const struct option_row *o, const void *base) {
    int32_t day, second;
    zone_local(p->plant->zone, int64_field(o, base), &day, &second);
    put_moment(p->to, day, second / 60);
    return true;
}

static bool print_ref(const struct printer *p, const struct option_row *o, const void *base) {
    int32_t number = int32_field(o, base);
    if (number < 0)
        return false;
    put_text(p->to, o->of == TABLE_CALENDARS     ? p->plant->calendars[number].id
                    : o->of == TABLE_CHANGEOVERS ? p->plant->changeovers[number].id
                                                 : p->plant->carriers[number].id);
    return true;
}

static bool print_list(const struct printer *p, const struct option_row *o, const void *base) {
    const struct section *s = option_section(section_with(o), o);
    const char *array;
    size_t count;
    memcpy(&array, field(o, base), sizeof array);
    memcpy(&count, (const char *)base + o->count_offset, sizeof count);
    for (size_t k = 0; k < count; k++) {
        fputs(k == 0 ? "[" : ", ", p->to);
        fputs(print_item(p->plant, s, array + k * s->size, p->arena), p->to);
    }
    fputs(count > 0 ? "]" : "", p->to);
    return count > 0;
}

static bool print_dates(const struct printer *p, const struct option_row *o, const void *base) {
    const struct plant_calendar *c = base;
    (void)o;
    for (size_t k = 0; k < c->closed_count; k++) {
        char first[DAY_TEXT_SIZE], last[DAY_TEXT_SIZE];
        fputs(k == 0 ? "[" : ", ", p->to);
        fputs(day_format(c->closed[k].first_day, first), p->to);
        if (c->closed[k].last_day > c->closed[k].first_day)
            fprintf(p->to, "/%s", day_format(c->closed[k].last_day, last));
    }
    fputs(c->closed_count > 0 ? "]" : "", p->to);
    return c->closed_count > 0;
}

static bool print_spans(const struct printer *p, const struct option_row *o, const void *base) {
    const struct plant_calendar *c = base;
    (void)o;
    for (size_t k = 0; k < c->extra_count; k++) {
        fputs(k == 0 ? "[" : ", ", p->to);
        put_moment(p->to, c->extra[k].from_day, c->extra[k].from_min);
        fputc('/', p->to);
        put_moment(p->to, c->extra[k].to_day, c->extra[k].to_min);
    }
    fputs(c->extra_count > 0 ? "]" : "", p->to);
    return c->extra_count > 0;
}

static bool print_keys(const struct printer *p, const struct option_row *o, const void *base) {
    struct plant_keys keys;
    memcpy(&keys, field(o, base), sizeof keys);
    fputc('[', p->to);
    for (size_t k = 0; k < keys.count; k++) {
        separate(p->to, k);
        put_text(p->to, keys.list[k]);
    }
    fputc(']', p->to);
    return true;
}

static bool print_tokens(const struct printer *p, const struct option_row *o, const void *base) {
    struct plant_tokens tokens;
    memcpy(&tokens, field(o, base), sizeof tokens);
    fputc('[', p->to);
    for (size_t k = 0; k < tokens.count; k++) {
        separate(p->to, k);
        put_text(p->to, tokens.list[k]);
    }
    fputc(']', p->to);
    return true;
}

static bool print_pairs(const struct printer *p, const struct option_row *o, const void *base) {
    const struct plant_changeover *c = base;
    (void)o;
    for (size_t k = 0; k < c->pair_count; k++) {
        fputs(k == 0 ? "{" : ", ", p->to);
        put_text(p->to, arena_printf(p->arena, "%s > %s", c->pairs[k].from, c->pairs[k].to));
        fputs(": ", p->to);
        put_duration(p->to, c->pairs[k].time_s * 1000);
    }
    fputs(c->pair_count > 0 ? "}" : "", p->to);
    return c->pair_count > 0;
}

static bool print_options(const struct printer *p, const struct option_row *o, const void *base) {
    const struct plant_product *product = base;
    (void)o;
    for (size_t k = 0; k < product->option_count; k++) {
        const struct plant_option *choice = &product->options[k];
        fprintf(p->to, "%s%s: %s", k == 0 ? "{" : ", ", choice->id, choice->any ? "any" : "[");
        for (size_t m = 0; m < choice->value_count; m++) {
            separate(p->to, m);
            put_text(p->to, choice->values[m]);
        }
        fputs(choice->any ? "" : "]", p->to);
    }
    fputs(product->option_count > 0 ? "}" : "", p->to);
    return product->option_count > 0;
}

static bool print_materials(const struct printer *p, const struct option_row *o, const void *base) {
    const struct plant_product *product = base;
    (void)o;
    for (size_t k = 0; k < product->material_count; k++) {
        const struct plant_material *m = &p->plant->materials[product->materials[k].index];
        char buffer[VALUE_TEXT_SIZE];
        fprintf(p->to, "%s%s: %s %s", k == 0 ? "{" : ", ", m->id,
                value_decimal_print(product->materials[k].amount, 3, buffer), m->unit);
    }
    fputs(product->material_count > 0 ? "}" : "", p->to);
    return product->material_count > 0;
}

static bool print_pools(const struct printer *p, const struct option_row *o, const void *base) {
    const struct plant_op *op = base;
    (void)o;
    for (size_t k = 0; k < op->pool_count; k++)
        fprintf(p->to, "%s%s: %" PRId64, k == 0 ? "{" : ", ", p->plant->pools[op->pools[k].index].id,
                op->pools[k].amount);
    fputs(op->pool_count > 0 ? "}" : "", p->to);
    return op->pool_count > 0;
}

static bool print_like(const struct printer *p, const struct option_row *o, const void *base) {
    const struct plant_product *product = base;
    (void)o;
    fputc('[', p->to);
    for (size_t k = 0; k < product->like_count; k++) {
        separate(p->to, k);
        fputs(product->options[product->like[k]].id, p->to);
    }
    fputc(']', p->to);
    return true;
}

/* How many of the numbers from k on are the stations of one line, all of them and in order: those are written as one.
 */
static size_t whole_line(const struct plant *plant, const struct plant_op *op, size_t k) {
    int32_t first = op->lines[k].line;
    size_t count = 1;
    if (names_find(plant->inner->bases, plant->lines[first].base) != first)
        return 1;
    while ((size_t)first + count < plant->line_count &&
           plant->lines[(size_t)first + count].base == plant->lines[first].base) {
        if (k + count >= op->line_count || op->lines[k + count].line != first + (int32_t)count ||
            op->lines[k + count].rate_milli != op->lines[k].rate_milli ||
            op->lines[k + count].fixed_s != op->lines[k].fixed_s)
            return 0;
        count++;
    }
    return count;
}

static bool print_op_lines(const struct printer *p, const struct option_row *o, const void *base) {
    const struct plant_op *op = base;
    const struct section *s = section_find("products.*.route[].lines.*");
    (void)o;
    for (size_t k = 0, stations; k<op->line_count; k += stations> 0 ? stations : 1) {
        const struct plant_line *line = &p->plant->lines[op->lines[k].line];
        stations = whole_line(p->plant, op, k);
        fprintf(p->to, "%s%s: ", k == 0 ? "{" : ", ", stations > 1 ? line->base : line->id);
        if (op->lines[k].fixed_s == 0)
            print_rate(p, section_option(s, "rate"), &op->lines[k]);
        else
            fputs(print_item(p->plant, s, &op->lines[k], p->arena), p->to);
    }
    fputc('}', p->to);
    return true;
}

static bool print_terminal_lines(const struct printer *p, const struct option_row *o, const void *base) {
    const struct plant_terminal *t = base;
    size_t printed = 0;
    (void)o;
    fputc('[', p->to);
    for (size_t k = 0; k < t->line_count; k++) {
        separate(p->to, printed++);
        fputs(p->plant->lines[t->lines[k]].id, p->to);
    }
    if (t->packs) { /* which of them it named does not matter */
        separate(p->to, printed);
        fputs(p->plant->packing[0].id, p->to);
    }
    fputc(']', p->to);
    return true;
}

static bool print_transit(const struct printer *p, const struct option_row *o, const void *base) {
    const struct plant_carrier *c = base;
    (void)o;
    for (size_t k = 0; k < c->transit_count; k++) {
        const struct plant_transit *t = &c->transit[k];
        fprintf(p->to, "%s%s: %" PRId32 "d", k == 0 ? "{" : ", ", t->country != NULL ? t->country : "else", t->days);
    }
    fputc('}', p->to);
    return true;
}

static print_fn *const PRINT[OPTION_KINDS] = {
    [OPTION_LIST] = print_list,
    [OPTION_VERSION] = print_version,
    [OPTION_COUNT] = print_count,
    [OPTION_INTEGER32] = print_integer32,
    [OPTION_INTEGER64] = print_integer64,
    [OPTION_AMOUNT] = print_amount,
    [OPTION_BOOL] = print_bool,
    [OPTION_CHOICE] = print_choice,
    [OPTION_WORD] = print_plain_text,
    [OPTION_TEXT] = print_plain_text,
    [OPTION_NAME] = print_plain_text,
    [OPTION_FAMILY] = print_plain_text,
    [OPTION_TEMPLATE] = print_plain_text,
    [OPTION_ZONE] = print_plain_text,
    [OPTION_STORE] = print_store,
    [OPTION_ENDPOINT] = print_endpoint,
    [OPTION_ADDRESS] = print_endpoint,
    [OPTION_DURATION] = print_duration,
    [OPTION_DURATION_MS] = print_duration_ms,
    [OPTION_REST] = print_rest,
    [OPTION_PERCENT] = print_percent,
    [OPTION_WEIGHT] = print_weight,
    [OPTION_RATE_H] = print_rate,
    [OPTION_RATE_S] = print_rate,
    [OPTION_CLOCK] = print_clock,
    [OPTION_SHIFT_END] = print_shift_end,
    [OPTION_DAYS] = print_days,
    [OPTION_TIME] = print_moment,
    [OPTION_MOMENT] = print_moment,
    [OPTION_DATES] = print_dates,
    [OPTION_SPANS] = print_spans,
    [OPTION_REF] = print_ref,
    [OPTION_KEYS] = print_keys,
    [OPTION_TOKENS] = print_tokens,
    [OPTION_PAIRS] = print_pairs,
    [OPTION_OPTIONS] = print_options,
    [OPTION_MATERIALS] = print_materials,
    [OPTION_POOLS] = print_pools,
    [OPTION_LIKE] = print_like,
    [OPTION_OP_LINES] = print_op_lines,
    [OPTION_TERMINAL_LINES] = print_terminal_lines,
    [OPTION_TRANSIT] = print_transit,
};

const char *print_text(const struct plant *plant, const struct option_row *o, const void *base, bool reveal,
                       struct arena *arena) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL)
        takt_no_memory();
    struct printer p = {plant, to, reveal, arena};
    bool there = PRINT[o->kind](&p, o, base);
    if (fclose(to) != 0)
        takt_no_memory();
    const char *copy = there ? arena_strdup(arena, text) : NULL;
    free(text);
    return copy;
}

const char *print_item(const struct plant *plant, const struct section *s, const void *base, struct arena *arena) {
    const char *item = "{";
    for (size_t k = 0; k < s->count; k++) {
        const char *text = print_text(plant, &s->options[k], base, false, arena);
        if (text != NULL)
            item = arena_printf(arena, "%s%s%s: %s", item, item[1] == '\0' ? "" : ", ", s->options[k].name, text);
    }
    return arena_printf(arena, "%s}", item);
}
