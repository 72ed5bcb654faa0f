/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/schedule.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

struct schedule *schedule_new(int32_t task_count) {
    struct schedule *s = takt_alloc(sizeof *s);
    size_t size = (size_t)task_count * sizeof(int32_t);
    s->task_count = task_count;
    s->line = takt_alloc(size);
    s->start = takt_alloc(size);
    s->end = takt_alloc(size);
    memset(s->line, -1, size);
    return s;
}

struct schedule *schedule_copy(const struct schedule *s) {
    struct schedule *copy = schedule_new(s->task_count);
    size_t size = (size_t)s->task_count * sizeof(int32_t);
    memcpy(copy->line, s->line, size);
    memcpy(copy->start, s->start, size);
    memcpy(copy->end, s->end, size);
    return copy;
}

void schedule_free(struct schedule *s) {
    if (s == NULL)
        return;
    free(s->line);
    free(s->start);
    free(s->end);
    free(s);
}
