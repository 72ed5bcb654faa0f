/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/numbers.h"

#include <stdio.h>
#include <stdlib.h>

const char *numbers_format(const uint64_t *numbers, uint32_t count, struct arena *arena) {
    enum { NUMBER_TEXT_SIZE = 21 };
    char *text = arena_alloc(arena, (size_t)count * NUMBER_TEXT_SIZE + 1), *at = text;
    *at = '\0';
    for (uint32_t i = 0; i < count; i++)
        at += sprintf(at, "%s%llu", i > 0 ? " " : "", (unsigned long long)numbers[i]);
    return text;
}

void numbers_parse(const char *text, struct arena *arena, const uint64_t **ret, uint32_t *ret_count) {
    uint32_t count = text[0] != '\0';
    for (const char *c = text; *c != '\0'; c++)
        count += *c == ' ';
    uint64_t *numbers = arena_array(arena, count, sizeof *numbers);
    char *at;
    for (uint32_t i = 0; i < count; i++, text = at)
        numbers[i] = strtoull(text, &at, 10);
    *ret = numbers;
    *ret_count = count;
}
