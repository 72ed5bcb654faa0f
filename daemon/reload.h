/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A reload of the plant's file on its way: who asked, the new plant, and what became of it.
 *
 * Main reads the file and compares (reload_read), the planner judges and swaps (MAIL_RELOAD), everybody gets the plant
 * (MAIL_PLANT), and the result goes to operate, who tells whoever asked and keeps it for `taktctl status` (MAIL_RELOADED).
 *
 * Threads: one holder at a time. Ownership: whoever holds it. */

#include "config/plant.h"

enum { RELOAD_TEXT_MAX = 8000 };

struct reload {
    bool by_signal;
    uint64_t tag;            /* the asker's; 0: nobody waits for an answer */
    struct plant *plant;     /* the new one, with one reference; NULL: none */
    int64_t at_s;            /* plant time of the result */
    int code;                /* 0: the new plant is in force */
    struct takt_error err;   /* code not 0: what is wrong, in one line; of a faulty file how many faults, and where the first is */
    char text[RELOAD_TEXT_MAX]; /* the rest, a line each: all faults; or what changed but takes no effect now */
};

struct reload *reload_new(void);
void reload_free(struct reload *r); /* NULL is fine */

/* Reads the file into r->plant and compares with the running plant; on failure r->plant is NULL and r->code is set. */
int reload_read(struct reload *r, const char *file, const struct plant *running);
