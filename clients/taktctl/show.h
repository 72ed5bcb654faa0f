/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Renderings that several commands share. Threads: one. */

#include "clients/taktctl/ctl.h"

/* "times in Asia/Shanghai", on a terminal. */
void show_zone(const struct ctl *ctl);
/* {"fabric": "white", "size": "M"} → "white M". */
void show_options(const json_t *options, char *buffer, size_t size);
void show_lot_table(const struct ctl *ctl, const json_t *lots);
void show_task_table(const struct ctl *ctl, const json_t *tasks);
