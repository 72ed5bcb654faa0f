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

extern const struct store_backend store_faulty;
