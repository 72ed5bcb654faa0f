/* SPDX-License-Identifier: Apache-2.0 */

/* Commands about orders and what leaves: orders, late, order, why, shipments. */

#include "clients/taktctl/command.h"
#include "clients/taktctl/show.h"
#include "clients/taktctl/table.h"
#include "daemon/wire/writer.h"

#include <stdlib.h>
#include <string.h>

enum { LATE_DEFAULT = 20, LATE_MAX = 200 };

/* ---- orders ---- */

struct filter {
    const char *state, *creator;
};

static void add_filter(struct writer *w, void *arg) {
    const struct filter *filter = arg;
    writer_some_text(w, "state", filter->state);
    writer_some_text(w, "creator", filter->creator);
}

/* Something may yet become of it. */
static bool is_open(const json_t *order) {
    return strcmp(text_of(order, "state"), "shipped") != 0 && strcmp(text_of(order, "state"), "cancelled") != 0;
}

static void print_orders(const struct ctl *ctl, const json_t *orders) {
    struct table *t = table_new(ctl, "creator|order|state|accepted|ship by|expected|wish");
    char accepted[WHEN_SIZE], ship_by[WHEN_SIZE], expected[WHEN_SIZE];
    size_t i;
    json_t *order;
    json_array_foreach(orders, i, order) {
        int64_t ship_by_s, expected_s;
        bool packed = *text_of(order, "packed_at") != 0;
        const char *expected_name = packed ? "packed_at" : "planned_packed";
        bool late = time_of(order, "ship_by", &ship_by_s) && time_of(order, expected_name, &expected_s) && expected_s > ship_by_s;
        table_cell(t, "%s", text_of(order, "creator"));
        table_cell(t, "%s", text_of(order, "order_ref"));
        table_cell(t, "%s", text_of(order, "state"));
        table_cell(t, "%s", when_of(ctl, order, "accepted_at", accepted));
        table_cell(t, "%s", when_of(ctl, order, "ship_by", ship_by));
        table_cell(t, "%s", when_of(ctl, order, expected_name, expected));
        table_cell(t, "%s", text_of(order, "wish"));
        table_tone(t, late ? TONE_BAD : TONE_PLAIN);
    }
    table_print(t, "no orders");
}

int show_orders(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    json_t *reply;
    struct filter filter = {.state = arguments_value(command->options, arguments, "--state"),
                            .creator = arguments_value(command->options, arguments, "--creator")};
    const struct ctl_list list = {.type = "orders", .list = "orders", .cursor = "after", .add = add_filter, .arg = &filter};
    int status = ctl_connect(ctl);
    if (status == 0)
        status = ctl_pages(ctl, &list, &reply);
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply)) {
        print_orders(ctl, json_object_get(reply, "orders"));
        show_zone(ctl);
    }
    json_decref(reply);
    return 0;
}

/* ---- late ---- */

/* "3 h 20 min late", "40 min" */
static void spare_text(int64_t spare_s, char *text, size_t size) {
    long long minutes = (spare_s < 0 ? -spare_s : spare_s) / 60;
    int used = minutes >= 60 ? snprintf(text, size, "%lld h %lld min", minutes / 60, minutes % 60)
                             : snprintf(text, size, "%lld min", minutes);
    if (spare_s < 0)
        snprintf(text + used, size - (size_t)used, " late");
}

static void print_late(const struct ctl *ctl, const json_t *orders) {
    struct table *t = table_new(ctl, "creator|order|state|ship by|expected|to spare");
    char ship_by[WHEN_SIZE], expected[WHEN_SIZE], spare[64];
    size_t i;
    json_t *order;
    json_array_foreach(orders, i, order) {
        int64_t spare_s = integer_of(order, "spare_s");
        spare_text(spare_s, spare, sizeof spare);
        table_cell(t, "%s", text_of(order, "creator"));
        table_cell(t, "%s", text_of(order, "order_ref"));
        table_cell(t, "%s", text_of(order, "state"));
        table_cell(t, "%s", when_of(ctl, order, "ship_by", ship_by));
        table_cell(t, "%s", when_of(ctl, order, "expected_packed", expected));
        table_cell(t, "%s", spare);
        table_tone(t, spare_s < 0 ? TONE_BAD : TONE_PLAIN);
    }
    table_print(t, "no order is late or nearly so");
    show_zone(ctl);
}

int show_late(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    (void)command;
    json_t *reply;
    char *end = NULL;
    long limit = arguments->word_count > 0 ? strtol(arguments->words[0], &end, 10) : LATE_DEFAULT;
    if ((end && *end) || limit < 1 || limit > LATE_MAX)
        return command_wrong(ctl, "N is a number from 1 to %d, not '%s'", LATE_MAX, arguments->words[0]);
    int status = ctl_connect(ctl);
    if (status != 0)
        return status;
    struct writer w = {0};
    ctl_begin(ctl, &w, "late");
    writer_integer(&w, "limit", limit);
    status = ctl_send(ctl, &w, &reply);
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply))
        print_late(ctl, json_object_get(reply, "orders"));
    json_decref(reply);
    return 0;
}

/* ---- order ---- */

static void print_pair(const struct ctl *ctl, const char *name, const char *text) {
    if (*text)
        fprintf(ctl->out, "%-12s  %s\n", name, text);
}

static void print_when(const struct ctl *ctl, const char *name, const json_t *object, const char *member) {
    char at[WHEN_SIZE];
    print_pair(ctl, name, when_of(ctl, object, member, at));
}

static void print_head(const struct ctl *ctl, const json_t *order) {
    fprintf(ctl->out, "%-12s  %s/%s\n", "order", text_of(order, "creator"), text_of(order, "order_ref"));
    print_pair(ctl, "state", text_of(order, "state"));
    print_when(ctl, "accepted", order, "accepted_at");
    print_pair(ctl, "channel", text_of(order, "channel"));
    print_pair(ctl, "service", text_of(order, "service"));
    print_pair(ctl, "country", text_of(order, "country"));
    print_pair(ctl, "wish", text_of(order, "wish"));
    print_when(ctl, "ship by", order, "ship_by");
    print_pair(ctl, "deliver by", text_of(order, "deliver_by"));
    if (is_open(order) && !*text_of(order, "packed_at"))
        print_when(ctl, "to be packed", order, "planned_packed");
    print_when(ctl, "packed", order, "packed_at");
}

/* "L12 L15": where units of an item are; "" if nowhere yet. */
static void lots_of_item(const json_t *units, int64_t item, char *buffer, size_t size) {
    size_t i, used = 0;
    json_t *slice;
    *buffer = 0;
    json_array_foreach(units, i, slice) {
        const char *lot = flag_of(slice, "from_surplus") ? "surplus" : text_of(slice, "lot");
        if (integer_of(slice, "item") != item || strstr(buffer, lot))
            continue;
        int length = snprintf(buffer + used, size - used, "%s%s", used ? " " : "", lot);
        if (length < 0 || used + (size_t)length >= size)
            return;
        used += (size_t)length;
    }
}

static void print_items(const struct ctl *ctl, const json_t *reply) {
    struct table *t = table_new(ctl, "item|product|options|>units||lots");
    char options[256], lots[256];
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(json_object_get(reply, "order"), "items"), i, item) {
        show_options(json_object_get(item, "options"), options, sizeof options);
        lots_of_item(json_object_get(reply, "units"), (int64_t)i + 1, lots, sizeof lots);
        table_cell(t, "%zu", i + 1);
        table_cell(t, "%s", text_of(item, "product"));
        table_cell(t, "%s", options);
        table_cell(t, "%lld", (long long)integer_of(item, "quantity"));
        table_cell(t, "%s", flag_of(item, "personalised") ? "personalised" : "");
        table_cell(t, "%s", lots);
    }
    table_print(t, "no items");
}

static void print_promises(const struct ctl *ctl, const json_t *promises) {
    struct table *t = table_new(ctl, "promised at|ship by|deliver by|because of");
    char at[WHEN_SIZE], ship_by[WHEN_SIZE];
    size_t i;
    json_t *promise;
    json_array_foreach(promises, i, promise) {
        table_cell(t, "%s", when_of(ctl, promise, "at", at));
        table_cell(t, "%s", when_of(ctl, promise, "ship_by", ship_by));
        table_cell(t, "%s", text_of(promise, "deliver_by"));
        table_cell(t, "%s", text_of(promise, "reason"));
    }
    table_print(t, "nothing is promised yet");
}

static void print_events(const struct ctl *ctl, const json_t *events) {
    struct table *t = table_new(ctl, "event|at|");
    char at[WHEN_SIZE];
    size_t i;
    json_t *event;
    json_array_foreach(events, i, event) {
        const char *more = *text_of(event, "reason") ? text_of(event, "reason") : text_of(event, "shipment");
        table_cell(t, "%s", text_of(event, "event"));
        table_cell(t, "%s", when_of(ctl, event, "at", at));
        table_cell(t, "%s", more);
    }
    table_print(t, "no events yet");
}

static void print_parcel(const struct ctl *ctl, const json_t *shipment) {
    fprintf(ctl->out, "%-12s  %s, %s, of %lld order%s\n", "parcel", text_of(shipment, "shipment"), text_of(shipment, "state"),
            (long long)integer_of(shipment, "orders"), integer_of(shipment, "orders") == 1 ? "" : "s");
    print_pair(ctl, "carrier", text_of(shipment, "carrier"));
    print_pair(ctl, "tracking", text_of(shipment, "tracking"));
    print_pair(ctl, "consumer", text_of(shipment, "consumer"));
    print_pair(ctl, "reason", text_of(shipment, "reason"));
}

static void print_story(const struct ctl *ctl, const json_t *reply) {
    print_head(ctl, json_object_get(reply, "order"));
    if (json_object_get(reply, "shipment"))
        print_parcel(ctl, json_object_get(reply, "shipment"));
    fputc('\n', ctl->out);
    print_items(ctl, reply);
    fputc('\n', ctl->out);
    print_promises(ctl, json_object_get(reply, "promises"));
    if (json_array_size(json_object_get(reply, "lots")) > 0) {
        fputc('\n', ctl->out);
        show_lot_table(ctl, json_object_get(reply, "lots"));
        fputc('\n', ctl->out);
        show_task_table(ctl, json_object_get(reply, "tasks"));
    }
    fputc('\n', ctl->out);
    print_events(ctl, json_object_get(reply, "events"));
    show_zone(ctl);
}

static int ask_about(struct ctl *ctl, const char *type, const char *ref, json_t **ret) {
    struct writer w = {0};
    int status = ctl_connect(ctl);
    if (status != 0)
        return status;
    ctl_begin(ctl, &w, type);
    writer_text(&w, "order", ref);
    return ctl_send(ctl, &w, ret);
}

int show_order(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    (void)command;
    json_t *reply;
    int status = ask_about(ctl, "order", arguments->words[0], &reply);
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply))
        print_story(ctl, reply);
    json_decref(reply);
    return 0;
}

/* ---- why ---- */

static void print_why(const struct ctl *ctl, const json_t *reply) {
    const json_t *order = json_object_get(reply, "order");
    char ship_by[WHEN_SIZE], packed[WHEN_SIZE], from[WHEN_SIZE], to[WHEN_SIZE];
    fprintf(ctl->out, "%s/%s, %s", text_of(order, "creator"), text_of(order, "order_ref"), text_of(order, "state"));
    if (*when_of(ctl, order, "ship_by", ship_by))
        fprintf(ctl->out, ", promised for %s", ship_by);
    if (*when_of(ctl, order, "packed_at", packed))
        fprintf(ctl->out, ", packed %s", packed);
    else if (is_open(order) && *when_of(ctl, order, "planned_packed", packed))
        fprintf(ctl->out, ", to be packed %s", packed);
    fprintf(ctl->out, "\n%s\n\n", text_of(reply, "sentence"));
    struct table *t = table_new(ctl, "from|to|why");
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(reply, "steps"), i, step) {
        table_cell(t, "%s", when_of(ctl, step, "from", from));
        table_cell(t, "%s", when_of(ctl, step, "to", to));
        table_cell(t, "%s", text_of(step, "text"));
    }
    table_print(t, "nothing binds it");
    show_zone(ctl);
}

int show_why(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    (void)command;
    json_t *reply;
    int status = ask_about(ctl, "why", arguments->words[0], &reply);
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply))
        print_why(ctl, reply);
    json_decref(reply);
    return 0;
}

/* ---- shipments ---- */

static void print_shipments(const struct ctl *ctl, const json_t *shipments) {
    struct table *t = table_new(ctl, "shipment|state|creator|>orders|ship by|packed|carrier|consumer|>sent|tracking|reason");
    char ship_by[WHEN_SIZE], packed[WHEN_SIZE];
    size_t i;
    json_t *shipment;
    json_array_foreach(shipments, i, shipment) {
        table_cell(t, "%s", text_of(shipment, "shipment"));
        table_cell(t, "%s", text_of(shipment, "state"));
        table_cell(t, "%s", text_of(shipment, "creator"));
        table_cell(t, "%lld", (long long)integer_of(shipment, "orders"));
        table_cell(t, "%s", when_of(ctl, shipment, "ship_by", ship_by));
        table_cell(t, "%s", when_of(ctl, shipment, "packed_at", packed));
        table_cell(t, "%s", text_of(shipment, "carrier"));
        table_cell(t, "%s", text_of(shipment, "consumer"));
        table_cell(t, "%lld", (long long)integer_of(shipment, "attempts"));
        table_cell(t, "%s", text_of(shipment, "tracking"));
        table_cell(t, "%s", text_of(shipment, "reason"));
        table_tone(t, strcmp(text_of(shipment, "state"), "aside") == 0 ? TONE_BAD : TONE_PLAIN);
    }
    table_print(t, "no shipments");
}

static int release(struct ctl *ctl, const char *shipment) {
    struct writer w = {0};
    json_t *reply;
    int status = ctl_connect(ctl);
    if (status != 0)
        return status;
    ctl_begin(ctl, &w, "release");
    writer_text(&w, "shipment", shipment);
    status = ctl_send(ctl, &w, &reply);
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply) && ctl->terminal)
        fprintf(ctl->out, "%s is open again\n", shipment);
    json_decref(reply);
    return 0;
}

int show_shipments(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    json_t *reply;
    struct filter filter = {.state = arguments_value(command->options, arguments, "--state")};
    const struct ctl_list list = {.type = "shipments", .list = "shipments", .cursor = "after", .add = add_filter, .arg = &filter};
    if (arguments->word_count > 0 && strcmp(arguments->words[0], "release") != 0)
        return command_wrong(ctl, "'%s' is nothing that can be done with shipments; 'release ID' is", arguments->words[0]);
    if (arguments->word_count == 1)
        return command_wrong(ctl, "'release' needs the ID of a shipment");
    if (arguments->word_count == 2)
        return release(ctl, arguments->words[1]);
    int status = ctl_connect(ctl);
    if (status == 0)
        status = ctl_pages(ctl, &list, &reply);
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply)) {
        print_shipments(ctl, json_object_get(reply, "shipments"));
        show_zone(ctl);
    }
    json_decref(reply);
    return 0;
}
