/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The simulated packing terminal, in a plant that has one: an order that is made is packed when the plan says, and reported.
 * Where no terminal names a packing line, the planner packs by planned capacity and nothing is reported.
 *
 * How it goes: packer_follow each publication that is in the store; at packer_next_s take the reports one by one, as the
 * shop's.
 * Threads: one owner. Ownership: a report's texts live until it is answered. */

#include "config/plant.h"
#include "daemon/planner/report.h"
#include "daemon/store/store.h"

struct packer;

struct packer *packer_new(const struct plant *plant);
void packer_free(struct packer *p); /* NULL is fine */

void packer_follow(struct packer *p, const struct store_publish *publication);
int64_t packer_next_s(const struct packer *p);
bool packer_report(struct packer *p, int64_t now_s, struct report *ret);
/* Whatever the answer: one that was refused is not made after all, and is packed when a publication says so again. */
void packer_answered(struct packer *p);
