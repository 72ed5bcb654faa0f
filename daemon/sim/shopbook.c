/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/sim/shopbook.h"

#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shopbook {
    const struct plant *plant;
    struct shop_line *lines;
    struct shop_lot **lots;  /* by number; NULL: not known, or over */
    bool *over;              /* by number */
    size_t lot_room;
};

struct shopbook *shopbook_new(const struct plant *plant) {
    struct shopbook *b = takt_alloc(sizeof *b);
    b->plant = plant;
    b->lines = takt_alloc(plant->line_count * sizeof *b->lines + 1);
    return b;
}

static void lot_free(struct shop_lot *lot) {
    if (lot == NULL)
        return;
    for (size_t o = 0; o < lot->makes->op_count; o++)
        free(lot->tasks[o].family);
    free(lot);
}

void shopbook_free(struct shopbook *b) {
    if (b == NULL)
        return;
    for (size_t k = 0; k < b->lot_room; k++)
        lot_free(b->lots[k]);
    for (size_t l = 0; l < b->plant->line_count; l++)
        free(b->lines[l].waiting);
    free(b->lots);
    free(b->over);
    free(b->lines);
    free(b);
}

struct shop_line *shopbook_line(struct shopbook *b, int32_t line) {
    return &b->lines[line];
}

void shopbook_touch_all(struct shopbook *b) {
    for (size_t l = 0; l < b->plant->line_count; l++)
        b->lines[l].touched = true;
}

/* The value of an option in canonical text, `fabric=white;ink=dark`. */
static bool value_of(const char *like, const char *option, size_t length, const char **ret, size_t *ret_length) {
    for (const char *at = like; *at != '\0';) {
        size_t all = strcspn(at, ";");
        if (all > length && strncmp(at, option, length) == 0 && at[length] == '=') {
            *ret = at + length + 1;
            *ret_length = all - length - 1;
            return true;
        }
        at += all + (at[all] == ';');
    }
    return false;
}

/* `{ink}-fast` with the lot's options put in. */
static char *family_text(const char *pattern, const char *like) {
    if (pattern == NULL)
        return NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        takt_no_memory();
    while (*pattern != '\0') {
        size_t plain = strcspn(pattern, "{");
        fwrite(pattern, 1, plain, out);
        pattern += plain;
        if (*pattern == '\0')
            break;
        size_t name = strcspn(pattern + 1, "}");
        const char *value;
        size_t length;
        if (value_of(like, pattern + 1, name, &value, &length))
            fwrite(value, 1, length, out);
        pattern += 1 + name + (pattern[1 + name] == '}');
    }
    if (fclose(out) != 0)
        takt_no_memory();
    return text;
}

static void make_room(struct shopbook *b, uint32_t lot) {
    size_t room = b->lot_room < 64 ? 64 : b->lot_room;
    while (room <= lot)
        room += room / 2;
    if (room == b->lot_room)
        return;
    b->lots = takt_realloc(b->lots, room, sizeof(struct shop_lot *));
    b->over = takt_realloc(b->over, room, sizeof *b->over);
    memset(b->lots + b->lot_room, 0, (room - b->lot_room) * sizeof(struct shop_lot *));
    memset(b->over + b->lot_room, 0, (room - b->lot_room) * sizeof *b->over);
    b->lot_room = room;
}

struct shop_lot *shopbook_find(struct shopbook *b, uint32_t lot) {
    return lot < b->lot_room ? b->lots[lot] : NULL;
}

struct shop_lot *shopbook_lot(struct shopbook *b, const struct lot_row *row) {
    make_room(b, row->lot);
    if (b->lots[row->lot] != NULL || b->over[row->lot])
        return b->lots[row->lot];
    int32_t product = plant_product_find(b->plant, row->product);
    if (product < 0)
        return NULL;
    const struct plant_product *makes = &b->plant->products[product];
    struct shop_lot *lot = takt_alloc(sizeof *lot + makes->op_count * sizeof lot->tasks[0]);
    *lot = (struct shop_lot){.no = row->lot, .product = product, .makes = makes};
    for (size_t o = 0; o < makes->op_count; o++)
        lot->tasks[o] = (struct shop_task){.lot = lot, .op = (uint32_t)o, .line = -1, .choice = -1,
                                           .family = family_text(makes->route[o].family, row->like)};
    b->lots[row->lot] = lot;
    return lot;
}

void shopbook_unplace(struct shopbook *b, struct shop_task *task) {
    if (task->line < 0)
        return;
    struct shop_line *line = &b->lines[task->line];
    for (size_t k = 0; k < line->waiting_count; k++)
        if (line->waiting[k] == task) {
            line->waiting[k] = line->waiting[--line->waiting_count];
            break;
        }
    line->touched = true;
}

void shopbook_close(struct shopbook *b, struct shop_lot *lot) {
    for (size_t o = 0; o < lot->makes->op_count; o++)
        if (lot->tasks[o].state == TASK_PLANNED)
            shopbook_unplace(b, &lot->tasks[o]);
    b->lots[lot->no] = NULL;
    b->over[lot->no] = true;
    lot_free(lot);
}

static int32_t choice_of(const struct plant_op *op, int32_t line) {
    for (size_t k = 0; k < op->line_count; k++)
        if (op->lines[k].line == line)
            return (int32_t)k;
    return -1;
}

void shopbook_move(struct shopbook *b, struct shop_task *task, int32_t line) {
    if (line == task->line)
        return;
    shopbook_unplace(b, task);
    task->line = line;
    task->choice = line >= 0 ? choice_of(shop_task_op(task), line) : -1;
    if (line < 0)
        return;
    struct shop_line *to = &b->lines[line];
    ARRAY_GROW(to->waiting, to->waiting_count, to->waiting_room);
    to->waiting[to->waiting_count++] = task;
    to->touched = true;
}

void shopbook_place(struct shopbook *b, struct shop_task *task, const struct task_row *row) {
    shopbook_move(b, task, row->line[0] != '\0' ? plant_line_find(b->plant, row->line) : -1);
    task->start_s = row->start_s;
    task->quantity = row->quantity;
    if (task->line >= 0)
        b->lines[task->line].touched = true;
}

const struct plant_op *shop_task_op(const struct shop_task *task) {
    return &task->lot->makes->route[task->op];
}

struct shop_task *shop_task_before(const struct shop_task *task) {
    return task->op > 0 ? &task->lot->tasks[task->op - 1] : NULL;
}

struct shop_task *shop_task_after(const struct shop_task *task) {
    return task->op + 1 < task->lot->makes->op_count ? &task->lot->tasks[task->op + 1] : NULL;
}
