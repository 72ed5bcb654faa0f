/* SPDX-License-Identifier: Apache-2.0 */

/* `taktctl audit …`: reads the log of decisions in the store itself, not through the daemon that is to be checked. */

#include "clients/taktctl/command.h"

#include "base/time.h"
#include "clients/taktctl/table.h"
#include "daemon/store/audit_check.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { HEX_SIZE = STORE_HASH_SIZE * 2 + 1 };

static const char *hex(const uint8_t hash[STORE_HASH_SIZE], char buffer[HEX_SIZE]) {
    return sodium_bin2hex(buffer, HEX_SIZE, hash, STORE_HASH_SIZE);
}

/* ---- verify ---- */

static json_t *report_json(const struct audit_report *r, const char *hash) {
    json_t *object = json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:s}", "plant", r->head.plant, "whole", r->why[0] == '\0',
                               "links", (json_int_t)r->links, "orders", (json_int_t)r->orders, "promises",
                               (json_int_t)r->promises, "not_covered", (json_int_t)r->not_covered, "hash", hash);
    if (r->why[0] != '\0') {
        json_object_set_new(object, "broken", json_integer((json_int_t)r->broken));
        json_object_set_new(object, "why", json_string(r->why));
    }
    return object;
}

static int verify(struct ctl *ctl, const char *url, const char *plant, uint64_t after) {
    struct audit_report report;
    struct takt_error err = {0};
    char hash[HEX_SIZE];
    (void)after;
    int code = audit_check(url, plant, &report, &err);
    if (code < 0)
        return command_failed(ctl, code, &err);
    hex(report.hash, hash);
    if (ctl->json) {
        json_t *object = report_json(&report, hash);
        json_dumpf(object, ctl->out, JSON_INDENT(2));
        fputc('\n', ctl->out);
        json_decref(object);
    }
    if (report.why[0] != '\0') {
        snprintf(ctl->err.text, sizeof ctl->err.text, "the audit log is broken at link %llu: %s",
                 (unsigned long long)report.broken, report.why);
        return EX_DATAERR;
    }
    if (ctl->json)
        return 0;
    fprintf(ctl->out, "the audit log of plant '%s' is whole: %llu links, %llu orders, %llu promises\n", report.head.plant,
            (unsigned long long)report.links, (unsigned long long)report.orders, (unsigned long long)report.promises);
    if (report.not_covered > 0)
        fprintf(ctl->out, "it begins after change %llu; orders of before are not in it\n",
                (unsigned long long)report.not_covered);
    fprintf(ctl->out, "link %llu %s\n", (unsigned long long)report.links, hash);
    return 0;
}

/* ---- show ---- */

struct listing {
    const struct ctl *ctl;
    struct table *table;
    json_t *links;
};

static bool add_json(void *arg, const struct audit_link *l) {
    struct listing *to = arg;
    char at[TIME_TEXT_SIZE], hash[HEX_SIZE];
    time_format(l->at_s, at);
    json_array_append_new(to->links,
                          json_pack("{s:I, s:s, s:I, s:I, s:I, s:s, s:s}", "link", (json_int_t)l->link, "at", at,
                                    "accepted", (json_int_t)l->accepted, "promised", (json_int_t)l->promised,
                                    "repromised", (json_int_t)l->repromised, "detail", l->detail, "hash",
                                    hex(l->hash, hash)));
    return true;
}

static bool add_row(void *arg, const struct audit_link *l) {
    struct listing *to = arg;
    char at[TIME_TEXT_SIZE], hash[HEX_SIZE];
    time_format(l->at_s, at);
    table_cell(to->table, "%llu", (unsigned long long)l->link);
    table_cell(to->table, "%s", at);
    table_cell(to->table, "%u", l->accepted);
    table_cell(to->table, "%u", l->promised);
    table_cell(to->table, "%u", l->repromised);
    table_cell(to->table, "%.16s", hex(l->hash, hash));
    table_cell(to->table, "%s", l->detail);
    return true;
}

static int show(struct ctl *ctl, const char *url, const char *plant, uint64_t after) {
    struct takt_error err = {0};
    struct listing to = {.ctl = ctl};
    if (ctl->json)
        to.links = json_array();
    else
        to.table = table_new(ctl, ">link|at|>accepted|>promised|>re-promised|hash|else");
    int code = audit_list(url, plant, after, ctl->json ? add_json : add_row, &to, &err);
    if (code < 0) {
        json_decref(to.links);
        table_free(to.table);
        return command_failed(ctl, code, &err);
    }
    if (!ctl->json) {
        table_print(to.table, "no decisions");
        return 0;
    }
    json_t *object = json_pack("{s:o}", "links", to.links);
    json_dumpf(object, ctl->out, JSON_INDENT(2));
    fputc('\n', ctl->out);
    json_decref(object);
    return 0;
}

/* ---- the command ---- */

int run_audit(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    const char *plant = arguments_value(command->options, arguments, "--plant");
    const char *after = arguments_value(command->options, arguments, "--after");
    const char *what = arguments->words[0];
    char *end = NULL;
    uint64_t link = after != NULL ? strtoull(after, &end, 10) : 0;
    if (end != NULL && (*end != '\0' || end == after))
        return command_wrong(ctl, "--after takes the number of a link, not '%s'", after);
    if (strcmp(what, "verify") != 0 && strcmp(what, "show") != 0)
        return command_wrong(ctl, "'%s' is nothing to do with the audit log: verify or show", what);
    return (strcmp(what, "show") == 0 ? show : verify)(ctl, arguments->words[1], plant ? plant : "", link);
}
