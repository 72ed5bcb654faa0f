/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DAY_S = 86400, YEAR_MIN = 1970, YEAR_MAX = 2399 };

/* Days of the civil calendar after H. Hinnant, "chrono-compatible low-level date algorithms": years begin in March, so
 * that the leap day is the last one, and are counted in eras of 400. */
int32_t day_from_civil(int year, int month, int day) {
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int yoe = y - era * 400;
    int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return (int32_t)(era * 146097 + doe - 719468);
}

void civil_from_day(int32_t day, int *ret_year, int *ret_month, int *ret_mday) {
    int z = day + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int doe = z - era * 146097;
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153;
    *ret_mday = doy - (153 * mp + 2) / 5 + 1;
    *ret_month = mp < 10 ? mp + 3 : mp - 9;
    *ret_year = yoe + era * 400 + (*ret_month <= 2);
}

int day_of_week(int32_t day) {
    int w = (day + 3) % 7;
    return w < 0 ? w + 7 : w;
}

/* Reads exactly `width` digits. */
static bool digits(const char **at, int width, int *ret) {
    int n = 0;
    for (int k = 0; k < width; k++) {
        if (!isdigit((unsigned char)(*at)[k]))
            return false;
        n = n * 10 + ((*at)[k] - '0');
    }
    *at += width;
    *ret = n;
    return true;
}

static bool literal(const char **at, char c) {
    if (**at != c)
        return false;
    ++*at;
    return true;
}

static bool scan_day(const char **at, int32_t *ret_day) {
    int y, m, d, y2, m2, d2;
    if (!digits(at, 4, &y) || !literal(at, '-') || !digits(at, 2, &m) || !literal(at, '-') || !digits(at, 2, &d))
        return false;
    if (y < YEAR_MIN || y > YEAR_MAX || m < 1 || m > 12 || d < 1 || d > 31)
        return false;
    int32_t day = day_from_civil(y, m, d);
    civil_from_day(day, &y2, &m2, &d2); /* a 30th of February becomes another day */
    if (y2 != y || m2 != m || d2 != d)
        return false;
    *ret_day = day;
    return true;
}

bool day_parse(const char *text, int32_t *ret_day) {
    int32_t day;
    if (!scan_day(&text, &day) || *text != '\0')
        return false;
    *ret_day = day;
    return true;
}

bool time_parse_rfc3339(const char *text, int64_t *ret_s) {
    const char *at = text;
    int32_t day;
    int h, m, s, offset_s = 0;
    if (!scan_day(&at, &day) || (*at != 'T' && *at != 't'))
        return false;
    at++;
    if (!digits(&at, 2, &h) || !literal(&at, ':') || !digits(&at, 2, &m) || !literal(&at, ':') || !digits(&at, 2, &s))
        return false;
    if (h > 23 || m > 59 || s > 60)
        return false;
    if (literal(&at, '.')) {
        if (!isdigit((unsigned char)*at))
            return false;
        while (isdigit((unsigned char)*at))
            at++;
    }
    if (*at == 'Z' || *at == 'z') {
        at++;
    } else if (*at == '+' || *at == '-') {
        int sign = *at++ == '-' ? -1 : 1, oh, om;
        if (!digits(&at, 2, &oh) || !literal(&at, ':') || !digits(&at, 2, &om) || oh > 23 || om > 59)
            return false;
        offset_s = sign * (oh * 3600 + om * 60);
    } else {
        return false;
    }
    if (*at != '\0')
        return false;
    int64_t t = (int64_t)day * DAY_S + h * 3600 + m * 60 + (s == 60 ? 59 : s) - offset_s;
    if (t < 0 || t > TAKT_TIME_MAX_S)
        return false;
    *ret_s = t;
    return true;
}

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

const char *time_format(int64_t time_s, char *buffer) {
    if (time_s < 0 || time_s > TAKT_TIME_MAX_S) {
        buffer[0] = '\0';
        return buffer;
    }
    int32_t day = (int32_t)floor_div(time_s, DAY_S);
    int s = (int)(time_s - (int64_t)day * DAY_S), y, m, d;
    civil_from_day(day, &y, &m, &d);
    snprintf(buffer, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", y % 10000, m % 100, d % 100, s / 3600 % 24,
             s / 60 % 60, s % 60);
    return buffer;
}

const char *day_format(int32_t day, char *buffer) {
    if (day < 0 || day > TAKT_TIME_MAX_S / DAY_S) {
        buffer[0] = '\0';
        return buffer;
    }
    int y, m, d;
    civil_from_day(day, &y, &m, &d);
    snprintf(buffer, DAY_TEXT_SIZE, "%04d-%02d-%02d", y % 10000, m % 100, d % 100);
    return buffer;
}

bool duration_parse_iso(const char *text, int64_t *ret_s) {
    static const struct {
        char unit;
        bool time;
        int64_t s;
    } UNITS[] = {{'W', false, 604800}, {'D', false, DAY_S}, {'H', true, 3600}, {'M', true, 60}, {'S', true, 1}};
    const int64_t most = INT64_C(3660) * DAY_S;
    int64_t sum = 0;
    bool in_time = false, any = false;
    size_t next = 0;
    if (*text++ != 'P')
        return false;
    while (*text != '\0') {
        if (*text == 'T' && !in_time) {
            in_time = true;
            text++;
            if (*text == '\0')
                return false;
        }
        int64_t n = 0;
        if (!isdigit((unsigned char)*text))
            return false;
        for (; isdigit((unsigned char)*text); text++) {
            n = n * 10 + (*text - '0');
            if (n > most)
                return false;
        }
        while (next < 5 && (UNITS[next].unit != *text || UNITS[next].time != in_time))
            next++;
        if (next == 5)
            return false;
        sum += n * UNITS[next++].s;
        if (sum > most)
            return false;
        any = true;
        text++;
    }
    if (!any)
        return false;
    *ret_s = sum;
    return true;
}

const char *duration_format(int64_t duration_s, char *buffer) {
    const char *sign = duration_s < 0 ? "-" : "";
    int64_t t = duration_s < 0 ? -duration_s : duration_s;
    static const struct {
        const char *unit;
        int64_t s;
    } UNITS[] = {{"d", DAY_S}, {"h", 3600}, {"min", 60}, {"s", 1}};
    size_t k = 0;
    while (k < 3 && t < UNITS[k].s)
        k++;
    int64_t first = t / UNITS[k].s, second = k < 3 ? t % UNITS[k].s / UNITS[k + 1].s : 0;
    if (second > 0)
        snprintf(buffer, DURATION_TEXT_SIZE, "%s%" PRId64 " %s %" PRId64 " %s", sign, first, UNITS[k].unit, second,
                 UNITS[k + 1].unit);
    else
        snprintf(buffer, DURATION_TEXT_SIZE, "%s%" PRId64 " %s", sign, first, UNITS[k].unit);
    return buffer;
}
