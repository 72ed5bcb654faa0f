/* SPDX-License-Identifier: Apache-2.0 */

/* The rate is a bucket of thousandths of orders: it fills at the creator's rate and holds a second of it, or one large message
 * if that is more, so that every message a creator may send can come at some time. */

#include "daemon/intake/account.h"

#include "base/arena.h"
#include "daemon/intake/intake.h"

#include <stdlib.h>
#include <string.h>

static int64_t bucket_milli(int64_t rate_milli) {
    const int64_t message_milli = (int64_t)INTAKE_ORDERS_MAX * 1000;
    return rate_milli > message_milli ? rate_milli : message_milli;
}

void accounts_done(struct accounts *a) {
    struct account *account, *next;
    HASH_ITER(hh, a->table, account, next) {
        HASH_DEL(a->table, account);
        free(account->creator);
        free(account);
    }
}

struct account *account_open(struct accounts *a, const struct plant *plant, const char *creator) {
    struct account *account;
    int32_t place = plant_creator_find(plant, creator);
    if (place < 0)
        return NULL;
    HASH_FIND_STR(a->table, creator, account);
    if (account)
        return account;
    account = takt_alloc(sizeof *account);
    account->creator = takt_strdup(creator);
    account->place = place;
    account->allowance_milli = INT64_MAX; /* full, whatever it holds */
    HASH_ADD_KEYPTR(hh, a->table, account->creator, strlen(account->creator), account);
    return account;
}

void accounts_move(struct accounts *a, const struct plant *plant) {
    struct account *account, *next;
    HASH_ITER(hh, a->table, account, next) {
        account->place = plant_creator_find(plant, account->creator);
    }
}

void account_tell(struct account *a, uint32_t sharers) {
    a->part_before = a->part;
    a->part = sharers < ACCOUNT_CREDIT ? ACCOUNT_CREDIT / sharers : 1;
}

uint32_t account_most(const struct account *a) {
    return a->part > a->part_before ? a->part : a->part_before;
}

static void refill(struct account *a, int64_t rate_milli, int64_t now_ms) {
    int64_t most = bucket_milli(rate_milli), room = most - a->allowance_milli;
    int64_t passed_ms = now_ms - a->refilled_ms;
    if (a->allowance_milli >= most || passed_ms > room / rate_milli * 1000 + 1000) {
        a->allowance_milli = most;
        a->refilled_ms = now_ms;
        return;
    }
    int64_t more = passed_ms * rate_milli / 1000;
    if (more > 0) {
        a->allowance_milli += more;
        a->refilled_ms = now_ms;
    }
}

bool account_admit(struct account *a, const struct plant_creator *creator, uint32_t sharers, uint32_t orders, int64_t now_ms,
                   int64_t *ret_wait_ms) {
    if (creator->rate_milli == 0)
        return true;
    int64_t rate_milli = creator->rate_milli > sharers ? creator->rate_milli / sharers : 1;
    refill(a, rate_milli, now_ms);
    int64_t need = (int64_t)orders * 1000;
    if (need > a->allowance_milli) {
        *ret_wait_ms = (need - a->allowance_milli) * 1000 / rate_milli + 1;
        return false;
    }
    a->allowance_milli -= need;
    return true;
}
