/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A table from names to numbers, filled once and then only asked.
 *
 * Threads: one while it is filled, any number after that. Ownership: the table lies in the arena; names are not copied
 * and must live as long. Cost: O(1) expected. */

#include <stddef.h>
#include <stdint.h>

struct arena;
struct names;

/* A table for up to `most` names. */
struct names *names_new(struct arena *arena, size_t most);

/* Adds the name, unless it is there already: then it stays as it was, and its number is returned; else -1. */
int32_t names_add(struct names *names, const char *name, int32_t number);

/* The name's number, or -1. */
int32_t names_find(const struct names *names, const char *name);

/* The hash that the table uses, for tables with other keys. */
uint64_t names_hash(const char *name);
