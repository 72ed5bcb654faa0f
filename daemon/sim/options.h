/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The command line of takt-sim.
 *
 * Errors: TAKT_EINVAL with what is wrong and the way out. */

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct options {
    const char *plant;
    const char **drop_ins;   /* further files of the plant; free */
    size_t drop_in_count;
    const char *feed;
    const char *until;       /* a date or a time; NULL: until nothing is open */
    const char *scheduler;   /* NULL: as the plant says */
    int64_t effort;          /* iterations of each search */
    int64_t scale_ppm;
    uint64_t seed;
    int64_t noise_ppm;
    int64_t breakdowns;      /* a week */
    bool json;
    bool help, version;      /* nothing else is wanted, and nothing else is checked */
};

int options_read(struct options *o, int argc, char **argv, struct takt_error *err);
void options_done(struct options *o);
void options_help(FILE *out);
