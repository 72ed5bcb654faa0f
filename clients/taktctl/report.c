/* SPDX-License-Identifier: Apache-2.0 */

/* `taktctl report`: a table of which option becomes which member, and how. */

#include "base/nearest.h"
#include "base/time.h"
#include "clients/taktctl/command.h"
#include "daemon/planner/report.h"
#include "daemon/wire/writer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

enum form { FORM_TEXT, FORM_COUNT, FORM_QUANTITY, FORM_TIME, FORM_UNITS, FORM_ORDER };

static const struct {
    const char *option, *member;
    enum form form;
} members[] = {
    {"--task", "task", FORM_TEXT},         {"--line", "line", FORM_TEXT},       {"--good", "good", FORM_COUNT},
    {"--scrap", "scrap", FORM_COUNT},      {"--units", "units", FORM_UNITS},    {"--reason", "reason", FORM_TEXT},
    {"--at", "at", FORM_TIME},             {"--until", "until", FORM_TIME},     {"--family", "family", FORM_TEXT},
    {"--material", "material", FORM_TEXT}, {"--quantity", "quantity", FORM_QUANTITY}, {"--order", "order_ref", FORM_ORDER},
};

static const char *const events[] = {
#define X(name, text) text,
    REPORT_EVENTS(X)
#undef X
};
enum { EVENTS = sizeof events / sizeof events[0] };

/* ---- forms ---- */

static bool write_count(struct writer *w, const char *member, const char *text) {
    char *end;
    long long value = strtoll(text, &end, 10);
    if (!*text || *end || value < 0)
        return false;
    writer_integer(w, member, value);
    return true;
}

/* A number with at most three decimals. */
static bool write_quantity(struct writer *w, const char *member, const char *text) {
    int64_t milli = 0, scale = 0;
    bool digits = false;
    for (const char *at = text; *at; at++) {
        if (*at == '.' && scale == 0) {
            scale = 1000;
            continue;
        }
        if (*at < '0' || *at > '9' || milli > INT64_MAX / 20000 || scale == 1)
            return false;
        digits = true;
        milli = scale == 0 ? milli * 10 + (*at - '0') * 1000 : milli + (*at - '0') * (scale /= 10);
    }
    if (!digits)
        return false;
    writer_milli(w, member, milli);
    return true;
}

static bool write_units(struct writer *w, const char *member, const char *text) {
    writer_list(w, member);
    for (const char *end; *text; text = *end ? end + 1 : end) {
        end = strchrnul(text, ',');
        char *unit = strndup(text, (size_t)(end - text));
        if (unit && *unit)
            writer_text(w, NULL, unit);
        free(unit);
    }
    writer_end(w);
    return true;
}

/* The floor wants the creator apart; CREATOR is what stands before the first slash. */
static bool write_order(struct writer *w, const char *text) {
    const char *slash = strchr(text, '/');
    char *creator = slash ? strndup(text, (size_t)(slash - text)) : NULL;
    if (creator) {
        writer_text(w, "creator", creator);
        writer_text(w, "order_ref", slash + 1);
    }
    free(creator);
    return slash != NULL && slash != text && slash[1];
}

static bool write_member(struct ctl *ctl, struct writer *w, size_t which, const char *text) {
    int64_t time_s;
    switch (members[which].form) {
    case FORM_TEXT:
        writer_text(w, members[which].member, text);
        return true;
    case FORM_COUNT:
        return write_count(w, members[which].member, text);
    case FORM_QUANTITY:
        return write_quantity(w, members[which].member, text);
    case FORM_TIME:
        if (!when_parse(ctl, text, &time_s))
            return false;
        writer_time(w, members[which].member, time_s);
        return true;
    case FORM_UNITS:
        return write_units(w, members[which].member, text);
    case FORM_ORDER:
        return write_order(w, text);
    }
    return false;
}

/* ---- the report ---- */

static const char *wanted(enum form form) {
    static const char *const texts[] = {[FORM_TEXT] = "text",
                                        [FORM_COUNT] = "a whole number",
                                        [FORM_QUANTITY] = "a number with at most three decimals",
                                        [FORM_TIME] = "a time such as 2026-11-23T14:05 or +2h",
                                        [FORM_UNITS] = "units with commas between",
                                        [FORM_ORDER] = "CREATOR/ORDER_REF"};
    return texts[form];
}

/* Random, so that two operators never make up the same. */
static void make_ref(char buffer[32]) {
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        abort();
    snprintf(buffer, 32, "ctl-%016llx", (unsigned long long)random);
}

static int write_report(struct ctl *ctl, const struct command *command, const struct arguments *arguments, struct writer *w,
                        const char *ref) {
    ctl_begin(ctl, w, "report");
    writer_text(w, "report_ref", ref);
    writer_text(w, "event", arguments->words[0]);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const char *text = arguments_value(command->options, arguments, members[i].option);
        if (text && !write_member(ctl, w, i, text))
            return command_wrong(ctl, "%s is %s, not '%s'", members[i].option, wanted(members[i].form), text);
    }
    return 0;
}

/* A member that is missing is a problem about it; whoever types knows it as an option, and forgot it: wrong usage. */
static int name_option(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    const char *member = ctl->err.at[0] == '/' ? ctl->err.at + 1 : "";
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        bool same = strcmp(members[i].member, member) == 0 || (members[i].form == FORM_ORDER && strcmp(member, "creator") == 0);
        if (!same || arguments_value(command->options, arguments, members[i].option))
            continue;
        const char *placeholder = "";
        for (const struct argument *o = command->options; o->name; o++)
            if (strcmp(o->name, members[i].option) == 0)
                placeholder = o->value;
        return command_wrong(ctl, "'%s' needs %s %s", arguments->words[0], members[i].option, placeholder);
    }
    return EX_DATAERR;
}

static int check_event(struct ctl *ctl, const char *event) {
    for (size_t i = 0; i < EVENTS; i++)
        if (strcmp(events[i], event) == 0)
            return 0;
    const char *nearest = nearest_name(event, events, EVENTS);
    return command_wrong(ctl, "'%s' is no event%s%s%s", event, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                         nearest ? "'?" : "");
}

int send_report(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    struct writer w = {0};
    json_t *reply;
    char made_up[32];
    const char *ref = arguments_value(command->options, arguments, "--ref");
    int status = check_event(ctl, arguments->words[0]);
    if (status != 0)
        return status;
    make_ref(made_up);
    status = ctl_connect(ctl);
    if (status == 0)
        status = write_report(ctl, command, arguments, &w, ref ? ref : made_up);
    if (status == 0)
        status = ctl_send(ctl, &w, &reply);
    writer_done(&w);
    if (status == EX_DATAERR)
        status = name_option(ctl, command, arguments);
    if (status == EX_TEMPFAIL && !ref) {
        size_t used = strlen(ctl->err.text);
        snprintf(ctl->err.text + used, sizeof ctl->err.text - used, "; to repeat it safely: --ref %s", made_up);
    }
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply) && ctl->terminal)
        fprintf(ctl->out, "reported\n");
    json_decref(reply);
    return 0;
}
