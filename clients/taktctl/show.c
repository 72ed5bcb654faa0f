/* SPDX-License-Identifier: Apache-2.0 */

/* Commands about the plant as a whole: status, creators, stock, lots, config, reload. Each asks, and renders the reply. */

#include "base/time.h"
#include "clients/taktctl/command.h"
#include "clients/taktctl/show.h"
#include "clients/taktctl/table.h"

#include <string.h>
#include <sysexits.h>

void show_zone(const struct ctl *ctl) {
    if (ctl->terminal)
        fprintf(ctl->out, "%stimes in %s%s\n", tone_on(ctl, TONE_DIM), ctl->zone_name, tone_off(ctl, TONE_DIM));
}

void show_options(const json_t *options, char *buffer, size_t size) {
    const char *name;
    json_t *value;
    size_t used = 0;
    *buffer = 0;
    json_object_foreach((json_t *)(uintptr_t)options, name, value) {
        const char *text = json_string_value(value);
        int length = snprintf(buffer + used, size - used, "%s%s", used ? " " : "", text ? text : "");
        if (length < 0 || used + (size_t)length >= size)
            return;
        used += (size_t)length;
    }
}

static long long number_of(const json_t *object, const char *name) {
    return (long long)integer_of(object, name);
}

/* ---- status ---- */

static void print_count(const struct ctl *ctl, const char *what, long long count, enum table_tone tone) {
    enum table_tone shown = count > 0 ? tone : TONE_PLAIN;
    fprintf(ctl->out, "%s%lld %s%s", tone_on(ctl, shown), count, what, tone_off(ctl, shown));
}

static void print_plan(const struct ctl *ctl, const json_t *reply) {
    const json_t *plan = json_object_get(reply, "plan");
    char at[WHEN_SIZE], end[WHEN_SIZE];
    fprintf(ctl->out, "plan       %lld", number_of(plan, "version"));
    if (*when_of(ctl, plan, "published_at", at))
        fprintf(ctl->out, ", published %s", at);
    if (*when_of(ctl, plan, "last_end", end))
        fprintf(ctl->out, ", work until %s", end);
    fprintf(ctl->out, "\nopen       %lld orders, %lld units, %lld lots (%lld firm), %lld tasks\n", number_of(plan, "orders_open"),
            number_of(plan, "units_open"), number_of(plan, "lots_open") + number_of(plan, "lots_firm"),
            number_of(plan, "lots_firm"), number_of(plan, "tasks_open"));
    fputs("late       ", ctl->out);
    print_count(ctl, "orders behind their promise, ", number_of(plan, "late_promise"), TONE_BAD);
    print_count(ctl, "behind their wish, ", number_of(plan, "late_wish"), TONE_WARNING);
    print_count(ctl, "tasks not reported as started, ", number_of(plan, "tasks_late"), TONE_WARNING);
    print_count(ctl, "orders without a plan\n", number_of(plan, "unplanned"), TONE_BAD);
}

static void print_figures(const struct ctl *ctl, const json_t *reply) {
    const json_t *promises = json_object_get(reply, "promises"), *shipments = json_object_get(reply, "shipments");
    const json_t *orders = json_object_get(reply, "orders");
    if (!orders) /* the store is away, and says so below */
        return;
    fprintf(ctl->out, "shipped    %lld orders: %lld promises kept, %lld broken; %lld given, %lld moved\n",
            number_of(orders, "shipped"), number_of(promises, "kept"), number_of(promises, "broken"),
            number_of(promises, "given"), number_of(promises, "repromised"));
    fprintf(ctl->out, "shipments  %lld open, %lld taken, %lld shipped, ", number_of(shipments, "open"),
            number_of(shipments, "taken"), number_of(shipments, "shipped"));
    print_count(ctl, "set aside\n", number_of(shipments, "aside"), TONE_WARNING);
}

static void print_trouble(const struct ctl *ctl, const json_t *reply) {
    const char *trouble = text_of(json_object_get(reply, "store"), "trouble");
    const json_t *reload = json_object_get(reply, "reload");
    char at[WHEN_SIZE];
    if (*trouble)
        fprintf(ctl->out, "%sstore      %s%s\n", tone_on(ctl, TONE_BAD), trouble, tone_off(ctl, TONE_BAD));
    if (!reload)
        return;
    bool refused = strcmp(text_of(reload, "outcome"), "refused") == 0;
    fprintf(ctl->out, "%sreload     %s %s%s%s%s\n", tone_on(ctl, refused ? TONE_BAD : TONE_PLAIN),
            refused ? "refused" : "in force since", when_of(ctl, reload, "at", at), refused ? ": " : "", text_of(reload, "detail"),
            tone_off(ctl, refused ? TONE_BAD : TONE_PLAIN));
}

static void print_lines(const struct ctl *ctl, const json_t *lines) {
    struct table *t = table_new(ctl, "line|state|set up for|running|>load");
    size_t i;
    json_t *line;
    json_array_foreach(lines, i, line) {
        bool down = flag_of(line, "down");
        table_cell(t, "%s", text_of(line, "line"));
        table_cell(t, "%s%s%s", down ? "down" : *text_of(line, "running") ? "running" : "idle", *text_of(line, "reason") ? ": " : "",
                   text_of(line, "reason"));
        table_cell(t, "%s", text_of(line, "set_up_for"));
        table_cell(t, "%s", text_of(line, "running"));
        table_cell(t, "%.0f %%", json_number_value(json_object_get(line, "load_percent")));
        table_tone(t, down ? TONE_BAD : TONE_PLAIN);
    }
    table_print(t, "no lines");
}

int show_status(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    (void)command;
    (void)arguments;
    json_t *reply;
    char now[WHEN_SIZE];
    int status = ctl_connect(ctl);
    if (status == 0)
        status = ctl_simple(ctl, "status", &reply);
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply)) {
        const json_t *plant = json_object_get(reply, "plant");
        double speed = json_number_value(json_object_get(reply, "speed"));
        fprintf(ctl->out, "plant      %s, %s\ntime       %s %s", text_of(plant, "id"), text_of(plant, "name"),
                when_text(ctl, ctl->now_s, now), ctl->zone_name);
        if (speed > 1 || speed < 1)
            fprintf(ctl->out, " (%g times as fast)", speed);
        fputc('\n', ctl->out);
        print_plan(ctl, reply);
        print_figures(ctl, reply);
        print_trouble(ctl, reply);
        fputc('\n', ctl->out);
        print_lines(ctl, json_object_get(reply, "lines"));
    }
    json_decref(reply);
    return 0;
}

/* ---- creators ---- */

int show_creators(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    (void)command;
    (void)arguments;
    json_t *reply, *creator;
    size_t i;
    int status = ctl_connect(ctl);
    if (status == 0)
        status = ctl_simple(ctl, "creators", &reply);
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply)) {
        struct table *t = table_new(ctl, "creator|>accepted|>planned|>in production|>made|>packed|>shipped|>cancelled|>share");
        json_array_foreach(json_object_get(reply, "creators"), i, creator) {
            static const char *const states[] = {"accepted", "planned", "in-production", "made", "packed", "shipped", "cancelled"};
            table_cell(t, "%s", text_of(creator, "creator"));
            for (size_t k = 0; k < sizeof states / sizeof states[0]; k++)
                table_cell(t, "%lld", number_of(json_object_get(creator, "orders"), states[k]));
            table_cell(t, "%lld", number_of(creator, "share"));
        }
        table_print(t, "no creators");
    }
    json_decref(reply);
    return 0;
}

/* ---- stock ---- */

static void print_materials(const struct ctl *ctl, const json_t *materials) {
    struct table *t = table_new(ctl, "material|>on hand|>reserved|unit|next receipt|>quantity");
    char at[WHEN_SIZE];
    size_t i;
    json_t *material;
    json_array_foreach(materials, i, material) {
        const json_t *receipt = json_array_get(json_object_get(material, "receipts"), 0);
        table_cell(t, "%s", text_of(material, "material"));
        table_cell(t, "%.12g", json_number_value(json_object_get(material, "on_hand")));
        table_cell(t, "%.12g", json_number_value(json_object_get(material, "reserved")));
        table_cell(t, "%s", text_of(material, "unit"));
        table_cell(t, "%s", receipt ? when_of(ctl, receipt, "at", at) : "");
        if (receipt)
            table_cell(t, "%.12g", json_number_value(json_object_get(receipt, "quantity")));
        else
            table_cell(t, "%s", "");
    }
    table_print(t, "no materials");
}

static void print_surplus(const struct ctl *ctl, const json_t *surplus) {
    struct table *t = table_new(ctl, "surplus of|options|>units");
    char options[256];
    size_t i;
    json_t *row;
    json_array_foreach(surplus, i, row) {
        show_options(json_object_get(row, "options"), options, sizeof options);
        table_cell(t, "%s", text_of(row, "product"));
        table_cell(t, "%s", options);
        table_cell(t, "%lld", number_of(row, "quantity"));
    }
    table_print(t, "no surplus");
}

static void print_downs(const struct ctl *ctl, const json_t *downs) {
    struct table *t = table_new(ctl, "down|from|to|reason");
    char from[WHEN_SIZE], to[WHEN_SIZE];
    size_t i;
    json_t *down;
    json_array_foreach(downs, i, down) {
        table_cell(t, "%s", text_of(down, "line"));
        table_cell(t, "%s", when_of(ctl, down, "from", from));
        table_cell(t, "%s", *when_of(ctl, down, "to", to) ? to : "until reported up");
        table_cell(t, "%s", text_of(down, "reason"));
    }
    table_print(t, "no downtimes");
}

int show_stock(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    (void)command;
    (void)arguments;
    json_t *reply;
    int status = ctl_connect(ctl);
    if (status == 0)
        status = ctl_simple(ctl, "stock", &reply);
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply)) {
        print_materials(ctl, json_object_get(reply, "materials"));
        fputc('\n', ctl->out);
        print_surplus(ctl, json_object_get(reply, "surplus"));
        fputc('\n', ctl->out);
        print_downs(ctl, json_object_get(reply, "downs"));
        show_zone(ctl);
    }
    json_decref(reply);
    return 0;
}

/* ---- lots ---- */

void show_lot_table(const struct ctl *ctl, const json_t *lots) {
    struct table *t = table_new(ctl, "lot|product|like|state|>units|>extra|>orders|start|end|due");
    char start[WHEN_SIZE], end[WHEN_SIZE], due[WHEN_SIZE];
    size_t i;
    json_t *lot;
    json_array_foreach(lots, i, lot) {
        int64_t end_s, due_s;
        bool late = time_of(lot, "end", &end_s) && time_of(lot, "due", &due_s) && end_s > due_s;
        table_cell(t, "%s", text_of(lot, "lot"));
        table_cell(t, "%s", text_of(lot, "product"));
        table_cell(t, "%s", text_of(lot, "like"));
        table_cell(t, "%s", text_of(lot, "state"));
        table_cell(t, "%lld", number_of(lot, "units"));
        table_cell(t, "%lld", number_of(lot, "extra"));
        table_cell(t, "%lld", number_of(lot, "orders"));
        table_cell(t, "%s", when_of(ctl, lot, "start", start));
        table_cell(t, "%s", when_of(ctl, lot, "end", end));
        table_cell(t, "%s", when_of(ctl, lot, "due", due));
        table_tone(t, late ? TONE_WARNING : TONE_PLAIN);
    }
    table_print(t, "no lots");
}

int show_lots(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    (void)command;
    (void)arguments;
    json_t *reply;
    const struct ctl_list list = {.type = "lots", .list = "lots", .cursor = "offset"};
    int status = ctl_connect(ctl);
    if (status == 0)
        status = ctl_pages(ctl, &list, &reply);
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply)) {
        show_lot_table(ctl, json_object_get(reply, "lots"));
        show_zone(ctl);
    }
    json_decref(reply);
    return 0;
}

/* ---- config, reload ---- */

static void keep_prefix(json_t *options, const char *prefix) {
    for (size_t i = json_array_size(options); i-- > 0;)
        if (strncmp(text_of(json_array_get(options, i), "option"), prefix, strlen(prefix)) != 0)
            json_array_remove(options, i);
}

int show_config(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    (void)command;
    json_t *reply, *option;
    size_t i;
    const struct ctl_list list = {.type = "config", .list = "options", .cursor = "offset"};
    int status = ctl_connect(ctl);
    if (status == 0)
        status = ctl_pages(ctl, &list, &reply);
    if (status != 0)
        return status;
    const char *prefix = arguments->word_count ? arguments->words[0] : "";
    keep_prefix(json_object_get(reply, "options"), prefix);
    if (json_array_size(json_object_get(reply, "options")) == 0) {
        json_decref(reply);
        snprintf(ctl->err.text, sizeof ctl->err.text, "no option begins with '%s'; `taktctl config` shows them all", prefix);
        return EX_NOINPUT;
    }
    if (!ctl_json(ctl, reply)) {
        struct table *t = table_new(ctl, "option|value|default|takes effect|what it is");
        json_array_foreach(json_object_get(reply, "options"), i, option) {
            static const char *const members[] = {"option", "value", "default", "takes_effect", "help"};
            for (size_t k = 0; k < sizeof members / sizeof members[0]; k++)
                table_cell(t, "%s", text_of(option, members[k]));
        }
        table_print(t, "");
    }
    json_decref(reply);
    return 0;
}

static int print_reload(struct ctl *ctl, const json_t *reload) {
    bool refused = strcmp(text_of(reload, "outcome"), "refused") == 0;
    size_t i;
    json_t *note;
    json_array_foreach(json_object_get(reload, "notes"), i, note)
        fprintf(refused ? stderr : ctl->out, "%s\n", json_string_value(note));
    if (refused) {
        snprintf(ctl->err.text, sizeof ctl->err.text, "the old plant stays in force (%s)", text_of(reload, "detail"));
        return EX_DATAERR;
    }
    if (ctl->terminal)
        fprintf(ctl->out, "the plant's file is in force\n");
    return 0;
}

int show_reload(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    (void)command;
    (void)arguments;
    json_t *reply;
    int status = ctl_connect(ctl);
    if (status == 0)
        status = ctl_simple(ctl, "reload", &reply);
    if (status != 0)
        return status;
    const json_t *reload = json_object_get(reply, "reload");
    if (!ctl_json(ctl, reply))
        status = print_reload(ctl, reload);
    else if (strcmp(text_of(reload, "outcome"), "refused") == 0)
        status = EX_DATAERR;
    json_decref(reply);
    return status;
}
