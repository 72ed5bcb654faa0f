/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One run of taktctl: how it prints, whom it asks, and the plant's clock and zone, which the daemon told with its welcome.
 *
 * Printing: on a terminal tables have a header, colours and a line about the zone; piped, rows alone, with the offset in each
 * time, so that nothing has to be guessed. Threads: one. */

#include "clients/taktctl/link.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct arena;
struct zone;
struct writer;

struct ctl {
    const char *socket;
    int64_t timeout_ms;
    bool json;            /* -o json */
    bool terminal, colour, unicode;
    int width;            /* columns */
    FILE *out;
    struct arena *arena;
    struct link *link;
    struct link_error err;
    const struct zone *zone;
    char zone_name[64];
    int64_t now_s;        /* plant time at the welcome */
    char plant[80];
};

/* Connects and says hello. All calls return an exit status of sysexits.h, 0 if it went well, with ctl->err filled. */
int ctl_connect(struct ctl *ctl);
void ctl_done(struct ctl *ctl);

/* A request: ctl_begin, members by the writer, ctl_send. */
void ctl_begin(struct ctl *ctl, struct writer *w, const char *type);
int ctl_send(struct ctl *ctl, struct writer *w, json_t **ret);
int ctl_simple(struct ctl *ctl, const char *type, json_t **ret);

/* Every page of a list, in one reply: `list` is its member, `cursor` the request's member that continues it (`after`,
 * `offset`). add (may be NULL) writes the request's other members. A list whose `version` changes on the way is begun anew. */
struct ctl_list {
    const char *type, *list, *cursor;
    void (*add)(struct writer *w, void *arg);
    void *arg;
};
int ctl_pages(struct ctl *ctl, const struct ctl_list *list, json_t **ret);

int ctl_exit_status(enum link_status status);
/* As JSON, if that is asked for: true, and there is nothing left to print. Without the members type and id. */
bool ctl_json(struct ctl *ctl, json_t *reply);

/* ---- reading replies ---- */
const char *text_of(const json_t *object, const char *name); /* "" if missing */
int64_t integer_of(const json_t *object, const char *name);  /* 0 */
bool flag_of(const json_t *object, const char *name);        /* false */
bool time_of(const json_t *object, const char *name, int64_t *ret_s);

/* ---- times ---- */
enum { WHEN_SIZE = 40 };
/* "Mon 23 Nov 14:05" on a terminal, with the year where it is another than now's; "2026-11-23T14:05:00+08:00" piped. */
const char *when_text(const struct ctl *ctl, int64_t time_s, char buffer[WHEN_SIZE]);
/* The time of a member, "" if it is missing. */
const char *when_of(const struct ctl *ctl, const json_t *object, const char *name, char buffer[WHEN_SIZE]);
/* A time that a person wrote: RFC 3339, local "2026-11-23T14:05" or "2026-11-23 14:05" or "2026-11-23", or "+2h", "+90m",
 * "+1d12h" from now. */
bool when_parse(const struct ctl *ctl, const char *text, int64_t *ret_s);
