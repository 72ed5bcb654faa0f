/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

int takt_fail(struct takt_error *err, int code, const char *format, ...) {
    assert(code < 0);
    if (err != NULL && err->code == 0) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
        err->code = code;
    }
    return code;
}

const char *takt_error_text(int code) {
    switch (code) {
#define X(name, value, text) \
    case TAKT_##name:        \
        return text;
        TAKT_ERRORS(X)
#undef X
    default:
        return code == 0 ? "no error" : "unknown error";
    }
}

void takt_error_clear(struct takt_error *err) {
    if (err != NULL) {
        err->code = 0;
        err->text[0] = '\0';
    }
}
