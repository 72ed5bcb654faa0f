/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/backend.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A group is bounded by what it writes, so that one commit stays short however much waits: a request weighs the orders
 * or rows it brings. A single request may weigh more; it goes alone. A group that is begun beside another is smaller,
 * so that both have something to do, and not so small that its commit is most of it: then they go one by one, which
 * takes one trip more to the database and has an outcome that is known more often. */
enum { QUEUE_MAX_DEFAULT = 4096, GROUP_WEIGHT_MAX = 2048 };
enum { AHEAD_WEIGHT_MAX = 512, AHEAD_WEIGHT_MIN = 32, AHEAD_MAX = 2 };

struct store {
    const struct store_backend *backend;
    void *self;
    struct store_request *first, *last;
    size_t count, queue_max;
    size_t under_way; /* groups that were begun and are not finished */
};

static const struct store_backend *const backends[] = {&store_memory, &store_sqlite, &store_postgres};

const char *order_state_text(enum order_state state) {
    static const char *const texts[] = {
#define X(name, text) text,
        ORDER_STATES(X)
#undef X
    };
    assert((size_t)state < sizeof texts / sizeof texts[0]);
    return texts[state];
}

const char *event_kind_text(enum event_kind kind) {
    static const char *const texts[] = {
#define X(name, text) text,
        EVENT_KINDS(X)
#undef X
    };
    assert((size_t)kind < sizeof texts / sizeof texts[0]);
    return texts[kind];
}

static const struct store_backend *find_backend(const char *url) {
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++)
        if (strncmp(url, backends[i]->scheme, strlen(backends[i]->scheme)) == 0)
            return backends[i];
    return NULL;
}

struct store *store_over(const struct store_backend *backend, void *self, size_t queue_max) {
    struct store *s = takt_alloc(sizeof *s);
    s->backend = backend;
    s->self = self;
    s->queue_max = queue_max > 0 ? queue_max : QUEUE_MAX_DEFAULT;
    return s;
}

int store_open(const struct store_config *config, struct store **ret, struct takt_error *err) {
    const struct store_backend *backend = find_backend(config->url);
    if (backend == NULL)
        return takt_fail(err, TAKT_EINVAL, "store '%s' is of no known kind: memory:, sqlite:PATH or postgresql://…",
                         config->url);
    void *self;
    int code = backend->open(config, &self, err);
    if (code < 0)
        return code;
    *ret = store_over(backend, self, config->queue_max);
    return 0;
}

void store_close(struct store *s) {
    if (s == NULL)
        return;
    s->backend->close(s->self);
    free(s);
}

int store_submit(struct store *s, struct store_request *r) {
    if (s->count >= s->queue_max)
        return TAKT_EBUSY;
    r->next = NULL;
    if (s->last != NULL)
        s->last->next = r;
    else
        s->first = r;
    s->last = r;
    s->count++;
    return 0;
}

static size_t publish_weight(const struct store_publish *p) {
    return 1 + p->lot_count + p->slice_count + p->task_count + p->order_count + p->promise_count + p->event_count +
           p->parcel_count;
}

/* At most GROUP_WEIGHT_MAX, so that sums cannot overflow. */
static size_t weight(const struct store_request *r) {
    size_t w = 1;
    switch (r->op) {
    case STORE_ACCEPT:
        w = ((const struct store_accept *)r)->count;
        break;
    case STORE_CANCEL:
        w = ((const struct store_cancel *)r)->count;
        break;
    case STORE_PUBLISH:
        w = publish_weight((const struct store_publish *)r);
        break;
    case STORE_LOAD:
        w = ((const struct store_load *)r)->limit;
        break;
    default:
        break;
    }
    return w < GROUP_WEIGHT_MAX ? w : GROUP_WEIGHT_MAX;
}

/* Cuts the next group off the queue. */
static struct store_request *take_group(struct store *s, size_t weight_max, bool accepts_only) {
    struct store_request *group = s->first, *last = group;
    size_t total = weight(group);
    s->count--;
    while (last->next != NULL && total + weight(last->next) <= weight_max &&
           !(accepts_only && last->next->op != STORE_ACCEPT)) {
        last = last->next;
        total += weight(last);
        s->count--;
    }
    s->first = last->next;
    if (s->first == NULL)
        s->last = NULL;
    last->next = NULL;
    for (struct store_request *r = group; r != NULL; r = r->next) {
        r->code = 0;
        takt_error_clear(&r->err);
    }
    return group;
}

static void append(struct store_request **chain, struct store_request *more) {
    while (*chain != NULL)
        chain = &(*chain)->next;
    *chain = more;
}

static struct store_request *finish(struct store *s) {
    struct store_request *done = s->under_way > 0 ? s->backend->finish(s->self) : NULL;
    s->under_way -= done != NULL;
    return done;
}

/* What cannot go ahead comes after all that is under way. */
static struct store_request *run_after(struct store *s, struct store_request *group) {
    struct store_request *done = NULL;
    for (struct store_request *r; (r = finish(s)) != NULL;)
        append(&done, r);
    s->backend->run(s->self, group);
    append(&done, group);
    return done;
}


static bool enough_waits(const struct store *s) {
    size_t total = 0;
    for (const struct store_request *r = s->first; r != NULL && r->op == STORE_ACCEPT; r = r->next)
        if ((total += weight(r)) >= AHEAD_WEIGHT_MIN)
            return true;
    return false;
}

struct store_request *store_begin(struct store *s) {
    if (s->backend->begin == NULL || s->under_way == AHEAD_MAX || !enough_waits(s))
        return NULL;
    struct store_request *group = take_group(s, AHEAD_WEIGHT_MAX, true);
    if (!s->backend->begin(s->self, group))
        return run_after(s, group);
    s->under_way++;
    return NULL;
}

bool store_under_way(const struct store *s) {
    return s->under_way > 0;
}

struct store_request *store_turn(struct store *s, int timeout_ms) {
    (void)timeout_ms; /* the back ends wait inside run, with deadlines */
    if (s->under_way > 0) {
        struct store_request *done = store_begin(s);
        if (done != NULL)
            return done;
    }
    if (s->under_way > 0)
        return finish(s);
    return s->first == NULL ? NULL : run_after(s, take_group(s, GROUP_WEIGHT_MAX, false));
}

int store_call(struct store *s, struct store_request *r) {
    assert(s->first == NULL && s->under_way == 0); /* others' requests would be lost with the chain */
    int code = store_submit(s, r);
    assert(code == 0);
    while (code == 0 && store_turn(s, 1000) == NULL)
        ;
    return r->code;
}

const char *store_trouble(const struct store *s) {
    return s->backend->trouble(s->self);
}
