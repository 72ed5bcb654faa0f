/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A Gantt chart for the terminal: a row a line, a column a slice of time, a colour a family (or a product, where there is none).
 *
 * It fits the width it is given: the time from `from_s` to `to_s` is divided evenly over its columns. Bars carry their lot where
 * there is room. Marks: now, downtime, tasks that are late. Without colours each family has a letter; without Unicode ASCII is
 * used. Threads: no state. */

#include "clients/taktctl/ctl.h"

struct gantt {
    const json_t *plan;     /* the reply of `plan` */
    const char *line;       /* only this one's row; NULL: all */
    int64_t from_s, to_s;   /* TAKT_TIME_NONE: as the tasks are, but at most ten days */
};

void gantt_print(const struct ctl *ctl, const struct gantt *gantt);
