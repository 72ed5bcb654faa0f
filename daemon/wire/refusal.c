/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire/refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *title;
} table[] = {
#define X(name, wire, title) [REFUSAL_##name] = {wire, title},
    REFUSALS(X)
#undef X
};

const char *refusal_name(enum refusal_kind kind) {
    return table[kind].name;
}

const char *refusal_title(enum refusal_kind kind) {
    return table[kind].title;
}

/* What was cut off may have been cut within a character: its first bytes go as well, so that the text stays UTF-8. */
static void cut_whole(char *text, size_t size) {
    size_t length = strlen(text);
    if (length + 1 < size)
        return;
    size_t start = length;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (length - (start - 1) < want)
        text[start - 1] = '\0';
}

bool refuse(struct refusal *ret, enum refusal_kind kind, const char *at, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(ret->detail, sizeof ret->detail, format, args);
    va_end(args);
    snprintf(ret->at, sizeof ret->at, "%s", at);
    cut_whole(ret->detail, sizeof ret->detail);
    cut_whole(ret->at, sizeof ret->at);
    ret->kind = kind;
    return false;
}
