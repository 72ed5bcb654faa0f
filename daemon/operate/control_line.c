/* SPDX-License-Identifier: Apache-2.0 */

/* `line`: how a line's stations stand, and the hours of its shift, for the page beside it. */

#include "daemon/operate/control_inner.h"

#include "base/nearest.h"
#include "config/calendar.h"

#include <string.h>

enum { SHIFT_S_MAX = 12 * 3600, LOOK_S = 14 * 86400, LINE_BYTES_MAX = 64 };

/* Is it that station, or one of those that the plant's file calls so? */
static bool is_called(const struct plant_line *line, const char *name) {
    return strcmp(line->id, name) == 0 || strcmp(line->base, name) == 0;
}

static const struct plant_line *first_station(const struct plant *plant, const char *name) {
    for (size_t i = 0; i < plant->line_count; i++)
        if (is_called(&plant->lines[i], name))
            return &plant->lines[i];
    return NULL;
}

static bool refuse_line(struct control_call *call, const struct reader *r, const char *name) {
    const struct plant *plant = call->control->plant;
    const char **names = arena_array(call->arena, plant->line_count, sizeof *names);
    for (size_t i = 0; i < plant->line_count; i++)
        names[i] = plant->lines[i].id;
    const char *nearest = nearest_name(name, names, plant->line_count);
    return reader_problem(r, "line", REFUSAL_UNKNOWN_LINE, "there is no line '%s' in the plant%s%s%s", name,
                          nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

bool control_ask_line(struct control_call *call) {
    struct reader r = message_reader(&call->message, &call->refusal);
    const char *name;
    if (!reader_text(&r, "line", READ_REQUIRED, LINE_BYTES_MAX, &name))
        return false;
    if (first_station(call->control->plant, name) == NULL)
        return refuse_line(call, &r, name);
    call->ask = control_ask(call, ASK_STATUS);
    return true;
}

/* The hours in which the line is open now, or else next; of long ones what remains of the next twelve. */
static void write_shift(struct control_call *call, const struct plant_line *line) {
    struct open_interval *open;
    size_t count;
    int64_t now_s = call->now_s;
    calendar_open(call->control->plant, line->calendar, now_s, now_s + LOOK_S, call->arena, &open, &count);
    if (count == 0)
        return;
    int64_t to_s = open[0].to_s < open[0].from_s + SHIFT_S_MAX ? open[0].to_s : open[0].from_s + SHIFT_S_MAX;
    writer_object(&call->reply, "shift");
    writer_time(&call->reply, "from", open[0].from_s);
    writer_time(&call->reply, "to", to_s);
    writer_end(&call->reply);
}

bool control_show_line(struct control_call *call) {
    struct reader r = message_reader(&call->message, &call->refusal);
    const struct plan_status *status = &call->ask->u.status;
    const struct plant *plant = call->control->plant;
    const char *name;
    reader_text(&r, "line", READ_REQUIRED, LINE_BYTES_MAX, &name);
    const struct plant_line *first = first_station(plant, name);
    if (first == NULL) /* a reload came between */
        return refuse_line(call, &r, name);
    reply_begin(&call->reply, call->command->type, call->message.id);
    view_plant(&call->reply, call);
    writer_list(&call->reply, "lines");
    for (size_t i = 0; i < status->line_count; i++) {
        int32_t at = plant_line_find(plant, status->lines[i].line);
        if (at >= 0 && is_called(&plant->lines[at], name))
            view_line(&call->reply, &status->lines[i]);
    }
    writer_end(&call->reply);
    write_shift(call, first);
    reply_end(&call->reply);
    return true;
}
