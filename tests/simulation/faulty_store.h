/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A back end that wraps another and fails at times: before anything has happened (the commit failed, no space), with its outcome
 * unknown (the commit took place, or it did not), or by dropping what waits, as a crash does. Whoever wants to know what really
 * took place is told. */

#include "daemon/store/backend.h"
#include "dice.h"

enum fault_mode { FAULTS_NONE, FAULTS_SOME, FAULTS_DROP };

struct faulty {
    const struct store_backend *inner;
    void *self;
    struct dice *dice;
    enum fault_mode mode;
    int permille;             /* of groups that fail */
    uint64_t failed;          /* groups */
    void (*happened)(void *arg, struct store_request *r); /* r->code is what really came of it */
    void *arg;
};

static inline int faulty_open(const struct store_config *config, void **ret_self, struct takt_error *err) {
    (void)config;
    (void)ret_self;
    return takt_fail(err, TAKT_EINVAL, "a faulty store is made by store_over");
}

static inline void faulty_close(void *self) {
    (void)self; /* what it wraps lives on: that is the disk */
}

static inline void faulty_fail(struct store_request *chain, int code) {
    for (struct store_request *r = chain; r != NULL; r = r->next) {
        r->code = code;
        takt_error_clear(&r->err);
        takt_fail(&r->err, code, "injected: %s", takt_error_text(code));
    }
}

static inline void faulty_run(void *self, struct store_request *chain) {
    struct faulty *f = self;
    static const int codes[] = {TAKT_ESTORE, TAKT_EFULL, TAKT_EBUSY, TAKT_EUNKNOWN, TAKT_EUNKNOWN};
    if (f->mode == FAULTS_DROP) {
        faulty_fail(chain, TAKT_EBUSY);
        return;
    }
    int code = f->mode == FAULTS_SOME && dice_hit(f->dice, f->permille) ? codes[dice_between(f->dice, 0, 4)] : 0;
    bool happens = code == 0 || (code == TAKT_EUNKNOWN && dice_hit(f->dice, 500));
    f->failed += code != 0;
    if (happens) {
        f->inner->run(f->self, chain);
        for (struct store_request *r = chain; r != NULL; r = r->next)
            f->happened(f->arg, r);
    }
    if (code != 0)
        faulty_fail(chain, code);
}

static inline const char *faulty_trouble(const void *self) {
    (void)self;
    return "";
}

static const struct store_backend store_faulty = {
    .scheme = "faulty:", .open = faulty_open, .close = faulty_close, .run = faulty_run, .trouble = faulty_trouble};
