/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The table of every option of the plant's YAML: one row an option.
 *
 * The reader, the JSON Schema, the printer and the operator's reference all go by it, so an option that has no row does
 * not exist, and one that has one is known to all of them. Rows come in sections: a section is one kind of map, named
 * by the path to it, in which `*` stands for a name and `[]` for a place in a list: `lines.*`, `products.*.route[]`. A
 * row that opens a section has the section's path.
 *
 * Threads: constant. */

#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_GROUP,   /* opens a section: one map */
    OPTION_NAMED,   /* opens a section: a map from names to maps */
    OPTION_LIST,    /* opens a section: a list of maps */
    OPTION_VERSION, /* of the format; kept nowhere */
    OPTION_COUNT,   /* stations of a line, which are lines of their own once it is read */
    OPTION_INTEGER32,
    OPTION_INTEGER64,
    OPTION_AMOUNT, /* in the unit of the material, thousandths */
    OPTION_BOOL,
    OPTION_CHOICE, /* one word of `choices`, kept as its number */
    OPTION_WORD,   /* one word of `choices`, kept as text */
    OPTION_TEXT,
    OPTION_NAME,
    OPTION_FAMILY,   /* what a line is set up for */
    OPTION_TEMPLATE, /* the same with {option} in it */
    OPTION_ZONE,
    OPTION_STORE,
    OPTION_ENDPOINT,
    OPTION_ADDRESS,
    OPTION_DURATION,    /* seconds */
    OPTION_DURATION_MS, /* milliseconds */
    OPTION_REST,        /* a duration or two of them */
    OPTION_PERCENT,
    OPTION_WEIGHT,
    OPTION_RATE_H, /* thousandths an hour */
    OPTION_RATE_S, /* thousandths a second */
    OPTION_CLOCK,
    OPTION_SHIFT_END, /* a time of day, of the next day if not after the one before it in the struct */
    OPTION_DAYS,
    OPTION_TIME, /* a date or a moment */
    OPTION_MOMENT,
    OPTION_DATES, /* list of dates and first/last dates */
    OPTION_SPANS, /* list of moment/moment */
    OPTION_REF,   /* a name of table `table` */
    OPTION_KEYS,
    OPTION_TOKENS, /* digests of tokens: the tokens themselves are secrets */
    OPTION_PAIRS,
    OPTION_OPTIONS,
    OPTION_MATERIALS,
    OPTION_POOLS,
    OPTION_LIKE,
    OPTION_OP_LINES,
    OPTION_TERMINAL_LINES,
    OPTION_TRANSIT,
    OPTION_KINDS
};

/* Names that other options refer to. */
enum option_table {
    TABLE_CALENDARS,
    TABLE_POOLS,
    TABLE_CHANGEOVERS,
    TABLE_LINES,
    TABLE_MATERIALS,
    TABLE_PRODUCTS,
    TABLE_PACKING,
    TABLE_CREATORS,
    TABLE_CONSUMERS,
    TABLE_TERMINALS,
    TABLE_CARRIERS,
    TABLE_SERVICES,
    TABLE_COUNT
};

enum option_flag {
    OPTION_COMPULSORY = 1,
    OPTION_RESTART = 2, /* a change takes effect at the next start, not at a reload */
    OPTION_INITIAL = 4  /* what a new store starts from; a change is pointed out and ignored */
};

struct option_row {
    const char *name;
    enum option_kind kind;
    size_t offset;        /* of the field in the section's struct */
    size_t count_offset;  /* of its count, where the field is an array */
    int64_t least, most;  /* of the value, in the field's own unit; of the elements of a list or map */
    const char *fallback; /* the default, as an operator would write it; NULL: none */
    unsigned flags;
    int of;              /* OPTION_NAMED, OPTION_REF: enum option_table */
    const char *choices; /* OPTION_CHOICE: words with a blank between, in order of the enum */
    const char *help;    /* one line */
};

struct section {
    const char *path; /* "" is the root */
    const char *what; /* "a calendar" */
    size_t size;      /* of the struct that it fills; 0: it goes into the struct of the section around it */
    const struct option_row *options;
    size_t count;
};

extern const struct section sections[];
extern const size_t section_count;

/* The section of a path, or NULL. */
const struct section *section_find(const char *path);

/* The section that a row is in. */
const struct section *section_with(const struct option_row *option);

/* The section that a row opens, NULL for other rows. */
const struct section *option_section(const struct section *of, const struct option_row *option);

/* The row of a name, or NULL. */
const struct option_row *section_option(const struct section *section, const char *name);

/* "lines.*.calendar" in a buffer of OPTION_PATH_SIZE; returns it. */
enum { OPTION_PATH_SIZE = 96 };
const char *option_path(const struct section *section, const struct option_row *option, char *buffer);

/* "5m … 10d", "1 … 1000000", "floor, planned", or "" where there is none; in a buffer of OPTION_RANGE_SIZE. */
enum { OPTION_RANGE_SIZE = 160 };
const char *option_range(const struct option_row *option, char *buffer);

/* What a value of this kind is called: "a duration such as 5m, 2h or 1d12h". */
const char *option_kind_text(enum option_kind kind);

/* What is in a table, for messages: "line". */
const char *option_table_text(enum option_table table);
