/* SPDX-License-Identifier: Apache-2.0 */

#include "clients/taktctl/command.h"

#include "base/nearest.h"

#include <stdarg.h>
#include <string.h>
#include <sysexits.h>

const struct argument global_options[] = {
    {"--socket", 's', "ENDPOINT", "the daemon's control endpoint (else $TAKT_CONTROL, else ipc:///run/takt/control.sock)"},
    {"--output", 'o', "FORM", "table or json"},
    {"--timeout", 't', "SECONDS", "how long to wait for an answer (30)"},
    {"--help", 'h', NULL, "print this, or all about a command, and end"},
    {"--version", 'V', NULL, "print the version and end"},
    {NULL, 0, NULL, NULL},
};

static const struct argument orders_options[] = {
    {"--state", 0, "STATE", "accepted, planned, in-production, made, packed, shipped, held, cancelled or open"},
    {"--creator", 0, "CREATOR", "only this creator's"},
    {NULL, 0, NULL, NULL},
};

static const struct argument plan_options[] = {
    {"--gantt", 'g', NULL, "as a chart"},
    {"--line", 0, "LINE", "only this line's tasks"},
    {"--lot", 0, "LOT", "only this lot's tasks, such as L12"},
    {"--from", 0, "TIME", "only tasks that end after this time"},
    {"--to", 0, "TIME", "only tasks that start before this time"},
    {NULL, 0, NULL, NULL},
};

static const struct argument shipments_options[] = {
    {"--state", 0, "STATE", "open, taken, shipped or aside"},
    {NULL, 0, NULL, NULL},
};

static const struct argument report_options[] = {
    {"--task", 0, "TASK", "such as L12-print"},
    {"--line", 0, "LINE", "such as print-1"},
    {"--good", 0, "N", "good units of the task so far"},
    {"--scrap", 0, "N", "more units that were lost"},
    {"--units", 0, "UNITS", "those lost by name, with commas between: CREATOR/ORDER_REF/ITEM/UNIT, both from 1"},
    {"--reason", 0, "TEXT", "why"},
    {"--at", 0, "TIME", "when it happened (now)"},
    {"--until", 0, "TIME", "down: when it is expected to end"},
    {"--family", 0, "FAMILY", "setup: what the line is set up for now"},
    {"--material", 0, "MATERIAL", "stock, receipt: which"},
    {"--quantity", 0, "N", "stock: on hand now; receipt: what has come"},
    {"--order", 0, "CREATOR/ORDER_REF", "packed: which"},
    {"--ref", 0, "REF", "the report's own reference, to repeat it safely (made up if not given)"},
    {NULL, 0, NULL, NULL},
};

static const struct argument key_options[] = {
    {"--file", 'f', "FILE", "new: where to write it (NAME.key)"},
    {NULL, 0, NULL, NULL},
};

static const struct argument store_options[] = {
    {"--plant", 0, "PLANT", "which plant's, where a database holds several"},
    {"--force", 0, NULL, "throw away what is there"},
    {"--keep", 0, "N", "how many dumps stay when one is added by backup (14)"},
    {NULL, 0, NULL, NULL},
};

static const struct argument erase_options[] = {
    {"--creator", 0, "CREATOR", "whose orders"},
    {"--recipient", 0, "FIELD=VALUE", "all orders to this recipient, such as email=mei@example.org"},
    {"--order", 0, "ORDER_REF", "this order alone"},
    {NULL, 0, NULL, NULL},
};

static const struct argument audit_options[] = {
    {"--plant", 0, "PLANT", "which plant's, where a database holds several"},
    {"--after", 0, "LINK", "show: only links after this one"},
    {NULL, 0, NULL, NULL},
};

static const char times[] = "TIME is 2026-11-23T14:05:00Z, or local in the plant's zone, 2026-11-23T14:05, or from now, +2h30m.";
static const char reference[] = "REF is CREATOR/ORDER_REF, or ORDER_REF where only one creator has used it.";

const struct command commands[] = {
    {"status", "", "how the plant stands", NULL, NULL, 0, 0, show_status},
    {"orders", "", "list orders", NULL, orders_options, 0, 0, show_orders},
    {"late", "[N]", "the N orders (20) that are late or nearly so, the worst first", NULL, NULL, 0, 1, show_late},
    {"order", "REF", "one order's whole story", reference, NULL, 1, 1, show_order},
    {"lots", "", "list lots", NULL, NULL, 0, 0, show_lots},
    {"plan", "", "the plan's tasks, as a table or a chart", times, plan_options, 0, 0, show_plan},
    {"line", "NAME next [N]", "what a line is to do next", NULL, NULL, 2, 3, show_line},
    {"report", "EVENT", "tell what happened on the floor",
     "EVENT is started, progress, finished, scrapped (with --task), down, up, setup (with --line), stock, receipt (with\n"
     "--material and --quantity) or packed (with --order). TIME is 2026-11-23T14:05:00Z, or local in the plant's zone,\n"
     "2026-11-23T14:05, or from now, +2h30m.",
     report_options, 1, 1, send_report},
    {"shipments", "[release ID]", "list shipments; or let one that was set aside or taken be sent again", NULL, shipments_options,
     0, 2, show_shipments},
    {"creators", "", "list creators with their orders", NULL, NULL, 0, 0, show_creators},
    {"stock", "", "materials, surplus and downtimes", NULL, NULL, 0, 0, show_stock},
    {"why", "REF", "what binds an order to its date, or what became of it", reference, NULL, 1, 1, show_why},
    {"reload", "", "read the plant's file again, and wait until it is in force or refused", NULL, NULL, 0, 0, show_reload},
    {"config", "[PREFIX]", "options with the values in force, those whose path begins with PREFIX", NULL, NULL, 0, 1, show_config},
    {"key", "new NAME | list | revoke KEY", "make a key; list the keys of the plant; take one away at once",
     "new writes a new key pair to NAME.key, which only you can read, and prints its public key; it asks no daemon. The\n"
     "plant's own is called `plant` and belongs into the daemon's working folder, or among systemd's credentials.\n"
     "revoke is for ever, and takes effect on open connections too.",
     key_options, 1, 2, run_key},
    {"store", "check|stats|migrate STORE, dump STORE FILE, restore FILE STORE, move STORE STORE, backup PLANT FOLDER",
     "check, measure, back up, bring back or move a store",
     "Works on the store itself, not through the daemon. STORE is sqlite:PATH or postgresql://…; FILE is a dump, compressed if it\n"
     "ends in .gz. backup adds a dump of the store that the plant's file names to those in FOLDER, and removes the oldest of them.\n"
     "check, stats, dump and backup may be used while a daemon runs. A restored store goes on with numbers (events, shipments,\n"
     "plans) that are higher by a million, so that none that was given after the dump is given again.",
     store_options, 2, 3, run_store},
    {"erase", "", "take a recipient's personal data out of the store",
     "Erases recipient, personalization, metadata and tracking numbers of what has shipped or was cancelled; what is still to be\n"
     "shipped is erased as soon as it has been. Figures stay. FIELD is name, phone, email or token, as the creator sent it. Doing it\n"
     "again does no harm. Dumps and copies of the store keep what is in them; one that is brought back is erased again at the start.",
     erase_options, 0, 0, run_erase},
    {"audit", "verify STORE | show STORE", "check the log of decisions, or list it",
     "Works on the store itself, also while a daemon runs. verify reads the whole log: that every link follows the one before, and that\n"
     "orders and promises are as they were when they were accepted and given; it names the first link that is broken. Note the hash\n"
     "it prints somewhere else: a log that still ends with it, or holds it, was not written anew.",
     audit_options, 2, 2, run_audit},
    {"completion", "bash | zsh | fish", "what a shell needs to complete commands and options",
     "For bash: `source <(taktctl completion bash)`.", NULL, 1, 1, print_completion},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL},
};

const struct command *command_find(const char *name) {
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

const char *command_nearest(const char *name) {
    const char *names[32];
    size_t count = 0;
    for (const struct command *c = commands; c->name; c++)
        names[count++] = c->name;
    return nearest_name(name, names, count);
}

static void print_options(const struct argument *options, FILE *to) {
    for (const struct argument *o = options; o && o->name; o++) {
        char left[64], brief[8] = "    ";
        if (o->letter)
            snprintf(brief, sizeof brief, "-%c, ", o->letter);
        snprintf(left, sizeof left, "%s%s%s%s", brief, o->name, o->value ? " " : "", o->value ? o->value : "");
        fprintf(to, "  %-31s  %s\n", left, o->help); /* as wide as the longest */
    }
}

void command_help(const struct command *command, FILE *to) {
    bool words = *command->words, options = command->options != NULL;
    fprintf(to, "usage: taktctl %s%s%s%s\n\n%s\n", command->name, words ? " " : "", command->words,
            options ? " [OPTION …]" : "", command->help);
    if (command->more)
        fprintf(to, "%s\n", command->more);
    fputc('\n', to);
    print_options(command->options, to);
    print_options(global_options, to);
}

void command_usage(FILE *to) {
    fputs("usage: taktctl [OPTION …] COMMAND [WORD …] [OPTION …]\n\n", to);
    for (const struct command *c = commands; c->name; c++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", c->name, *c->words ? " " : "", c->words);
        fprintf(to, "  %-24s  %s\n", left, c->help);
    }
    fputc('\n', to);
    print_options(global_options, to);
    fputs("\nExit status: 0; 64 wrong usage; 65 refused; 66 no such order, line, …; 69 no daemon; 75 busy, or no answer in time.\n",
          to);
}

int command_wrong(struct ctl *ctl, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(ctl->err.text, sizeof ctl->err.text, format, args);
    va_end(args);
    return EX_USAGE;
}

int command_failed(struct ctl *ctl, int code, const struct takt_error *err) {
    snprintf(ctl->err.text, sizeof ctl->err.text, "%s", err->text);
    switch (code) {
    case TAKT_ENOENT:
        return EX_NOINPUT;
    case TAKT_EINVAL:
        return EX_USAGE;
    case TAKT_EDATA:
        return EX_DATAERR;
    case TAKT_ECONFIG:
        return EX_CONFIG;
    case TAKT_EBUSY:
        return EX_TEMPFAIL;
    case TAKT_EEXIST:
        return EX_CANTCREAT;
    default:
        return EX_IOERR;
    }
}
