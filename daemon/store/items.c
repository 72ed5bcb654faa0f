/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/items.h"

#include <stdlib.h>
#include <string.h>

enum { QUANTITY_TEXT_SIZE = 16 };

static char *put_escaped(char *at, const char *text) {
    for (; *text != '\0'; text++) {
        char c = *text == '\t' ? 't' : *text == '\n' ? 'n' : *text;
        if (c != *text || c == '\\')
            *at++ = '\\';
        *at++ = c;
    }
    return at;
}

static char *put_number(char *at, uint32_t n) {
    char digits[QUANTITY_TEXT_SIZE];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

const char *items_format(const struct item_row *items, uint32_t count, struct arena *arena) {
    size_t size = 1;
    for (uint32_t i = 0; i < count; i++)
        size += QUANTITY_TEXT_SIZE + 2 * (strlen(items[i].product) + strlen(items[i].options));
    char *text = arena_alloc(arena, size), *at = text;
    for (uint32_t i = 0; i < count; i++) {
        at = put_number(at, items[i].quantity);
        if (items[i].personalised)
            *at++ = '*';
        *at++ = '\t';
        at = put_escaped(at, items[i].product);
        *at++ = '\t';
        at = put_escaped(at, items[i].options);
        *at++ = '\n';
    }
    *at = '\0';
    return text;
}

/* Takes one escaped text in place, up to `end`; NULL: there is no end. */
static char *take_text(char **at, char end) {
    char *text = *at, *to = text, *from = text;
    while (*from != end) {
        if (*from == '\0')
            return NULL;
        if (*from == '\\' && from[1] != '\0') {
            from++;
            *to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from;
            from++;
        } else {
            *to++ = *from++;
        }
    }
    *at = from + 1;
    *to = '\0';
    return text;
}

static bool take_item(char **at, struct item_row *item) {
    char *end;
    unsigned long quantity = strtoul(*at, &end, 10);
    item->quantity = (uint32_t)quantity;
    item->personalised = *end == '*';
    end += item->personalised;
    if (end == *at || *end != '\t' || quantity > UINT32_MAX)
        return false;
    *at = end + 1;
    item->product = take_text(at, '\t');
    item->options = item->product != NULL ? take_text(at, '\n') : NULL;
    return item->options != NULL;
}

int items_parse(const char *text, struct arena *arena, const struct item_row **ret, uint32_t *ret_count) {
    uint32_t count = 0;
    for (const char *c = text; *c != '\0'; c++)
        count += *c == '\n';
    char *at = arena_strdup(arena, text);
    struct item_row *items = arena_array(arena, count, sizeof *items);
    for (uint32_t i = 0; i < count; i++)
        if (!take_item(&at, &items[i]))
            return TAKT_EDATA;
    if (*at != '\0')
        return TAKT_EDATA;
    *ret = items;
    *ret_count = count;
    return 0;
}
