/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The planner's desk for intakes on other machines: it takes what they ask and passes on what the planner has to tell them
 * (daemon/planner/inquiry.h). A core without sockets, like the floor's.
 *
 * An intake says hello with the epoch of the planner that it means. That of another is told so: whoever was stopped for a
 * while answers nobody who knows better. Who has said hello gets news and estimates until its connection ends.
 *
 *     desk_receive(d, peer, bytes, size)     each frame
 *     desk_answered(d, ask)                  each ask comes back once
 *     desk_news, desk_estimate, desk_lost
 *     while (desk_effect(d, &e)) …           send it, ask it, wake the planner
 *
 * Asks carry a tag with DESK_TAG set. What cannot be asked is handed back at once with REFUSAL_BUSY.
 *
 * Threads: one owner. Ownership: a reply's text is the receiver's, to be freed with free(); asks stay the desk's. */

#include "daemon/planner/ask.h"

#define DESK_TAG (UINT64_C(1) << 62)

enum { DESK_PEERS_MAX = 64, DESK_ASKS_MAX = 1000 };

enum desk_effect_kind { DESK_REPLY, DESK_ASK, DESK_WAKE };

struct desk_effect {
    enum desk_effect_kind kind;
    uint64_t peer;   /* DESK_REPLY */
    char *text;      /* DESK_REPLY: one frame, JSON */
    size_t size;
    struct ask *ask; /* DESK_ASK */
};

struct desk;

struct desk *desk_new(struct plant *plant, uint64_t epoch); /* takes a reference of its own */
void desk_free(struct desk *d);                             /* nothing may be under way; NULL is fine */
void desk_plant(struct desk *d, struct plant *plant);       /* takes a reference of its own */

void desk_receive(struct desk *d, uint64_t peer, const void *bytes, size_t size);
void desk_lost(struct desk *d, uint64_t peer);
void desk_answered(struct desk *d, struct ask *ask);
void desk_news(struct desk *d); /* a plan was published */
void desk_estimate(struct desk *d, const struct estimate *estimate);

bool desk_effect(struct desk *d, struct desk_effect *ret); /* false: no more for now */
size_t desk_pending(const struct desk *d);
