/* SPDX-License-Identifier: Apache-2.0 */

/* `taktctl erase`: takes a recipient's personal data out of the store. */

#include "clients/taktctl/command.h"

#include "clients/taktctl/show.h"
#include "clients/taktctl/table.h"
#include "daemon/wire/writer.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

struct wanted {
    const char *creator, *order, *value;
    char field[16];
};

static void add_wanted(struct writer *w, void *arg) {
    const struct wanted *wanted = arg;
    writer_text(w, "creator", wanted->creator);
    if (wanted->order != NULL) {
        writer_text(w, "order", wanted->order);
        return;
    }
    writer_text(w, "field", wanted->field);
    writer_text(w, "value", wanted->value);
}

/* FIELD=VALUE; the daemon says which fields there are. */
static bool read_recipient(const char *text, struct wanted *wanted) {
    const char *equals = strchr(text, '=');
    size_t length = equals != NULL ? (size_t)(equals - text) : 0;
    if (length == 0 || length >= sizeof wanted->field || equals[1] == '\0')
        return false;
    memcpy(wanted->field, text, length);
    wanted->field[length] = '\0';
    wanted->value = equals + 1;
    return true;
}

static void print_erased(const struct ctl *ctl, const json_t *orders) {
    size_t i, waiting = 0;
    json_t *order;
    char at[WHEN_SIZE];
    struct table *t = table_new(ctl, "order|erased");
    json_array_foreach(orders, i, order) {
        bool erased = *text_of(order, "erased_at") != '\0';
        waiting += !erased;
        table_cell(t, "%s", text_of(order, "order_ref"));
        table_cell(t, "%s", erased ? when_of(ctl, order, "erased_at", at) : "when it has shipped or is cancelled");
        table_tone(t, erased ? TONE_PLAIN : TONE_WARNING);
    }
    table_print(t, "no order of this recipient has personal data");
    if (ctl->terminal && waiting > 0)
        fprintf(ctl->out, "\n%zu still to be shipped: their address is needed until then\n", waiting);
    show_zone(ctl);
}

int run_erase(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    struct wanted wanted = {.creator = arguments_value(command->options, arguments, "--creator"),
                            .order = arguments_value(command->options, arguments, "--order")};
    const char *recipient = arguments_value(command->options, arguments, "--recipient");
    struct ctl_list list = {"erase", "orders", "after", add_wanted, &wanted};
    json_t *reply;
    if (wanted.creator == NULL)
        return command_wrong(ctl, "erase needs --creator");
    if ((wanted.order == NULL) == (recipient == NULL))
        return command_wrong(ctl, "erase needs --recipient or --order, and not both");
    if (recipient != NULL && !read_recipient(recipient, &wanted))
        return command_wrong(ctl, "--recipient is FIELD=VALUE, such as email=mei@example.org");
    int status = ctl_connect(ctl);
    if (status == 0)
        status = ctl_pages(ctl, &list, &reply);
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply))
        print_erased(ctl, json_object_get(reply, "orders"));
    json_decref(reply);
    return 0;
}
