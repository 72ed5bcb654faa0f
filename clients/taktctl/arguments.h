/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Command lines against a table of options: `--name VALUE`, `--name=VALUE`, `--flag`, words between them in any order, `--` ends
 * the options. One row says all there is to an option, so help and parsing cannot differ.
 *
 * Threads: no state. Ownership: what is parsed points into argv. */

#include <stdbool.h>
#include <stddef.h>

enum { ARGUMENTS_OPTIONS_MAX = 20, ARGUMENTS_WORDS_MAX = 8 };

struct argument {
    const char *name;  /* "--state"; NULL ends a table */
    char letter;       /* 'o' for -o; 0: none */
    const char *value; /* "STATE" in help; NULL: a flag */
    const char *help;
};

struct arguments {
    const char *words[ARGUMENTS_WORDS_MAX];
    size_t word_count;
    const char *values[ARGUMENTS_OPTIONS_MAX]; /* by place in the table; "" of a flag; NULL: not given */
};

/* Parses argv[0 … argc) up to the end, or, with stop_at_word, up to the first word, which ret_used says the place of. false:
 * what is wrong stands in message. */
bool arguments_parse(const struct argument *table, int argc, char **argv, bool stop_at_word, struct arguments *ret,
                     int *ret_used, char *message, size_t message_size);

/* The value of an option by name, NULL if it was not given. The name must be in the table. */
const char *arguments_value(const struct argument *table, const struct arguments *arguments, const char *name);
