/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/backend.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A group is bounded by what it writes, so that one commit stays short however much waits: a request weighs the orders
 * or rows it brings. A single request may weigh more; it goes alone. */
enum { QUEUE_MAX_DEFAULT = 4096, GROUP_WEIGHT_MAX = 2048 };

struct store {
    const struct store_backend *backend;
    void *self;
    struct store_request *first, *last;
    size_t count, queue_max;
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
static struct store_request *take_group(struct store *s) {
    struct store_request *group = s->first, *last = group;
    size_t total = weight(group);
    s->count--;
    while (last->next != NULL && total + weight(last->next) <= GROUP_WEIGHT_MAX) {
        last = last->next;
        total += weight(last);
        s->count--;
    }
    s->first = last->next;
    if (s->first == NULL)
        s->last = NULL;
    last->next = NULL;
    return group;
}

struct store_request *store_turn(struct store *s, int timeout_ms) {
    (void)timeout_ms; /* the back ends wait inside run, with deadlines */
    if (s->first == NULL)
        return NULL;
    struct store_request *group = take_group(s);
    for (struct store_request *r = group; r != NULL; r = r->next) {
        r->code = 0;
        takt_error_clear(&r->err);
    }
    s->backend->run(s->self, group);
    return group;
}

int store_call(struct store *s, struct store_request *r) {
    assert(s->first == NULL); /* others' requests would be lost with the chain */
    int code = store_submit(s, r);
    assert(code == 0);
    while (code == 0 && store_turn(s, 1000) == NULL)
        ;
    return r->code;
}

const char *store_trouble(const struct store *s) {
    return s->backend->trouble(s->self);
}
