/* SPDX-License-Identifier: Apache-2.0 */

/* The chain: the carrier's cut-off ← packing ← the lot that is ready last ← that lot's last task ← whatever the
 * solver's explanation says binds it, task by task ← the release of the first one, told apart into material, company
 * and acceptance. */

#include "daemon/planner/why.h"

#include "base/arena.h"
#include "config/moment.h"
#include "daemon/planner/lot_time.h"
#include "daemon/planner/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MOST = 40 };

struct telling {
    struct planner *p;
    struct arena *arena;
    int64_t now_s;
    struct why_step *steps;
    size_t count;
};

static const char *when(const struct telling *w, int64_t time_s, char *buffer) {
    return moment_text(w->p->plant->zone, time_s, w->now_s, buffer);
}

static struct why_step *step(struct telling *w, const char *what, int64_t from_s, int64_t to_s) {
    struct why_step *s = &w->steps[w->count < STEPS_MOST ? w->count++ : STEPS_MOST - 1];
    *s = (struct why_step){.how = "", .line = "", .pool = "", .material = "", .reason = "", .from_s = from_s, .to_s = to_s,
                           .until_s = TAKT_TIME_NONE, .text = ""};
    snprintf(s->what, sizeof s->what, "%s", what);
    return s;
}

/* ---- the first cause ---- */

static void tell_release(struct telling *w, const struct lot *lot) {
    const struct plant_product *pr = lot_product(w->p, lot);
    char at[MOMENT_SIZE], name[72];
    struct why_step *s;
    task_name(w->p, lot, 0, name);
    if (lot->material >= 0 && lot->material_s > w->now_s) {
        const char *material = w->p->plant->materials[lot->material].id;
        s = step(w, "material", lot->opened_at_s, lot->material_s);
        s->material = material;
        s->text =
            lot->material_s == TAKT_TIME_NEVER
                ? arena_printf(w->arena, "there is no %s for L%" PRIu32 ", and none is expected", material, lot->no)
                : arena_printf(w->arena, "L%" PRIu32 " waits for %s until %s", lot->no, material,
                               when(w, lot->material_s, at));
    } else if (lot_release(w->p, lot, w->now_s) > w->now_s) {
        s = step(w, "company", lot->opened_at_s, lot->opened_at_s + pr->lot_wait_s);
        s->text = arena_printf(w->arena, "L%" PRIu32 " waits for company until %s", lot->no,
                               when(w, lot->opened_at_s + pr->lot_wait_s, at));
    } else {
        s = step(w, "release", lot->opened_at_s, lot->tasks[0].start_s);
        s->text = arena_printf(w->arena, "L%" PRIu32 " was opened %s", lot->no, when(w, lot->opened_at_s, at));
    }
    memcpy(s->task, name, sizeof s->task);
}

/* ---- the solver's chain ---- */

struct naming {
    const struct lot *lot, *other_lot;
    const struct task *task;
    size_t other_op;
    const struct down *down; /* what the line is in meanwhile; NULL: it runs */
    const char *how;         /* see struct why_step; set by who says it */
    char name[72], other[72], to[MOMENT_SIZE];
    int32_t pool;
};

static const char *line_of(const struct telling *w, const struct task *t) {
    return t->line < 0 ? "" : w->p->plant->lines[t->line].id;
}

static const char *say_task(struct telling *w, struct naming *n) {
    if (n->other_lot != NULL && lot_op(w->p, n->other_lot, n->other_op)->rest_s > 0) {
        n->how = "rests";
        return arena_printf(w->arena, "%s comes after %s, which ends and rests until %s", n->name, n->other, n->to);
    }
    if (n->other_lot != NULL && task_overlap(w->p, n->other_lot, n->other_op) > 0) {
        n->how = "overlaps";
        return arena_printf(w->arena, "%s comes after %s, which has made enough by %s", n->name, n->other, n->to);
    }
    return arena_printf(w->arena, "%s comes after %s, which ends %s", n->name, n->other, n->to);
}

/* "is down (head) until Mon 06:00" */
static const char *say_down(struct telling *w, const struct down *d) {
    const char *reason = d->reason[0] == '\0' ? "" : arena_printf(w->arena, " (%s)", d->reason);
    int64_t guess_s = w->p->stock.guess_until_s;
    char at[MOMENT_SIZE];
    if (d->to_s != TAKT_TIME_NEVER)
        return arena_printf(w->arena, "is down%s until %s", reason, when(w, d->to_s, at));
    if (guess_s == TAKT_TIME_NEVER)
        return arena_printf(w->arena, "is down%s, nobody has said until when", reason);
    return arena_printf(w->arena, "is down%s, nobody has said until when; the plan counts on it from %s", reason,
                        when(w, guess_s, at));
}

/* The same as data. */
static void note_down(const struct telling *w, struct why_step *s, const struct down *d) {
    s->reason = arena_strdup(w->arena, d->reason);
    s->until_s = d->to_s == TAKT_TIME_NEVER ? TAKT_TIME_NONE : d->to_s;
}

static const char *say_line(struct telling *w, struct naming *n) {
    return arena_printf(w->arena, "%s waits for line %s behind %s until %s", n->name, line_of(w, n->task), n->other,
                        n->to);
}

static const char *say_changeover(struct telling *w, struct naming *n) {
    return arena_printf(w->arena, "%s waits until line %s is changed over after %s, until %s", n->name,
                        line_of(w, n->task), n->other, n->to);
}

static const char *say_pool(struct telling *w, struct naming *n) {
    return arena_printf(w->arena, "%s waits for %s, which %s has until %s", n->name,
                        n->pool < 0 ? "a pool" : w->p->plant->pools[n->pool].id,
                        n->other[0] == '\0' ? "another task" : n->other, n->to);
}

static const char *say_closed(struct telling *w, struct naming *n) {
    if (n->down != NULL)
        return arena_printf(w->arena, "%s waits for line %s, which %s; it is planned to begin %s", n->name,
                            line_of(w, n->task), say_down(w, n->down), n->to);
    const char *what = n->pool >= 0 ? w->p->plant->pools[n->pool].id : line_of(w, n->task);
    return arena_printf(w->arena, "%s waits while %s is closed until %s", n->name, what, n->to);
}

static const char *say_fixed(struct telling *w, struct naming *n) {
    n->how = n->task->state == TASK_STARTED ? "runs" : "";
    if (n->task->state == TASK_STARTED && n->down != NULL)
        return arena_printf(w->arena, "%s has been running on line %s, which %s, and is expected to end %s", n->name,
                            line_of(w, n->task), say_down(w, n->down), n->to);
    if (n->task->state == TASK_STARTED)
        return arena_printf(w->arena, "%s has been running on line %s and is expected to end %s", n->name,
                            line_of(w, n->task), n->to);
    return arena_printf(w->arena, "%s is frozen: it begins too soon to be moved", n->name);
}

static const struct {
    const char *what;
    const char *(*say)(struct telling *, struct naming *); /* NULL: the first cause, see tell_release */
} BINDINGS[] = {
    [BOUND_NOTHING] = {"release", NULL},
    [BOUND_RELEASE] = {"release", NULL},
    [BOUND_TASK] = {"task", say_task},
    [BOUND_LINE] = {"line", say_line},
    [BOUND_CHANGEOVER] = {"changeover", say_changeover},
    [BOUND_POOL] = {"pool", say_pool},
    [BOUND_CLOSED] = {"closed", say_closed},
    [BOUND_FIXED] = {"fixed", say_fixed},
};

static const struct lot *model_lot(const struct telling *w, int32_t task, size_t *ret_op) {
    if (task < 0 || task >= w->p->model->task_count)
        return NULL;
    *ret_op = w->p->model->tasks[task].op;
    return lot_find(&w->p->lots, w->p->model->tasks[task].lot);
}

/* The downtime because of which a line does nothing for a task in [from_s, to_s). */
static const struct down *down_between(const struct telling *w, int32_t line, int64_t from_s, int64_t to_s) {
    const struct stock *s = &w->p->stock;
    for (size_t i = 0; line >= 0 && i < s->down_count; i++) {
        const struct down *d = &s->downs[i];
        if (!d->gone && d->from_s < to_s && from_s < d->to_s && strcmp(d->line, w->p->plant->lines[line].id) == 0)
            return d;
    }
    return NULL;
}

static void tell_binding(struct telling *w, const struct binding_step *b) {
    struct naming n = {.pool = b->pool, .how = "begins"};
    size_t op = 0;
    const struct plan_model *m = w->p->model;
    n.lot = model_lot(w, b->task, &op);
    n.other_lot = model_lot(w, b->other, &n.other_op);
    if (n.lot == NULL)
        return;
    n.task = &n.lot->tasks[op];
    if (BINDINGS[b->why].say == NULL && op == 0) {
        tell_release(w, n.lot);
        return;
    }
    task_name(w->p, n.lot, op, n.name);
    if (n.other_lot != NULL)
        task_name(w->p, n.other_lot, n.other_op, n.other);
    int64_t to_s = b->why == BOUND_FIXED ? n.task->end_s : m->origin_s + b->to;
    if (b->why == BOUND_FIXED)
        n.down = down_between(w, n.task->line, w->now_s, w->now_s + 1);
    else if (b->why == BOUND_CLOSED && b->pool < 0)
        n.down = down_between(w, n.task->line, m->origin_s + b->from, to_s);
    struct why_step *s = step(w, n.down != NULL ? "down" : BINDINGS[b->why].what, m->origin_s + b->from, to_s);
    snprintf(n.to, sizeof n.to, "%s", when(w, to_s, (char[MOMENT_SIZE]){0}));
    memcpy(s->task, n.name, sizeof s->task);
    memcpy(s->other, n.other, sizeof s->other);
    s->line = line_of(w, n.task);
    s->pool = b->pool < 0 ? "" : w->p->plant->pools[b->pool].id;
    if (BINDINGS[b->why].say != NULL)
        n.how = "";
    s->text = BINDINGS[b->why].say != NULL ? BINDINGS[b->why].say(w, &n)
                                           : arena_printf(w->arena, "%s may begin %s", n.name, n.to);
    s->how = n.how;
    if (n.down != NULL)
        note_down(w, s, n.down);
}

static bool told_down(const struct telling *w, const char *line) {
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->steps[i].what, "down") == 0 && strcmp(w->steps[i].line, line) == 0)
            return true;
    return false;
}

/* A line that is down need not bind a task that is planned for later, and may yet. */
static void tell_line(struct telling *w, const struct lot *lot, size_t op) {
    const struct task *t = &lot->tasks[op];
    const struct down *d = t->state == TASK_FINISHED ? NULL : down_between(w, t->line, w->now_s, w->now_s + 1);
    char name[72];
    if (d == NULL || told_down(w, line_of(w, t)))
        return;
    struct why_step *s = step(w, "down", d->from_s, d->to_s);
    task_name(w->p, lot, op, name);
    memcpy(s->task, name, sizeof s->task);
    s->how = "planned";
    s->line = line_of(w, t);
    note_down(w, s, d);
    s->text = arena_printf(w->arena, "line %s, on which %s is planned, %s", s->line, name, say_down(w, d));
}

static int32_t task_number(const struct plan_model *m, const struct lot *lot) {
    for (int32_t i = m == NULL ? 0 : m->task_count; i-- > 0;)
        if (m->tasks[i].lot == lot->no)
            return i;
    return -1;
}

static void tell_lot(struct telling *w, const struct lot *lot) {
    struct binding_step steps[STEPS_MOST];
    int32_t task = task_number(w->p->model, lot);
    char at[MOMENT_SIZE];
    if (lot->state == LOT_DONE || task < 0) {
        struct why_step *s = step(w, "lot", lot->opened_at_s, lot->ready_s);
        if (lot->state == LOT_DONE) {
            s->how = "made";
            snprintf(s->other, sizeof s->other, "L%" PRIu32, lot->no);
            s->text = arena_printf(w->arena, "L%" PRIu32 " was made, and rested until %s", lot->no,
                                   when(w, lot->ready_s, at));
        } else {
            w->count--;
            tell_release(w, lot);
        }
        return;
    }
    size_t count = solve_explain(w->p->model->problem, w->p->schedule, task, steps, STEPS_MOST);
    for (size_t i = 0; i < count; i++)
        tell_binding(w, &steps[i]);
    for (size_t k = 0; k < lot->op_count; k++)
        tell_line(w, lot, k);
}

/* ---- from the end of it ---- */

static const struct lot *last_lot(const struct order *o, size_t *ret_lots) {
    const struct lot *last = NULL;
    *ret_lots = 0;
    for (uint16_t i = 0; i < o->item_count; i++) {
        for (const struct slice *s = o->items[i].slices; s != NULL; s = s->next) {
            if (s->lot == NULL || s->lot == last)
                continue;
            ++*ret_lots;
            if (last == NULL || s->lot->ready_s > last->ready_s)
                last = s->lot;
        }
    }
    return last;
}

static void tell_packing(struct telling *w, const struct order *o) {
    char a[MOMENT_SIZE];
    struct why_step *s;
    if (o->ship_by_s != TAKT_TIME_NONE) {
        s = step(w, "cutoff", o->packed_s, o->ship_by_s);
        s->text = arena_printf(w->arena, "it is promised to the carrier's cut-off of %s", when(w, o->ship_by_s, a));
    }
    if (o->made_s == TAKT_TIME_NEVER)
        return;
    s = step(w, "packing", o->made_s, o->packed_s);
    s->how = o->packed_at_s != TAKT_TIME_NONE ? "done" : "";
    s->text = o->packed_at_s != TAKT_TIME_NONE
                  ? arena_printf(w->arena, "it was packed %s", when(w, o->packed_at_s, a))
                  : arena_printf(w->arena, "it is to be packed by %s", when(w, o->packed_s, a));
}

static const char *sentence(const struct telling *w) {
    const char *all = "";
    for (size_t i = 0; i < w->count; i++)
        if (w->steps[i].text[0] != '\0')
            all = all[0] == '\0' ? w->steps[i].text : arena_printf(w->arena, "%s; %s", all, w->steps[i].text);
    return all;
}

void why_answer(struct planner *p, int64_t now_s, struct ask *ask) {
    struct telling w = {.p = p, .arena = ask->arena, .now_s = now_s};
    const struct order *o = book_find(&p->book, ask->u.why.order);
    size_t lots;
    char at[MOMENT_SIZE];
    if (o == NULL) {
        refuse(&ask->refusal, REFUSAL_UNKNOWN_ORDER, "", "the planner knows no such open order");
        return;
    }
    w.steps = arena_array(ask->arena, STEPS_MOST, sizeof *w.steps);
    tell_packing(&w, o);
    const struct lot *lot = last_lot(o, &lots);
    if (lots > 1) {
        struct why_step *s = step(&w, "lot", TAKT_TIME_NONE, lot->ready_s);
        snprintf(s->other, sizeof s->other, "L%" PRIu32, lot->no);
        s->text = arena_printf(ask->arena, "of its %zu lots L%" PRIu32 " is ready last, %s", lots, lot->no,
                               when(&w, lot->ready_s, at));
    }
    if (lot != NULL)
        tell_lot(&w, lot);
    ask->u.why.ret_steps = w.steps;
    ask->u.why.ret_count = w.count;
    ask->u.why.ret_sentence = sentence(&w);
}
