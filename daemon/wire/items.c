/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire/items.h"

#include "base/arena.h"
#include "base/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 64 };

/* ---- reading ---- */

struct choice {
    const char *name, *value;
};

static int by_name(const void *a, const void *b) {
    const struct choice *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* Neither may have what divides them in the canonical text. */
static bool divides(const char *text) {
    return strpbrk(text, "=;") != NULL;
}

static bool read_choices(const struct reader *options, struct choice *ret, size_t *ret_count) {
    void *at = NULL;
    const char *name;
    *ret_count = 0;
    if (options->node && reader_count(options) > ITEM_OPTIONS_MAX)
        return reader_problem(options, NULL, REFUSAL_UNKNOWN_OPTION, "more than %d options", ITEM_OPTIONS_MAX);
    while (options->node && reader_next(options, &at, &name)) {
        const char *value = NULL;
        if (!text_is_plain(name))
            return reader_problem(options, NULL, REFUSAL_UNKNOWN_OPTION, "an option's name has a control character");
        if (!reader_text(options, name, READ_REQUIRED, NAME_MAX_BYTES, &value))
            return false;
        if (divides(name) || divides(value) || strlen(name) > NAME_MAX_BYTES)
            return reader_problem(options, name, REFUSAL_UNKNOWN_OPTION, "no option or value has '=' or ';' or is that long");
        ret[(*ret_count)++] = (struct choice){name, value};
    }
    qsort(ret, *ret_count, sizeof *ret, by_name);
    return true;
}

static const char *canonical(const struct choice *choices, size_t count, struct arena *arena) {
    size_t size = 1;
    for (size_t i = 0; i < count; i++)
        size += strlen(choices[i].name) + strlen(choices[i].value) + 2;
    char *text = arena_alloc(arena, size), *end = text;
    *end = '\0';
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *end++ = ';';
        end = stpcpy(end, choices[i].name);
        *end++ = '=';
        end = stpcpy(end, choices[i].value);
    }
    return text;
}

static bool read_options(const struct reader *item, struct arena *arena, const char **ret) {
    struct reader options;
    struct choice choices[ITEM_OPTIONS_MAX];
    size_t count;
    if (!reader_object(item, "options", READ_OPTIONAL, &options) || !read_choices(&options, choices, &count))
        return false;
    *ret = canonical(choices, count, arena);
    return true;
}

static bool sha256_is_valid(const char *text) {
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool read_personalization(const struct reader *item, struct personalization *ret) {
    struct reader self;
    if (!reader_object(item, "personalization", READ_OPTIONAL, &self))
        return false;
    if (self.node == NULL)
        return true;
    if (!reader_text(&self, "text", READ_OPTIONAL, PERSONALIZATION_TEXT_MAX, &ret->text) ||
        !reader_text(&self, "artwork", READ_OPTIONAL, PERSONALIZATION_ARTWORK_MAX, &ret->artwork) ||
        !reader_text(&self, "sha256", READ_OPTIONAL, 64, &ret->sha256))
        return false;
    if (ret->text == NULL && ret->artwork == NULL)
        return reader_problem(&self, NULL, REFUSAL_BAD_MESSAGE, "a personalization has a text or an artwork");
    if (ret->artwork && (strncmp(ret->artwork, "https://", 8) != 0 || strchr(ret->artwork, ' ')))
        return reader_problem(&self, "artwork", REFUSAL_BAD_MESSAGE, "artwork must be the address of a file, https://…");
    if (ret->sha256 && !sha256_is_valid(ret->sha256))
        return reader_problem(&self, "sha256", REFUSAL_BAD_MESSAGE, "sha256 must be 64 small hexadecimal digits");
    return true;
}

static bool read_quantity(const struct reader *item, uint32_t *ret) {
    int64_t quantity = 0;
    struct reader strict = *item;
    strict.value_kind = REFUSAL_BAD_QUANTITY;
    if (!reader_has(item, "quantity"))
        return reader_problem(item, "quantity", REFUSAL_BAD_MESSAGE, "quantity is missing");
    if (!reader_integer(&strict, "quantity", READ_REQUIRED, 1, ITEM_QUANTITY_MAX, &quantity))
        return false;
    *ret = (uint32_t)quantity;
    return true;
}

bool items_read(const struct reader *parent, struct arena *arena, struct items *ret) {
    struct reader list;
    if (!reader_list(parent, "items", READ_REQUIRED, 1, ITEMS_MAX, &list))
        return false;
    ret->count = (uint32_t)reader_count(&list);
    ret->rows = arena_array(arena, ret->count, sizeof *ret->rows);
    ret->personal = arena_array(arena, ret->count, sizeof *ret->personal);
    for (uint32_t i = 0; i < ret->count; i++) {
        struct reader item;
        struct item_row *row = &ret->rows[i];
        if (!reader_list_object(&list, i, &item) ||
            !reader_text(&item, "product", READ_REQUIRED, NAME_MAX_BYTES, &row->product) ||
            !read_options(&item, arena, &row->options) || !read_quantity(&item, &row->quantity) ||
            !read_personalization(&item, &ret->personal[i]))
            return false;
        row->personalised = ret->personal[i].text || ret->personal[i].artwork;
    }
    return true;
}

/* ---- judging ---- */

static const char *nearest_product(const struct plant *plant, const char *name) {
    const char **names = takt_alloc(plant->product_count * sizeof *names + 1);
    for (size_t i = 0; i < plant->product_count; i++)
        names[i] = plant->products[i].id;
    const char *near = nearest_name(name, names, plant->product_count);
    free(names);
    return near;
}

static const char *nearest_option(const struct plant_product *product, const char *name) {
    const char **names = takt_alloc(product->option_count * sizeof *names + 1);
    for (size_t i = 0; i < product->option_count; i++)
        names[i] = product->options[i].id;
    const char *near = nearest_name(name, names, product->option_count);
    free(names);
    return near;
}

/* `; did you mean "tee"?`, or nothing. */
static const char *hint(const char *near, char *buffer, size_t size) {
    if (near == NULL)
        return "";
    snprintf(buffer, size, "; did you mean \"%s\"?", near);
    return buffer;
}

static const struct plant_option *find_option(const struct plant_product *product, const char *name) {
    for (size_t i = 0; i < product->option_count; i++)
        if (strcmp(product->options[i].id, name) == 0)
            return &product->options[i];
    return NULL;
}

static bool value_is_free(const char *value) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(value);
    return length >= 1 && length <= NAME_MAX_BYTES && strspn(value, allowed) == length;
}

static bool value_is_listed(const struct plant_option *option, const char *value) {
    for (size_t i = 0; i < option->value_count; i++)
        if (strcmp(option->values[i], value) == 0)
            return true;
    return false;
}

static bool check_value(const struct reader *options, const struct plant_option *option) {
    char near[NAME_MAX_BYTES + 32];
    const char *value = NULL;
    if (options->node == NULL || !reader_has(options, option->id))
        return reader_problem(options, option->id, REFUSAL_UNKNOWN_OPTION, "option \"%s\" must be chosen", option->id);
    if (!reader_text(options, option->id, READ_REQUIRED, NAME_MAX_BYTES, &value))
        return false;
    if (option->any)
        return value_is_free(value) || reader_problem(options, option->id, REFUSAL_UNKNOWN_OPTION,
                                                     "\"%s\" must be 1–64 letters, digits, . _ -", option->id);
    return value_is_listed(option, value) ||
           reader_problem(options, option->id, REFUSAL_UNKNOWN_OPTION, "option \"%s\" has no value \"%s\"%s", option->id,
                         value, hint(nearest_name(value, option->values, option->value_count), near, sizeof near));
}

static bool check_options(const struct reader *item, const struct plant_product *product) {
    char near[NAME_MAX_BYTES + 32];
    struct reader options;
    void *at = NULL;
    const char *name;
    if (!reader_object(item, "options", READ_OPTIONAL, &options))
        return false;
    while (options.node && reader_next(&options, &at, &name))
        if (find_option(product, name) == NULL)
            return reader_problem(&options, name, REFUSAL_UNKNOWN_OPTION, "product \"%s\" has no option \"%s\"%s", product->id,
                                 name, hint(nearest_option(product, name), near, sizeof near));
    for (size_t i = 0; i < product->option_count; i++)
        if (!check_value(&options, &product->options[i]))
            return false;
    return true;
}

bool items_check(const struct reader *parent, const struct plant *plant) {
    char near[NAME_MAX_BYTES + 32];
    struct reader list, item;
    if (!reader_list(parent, "items", READ_REQUIRED, 1, ITEMS_MAX, &list))
        return false;
    for (size_t i = 0; i < reader_count(&list); i++) {
        const char *name = NULL;
        if (!reader_list_object(&list, i, &item) || !reader_text(&item, "product", READ_REQUIRED, NAME_MAX_BYTES, &name))
            return false;
        int32_t product = plant_product_find(plant, name);
        if (product < 0)
            return reader_problem(&item, "product", REFUSAL_UNKNOWN_PRODUCT, "product \"%s\" is not made here%s", name,
                                 hint(nearest_product(plant, name), near, sizeof near));
        if (!check_options(&item, &plant->products[product]))
            return false;
    }
    return true;
}

/* ---- writing ---- */

void items_digest(const struct items *items, struct digest *d) {
    digest_number(d, items->count);
    for (uint32_t i = 0; i < items->count; i++) {
        digest_text(d, items->rows[i].product);
        digest_text(d, items->rows[i].options);
        digest_number(d, items->rows[i].quantity);
        digest_text(d, items->personal[i].text);
        digest_text(d, items->personal[i].artwork);
        digest_text(d, items->personal[i].sha256);
    }
}

bool items_personalised(const struct items *items) {
    for (uint32_t i = 0; i < items->count; i++)
        if (items->rows[i].personalised)
            return true;
    return false;
}

void items_write_personal(const struct items *items, struct writer *w, const char *name) {
    writer_list(w, name);
    for (uint32_t i = 0; i < items->count; i++) {
        const struct personalization *p = &items->personal[i];
        if (!items->rows[i].personalised) {
            writer_null(w, NULL);
            continue;
        }
        writer_object(w, NULL);
        writer_some_text(w, "text", p->text);
        writer_some_text(w, "artwork", p->artwork);
        writer_some_text(w, "sha256", p->sha256);
        writer_end(w);
    }
    writer_end(w);
}
