/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/floor/tasks.h"

#include "base/arena.h"
#include "daemon/dispatch/slip.h"
#include "daemon/wire/reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const states[] = {
    [TASK_PLANNED] = "planned", [TASK_STARTED] = "started", [TASK_FINISHED] = "finished"};

static int by_start(const void *left, const void *right) {
    const struct task_view *a = left, *b = right;
    if (a->start_s != b->start_s)
        return a->start_s < b->start_s ? -1 : 1;
    return strcmp(a->task, b->task);
}

void tasks_sort(struct task_view *tasks, size_t count) {
    qsort(tasks, count, sizeof *tasks, by_start);
}

size_t tasks_fitting(const struct task_view *tasks, size_t count, size_t most) {
    size_t units = 0, fitting = 0;
    for (; fitting < count; fitting++) {
        units += tasks[fitting].unit_count;
        if (units > most && fitting > 0)
            break;
    }
    return fitting;
}

static int by_number(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

const uint64_t *tasks_orders(const struct task_view *tasks, size_t count, struct arena *arena, size_t *ret_count) {
    size_t all = 0, kept = 0;
    for (size_t i = 0; i < count; i++)
        all += tasks[i].unit_count;
    uint64_t *orders = arena_array(arena, all, sizeof *orders);
    for (size_t i = 0, at = 0; i < count; i++)
        for (size_t k = 0; k < tasks[i].unit_count; k++)
            orders[at++] = tasks[i].units[k].order;
    qsort(orders, all, sizeof *orders, by_number);
    for (size_t i = 0; i < all; i++)
        if (kept == 0 || orders[kept - 1] != orders[i])
            orders[kept++] = orders[i];
    *ret_count = kept;
    return orders;
}

static void write_unit(struct writer *w, const struct unit_view *unit, const struct store_bodies *bodies) {
    const uint64_t *found =
        bodies ? bsearch(&unit->order, bodies->orders, bodies->count, sizeof *bodies->orders, by_number) : NULL;
    if (found == NULL)
        return;
    const struct order_row *row = &bodies->ret_orders[found - bodies->orders];
    if (unit->item >= row->item_count)
        return;
    struct slip *slip = slip_read(bodies->ret_bodies[found - bodies->orders]);
    char name[256];
    snprintf(name, sizeof name, "%s/%s/%" PRIu32 "/%" PRIu32, row->creator, row->order_ref, unit->item + 1,
             unit->first + 1);
    writer_object(w, NULL);
    writer_text(w, "unit", name);
    writer_integer(w, "count", unit->count);
    slip_write_options(row->items[unit->item].options, w, "options");
    slip_write_personalization(slip, unit->item, w, "personalization");
    writer_end(w);
    slip_free(slip);
}

static void write_parts(struct writer *w, const struct task_view *task, const struct store_bodies *bodies) {
    writer_list(w, "variants");
    for (size_t i = 0; i < task->variant_count; i++) {
        writer_object(w, NULL);
        slip_write_options(task->variants[i].options, w, "options");
        writer_integer(w, "quantity", task->variants[i].quantity);
        writer_end(w);
    }
    writer_end(w);
    writer_list(w, "units");
    for (size_t i = 0; i < task->unit_count; i++)
        write_unit(w, &task->units[i], bodies);
    writer_end(w);
}

static void write_task(struct writer *w, const struct task_view *task, const struct store_bodies *bodies) {
    char lot[16];
    snprintf(lot, sizeof lot, "L%" PRIu32, task->lot);
    writer_object(w, NULL);
    writer_text(w, "task", task->task);
    writer_text(w, "lot", lot);
    writer_text(w, "product", task->product);
    writer_text(w, "operation", task->op);
    writer_some_text(w, "line", task->line);
    writer_some_text(w, "family", task->family);
    writer_time(w, "start", task->start_s);
    writer_time(w, "end", task->end_s);
    writer_text(w, "state", states[task->state]);
    writer_boolean(w, "frozen", task->frozen);
    writer_boolean(w, "late", task->late);
    writer_integer(w, "quantity", task->quantity);
    writer_integer(w, "good", task->good);
    writer_integer(w, "scrap", task->scrap);
    write_parts(w, task, bodies);
    writer_end(w);
}

void tasks_write(struct writer *w, const char *id, const char *line, const struct task_view *tasks, size_t count,
                 const struct store_bodies *bodies) {
    reply_begin(w, "tasks", id);
    writer_text(w, "line", line);
    writer_list(w, "tasks");
    for (size_t i = 0; i < count; i++)
        write_task(w, &tasks[i], bodies);
    writer_end(w);
    reply_end(w);
}
