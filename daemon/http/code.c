/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/code.h"

#include <qrencode.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUIET = 4 };

static bool printable(const char *text) {
    size_t length = 0;
    for (; text[length] != '\0'; length++)
        if (text[length] < ' ' || text[length] > '~')
            return false;
    return length > 0 && length <= CODE_TEXT_MAX;
}

/* Each run of dark modules of a row is one rectangle. */
static void draw(FILE *out, const QRcode *code) {
    for (int y = 0; y < code->width; y++)
        for (int x = 0, to; x < code->width; x = to + 1) {
            for (to = x; to < code->width && (code->data[y * code->width + to] & 1) != 0;)
                to++;
            if (to > x)
                fprintf(out, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, to - x, to - x);
        }
}

char *code_svg(const char *text, size_t *ret_size) {
    QRcode *code = printable(text) ? QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M) : NULL;
    char *svg = NULL;
    if (code == NULL)
        return NULL;
    int side = code->width + 2 * QUIET;
    FILE *out = open_memstream(&svg, ret_size);
    if (out == NULL)
        abort(); /* no memory, as takt_alloc */
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
            "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"",
            side, side, side, side);
    draw(out, code);
    fputs("\"/></svg>\n", out);
    fclose(out);
    QRcode_free(code);
    return svg;
}
