/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/searcher.h"

#include "schedulers/flow.h"
#include "schedulers/lane.h"
#include "schedulers/rebuild.h"
#include "schedulers/relink.h"
#include "schedulers/reorder.h"
#include "schedulers/rows_search.h"
#include "schedulers/windows.h"

const struct searcher_kind *const searcher_kinds[] = {
    &rows_kind,
    &flow_kind,
    &rebuild_kind,
    &relink_kind,
    &windows_kind,
    &lane_kind,
    &reorder_kind, /* knows every problem */
    NULL,
};

int32_t searcher_progress(const struct searcher_stretch *stretch, const struct solve_limits *limits, int64_t done) {
    int64_t way = stretch->to - stretch->from;
    if (limits->deadline != NULL && limits->deadline(limits->arg))
        return -1;
    if (stretch->moves > 0)
        return stretch->from + (int32_t)(way * done / stretch->moves);
    int32_t share = limits->spent(limits->arg);
    if (share >= stretch->end)
        return -1;
    if (share <= stretch->begin)
        return stretch->from;
    return stretch->from + (int32_t)(way * (share - stretch->begin) / (stretch->end - stretch->begin));
}
