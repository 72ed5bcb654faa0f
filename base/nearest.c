/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include <string.h>

static size_t min3(size_t a, size_t b, size_t c) {
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

static size_t distance(const char *a, size_t na, const char *b, size_t nb) {
    size_t rows[3][NEAREST_LENGTH_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= nb; j++)
        last[j] = j;
    for (size_t i = 1; i <= na; i++) {
        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t cost = a[i - 1] != b[j - 1];
            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
        size_t *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[nb];
}

const char *nearest_name(const char *name, const char *const *candidates, size_t count) {
    size_t n = strlen(name), best = (size_t)-1;
    const char *found = NULL;
    if (n == 0 || n > NEAREST_LENGTH_MAX)
        return NULL;
    for (size_t k = 0; k < count; k++) {
        size_t m = strlen(candidates[k]);
        if (m == 0 || m > NEAREST_LENGTH_MAX)
            continue;
        size_t longer = n > m ? n : m, allowed = longer / 3 > 0 ? longer / 3 : (longer >= 3);
        size_t d = distance(name, n, candidates[k], m);
        if (d <= allowed && d < best) {
            best = d;
            found = candidates[k];
        }
    }
    return found;
}
