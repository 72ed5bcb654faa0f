/* SPDX-License-Identifier: Apache-2.0 */

/* `taktctl completion`: what a shell needs to know to complete commands, their words and their options, from the table of
 * commands. */

#include "base/arena.h"
#include "clients/taktctl/command.h"

#include <ctype.h>
#include <string.h>

/* Calls `each` for every word of a command's usage that is to be typed as it is, such as `new`, `list` and `revoke`. */
static void each_word(const struct command *c, FILE *to, void (*each)(FILE *to, const char *word, int length)) {
    for (const char *at = c->words; *at;) {
        size_t length = strcspn(at, " |[],:");
        if (length > 0 && islower((unsigned char)at[0]) && memchr(at, ':', length) == NULL)
            each(to, at, (int)length);
        at += length;
        at += strspn(at, " |[],:");
    }
}

static void print_word(FILE *to, const char *word, int length) {
    fprintf(to, " %.*s", length, word);
}

static void print_flags(const struct argument *options, FILE *to) {
    for (const struct argument *o = options; o && o->name; o++) {
        fprintf(to, " %s", o->name);
        if (o->letter)
            fprintf(to, " -%c", o->letter);
    }
}

/* ---- bash ---- */

static void bash(FILE *to) {
    fputs("# bash completion of taktctl: source it, or put it into /usr/share/bash-completion/completions/taktctl\n"
          "_taktctl() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} command= i\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        case ${COMP_WORDS[i]} in\n"
          "        -s | -o | -t | --socket | --output | --timeout) ((i++)) ;;\n"
          "        -*) ;;\n"
          "        *) command=${COMP_WORDS[i]}; break ;;\n"
          "        esac\n"
          "    done\n"
          "    case ${COMP_WORDS[COMP_CWORD - 1]} in\n"
          "    -o | --output) COMPREPLY=($(compgen -W 'table json' -- \"$word\")); return ;;\n"
          "    -f | --file) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
          "    esac\n"
          "    local words=\n"
          "    case $command in\n",
          to);
    fputs("    '') words='", to);
    for (const struct command *c = commands; c->name; c++)
        fprintf(to, "%s%s", c == commands ? "" : " ", c->name);
    print_flags(global_options, to);
    fputs("' ;;\n", to);
    for (const struct command *c = commands; c->name; c++) {
        fprintf(to, "    %s) words='", c->name);
        each_word(c, to, print_word);
        print_flags(c->options, to);
        print_flags(global_options, to);
        fputs("' ;;\n", to);
    }
    fputs("    esac\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
          "}\n"
          "complete -F _taktctl taktctl\n",
          to);
}

/* ---- zsh ---- */

/* Within '…' and […] of _arguments. */
static void print_quoted(const char *text, FILE *to) {
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", to);
        else if (strchr("[]:\\", *text))
            fprintf(to, "\\%c", *text);
        else
            fputc(*text, to);
    }
}

static void zsh_options(const struct argument *options, FILE *to) {
    for (const struct argument *o = options; o && o->name; o++) {
        fprintf(to, " \\\n            '%s[", o->name);
        print_quoted(o->help, to);
        fprintf(to, "]%s%s%s'", o->value ? ":" : "", o->value ? o->value : "",
                !o->value                            ? ""
                : strcmp(o->name, "--output") == 0 ? ":(table json)"
                : strcmp(o->name, "--file") == 0   ? ":_files"
                                                   : ":");
    }
}

static void zsh(FILE *to) {
    fputs("#compdef taktctl\n"
          "# zsh completion of taktctl: put it as _taktctl into a folder of $fpath\n"
          "_taktctl() {\n"
          "    local -a commands=(\n",
          to);
    for (const struct command *c = commands; c->name; c++) {
        fprintf(to, "        '%s:", c->name);
        print_quoted(c->help, to);
        fputs("'\n", to);
    }
    fputs("    )\n"
          "    local state\n"
          "    _arguments -C",
          to);
    zsh_options(global_options, to);
    fputs(" \\\n            '1:command:->command' '*::word:->word'\n"
          "    case $state in\n"
          "    command) _describe command commands ;;\n"
          "    word)\n"
          "        case $words[1] in\n",
          to);
    for (const struct command *c = commands; c->name; c++) {
        fprintf(to, "        %s) _arguments", c->name);
        zsh_options(c->options, to);
        zsh_options(global_options, to);
        fputs(" \\\n            '*: :(", to);
        each_word(c, to, print_word);
        fputs(")' ;;\n", to);
    }
    fputs("        esac ;;\n"
          "    esac\n"
          "}\n"
          "_taktctl \"$@\"\n",
          to);
}

/* ---- fish ---- */

static void fish_text(const char *text, FILE *to) {
    fputc('\'', to);
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', to);
        fputc(*text, to);
    }
    fputc('\'', to);
}

static void fish_options(const struct argument *options, const char *command, FILE *to) {
    for (const struct argument *o = options; o && o->name; o++) {
        fputs("complete -c taktctl", to);
        if (command)
            fprintf(to, " -n '__fish_seen_subcommand_from %s'", command);
        fprintf(to, " -l %s", o->name + 2);
        if (o->letter)
            fprintf(to, " -s %c", o->letter);
        if (o->value)
            fputs(strcmp(o->name, "--output") == 0 ? " -x -a 'table json'" : strcmp(o->name, "--file") == 0 ? " -r -F" : " -x", to);
        fputs(" -d ", to);
        fish_text(o->help, to);
        fputc('\n', to);
    }
}

static void fish(FILE *to) {
    fputs("# fish completion of taktctl: put it into ~/.config/fish/completions/taktctl.fish\n"
          "complete -c taktctl -f\n",
          to);
    fish_options(global_options, NULL, to);
    for (const struct command *c = commands; c->name; c++) {
        fprintf(to, "complete -c taktctl -n __fish_use_subcommand -a %s -d ", c->name);
        fish_text(c->help, to);
        fputc('\n', to);
        if (strpbrk(c->words, "abcdefghijklmnopqrstuvwxyz")) {
            fprintf(to, "complete -c taktctl -n '__fish_seen_subcommand_from %s' -a '", c->name);
            each_word(c, to, print_word);
            fputs("'\n", to);
        }
        fish_options(c->options, c->name, to);
    }
}

int print_completion(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    static const struct {
        const char *name;
        void (*print)(FILE *to);
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    (void)command;
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(shells[i].name, arguments->words[0]) == 0) {
            shells[i].print(ctl->out);
            return 0;
        }
    return command_wrong(ctl, "there is a completion for bash, zsh and fish, not for '%s'", arguments->words[0]);
}
