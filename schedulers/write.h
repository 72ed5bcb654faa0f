/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Schedules as text: JSON, as in the neutral format, and a chart for people. */

#include "schedulers/schedule.h"

#include <stdio.h>

void write_schedule(FILE *out, const struct problem *p, const struct schedule *s);
/* A Gantt chart as SVG: a row a line, changeovers hatched, a colour a family (or a job), late jobs outlined. */
void write_chart(FILE *out, const struct problem *p, const struct schedule *s);
