/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The figures of a life, written for people or as one JSON object (keys as docs/simulation.md says). */

#include "config/plant.h"
#include "daemon/sim/tally.h"

#include <stdio.h>

void summary_write_json(const struct summary *s, const struct plant *plant, FILE *out);
void summary_write_text(const struct summary *s, const struct plant *plant, FILE *out);
