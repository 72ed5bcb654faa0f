/* SPDX-License-Identifier: Apache-2.0 */

/* Commands about tasks: plan, and line … next. */

#include "base/time.h"
#include "clients/taktctl/command.h"
#include "clients/taktctl/gantt.h"
#include "clients/taktctl/show.h"
#include "clients/taktctl/table.h"
#include "daemon/wire/writer.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* What is wrong or special about a task, in a word. */
static const char *remark(const json_t *task) {
    if (flag_of(task, "late"))
        return "late";
    return flag_of(task, "frozen") ? "frozen" : "";
}

void show_task_table(const struct ctl *ctl, const json_t *tasks) {
    struct table *t = table_new(ctl, "task|product|line|family|start|end|>units|>good|>scrap|state|");
    char start[WHEN_SIZE], end[WHEN_SIZE];
    size_t i;
    json_t *task;
    json_array_foreach(tasks, i, task) {
        bool started = strcmp(text_of(task, "state"), "started") == 0;
        table_cell(t, "%s", text_of(task, "task"));
        table_cell(t, "%s", text_of(task, "product"));
        table_cell(t, "%s", *text_of(task, "line") ? text_of(task, "line") : "(no place)");
        table_cell(t, "%s", text_of(task, "family"));
        table_cell(t, "%s", when_of(ctl, task, "start", start));
        table_cell(t, "%s", when_of(ctl, task, "end", end));
        table_cell(t, "%lld", (long long)integer_of(task, "quantity"));
        table_cell(t, "%lld", (long long)integer_of(task, "good"));
        table_cell(t, "%lld", (long long)integer_of(task, "scrap"));
        table_cell(t, "%s", text_of(task, "state"));
        table_cell(t, "%s", remark(task));
        table_tone(t, flag_of(task, "late") ? TONE_BAD : started ? TONE_GOOD : TONE_PLAIN);
    }
    table_print(t, "no tasks");
}

/* ---- plan ---- */

struct wanted {
    const char *line;
    int64_t lot, from_s, to_s;
};

static void add_wanted(struct writer *w, void *arg) {
    const struct wanted *wanted = arg;
    writer_some_text(w, "line", wanted->line);
    if (wanted->lot > 0)
        writer_integer(w, "lot", wanted->lot);
    writer_time(w, "from", wanted->from_s);
    writer_time(w, "to", wanted->to_s);
}

static int read_time(struct ctl *ctl, const char *option, const char *text, int64_t *ret_s) {
    *ret_s = TAKT_TIME_NONE;
    if (!text || when_parse(ctl, text, ret_s))
        return 0;
    return command_wrong(ctl, "%s is a time such as 2026-11-23T14:05 or +2h, not '%s'", option, text);
}

static int read_lot(struct ctl *ctl, const char *text, int64_t *ret) {
    *ret = 0;
    if (!text)
        return 0;
    char *end;
    long value = strtol(text + (*text == 'L' || *text == 'l'), &end, 10);
    if (*end || value < 1)
        return command_wrong(ctl, "--lot is a lot such as L12, not '%s'", text);
    *ret = value;
    return 0;
}

static int read_wanted(struct ctl *ctl, const struct command *command, const struct arguments *arguments, struct wanted *ret) {
    ret->line = arguments_value(command->options, arguments, "--line");
    int status = read_lot(ctl, arguments_value(command->options, arguments, "--lot"), &ret->lot);
    if (status == 0)
        status = read_time(ctl, "--from", arguments_value(command->options, arguments, "--from"), &ret->from_s);
    if (status == 0)
        status = read_time(ctl, "--to", arguments_value(command->options, arguments, "--to"), &ret->to_s);
    return status;
}

int show_plan(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    struct wanted wanted;
    json_t *reply;
    const struct ctl_list list = {.type = "plan", .list = "tasks", .cursor = "offset", .add = add_wanted, .arg = &wanted};
    int status = ctl_connect(ctl);
    if (status == 0)
        status = read_wanted(ctl, command, arguments, &wanted);
    if (status == 0)
        status = ctl_pages(ctl, &list, &reply);
    if (status != 0)
        return status;
    if (ctl_json(ctl, reply)) {
        json_decref(reply);
        return 0;
    }
    if (arguments_value(command->options, arguments, "--gantt")) {
        const struct gantt gantt = {.plan = reply, .from_s = wanted.from_s, .to_s = wanted.to_s, .line = wanted.line};
        gantt_print(ctl, &gantt);
    } else {
        show_task_table(ctl, json_object_get(reply, "tasks"));
        show_zone(ctl);
    }
    json_decref(reply);
    return 0;
}

/* ---- line NAME next ---- */

static void print_next(const struct ctl *ctl, const json_t *task) {
    char start[WHEN_SIZE], end[WHEN_SIZE], options[256];
    size_t i;
    json_t *one;
    fprintf(ctl->out, "%s%s%s  %s to %s  %lld units%s%s%s\n", tone_on(ctl, TONE_GOOD), text_of(task, "task"),
            tone_off(ctl, TONE_GOOD), when_of(ctl, task, "start", start), when_of(ctl, task, "end", end),
            (long long)integer_of(task, "quantity"), *text_of(task, "family") ? "  set up for " : "", text_of(task, "family"),
            flag_of(task, "frozen") ? "  frozen" : "");
    json_array_foreach(json_object_get(task, "variants"), i, one) {
        show_options(json_object_get(one, "options"), options, sizeof options);
        fprintf(ctl->out, "  %6lld  %s\n", (long long)integer_of(one, "quantity"), options);
    }
    json_array_foreach(json_object_get(task, "units"), i, one) {
        const json_t *wish = json_object_get(one, "personalization");
        char *text = wish ? json_dumps(wish, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        fprintf(ctl->out, "  %6lld  %s  %s\n", (long long)integer_of(one, "count"), text_of(one, "unit"), text ? text : "");
        free(text);
    }
}

int show_line(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    (void)command;
    json_t *reply, *task;
    size_t i;
    long limit = 10;
    char *end = NULL;
    if (strcmp(arguments->words[1], "next") != 0)
        return command_wrong(ctl, "after the line comes 'next', not '%s'", arguments->words[1]);
    if (arguments->word_count > 2)
        limit = strtol(arguments->words[2], &end, 10);
    if ((end && *end) || limit < 1 || limit > 100)
        return command_wrong(ctl, "N is a number from 1 to 100, not '%s'", arguments->words[2]);
    int status = ctl_connect(ctl);
    if (status != 0)
        return status;
    struct writer w = {0};
    ctl_begin(ctl, &w, "next");
    writer_text(&w, "line", arguments->words[0]);
    writer_integer(&w, "limit", limit);
    status = ctl_send(ctl, &w, &reply);
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply)) {
        json_array_foreach(json_object_get(reply, "tasks"), i, task)
            print_next(ctl, task);
        if (json_array_size(json_object_get(reply, "tasks")) == 0 && ctl->terminal)
            fprintf(ctl->out, "nothing is planned for '%s'\n", arguments->words[0]);
        show_zone(ctl);
    }
    json_decref(reply);
    return 0;
}
