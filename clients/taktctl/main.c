/* SPDX-License-Identifier: Apache-2.0 */

/* taktctl: global options, a command, its options, and what became of it as an exit status. */

#include "base/arena.h"
#include "clients/taktctl/command.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 100, WIDTH_LEAST = 40, TIMEOUT_S_DEFAULT = 30 };

static int terminal_width(void) {
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    int width = columns ? atoi(columns) : 0;
    if (width <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    return width <= 0 ? WIDTH_DEFAULT : width < WIDTH_LEAST ? WIDTH_LEAST : width;
}

static void look_around(struct ctl *ctl) {
    setlocale(LC_CTYPE, "");
    ctl->out = stdout;
    ctl->terminal = isatty(STDOUT_FILENO);
    ctl->colour = ctl->terminal && !getenv("NO_COLOR");
    ctl->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    ctl->width = terminal_width();
    const char *socket = getenv("TAKT_CONTROL");
    ctl->socket = socket && *socket ? socket : "ipc:///run/takt/control.sock";
    ctl->timeout_ms = TIMEOUT_S_DEFAULT * 1000;
}

static int fail(const struct ctl *ctl, int status) {
    if (status == EX_USAGE)
        fprintf(stderr, "taktctl: %s\ntry `taktctl --help`\n", ctl->err.text);
    else if (status != 0)
        fprintf(stderr, "taktctl: %s\n", ctl->err.text);
    return status;
}

/* Both before and after the command. */
static int take_global(struct ctl *ctl, const struct argument *table, const struct arguments *arguments) {
    const char *socket = arguments_value(table, arguments, "--socket");
    const char *output = arguments_value(table, arguments, "--output");
    const char *timeout = arguments_value(table, arguments, "--timeout");
    if (socket)
        ctl->socket = socket;
    if (output && strcmp(output, "json") != 0 && strcmp(output, "table") != 0)
        return command_wrong(ctl, "--output is table or json, not '%s'", output);
    if (output)
        ctl->json = strcmp(output, "json") == 0;
    if (timeout) {
        char *end;
        double seconds = strtod(timeout, &end);
        if (*end || !*timeout || !(seconds > 0 && seconds < 1e6))
            return command_wrong(ctl, "--timeout is a number of seconds, not '%s'", timeout);
        ctl->timeout_ms = (int64_t)(seconds * 1000);
    }
    return 0;
}

/* A command's own options with the global ones behind them. */
static void join_options(const struct command *command, struct argument *ret) {
    size_t count = 0;
    for (const struct argument *o = command->options; o && o->name; o++)
        ret[count++] = *o;
    for (const struct argument *o = global_options; o->name; o++)
        ret[count++] = *o;
    ret[count] = (struct argument){NULL, 0, NULL, NULL};
}

static int run_command(struct ctl *ctl, const struct command *command, int argc, char **argv) {
    struct argument table[ARGUMENTS_OPTIONS_MAX + 1];
    struct arguments arguments;
    struct command joined = *command;
    int used;
    join_options(command, table);
    joined.options = table;
    if (!arguments_parse(table, argc, argv, false, &arguments, &used, ctl->err.text, sizeof ctl->err.text))
        return EX_USAGE;
    if (arguments_value(table, &arguments, "--help")) {
        command_help(command, stdout);
        return 0;
    }
    int status = take_global(ctl, table, &arguments);
    if (status != 0)
        return status;
    if (arguments.word_count < command->least || arguments.word_count > command->most)
        return command_wrong(ctl, "usage is: taktctl %s %s", command->name, command->words);
    return joined.run(ctl, &joined, &arguments);
}

static int run(struct ctl *ctl, int argc, char **argv) {
    struct arguments arguments;
    int used;
    if (!arguments_parse(global_options, argc, argv, true, &arguments, &used, ctl->err.text, sizeof ctl->err.text))
        return EX_USAGE;
    if (arguments_value(global_options, &arguments, "--version")) {
        puts("taktctl " TAKT_VERSION);
        return 0;
    }
    if (arguments_value(global_options, &arguments, "--help")) {
        command_usage(stdout);
        return 0;
    }
    int status = take_global(ctl, global_options, &arguments);
    if (status != 0)
        return status;
    if (used == argc)
        return command_wrong(ctl, "there is no command");
    const struct command *command = command_find(argv[used]);
    if (command)
        return run_command(ctl, command, argc - used - 1, argv + used + 1);
    const char *nearest = command_nearest(argv[used]);
    return command_wrong(ctl, "'%s' is no command%s%s%s", argv[used], nearest ? "; did you mean '" : "", nearest ? nearest : "",
                         nearest ? "'?" : "");
}

int main(int argc, char **argv) {
    struct ctl ctl = {.arena = arena_new()};
    look_around(&ctl);
    int status = fail(&ctl, run(&ctl, argc - 1, argv + 1));
    ctl_done(&ctl);
    if (fflush(stdout) != 0 && status == 0)
        status = EX_IOERR;
    return status;
}
