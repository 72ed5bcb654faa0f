/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/intake/presence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { NAME_SIZE = 17, SET_TEXT_SIZE = CREATOR_SET_WORDS * 16 + 1, OTHERS_MAX = 256 };

struct other {
    char process[NAME_SIZE];
    uint64_t beats;
    int64_t since_ms; /* that it has had as many */
    struct creator_set creators;
};

struct presence {
    struct store_present request;
    char process[NAME_SIZE], creators[SET_TEXT_SIZE];
    bool out, seen;
    int64_t asked_ms, looked_ms;
    struct other others[OTHERS_MAX];
    size_t other_count;
    char *gone_names[OTHERS_MAX];
    char *planner;
    uint64_t epoch;
};

/* ---- sets ---- */

static uint32_t place_of(const char *creator) {
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (; *creator; creator++)
        hash = (hash ^ (unsigned char)*creator) * UINT64_C(1099511628211);
    return (uint32_t)((hash ^ hash >> 32) % (CREATOR_SET_WORDS * 64));
}

void creator_set_add(struct creator_set *set, const char *creator) {
    uint32_t place = place_of(creator);
    set->bits[place / 64] |= UINT64_C(1) << place % 64;
}

bool creator_set_has(const struct creator_set *set, const char *creator) {
    uint32_t place = place_of(creator);
    return set->bits[place / 64] >> place % 64 & 1;
}

static void write_set(const struct creator_set *set, char ret[SET_TEXT_SIZE]) {
    for (int i = 0; i < CREATOR_SET_WORDS; i++)
        snprintf(ret + i * 16, 17, "%016llx", (unsigned long long)set->bits[i]);
}

/* What cannot be read, as from another version, may be anybody. */
static void read_set(const char *text, struct creator_set *ret) {
    if (strlen(text) != SET_TEXT_SIZE - 1 || strspn(text, "0123456789abcdef") != SET_TEXT_SIZE - 1) {
        memset(ret, 0xff, sizeof *ret);
        return;
    }
    for (int i = 0; i < CREATOR_SET_WORDS; i++) {
        char word[17];
        memcpy(word, text + i * 16, 16);
        word[16] = '\0';
        ret->bits[i] = strtoull(word, NULL, 16);
    }
}

/* ---- the request ---- */

struct store_request *presence_due(struct presence *p, const struct creator_set *here, bool ends, int64_t now_ms) {
    if (p->out || (ends ? p->request.head.code != 0 : now_ms < presence_next_ms(p)))
        return NULL;
    struct arena *arena = p->request.head.arena;
    size_t gone = 0;
    arena_clear(arena);
    for (size_t i = 0; i < p->other_count; i++)
        if (now_ms - p->others[i].since_ms > PRESENCE_GONE_MS)
            p->gone_names[gone++] = arena_strdup(arena, p->others[i].process);
    write_set(here, p->creators);
    p->request = (struct store_present){.head = {.op = STORE_PRESENT, .arena = arena},
                                        .process = p->process,
                                        .creators = p->creators,
                                        .ends = ends,
                                        .gone = (const char *const *)p->gone_names,
                                        .gone_count = gone};
    p->asked_ms = now_ms;
    p->out = true;
    return &p->request.head;
}

static const struct other *find_other(const struct other *others, size_t count, const char *process) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(others[i].process, process) == 0)
            return &others[i];
    return NULL;
}

/* While nothing was seen, nobody's beats could be: the time begins anew. */
static void take_others(struct presence *p, int64_t now_ms) {
    struct other before[OTHERS_MAX];
    size_t count = p->other_count;
    bool gap = now_ms - p->looked_ms > PRESENCE_STILL_MS;
    memcpy(before, p->others, count * sizeof *before);
    p->other_count = 0;
    for (size_t i = 0; i < p->request.ret_count && p->other_count < OTHERS_MAX; i++) {
        const struct process_row *row = &p->request.ret_processes[i];
        if (row->epoch != 0 || strcmp(row->process, p->process) == 0)
            continue;
        struct other *o = &p->others[p->other_count++];
        const struct other *was = find_other(before, count, row->process);
        bool still = was && was->beats == row->beats && !gap;
        snprintf(o->process, sizeof o->process, "%s", row->process);
        o->beats = row->beats;
        o->since_ms = still ? was->since_ms : now_ms;
        read_set(row->creators, &o->creators);
    }
    p->looked_ms = now_ms;
}

static void take_planner(struct presence *p) {
    free(p->planner);
    p->planner = NULL;
    for (size_t i = 0; i < p->request.ret_count; i++) {
        const struct process_row *row = &p->request.ret_processes[i];
        if (row->epoch == 0)
            continue;
        p->epoch = row->epoch;
        p->planner = p->request.ret_planned && *row->address ? takt_strdup(row->address) : NULL;
    }
}

void presence_came(struct presence *p, int64_t now_ms) {
    p->out = false;
    if (p->request.head.code != 0)
        return;
    take_others(p, now_ms);
    take_planner(p);
    p->seen = true;
}

bool presence_is(const struct presence *p, const struct store_request *request) {
    return p && request == &p->request.head;
}

bool presence_out(const struct presence *p) {
    return p && p->out;
}

int64_t presence_next_ms(const struct presence *p) {
    return p->asked_ms + PRESENCE_MS;
}

/* ---- what was seen ---- */

uint32_t presence_sharers(const struct presence *p, const char *creator) {
    uint32_t sharers = 1;
    if (p == NULL)
        return 1;
    if (!p->seen)
        return 2;
    for (size_t i = 0; i < p->other_count; i++)
        sharers += p->looked_ms - p->others[i].since_ms < PRESENCE_STILL_MS && creator_set_has(&p->others[i].creators, creator);
    return sharers;
}

const char *presence_planner(const struct presence *p, uint64_t *ret_epoch) {
    *ret_epoch = p->epoch;
    return p->planner;
}

/* ---- life ---- */

struct presence *presence_new(void) {
    uint64_t name = 0;
    struct presence *p = takt_alloc(sizeof *p);
    if (getrandom(&name, sizeof name, 0) != sizeof name)
        abort();
    snprintf(p->process, sizeof p->process, "%016llx", (unsigned long long)name);
    p->request.head.arena = arena_new();
    p->asked_ms = p->looked_ms = -PRESENCE_GONE_MS;
    return p;
}

void presence_free(struct presence *p) {
    if (p == NULL)
        return;
    arena_free(p->request.head.arena);
    free(p->planner);
    free(p);
}
