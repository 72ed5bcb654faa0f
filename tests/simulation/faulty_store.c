/* SPDX-License-Identifier: Apache-2.0 */
#include "faulty_store.h"

static int faulty_open(const struct store_config *config, void **ret_self, struct takt_error *err) {
    (void)config;
    (void)ret_self;
    return takt_fail(err, TAKT_EINVAL, "a faulty store is made by store_over");
}

static void faulty_close(void *self) {
    (void)self; /* what it wraps lives on: that is the disk */
}

static void faulty_fail(struct store_request *chain, int code) {
    for (struct store_request *r = chain; r != NULL; r = r->next) {
        r->code = code;
        takt_error_clear(&r->err);
        takt_fail(&r->err, code, "injected: %s", takt_error_text(code));
    }
}

static void faulty_run(void *self, struct store_request *chain) {
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

static const char *faulty_trouble(const void *self) {
    (void)self;
    return "";
}

const struct store_backend store_faulty = {
    .scheme = "faulty:", .open = faulty_open, .close = faulty_close, .run = faulty_run, .trouble = faulty_trouble};
