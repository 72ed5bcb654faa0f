/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The commands of taktctl: one table, of which parsing, `--help` and completion all are views.
 *
 * Threads: one. Errors: an exit status of sysexits.h, with ctl->err filled but for 0. */

#include "base/error.h"
#include "clients/taktctl/arguments.h"
#include "clients/taktctl/ctl.h"

struct command {
    const char *name;
    const char *words;              /* "REF", "NAME next [N]" */
    const char *help;               /* one line */
    const char *more;               /* further lines for --help of the command, NULL: none */
    const struct argument *options; /* NULL: none */
    size_t least, most;             /* words after the name */
    int (*run)(struct ctl *ctl, const struct command *command, const struct arguments *arguments);
};

extern const struct command commands[]; /* ends with a NULL name */
extern const struct argument global_options[];

const struct command *command_find(const char *name);
const char *command_nearest(const char *name); /* NULL: none is near */

void command_help(const struct command *command, FILE *to);
void command_usage(FILE *to); /* all of them */

/* EX_USAGE with a message. */
int command_wrong(struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The exit status of a failure that no daemon told of, with its message. */
int command_failed(struct ctl *ctl, int code, const struct takt_error *err);

/* ---- what they do: show_….c, report.c ---- */
typedef int command_run(struct ctl *ctl, const struct command *command, const struct arguments *arguments);
command_run show_status, show_orders, show_late, show_order, show_lots, show_plan, show_line, show_shipments, show_creators, show_stock,
    show_why, show_reload, show_config, send_report, run_key, run_store, run_audit, run_erase, print_completion;
