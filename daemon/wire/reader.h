/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Members of a parsed message, read strictly: each function takes one member, checks its type and its bounds, and refuses
 * with the member's JSON pointer otherwise.
 *
 *     struct reader r = message_reader(&message, &refusal);
 *     if (!reader_text(&r, "line", READ_REQUIRED, 64, &line) || !reader_integer(&r, "limit", READ_OPTIONAL, 1, 100, &limit))
 *         return false;  // refusal is filled
 *
 * A member that is missing and optional leaves its output alone, so outputs are set to their defaults before. A member of the
 * wrong type is always refused; null is a type of its own and never means "missing". An integer is written as one: 1.0 and
 * 1e2 are not, and nothing beyond 2^53 - 1 is, since other ends of the wire could not read it back.
 * Text is one line: control characters and the invisible ones that turn its direction are refused everywhere, because sooner
 * or later it is on a label, in a log or on a terminal. An optional text that is empty counts as missing.
 *
 * The kind of refusal is `bad-message`; for a value that is understood but not valid it is `value_kind`, which a caller may
 * change in its reader and which children inherit.
 *
 * Threads: no state. Ownership: everything read lies in the message. A reader points to its parent, which must outlive it.
 * Cost: paths are put together only when something is refused. */

#include "daemon/wire/refusal.h"
#include "daemon/wire/tree.h"

#include <stddef.h>
#include <stdint.h>

struct reader {
    struct tree_node *node;           /* an object or an array; NULL: it was optional and is missing */
    const struct reader *parent;      /* NULL: the message itself */
    const char *name;                 /* in the parent, NULL: by index */
    size_t index;
    enum refusal_kind value_kind;
    struct refusal *refusal;
};

enum need { READ_OPTIONAL, READ_REQUIRED };

#define READ_INTEGER_MAX INT64_C(9007199254740991) /* 2^53 - 1 */

bool reader_has(const struct reader *r, const char *name);

/* For a member that may be one thing or another. */
enum member_kind { MEMBER_MISSING, MEMBER_TEXT, MEMBER_INTEGER, MEMBER_BOOLEAN, MEMBER_OTHER };
enum member_kind reader_kind(const struct reader *r, const char *name);

/* Text of 1 to most bytes. */
bool reader_text(const struct reader *r, const char *name, enum need need, size_t most, const char **ret);
bool reader_integer(const struct reader *r, const char *name, enum need need, int64_t least, int64_t most, int64_t *ret);
/* A number with at most three decimals, in thousandths. */
bool reader_milli(const struct reader *r, const char *name, enum need need, int64_t least, int64_t most, int64_t *ret);
bool reader_boolean(const struct reader *r, const char *name, enum need need, bool *ret);
bool reader_time(const struct reader *r, const char *name, enum need need, int64_t *ret_s);
bool reader_day(const struct reader *r, const char *name, enum need need, int32_t *ret_day);
bool reader_duration(const struct reader *r, const char *name, enum need need, int64_t *ret_s);

/* Children; ret->node is NULL if it is missing. */
bool reader_object(const struct reader *r, const char *name, enum need need, struct reader *ret);
bool reader_list(const struct reader *r, const char *name, enum need need, size_t least, size_t most, struct reader *ret);

size_t reader_count(const struct reader *r); /* of a list or an object; 0 if it is missing */
bool reader_list_object(const struct reader *list, size_t index, struct reader *ret);
bool reader_list_text(const struct reader *list, size_t index, size_t most, const char **ret);

/* The members of an object one by one, in the order in which they were sent: start with *at NULL; false at the end. */
bool reader_next(const struct reader *r, void **at, const char **ret_name);

/* Refuses with the place of a member; name NULL: of the reader's own node. Returns false. */
bool reader_problem(const struct reader *r, const char *name, enum refusal_kind kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* One line without control characters and without invisible characters that change the direction of writing. UTF-8. */
bool text_is_plain(const char *text);
