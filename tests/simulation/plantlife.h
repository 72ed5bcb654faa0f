/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The daemon in one thread: the four cores and a store that fails at times, held together as the actors hold them, with a
 * network of connections in between that may break and lose what was on its way.
 *
 *     clients ⇄ links ⇄ intake, outbox, floor ⇄ store, planner
 *
 * Nothing happens by itself: each call of plantlife_step does one of the things that wait, by dice. A crash throws away all but
 * the store, and everything starts again from it. */

#include "daemon/dispatch/outbox.h"
#include "daemon/floor/floor.h"
#include "daemon/intake/intake.h"
#include "daemon/planner/planner.h"
#include "faulty_store.h"


enum endpoint { TO_INTAKE, TO_OUTBOX, TO_FLOOR, ENDPOINTS };
enum owner { BY_INTAKE, BY_OUTBOX, BY_FLOOR, BY_PLANNER };
enum { FRAMES_MAX = 4096, WAITING_MAX = 512 };

struct frame {
    enum endpoint endpoint;
    uint64_t peer;
    char *text;
    bool to_plant;
};

struct plantlife {
    struct dice dice;
    struct plant *plant;
    int64_t now_s, real_ms;
    bool faults;
    uint64_t trace;            /* hash of all that happened */
    uint64_t restarts, frames_lost;

    void *disk;                /* the store in memory, which survives */
    struct faulty faulty;
    struct store *store;

    struct intake *intake;
    struct outbox *outbox;
    struct floor *floor;
    struct planner *planner;
    uint64_t epoch;

    /* the planner's shell */
    struct store_changes changes;
    struct store_load lookup;
    struct store_publish *publishing;
    struct arena *publish_arena, *lookup_arena;
    bool changes_asked, changes_due, publish_sent, lookup_asked, publish_due;
    struct search_job *searching;
    struct ask *waiting[WAITING_MAX]; /* applied reports that are not durable yet */
    size_t waiting_count, waiting_published;
    struct ask *held[WAITING_MAX];    /* reports that came while a publication was under way */
    size_t held_count;

    struct frame frames[FRAMES_MAX];  /* on their way, in order */
    size_t frame_count;
    uint64_t last_peer;

    /* whoever lives outside */
    void (*deliver)(void *world, enum endpoint endpoint, uint64_t peer, const char *text);
    void (*broken)(void *world, enum endpoint endpoint, uint64_t peer); /* the connection has ended */
    void *world;
};

void plantlife_mix_number(struct plantlife *l, uint64_t number);
void plantlife_say(struct plantlife *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What a client sends. */
void plantlife_send(struct plantlife *l, enum endpoint endpoint, uint64_t peer, const char *text);
/* A connection ends; both sides learn of it, and what was on its way is lost. */
void plantlife_break(struct plantlife *l, enum endpoint endpoint, uint64_t peer);
/* Reads and writes of the start, which the daemon repeats until they work: the disk is asked behind the faults. */
void plantlife_direct(struct plantlife *l, struct store_request *r);
void plantlife_start(struct plantlife *l);
void plantlife_stop(struct plantlife *l);
/* Killed and started again. At times the last group was committed and nobody heard of it. */
void plantlife_crash(struct plantlife *l);
/* One thing that waits, in an order that dice decide; false: nothing does. */
bool plantlife_step(struct plantlife *l);
/* Plant and real time go on together. */
void plantlife_time(struct plantlife *l, int64_t now_s);
