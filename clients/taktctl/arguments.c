/* SPDX-License-Identifier: Apache-2.0 */

#include "clients/taktctl/arguments.h"

#include "base/nearest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static size_t table_size(const struct argument *table) {
    size_t count = 0;
    while (table && table[count].name)
        count++;
    assert(count <= ARGUMENTS_OPTIONS_MAX);
    return count;
}

/* `--state=open` names `--state`, `-oj` would be two letters and is not taken. */
static int find(const struct argument *table, const char *text, size_t length) {
    for (size_t i = 0; i < table_size(table); i++) {
        bool full = strlen(table[i].name) == length && strncmp(table[i].name, text, length) == 0;
        bool brief = table[i].letter && length == 2 && text[0] == '-' && text[1] == table[i].letter;
        if (full || brief)
            return (int)i;
    }
    return -1;
}

static bool unknown(const struct argument *table, const char *text, size_t length, char *message, size_t size) {
    const char *names[ARGUMENTS_OPTIONS_MAX];
    char name[64];
    size_t count = table_size(table);
    for (size_t i = 0; i < count; i++)
        names[i] = table[i].name;
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    const char *nearest = nearest_name(name, names, count);
    snprintf(message, size, "there is no option '%s'%s%s%s", name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
             nearest ? "'?" : "; if it is none, put -- before it");
    return false;
}

bool arguments_parse(const struct argument *table, int argc, char **argv, bool stop_at_word, struct arguments *ret,
                     int *ret_used, char *message, size_t message_size) {
    bool options = true;
    *ret = (struct arguments){.word_count = 0};
    int i = 0;
    for (; i < argc; i++) {
        const char *text = argv[i];
        if (options && strcmp(text, "--") == 0) {
            options = false;
            continue;
        }
        if (!options || text[0] != '-' || !text[1]) {
            if (stop_at_word)
                break;
            if (ret->word_count == ARGUMENTS_WORDS_MAX)
                return snprintf(message, message_size, "there are too many words"), false;
            ret->words[ret->word_count++] = text;
            continue;
        }
        const char *equals = strchr(text, '=');
        size_t length = equals ? (size_t)(equals - text) : strlen(text);
        int place = find(table, text, length);
        if (place < 0)
            return unknown(table, text, length, message, message_size);
        if (!table[place].value && equals)
            return snprintf(message, message_size, "'%s' takes no value", table[place].name), false;
        if (table[place].value && !equals && i + 1 == argc)
            return snprintf(message, message_size, "'%s' needs a value", table[place].name), false;
        ret->values[place] = !table[place].value ? "" : equals ? equals + 1 : argv[++i];
    }
    *ret_used = i;
    return true;
}

const char *arguments_value(const struct argument *table, const struct arguments *arguments, const char *name) {
    int place = find(table, name, strlen(name));
    assert(place >= 0);
    return arguments->values[place];
}
