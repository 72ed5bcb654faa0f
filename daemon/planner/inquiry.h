/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What intakes on other machines and the planner say to each other: the messages between daemon/intake/planner_link.h and
 * daemon/operate/desk.h, as JSON in one frame like all others.
 *
 *   intake → planner   hello {epoch}                        I ask the planner of that epoch; once a second
 *                      quote {id, creator, items, country}  an ask of kind ASK_QUOTE
 *                      wake                                 there are changes in the store
 *   planner → intake   welcome                              and again for each hello
 *                      quoted {id, …} or problem {id, …}
 *                      news                                 there are events in the store
 *                      estimate {at, products}              the planner's last
 *
 * Both ends bear the plant's own key, and may have read different versions of its file: products and creators go by name, and
 * what the other end does not know is a problem, or is left out of an estimate.
 *
 * Threads: no state. Ownership: what is read lies in the arena that is given. */

#include "daemon/planner/ask.h"
#include "daemon/wire/reader.h"
#include "daemon/wire/writer.h"

void inquiry_write_quote(struct writer *w, const char *id, const struct plant *plant, const struct ask *ask);
/* Into an ask with its arena; false: refused. */
bool inquiry_read_quote(const struct reader *message, const struct plant *plant, struct ask *ret);

void inquiry_write_quoted(struct writer *w, const char *id, const struct ask *ask);
/* What became of the ask: `quoted` or `problem`. */
void inquiry_read_quoted(const struct reader *message, bool quoted, struct ask *ask);

void inquiry_write_estimate(struct writer *w, const struct estimate *estimate);
/* For the products that the plant has; NULL: it cannot be understood. */
struct estimate *inquiry_read_estimate(const struct reader *message, struct plant *plant);
