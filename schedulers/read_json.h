/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Strict fields of JSON objects. Each getter returns whether the value is sound; if not, the error says where and what.
 * `where` is how the object is called in messages. */

#include "base/error.h"

#include <jansson.h>
#include <stdint.h>

/* The whole text as one JSON value, NULL with err; a text that goes on, or names a key twice, is refused. */
json_t *json_read(const char *text, size_t size, struct takt_error *err);

bool json_absent(const json_t *object, const char *key); /* or null */
/* A whole number between least and most; absent: ret stays as it is. */
bool json_whole(const json_t *object, const char *key, const char *where, int64_t least, int32_t *ret,
                struct takt_error *err);
bool json_whole64(const json_t *object, const char *key, const char *where, int64_t *ret, struct takt_error *err);
bool json_value_whole(const json_t *value, const char *what, const char *where, int64_t least, int32_t *ret,
                      struct takt_error *err);
bool json_text(const json_t *object, const char *key, const char *where, const char **ret, struct takt_error *err);
bool json_truth(const json_t *object, const char *key, const char *where, bool *ret, struct takt_error *err);
/* Rows or members; absent: NULL. */
bool json_rows(const json_t *object, const char *key, const char *where, json_t **ret, struct takt_error *err);
bool json_members(const json_t *object, const char *key, const char *where, json_t **ret, struct takt_error *err);
/* false, after saying that `key` of `where` cannot be what it is. */
bool json_wrong(const json_t *value, const char *key, const char *where, struct takt_error *err);
