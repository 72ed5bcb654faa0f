/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the simulated floor has been told: lots, their tasks, and which line is to do which; kept up from publications.
 * What is being done (began_s and what follows it) is filled by the shop.
 *
 * Threads: one owner. Ownership: everything lies in the book; a lot is freed when its last operation is done. */

#include "config/plant.h"
#include "daemon/store/store.h"

struct shop_lot;

struct shop_task {
    struct shop_lot *lot;
    uint32_t op;
    int32_t line;            /* where the plan has it, or where it was done; -1: not placed */
    int32_t choice;          /* of op->lines; -1: not placed */
    int64_t start_s;         /* as planned */
    uint32_t quantity;       /* to be started, as planned */
    char *family;            /* NULL: none */
    enum task_state state;
    bool refused;            /* its last report was: it waits until a plan names it again */
    int64_t began_s, work_s; /* as it happens */
    int64_t end_s;           /* likewise, if nothing gets in its way */
    uint32_t started, scrap; /* units */
};

struct shop_lot {
    uint32_t no;
    int32_t product;
    const struct plant_product *makes;
    struct shop_task tasks[]; /* by place in the route */
};

struct shop_line {
    struct shop_task **waiting; /* placed here and not started; in no order */
    size_t waiting_count, waiting_room;
    bool touched;               /* something happened to it or to its tasks since the shop looked last */
};

struct shopbook;

struct shopbook *shopbook_new(const struct plant *plant);
void shopbook_free(struct shopbook *b); /* NULL is fine */

struct shop_line *shopbook_line(struct shopbook *b, int32_t line);
void shopbook_touch_all(struct shopbook *b);

/* The lot of a row, made if it is new; NULL if it is over. */
struct shop_lot *shopbook_lot(struct shopbook *b, const struct lot_row *row);
struct shop_lot *shopbook_find(struct shopbook *b, uint32_t lot);
/* It is done, or gone: forgets it, but for its being over. */
void shopbook_close(struct shopbook *b, struct shop_lot *lot);

/* Where the plan has a task that waits. line "": nowhere. */
void shopbook_place(struct shopbook *b, struct shop_task *task, const struct task_row *row);
/* It waits at this line; -1: nowhere. */
void shopbook_move(struct shopbook *b, struct shop_task *task, int32_t line);
/* It waits no longer. */
void shopbook_unplace(struct shopbook *b, struct shop_task *task);

const struct plant_op *shop_task_op(const struct shop_task *task);
/* The task of the operation before it; NULL: it is the first. */
struct shop_task *shop_task_before(const struct shop_task *task);
/* The one after it; NULL: it is the last. */
struct shop_task *shop_task_after(const struct shop_task *task);
