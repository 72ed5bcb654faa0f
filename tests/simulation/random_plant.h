/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Small plants by chance, as the YAML that an operator would write: one to four lines and pools, one to three products of one
 * to three operations, with changeovers, batch lines, overlaps, rests, yields, materials, lines on which nobody reports, and
 * all of that in different mixtures. */

#include "dice.h"

/* From malloc. */
char *random_plant(struct dice *dice);
