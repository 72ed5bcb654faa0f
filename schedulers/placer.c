/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/placer.h"

#include <stdlib.h>

enum { GROUP_TRIES_MAX = 400, GROUP_TRIES_EXACT = 300 };

struct choice {
    struct piece piece;
    struct place place;
    int32_t change;
    bool found;
};

void placer_init(struct placer *pl, struct timetable *t) {
    *pl = (struct placer){.t = t};
    pl->end_min = takt_alloc((size_t)t->p->tasks * sizeof *pl->end_min);
    for (int32_t i = 0; i < t->p->tasks; i++)
        pl->end_min[i] = INT32_MIN;
}

void placer_done(struct placer *pl) {
    free(pl->end_min);
}

static int32_t change_at(const struct timetable *t, const struct piece *piece, const struct place *place) {
    if (place->joins)
        return 0;
    int32_t setup = place->at > 0 ? t->lines[piece->line].runs[place->at - 1].setup : t->p->line_initial[piece->line];
    return changeover(t->p, piece->line, setup, piece->family);
}

static void consider(const struct placer *pl, int32_t task, int32_t option, bool limited, struct choice *best) {
    struct piece piece = timetable_piece(pl->t->p, task, option);
    struct bounds b = timetable_bounds(pl->t, task, option);
    if (!limited)
        b.start_max = INT32_MAX;
    if (pl->floor != NULL && pl->floor[task] > b.start_min)
        b.start_min = pl->floor[task];
    if (pl->end_min[task] > b.end_min)
        b.end_min = pl->end_min[task];
    if (best->found && b.end_max > best->place.end)
        b.end_max = best->place.end;
    struct place place;
    if (!timetable_fit(pl->t, &piece, &b, &place))
        return;
    int32_t change = change_at(pl->t, &piece, &place);
    if (!best->found || place.end < best->place.end || (place.end == best->place.end && change < best->change))
        *best = (struct choice){piece, place, change, true};
}

/* The best place of one task; unless `limited`, it may start too long after what it succeeds. */
static struct choice choose(const struct placer *pl, int32_t task, int32_t option, bool limited) {
    const struct problem *p = pl->t->p;
    struct choice best = {.found = false};
    if (option >= 0) {
        consider(pl, task, option, limited, &best);
        return best;
    }
    for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++)
        if (pl->keep_line == NULL || pl->keep_line[task] < 0 || pl->keep_line[task] == p->option_line[o])
            consider(pl, task, o, limited, &best);
    return best;
}

/* Makes those end later after which `task` starts too late; false: they cannot, they are placed for good. */
static bool push_before(struct placer *pl, int32_t task, int32_t start, int32_t tries) {
    const struct problem *p = pl->t->p;
    bool pushed = false;
    for (int32_t k = p->before_offset[task]; k < p->before_offset[task + 1]; k++) {
        int32_t before = p->before[k];
        if (p->lag_max[before] == PROBLEM_NONE || start - pl->t->end[before] <= p->lag_max[before])
            continue;
        if (p->group[before] != p->group[task] || p->group[task] < 0)
            return false;
        int64_t least = (int64_t)start - p->lag_max[before];
        if (tries > GROUP_TRIES_EXACT) /* it goes round in small steps: take larger ones */
            least += (least - pl->t->end[before]) << ((tries - GROUP_TRIES_EXACT) / 8);
        pl->end_min[before] = least < PROBLEM_TICK_MAX ? (int32_t)least : PROBLEM_TICK_MAX;
        pushed = true;
    }
    return pushed;
}

enum group_step { GROUP_DONE, GROUP_AGAIN, GROUP_NEVER };

static enum group_step try_group(struct placer *pl, int32_t group, int32_t task, int32_t option, int32_t tries) {
    const struct problem *p = pl->t->p;
    int32_t k = p->group_offset[group], end = p->group_offset[group + 1];
    enum group_step step = GROUP_DONE;
    for (; k < end; k++) {
        int32_t member = p->group_task[k], own = member == task ? option : -1;
        struct choice c = choose(pl, member, own, true);
        if (!c.found) {
            c = choose(pl, member, own, false);
            step = c.found && push_before(pl, member, c.place.start, tries) ? GROUP_AGAIN : GROUP_NEVER;
            break;
        }
        timetable_put(pl->t, member, &c.piece, &c.place);
    }
    if (step != GROUP_DONE)
        while (k-- > p->group_offset[group])
            timetable_take(pl->t, p->group_task[k]);
    return step;
}

static bool put_group(struct placer *pl, int32_t task, int32_t option) {
    const struct problem *p = pl->t->p;
    int32_t group = p->group[task];
    enum group_step step = GROUP_AGAIN;
    for (int32_t tries = 0; tries < GROUP_TRIES_MAX && step == GROUP_AGAIN; tries++)
        step = try_group(pl, group, task, option, tries);
    for (int32_t k = p->group_offset[group]; k < p->group_offset[group + 1]; k++)
        pl->end_min[p->group_task[k]] = INT32_MIN;
    return step == GROUP_DONE;
}

bool placer_put(struct placer *pl, int32_t task, int32_t option) {
    if (pl->t->p->group[task] >= 0)
        return put_group(pl, task, option);
    struct choice c = choose(pl, task, option, true);
    if (c.found)
        timetable_put(pl->t, task, &c.piece, &c.place);
    return c.found;
}

int placer_fail(const struct placer *pl, int32_t task, struct takt_error *err) {
    const struct problem *p = pl->t->p;
    char text[TASK_TEXT_SIZE];
    task_text(p, task, text);
    bool open = false;
    for (int32_t o = p->option_offset[task]; o < p->option_offset[task + 1]; o++) {
        const struct hours *h = &p->hours[p->option_hours[o]];
        int32_t start = hours_start(h, p->job_release[p->job[task]], p->option_time[o], p->breakable[task]);
        open = open || (start != HOURS_NEVER && hours_passed(h, start, p->option_time[o]) != HOURS_NEVER);
    }
    if (!open)
        return takt_fail(err, TAKT_EINFEASIBLE, "%s: none of its lines is open for long enough", text);
    for (int32_t u = p->usage_offset[task]; u < p->usage_offset[task + 1]; u++)
        if (profile_next(&pl->t->pools[p->usage_pool[u]], 0, p->usage_amount[u]) == INT32_MAX)
            return takt_fail(
                err, TAKT_EINFEASIBLE, "%s: pool %d ('%.80s') never has %d free", text, (int)p->usage_pool[u],
                p->pool_name[p->usage_pool[u]] != NULL ? p->pool_name[p->usage_pool[u]] : "", (int)p->usage_amount[u]);
    return takt_fail(err, TAKT_EINFEASIBLE,
                     "%s finds no place: its lines are not open for long enough, or fixed tasks or lags leave none",
                     text);
}

/* From the last task back, so that what comes after is known. */
int32_t *placer_limits(const struct problem *p) {
    int32_t *limit = takt_alloc((size_t)p->tasks * sizeof *limit);
    for (int32_t k = p->tasks; k-- > 0;) {
        int32_t task = p->job_task[k];
        limit[task] = INT32_MAX;
        for (int32_t s = p->after_offset[task]; s < p->after_offset[task + 1]; s++) {
            int32_t after = p->after[s], tick = p->fixed_line[after] >= 0 ? p->fixed_start[after] : limit[after];
            limit[task] = tick < limit[task] ? tick : limit[task];
        }
        for (int32_t b = p->before_offset[task]; b < p->before_offset[task + 1]; b++) {
            int32_t before = p->before[b];
            if (p->fixed_line[before] < 0 || p->lag_max[before] == PROBLEM_NONE)
                continue;
            int64_t tick = (int64_t)p->fixed_end[before] + p->lag_max[before];
            limit[task] = tick < limit[task] ? (int32_t)tick : limit[task];
        }
    }
    return limit;
}
