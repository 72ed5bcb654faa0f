/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Figures of the daemon as OpenMetrics text, for /metrics. Every name, unit and meaning is a row of the table in metrics.c,
 * and docs/operations.md lists them; labels are states, lines of the plant and nothing that grows.
 *
 * Threads: no state. */

#include "daemon/operate/control_inner.h"

/* From malloc, ended by `# EOF`. */
char *metrics_text(const struct control_call *call, const struct plan_status *status, const struct store_stats *stats);
