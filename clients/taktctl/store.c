/* SPDX-License-Identifier: Apache-2.0 */

/* `taktctl store …`: works on a store itself and not through the daemon, so also when none runs, or none can. */

#include "clients/taktctl/command.h"

#include "clients/taktctl/backup.h"
#include "clients/taktctl/table.h"
#include "daemon/keys/credential.h"
#include "daemon/store/inspect.h"
#include "daemon/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

struct order {
    const char *first, *second; /* what it works on */
    const char *plant;          /* "" : the only one */
    bool force;
    int keep; /* dumps */
};

static void print_json(struct ctl *ctl, json_t *object) {
    json_dumpf(object, ctl->out, JSON_INDENT(2));
    fputc('\n', ctl->out);
    json_decref(object);
}

/* ---- check, stats, migrate ---- */

static int check(struct ctl *ctl, const struct order *o) {
    struct inspect found;
    struct takt_error err = {0};
    int code = inspect_check(o->first, o->plant, &found, &err);
    if (code < 0)
        return command_failed(ctl, code, &err);
    json_t *faults = json_array();
    for (size_t i = 0; i < found.row_count; i++)
        json_array_append_new(
            faults, json_pack("{s:s, s:I}", "fault", found.rows[i].name, "count", (json_int_t)found.rows[i].count));
    if (ctl->json)
        print_json(ctl, json_pack("{s:s, s:O}", "plant", found.head.plant, "faults", faults));
    for (size_t i = 0; i < found.row_count && !ctl->json; i++)
        fprintf(ctl->out, "%lld × %s\n", (long long)found.rows[i].count, found.rows[i].name);
    if (!ctl->json && found.row_count == 0)
        fprintf(ctl->out, "the store of plant '%s' is whole, up to change %lld\n", found.head.plant,
                (long long)found.head.change);
    json_decref(faults);
    if (found.row_count == 0)
        return 0;
    snprintf(ctl->err.text, sizeof ctl->err.text, "the store is not whole");
    return EX_DATAERR;
}

static json_t *stats_json(const struct inspect *found) {
    json_t *tables = json_object();
    for (size_t i = 0; i < found->row_count; i++)
        json_object_set_new(tables, found->rows[i].name, json_integer(found->rows[i].count));
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "plant", found->head.plant, "schema",
                     (json_int_t)found->head.schema, "bytes", (json_int_t)found->bytes, "change",
                     (json_int_t)found->head.change, "event", (json_int_t)found->head.cursor, "epoch",
                     (json_int_t)found->epoch, "plan_version", (json_int_t)found->plan_version, "open_orders",
                     (json_int_t)found->open_orders, "rows", tables);
}

static int stats(struct ctl *ctl, const struct order *o) {
    struct inspect found;
    struct takt_error err = {0};
    int code = inspect_stats(o->first, o->plant, &found, &err);
    if (code < 0)
        return command_failed(ctl, code, &err);
    if (ctl->json) {
        print_json(ctl, stats_json(&found));
        return 0;
    }
    fprintf(ctl->out, "plant      %s\nschema     %lld\nsize       %.1f MiB\nopen       %lld orders\n", found.head.plant,
            (long long)found.head.schema, (double)found.bytes / (1 << 20), (long long)found.open_orders);
    fprintf(ctl->out, "last       change %lld, event %lld, plan %lld, epoch %lld\n\n", (long long)found.head.change,
            (long long)found.head.cursor, (long long)found.plan_version, (long long)found.epoch);
    struct table *t = table_new(ctl, "table|>rows");
    for (size_t i = 0; i < found.row_count; i++) {
        table_cell(t, "%s", found.rows[i].name);
        table_cell(t, "%lld", (long long)found.rows[i].count);
    }
    table_print(t, "no tables");
    return 0;
}

/* A store is brought up to date whenever it is opened; this does no more than that. */
static int migrate(struct ctl *ctl, const struct order *o) {
    struct store_config config = {.url = o->first, .plant = o->plant};
    struct store *store;
    struct takt_error err = {0};
    int code = store_open(&config, &store, &err);
    if (code < 0)
        return command_failed(ctl, code, &err);
    store_close(store);
    if (ctl->json)
        print_json(ctl, json_pack("{s:s}", "plant", o->plant));
    else
        fprintf(ctl->out, "the store of plant '%s' is up to date\n", o->plant);
    return 0;
}

/* ---- dump, restore, move ---- */

static int copy(struct ctl *ctl, const struct order *o, unsigned flags, const char *what) {
    struct copy_counts counts;
    struct takt_error err = {0};
    int code = copy_store(o->first, o->plant, o->second, flags | (o->force ? COPY_REPLACE : 0), &counts, &err);
    if (code < 0)
        return command_failed(ctl, code, &err);
    if (ctl->json)
        print_json(ctl, json_pack("{s:s, s:I, s:I}", "plant", counts.head.plant, "rows", (json_int_t)counts.rows,
                                  "change", (json_int_t)counts.head.change));
    else
        fprintf(ctl->out, "plant '%s' is %s: %llu rows, up to change %lld\n", counts.head.plant, what,
                (unsigned long long)counts.rows, (long long)counts.head.change);
    return 0;
}

static int dump(struct ctl *ctl, const struct order *o) {
    return copy(ctl, o, 0, "dumped");
}

static int backup(struct ctl *ctl, const struct order *o) {
    struct backup made;
    struct takt_error err = {0};
    int code = backup_make(o->first, o->second, (size_t)o->keep, &made, &err);
    if (code < 0)
        return command_failed(ctl, code, &err);
    if (ctl->json)
        print_json(ctl, json_pack("{s:s, s:I, s:I}", "file", made.path, "rows", (json_int_t)made.counts.rows, "removed",
                                  (json_int_t)made.removed));
    else
        fprintf(ctl->out, "'%s' is written: %llu rows; %zu older ones are removed\n", made.path,
                (unsigned long long)made.counts.rows, made.removed);
    return 0;
}

/* What happened after the dump is not known: no number may mean something else than it did. */
static int restore(struct ctl *ctl, const struct order *o) {
    return copy(ctl, o, COPY_NEW_NUMBERS, "restored");
}

static int move(struct ctl *ctl, const struct order *o) {
    return copy(ctl, o, COPY_ALONE, "moved");
}

/* ---- the command ---- */

static const struct {
    const char *name;
    bool from_store, two, to_store;
    int (*run)(struct ctl *ctl, const struct order *o);
} actions[] = {
    {"check", true, false, false, check},     {"stats", true, false, false, stats},
    {"migrate", true, false, false, migrate}, {"dump", true, true, false, dump},
    {"restore", false, true, true, restore},  {"move", true, true, true, move},
    {"backup", false, true, false, backup},
};

static bool is_store(const char *url) {
    return strncmp(url, "sqlite:", 7) == 0 || strncmp(url, "postgresql:", 11) == 0;
}

int run_store(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    const char *plant = arguments_value(command->options, arguments, "--plant");
    const char *keep = arguments_value(command->options, arguments, "--keep");
    size_t i = 0, count = sizeof actions / sizeof actions[0];
    while (i < count && strcmp(actions[i].name, arguments->words[0]) != 0)
        i++;
    if (i == count)
        return command_wrong(ctl, "'%s' is nothing to do with a store: check, stats, migrate, dump, restore, move or backup",
                             arguments->words[0]);
    if (arguments->word_count != (actions[i].two ? 3 : 2))
        return command_wrong(ctl, "usage is: taktctl store %s", command->words);
    struct order o = {.first = arguments->words[1],
                      .second = actions[i].two ? arguments->words[2] : "",
                      .plant = plant ? plant : "",
                      .force = arguments_value(command->options, arguments, "--force") != NULL,
                      .keep = keep ? atoi(keep) : BACKUP_KEEP_DEFAULT};
    if (o.keep < 1 || o.keep > BACKUP_KEEP_MAX || (keep && strspn(keep, "0123456789") != strlen(keep)))
        return command_wrong(ctl, "--keep is a number from 1 to %d, not '%s'", BACKUP_KEEP_MAX, keep);
    struct takt_error err = {0};
    int code = credential_offer_password(&err);
    if (code != 0)
        return command_failed(ctl, code, &err);
    if (is_store(o.first) != actions[i].from_store || (actions[i].two && is_store(o.second) != actions[i].to_store))
        return command_wrong(ctl, "a STORE is sqlite:PATH or postgresql://…, a FILE is neither");
    if (actions[i].run == migrate && !plant)
        return command_wrong(ctl, "migrate needs --plant");
    return actions[i].run(ctl, &o);
}
