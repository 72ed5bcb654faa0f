/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From nodes to the plant, by the option table.
 *
 * First every name gets its number, so that anything can refer to anything whatever the order of the file; then
 * sections are read row by row. What cannot be read is a fault and is left absent (NULL, -1, 0 or an empty list), so
 * that checks which follow have something sound to look at.
 *
 * Threads: one owner. Ownership: the plant's arena owns all that is made; nothing points into the nodes afterwards. */

#include "config/document.h"
#include "config/inner.h"

struct reader {
    struct arena *arena;   /* the plant's */
    struct arena *scratch; /* gone when reading is over */
    struct plant *plant;
    struct faults *faults, *notes;
    int32_t *marks; /* by line: the last list that named it */
    int32_t mark;
    size_t rates; /* lines of all operations together */
};

/* Reads the merged root. */
void reader_read(struct reader *r, const struct node *root);

/* One value of a row into its field of the struct at base. Each function stands for a kind of option. */
typedef void read_value_fn(struct reader *r, const struct option_row *o, const struct node *n, void *base);
extern read_value_fn *const read_values[OPTION_KINDS];

/* A map of options into the struct at base. */
void read_section(struct reader *r, const struct section *s, const struct node *n, void *base);

/* A value that is not of its kind. */
void reader_refuse(struct reader *r, const struct option_row *o, const struct node *n);
/* True if the node is of the kind; else it is refused. */
bool reader_wants(struct reader *r, const struct option_row *o, const struct node *n, enum node_kind kind);
/* True if the value lies within the row's range; else that is a fault. */
bool reader_in_range(struct reader *r, const struct option_row *o, const struct node *n, int64_t value);

/* The number of a name in a table, or -1 and a fault that names the nearest. */
int32_t reader_refer(struct reader *r, enum option_table table, const struct node *n);
/* Likewise in a list of candidates; `what` is what they are. */
int32_t reader_choose(struct reader *r, const struct node *n, const char *what, const char *const *names, size_t count);

/* Writes to the field of a row. */
void reader_set(const struct option_row *o, void *base, const void *value, size_t size);
void reader_set_array(const struct option_row *o, void *base, const void *array, size_t count);
