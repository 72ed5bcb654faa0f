/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Mistakes in an operator's files, collected while reading goes on, so that all are shown at once.
 *
 * At most FAULTS_MAX are kept; a last one says that there were more. Faults make a plant unusable; notes point out what
 * is allowed and probably not meant.
 *
 * Threads: one owner. Ownership: texts and list lie in the arena given. */

#include "config/plant.h"

struct arena;

enum { FAULTS_MAX = 1000 };

struct source { /* a file that is read */
    const char *path;
    int number; /* in the order of reading */
};

struct place {
    const struct source *source;
    int line, column; /* from 1 */
};

struct faults;

struct faults *faults_new(struct arena *arena);
void fault_at(struct faults *faults, struct place place, const char *format, ...) __attribute__((format(printf, 3, 4)));
size_t faults_count(const struct faults *faults);

/* All of them in order of place; the list and its texts are copied into the arena given. */
struct plant_fault *faults_list(const struct faults *faults, struct arena *arena, size_t *ret_count);
