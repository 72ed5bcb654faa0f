/* SPDX-License-Identifier: Apache-2.0 */

#include "config/moment.h"

#include <stdbool.h>
#include <stdio.h>

enum { DAY_S = 86400 };

const char *moment_text(const struct zone *zone, int64_t time_s, int64_t now_s, char buffer[MOMENT_SIZE]) {
    static const char *const DAYS[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    char date[DAY_TEXT_SIZE];
    int32_t day, second;
    if (time_s == TAKT_TIME_NONE || time_s == TAKT_TIME_NEVER || time_s < 0)
        return "an unknown time";
    zone_local(zone, time_s, &day, &second);
    bool near = time_s > now_s - DAY_S && time_s < now_s + 6 * DAY_S;
    snprintf(buffer, MOMENT_SIZE, "%s %s%s%02d:%02d", DAYS[day_of_week(day)], near ? "" : day_format(day, date),
             near ? "" : " ", second / 3600 % 24, second / 60 % 60);
    return buffer;
}
