/* SPDX-License-Identifier: Apache-2.0 */
/* config/schema/plant.schema.json is what the option table makes of itself; TAKT_REGENERATE=1 writes it anew.
 *
 * The schema is for editors. It knows what one value can be, not what values mean together, so that it is never
 * stricter than the loader; tests/system/test_check_config.py holds the two together. */
#include "config/options.h"
#include "config/value.h"
#include "schedulers/solver.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SCHEMA_FILE "config/schema/plant.schema.json"

#define NUMBER(decimals) "\\d{1,9}(\\.\\d{1," #decimals "})?"
#define WITH(unit)       "(\\d{1,9} *" unit " *)?"
#define DURATION         "(0|(?=\\d)" WITH("w") WITH("d") WITH("h") WITH("m") WITH("s") ")"
#define DURATION_MS      "(0|(?=\\d)" WITH("w") WITH("d") WITH("h") WITH("m") WITH("s") WITH("ms") ")"
#define CLOCK            "(([01]\\d|2[0-3]):[0-5]\\d|24:00)"
#define DATE             "\\d{4}-\\d{2}-\\d{2}"
#define MOMENT           DATE "T" CLOCK
#define DAY              "(mon|tue|wed|thu|fri|sat|sun)"
#define NAME             "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
#define CHOICE           "[^{}<>,\\x00-\\x1f\\x7f]{1,64}"
#define ADDRESS          "(\\*|[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\]):\\d{1,5}"
#define ONLY(pattern)    "^" pattern "$"

/* What other readers of YAML take for a number or a truth is text here: sizes [36, 37], a creator called 0815. */
#define TEXT(pattern)  "{\"type\": [\"string\", \"number\", \"boolean\"], \"pattern\": \"" pattern "\"}"
#define NAMED          "{\"type\": [\"string\", \"number\", \"boolean\"], \"minimum\": 0, \"pattern\": \"" ONLY(NAME) "\"}"
#define EXACT(pattern) "{\"type\": \"string\", \"pattern\": \"" pattern "\"}"

/* JSON has to have every backslash twice. */
static json_t *fragment(const char *text) {
    char *escaped = malloc(2 * strlen(text) + 1), *to = escaped;
    json_error_t error;
    assert_non_null(escaped);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            *to++ = '\\';
        *to++ = *text;
    }
    *to = '\0';
    json_t *json = json_loads(escaped, 0, &error);
    if (json == NULL)
        fail_msg("%s: %s", escaped, error.text);
    free(escaped);
    return json;
}

#define LIST_OF(item) "{\"type\": \"array\", \"items\": " item "}"
#define MAP_OF(key, value)                                                                                             \
    "{\"type\": \"object\", \"propertyNames\": {\"pattern\": \"" key "\"}, \"additionalProperties\": " value "}"
#define DURATION_VALUE "{\"anyOf\": [{\"const\": 0}, " EXACT(ONLY(DURATION)) "]}"

static const char *const FRAGMENTS[OPTION_KINDS] = {
    [OPTION_BOOL] = "{\"type\": \"boolean\"}",
    [OPTION_TEXT] = TEXT("^[^\\x00-\\x1f\\x7f]*$"),
    [OPTION_NAME] = NAMED,
    [OPTION_FAMILY] = TEXT(ONLY(CHOICE)),
    [OPTION_TEMPLATE] = TEXT("^[^<>,\\x00-\\x1f\\x7f]{1,200}$"),
    [OPTION_ZONE] = EXACT("^[A-Za-z0-9/_+-]{1,64}$"),
    [OPTION_STORE] = EXACT("^(sqlite:.+|postgresql://.+|memory:)$"),
    [OPTION_ENDPOINT] = EXACT("^(off|tcp://" ADDRESS "|ipc://.{1,107})$"),
    [OPTION_ADDRESS] = EXACT("^(off|" ADDRESS ")$"),
    [OPTION_DURATION] = DURATION_VALUE,
    [OPTION_DURATION_MS] = "{\"anyOf\": [{\"const\": 0}, " EXACT(ONLY(DURATION_MS)) "]}",
    [OPTION_REST] = "{\"anyOf\": [{\"const\": 0}, " EXACT(ONLY(DURATION "(\\.\\." DURATION ")?")) "]}",
    [OPTION_PERCENT] = EXACT(ONLY(NUMBER(4) " *%")),
    [OPTION_WEIGHT] = EXACT(ONLY(NUMBER(6) " *(kg|g|mg)")),
    [OPTION_RATE_H] = EXACT(ONLY(NUMBER(3) " */ *[smhd]")),
    [OPTION_RATE_S] = EXACT(ONLY(NUMBER(3) " */ *[smhd]")),
    [OPTION_CLOCK] = EXACT("^([01]\\d|2[0-3]):[0-5]\\d$"),
    [OPTION_SHIFT_END] = EXACT(ONLY(CLOCK)),
    [OPTION_DAYS] = EXACT(ONLY(DAY "(-" DAY ")?(, *" DAY "(-" DAY ")?)*")),
    [OPTION_TIME] = EXACT(ONLY(DATE "(T" CLOCK ")?")),
    [OPTION_MOMENT] = EXACT(ONLY(MOMENT)),
    [OPTION_DATES] = LIST_OF(EXACT(ONLY(DATE "(/" DATE ")?"))),
    [OPTION_SPANS] = LIST_OF(EXACT(ONLY(MOMENT "/" MOMENT))),
    [OPTION_REF] = NAMED,
    [OPTION_KEYS] = LIST_OF(EXACT("^([0-9a-zA-Z.:+=^!/*?&<>()[\\]{}@%$#-]{40}|<.*>)$")),
    [OPTION_TOKENS] = LIST_OF(EXACT("^[0-9a-fA-F]{64}$")),
    [OPTION_PAIRS] = MAP_OF("^[^{}<>,]+>[^{}<>,]+$", DURATION_VALUE),
    [OPTION_OPTIONS] = MAP_OF(
        ONLY(NAME), "{\"anyOf\": [{\"const\": \"any\"}, {\"type\": \"array\", \"minItems\": 1, \"maxItems\": 1000, "
                    "\"items\": " TEXT(ONLY(CHOICE)) "}]}"),
    [OPTION_MATERIALS] = MAP_OF(ONLY(NAME), EXACT(ONLY(NUMBER(3) "(?![\\d.]) *" NAME))),
    [OPTION_POOLS] = MAP_OF(ONLY(NAME), "{\"type\": \"integer\", \"minimum\": 1, \"maximum\": 10000}"),
    [OPTION_LIKE] = LIST_OF(NAMED),
    [OPTION_TERMINAL_LINES] = "{\"type\": \"array\", \"minItems\": 1, \"items\": " NAMED "}",
    [OPTION_TRANSIT] =
        "{\"type\": \"object\", \"minProperties\": 1, \"propertyNames\": {\"pattern\": \"^([A-Z]{2}|else)$\"}, "
        "\"additionalProperties\": " DURATION_VALUE "}",
};

static json_t *section_schema(const struct section *s);

static void set_new(json_t *object, const char *key, json_t *value) {
    assert_int_equal(json_object_set_new(object, key, value), 0);
}

static json_t *words(const char *choices) {
    json_t *list = json_array();
    for (const char *word = choices; *word != '\0';) {
        size_t length = strcspn(word, " ");
        assert_int_equal(json_array_append_new(list, json_stringn(word, length)), 0);
        word += length + (word[length] == ' ');
    }
    return list;
}

static json_t *number_schema(const struct option_row *o) {
    json_t *schema = json_object();
    bool amount = o->kind == OPTION_AMOUNT;
    set_new(schema, "type", json_string(amount ? "number" : "integer"));
    set_new(schema, "minimum", amount && o->least > 0 ? json_real((double)o->least / 1000) : json_integer(o->least));
    set_new(schema, "maximum", json_integer(amount ? o->most / 1000 : o->most));
    return schema;
}

/* A rate by itself, or a map of rate and fixed. */
static json_t *op_lines_schema(const struct section *s) {
    json_t *map = section_schema(s), *schema = json_object();
    set_new(map, "minProperties", json_integer(1));
    set_new(schema, "type", json_string("object"));
    set_new(schema, "minProperties", json_integer(1));
    set_new(schema, "propertyNames", json_pack("{s:s}", "pattern", ONLY(NAME)));
    set_new(schema, "additionalProperties", json_pack("{s:[o,o]}", "anyOf", fragment(FRAGMENTS[OPTION_RATE_H]), map));
    return schema;
}

static json_t *named_schema(const struct section *s, const struct option_row *o) {
    json_t *schema = json_object();
    set_new(schema, "type", json_string("object"));
    if ((o->flags & OPTION_COMPULSORY) != 0)
        set_new(schema, "minProperties", json_integer(1));
    set_new(schema, "propertyNames", json_pack("{s:s}", "pattern", ONLY(NAME)));
    set_new(schema, "additionalProperties", section_schema(s));
    return schema;
}

static json_t *list_schema(const struct section *s, const struct option_row *o) {
    json_t *schema =
        json_pack("{s:s,s:I,s:I}", "type", "array", "minItems", (json_int_t)o->least, "maxItems", (json_int_t)o->most);
    set_new(schema, "items", section_schema(s));
    return schema;
}

static json_t *option_schema(const struct section *s, const struct option_row *o) {
    const struct section *below = option_section(s, o);
    json_t *schema = o->kind == OPTION_GROUP      ? section_schema(below)
                     : o->kind == OPTION_NAMED    ? named_schema(below, o)
                     : o->kind == OPTION_LIST     ? list_schema(below, o)
                     : o->kind == OPTION_OP_LINES ? op_lines_schema(below)
                     : o->choices != NULL         ? json_pack("{s:o}", "enum", words(o->choices))
                     : FRAGMENTS[o->kind] != NULL ? fragment(FRAGMENTS[o->kind])
                                                  : number_schema(o);
    assert_non_null(schema);
    if (o->kind == OPTION_TEXT) {
        set_new(schema, "minLength", json_integer(o->least));
        set_new(schema, "maxLength", json_integer(o->most));
    }
    set_new(schema, "description",
            o->fallback == NULL ? json_string(o->help) : json_sprintf("%s (default: %s)", o->help, o->fallback));
    return schema;
}

static json_t *section_schema(const struct section *s) {
    json_t *properties = json_object(), *required = json_array();
    for (size_t k = 0; k < s->count; k++) {
        const struct option_row *o = &s->options[k];
        set_new(properties, o->name, option_schema(s, o));
        if ((o->flags & OPTION_COMPULSORY) != 0)
            json_array_append_new(required, json_string(o->name));
    }
    json_t *schema = json_pack("{s:s,s:o,s:b}", "type", "object", "properties", properties, "additionalProperties", 0);
    if (json_array_size(required) > 0)
        set_new(schema, "required", required);
    else
        json_decref(required);
    return schema;
}

static char *whole_schema(void) {
    json_t *schema =
        json_pack("{s:s,s:s,s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema", "title", "takt plant",
                  "description", "What the operator of a plant writes for taktd; see docs/plant.md");
    json_t *root = section_schema(&sections[0]);
    assert_int_equal(json_object_update(schema, root), 0);
    json_decref(root);
    char *text = json_dumps(schema, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    json_decref(schema);
    assert_non_null(text);
    return text;
}

static char *read_file(const char *path) {
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 1024 * 1024);
    assert_non_null(text);
    if (file != NULL) {
        assert_true(fread(text, 1, 1024 * 1024 - 1, file) > 0);
        fclose(file);
    }
    return text;
}

static void test_the_schema_in_the_tree_is_the_option_tables(void **state) {
    char *wanted = whole_schema();
    (void)state;
    if (getenv("TAKT_REGENERATE") != NULL) {
        FILE *file = fopen(SCHEMA_FILE, "w");
        assert_non_null(file);
        fprintf(file, "%s\n", wanted);
        fclose(file);
    }
    char *there = read_file(SCHEMA_FILE);
    size_t length = strlen(wanted);
    if (strncmp(there, wanted, length) != 0 || strcmp(there + length, "\n") != 0)
        fail_msg("%s differs from the option table; TAKT_REGENERATE=1 with this test writes it anew", SCHEMA_FILE);
    free(there);
    free(wanted);
}

static void test_every_row_has_help_and_a_sound_range(void **state) {
    (void)state;
    for (size_t k = 0; k < section_count; k++) {
        for (size_t m = 0; m < sections[k].count; m++) {
            const struct option_row *o = &sections[k].options[m];
            assert_non_null(o->help);
            assert_true(o->least <= o->most);
            assert_non_null(option_kind_text(o->kind));
            assert_false((o->flags & OPTION_COMPULSORY) != 0 && o->fallback != NULL);
            assert_ptr_equal(section_with(o), &sections[k]);
            if (o->kind <= OPTION_LIST)
                assert_non_null(option_section(&sections[k], o));
        }
    }
}

static void test_the_schedulers_that_can_be_named_are_those_there_are(void **state) {
    const struct option_row *o = section_option(section_find("planning"), "scheduler");
    size_t named = 0, there = 0;
    (void)state;
    for (const char *word = o->choices; *word != '\0'; named++) {
        char name[32] = "";
        size_t length = strcspn(word, " ");
        assert_true(length < sizeof name);
        memcpy(name, word, length);
        if (scheduler_find(name) == NULL)
            fail_msg("there is no scheduler '%s'", name);
        word += length + (word[length] == ' ');
    }
    while (schedulers[there].name != NULL)
        there++;
    assert_int_equal(named, there);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_schema_in_the_tree_is_the_option_tables),
        cmocka_unit_test(test_the_schedulers_that_can_be_named_are_those_there_are),
        cmocka_unit_test(test_every_row_has_help_and_a_sound_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
