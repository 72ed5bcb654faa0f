/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What changes a creator's orders, on its way to the store: in the order in which it came, and a few at a time (I6 of intake.h).
 *
 * Who sends one order waits for the commit under way, for its own, and for the processor. So while there is a creator who sends
 * little (of whom nothing waits, here or in the inbox, and at most ACCOUNT_SPARSE orders are under way), each who sends much has
 * less at the store at a time, which keeps commits short, and when all of that is back stays away for four times as long as it was
 * there, which leaves the store and the processor to others for four fifths of the time (20 ms at most, since on
 * a slow disk what the others wait for is the disk). Where all send much they wait for themselves, and none of this is done.
 *
 * Threads: the intake's. Ownership: requests stay the intake's. */

#include "daemon/intake/account.h"
#include "daemon/store/store.h"

enum { CHANGES_PAUSE_STAYS = 4, CHANGES_PAUSE_MS_MAX = 20 };

struct intake;
struct job;

bool changes_are(enum store_op op); /* accept, amend, cancel */
void changes_submit(struct intake *in, const struct job *job, struct store_request *r);
void changes_back(struct intake *in, struct account *a, const struct store_request *r);
/* Time has passed: those whose pause is over go on. */
void changes_turn(struct intake *in);
int64_t changes_next_ms(const struct intake *in); /* when the first pause is over; INT64_MAX: nobody pauses */
/* Nobody pauses any more. */
void changes_hurry(struct intake *in);
