/* SPDX-License-Identifier: Apache-2.0 */
/* Local time from TZif files (RFC 8536).
 *
 * A file holds a table of transitions, each the moment from which another offset holds, and, since version 2, a line in
 * the form of POSIX's TZ variable for what comes after the last of them. The rule is worked out at once for every year
 * up to 2400, which is some 750 rows, so that asking is a binary search and nothing else.
 *
 *     segment k: [at[k], at[k + 1]) has offset[k]; segment 0 begins at the beginning of time
 *
 * From a local time back to the moment: segments are tried in order. One whose local beginning lies after it means that
 * clocks were put forward over it: the change is the answer. The first one that holds it is the first of two, where
 * clocks were put back. */
#include "config/zone.h"

#include "base/arena.h"
#include "base/nearest.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"

enum {
    DAY_S = 86400,
    YEAR_FIRST = 1970,
    YEAR_LAST = 2400,
    FILE_SIZE_MAX = 256 * 1024,
    NAME_LENGTH_MAX = 64,
    HEADER_SIZE = 44,
    TYPE_SIZE = 6,
    RULE_ROWS_MAX = 2 * (YEAR_LAST - YEAR_FIRST + 2),
    OFFSET_MAX_S = 26 * 3600 /* RFC 8536 asks readers to cope with 25:59:59 */
};

struct zone {
    const int64_t *at; /* at[0] is INT64_MIN */
    const int32_t *offset_s;
    size_t count; /* >= 1 */
};

struct table { /* while it is being built */
    int64_t *at;
    int32_t *offset_s;
    size_t count;
};

static void add(struct table *t, int64_t at, int32_t offset_s) {
    if (t->count > 0 && t->offset_s[t->count - 1] == offset_s)
        return; /* only the abbreviation or the legal name changes */
    t->at[t->count] = at;
    t->offset_s[t->count] = offset_s;
    t->count++;
}

/* The rule for later years: std offset [dst [offset], start [/time], end [/time]]. */

struct rule_day {
    char kind;            /* 'M' month.week.weekday, 'J' Julian without 29 February, 'N' from 0 with it */
    int month, week, day; /* day: of the week from Sunday, or of the year */
    int32_t time_s;       /* local time of the change, may lie outside of the day */
};

struct rule {
    int32_t std_s, dst_s; /* east of Greenwich is positive */
    bool changes;
    struct rule_day start, end;
};

static bool scan_number(const char **at, int most, int *ret) {
    int n = 0, count = 0;
    for (; **at >= '0' && **at <= '9' && count < 4; ++*at, count++)
        n = n * 10 + (**at - '0');
    if (count == 0 || n > most)
        return false;
    *ret = n;
    return true;
}

static bool scan_abbreviation(const char **at) {
    const char *from = *at;
    if (*from == '<') {
        const char *end = strchr(from, '>');
        if (end == NULL)
            return false;
        *at = end + 1;
        return true;
    }
    while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))
        ++*at;
    return *at - from >= 3;
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool scan_time(const char **at, int32_t *ret_s) {
    int sign = 1, h, m = 0, s = 0;
    if (**at == '+' || **at == '-')
        sign = *(*at)++ == '-' ? -1 : 1;
    if (!scan_number(at, 167, &h))
        return false;
    if (**at == ':' && (++*at, !scan_number(at, 59, &m)))
        return false;
    if (**at == ':' && (++*at, !scan_number(at, 59, &s)))
        return false;
    *ret_s = sign * (h * 3600 + m * 60 + s);
    return true;
}

static bool scan_rule_day(const char **at, struct rule_day *ret) {
    *ret = (struct rule_day){.kind = 'N', .time_s = 2 * 3600};
    if (*(*at)++ != ',')
        return false;
    if (**at == 'M') {
        ++*at;
        ret->kind = 'M';
        if (!scan_number(at, 12, &ret->month) || ret->month < 1 || *(*at)++ != '.' || !scan_number(at, 5, &ret->week) ||
            ret->week < 1 || *(*at)++ != '.' || !scan_number(at, 6, &ret->day))
            return false;
    } else {
        if (**at == 'J') {
            ++*at;
            ret->kind = 'J';
        }
        if (!scan_number(at, 365, &ret->day) || (ret->kind == 'J' && ret->day < 1))
            return false;
    }
    return **at != '/' || (++*at, scan_time(at, &ret->time_s));
}

static bool parse_rule(const char *text, struct rule *ret) {
    int32_t west;
    *ret = (struct rule){0};
    if (!scan_abbreviation(&text) || !scan_time(&text, &west))
        return false;
    ret->std_s = -west;
    if (*text == '\0')
        return true;
    ret->changes = true;
    ret->dst_s = ret->std_s + 3600;
    if (!scan_abbreviation(&text))
        return false;
    if (*text != ',') {
        if (!scan_time(&text, &west))
            return false;
        ret->dst_s = -west;
    }
    return scan_rule_day(&text, &ret->start) && scan_rule_day(&text, &ret->end) && *text == '\0';
}

/* The day that a rule means in a year. */
static int32_t rule_day(const struct rule_day *r, int year) {
    int32_t first = day_from_civil(year, 1, 1);
    if (r->kind == 'N')
        return first + r->day;
    if (r->kind == 'J')
        return first + r->day - 1 + (r->day >= 60 && day_from_civil(year, 3, 1) - first == 60);
    int32_t month = day_from_civil(year, r->month, 1);
    int32_t next = r->month == 12 ? day_from_civil(year + 1, 1, 1) : day_from_civil(year, r->month + 1, 1);
    int to_weekday = (r->day + 6) % 7 - day_of_week(month); /* the rule counts from Sunday, day_of_week from Monday */
    int32_t day = month + (to_weekday + 7) % 7 + 7 * (r->week - 1);
    while (day >= next)
        day -= 7; /* week 5 is the last one */
    return day;
}

static void add_rule_years(struct table *t, const struct rule *rule, int64_t after_s) {
    if (!rule->changes) {
        add(t, after_s, rule->std_s);
        return;
    }
    for (int year = YEAR_FIRST; year <= YEAR_LAST; year++) {
        int64_t start = (int64_t)rule_day(&rule->start, year) * DAY_S + rule->start.time_s - rule->std_s;
        int64_t end = (int64_t)rule_day(&rule->end, year) * DAY_S + rule->end.time_s - rule->dst_s;
        int64_t first = start < end ? start : end, second = start < end ? end : start;
        if (first > after_s)
            add(t, first, start < end ? rule->dst_s : rule->std_s);
        if (second > after_s)
            add(t, second, start < end ? rule->std_s : rule->dst_s);
    }
}

/* The file. */

struct header {
    uint32_t isut, isstd, leap, time, type, character;
};

static int64_t big_endian(const unsigned char *bytes, size_t size) {
    uint64_t n = size > 0 && (bytes[0] & 0x80) != 0 ? UINT64_MAX : 0;
    for (size_t k = 0; k < size; k++)
        n = n << 8 | bytes[k];
    return (int64_t)n;
}

static bool read_header(const unsigned char *bytes, size_t size, struct header *ret) {
    if (size < HEADER_SIZE || memcmp(bytes, "TZif", 4) != 0)
        return false;
    uint32_t n[6];
    for (size_t k = 0; k < 6; k++) {
        n[k] = (uint32_t)big_endian(bytes + 20 + 4 * k, 4);
        if (n[k] > FILE_SIZE_MAX)
            return false;
    }
    *ret = (struct header){n[0], n[1], n[2], n[3], n[4], n[5]};
    return ret->type >= 1;
}

static size_t block_size(const struct header *h, size_t time_size) {
    return h->time * time_size + h->time + h->type * TYPE_SIZE + h->character + h->leap * (time_size + 4) + h->isstd +
           h->isut;
}

/* The block's transitions into the table; false if it points outside of itself. */
static bool read_block(const unsigned char *bytes, const struct header *h, size_t time_size, struct table *t) {
    const unsigned char *kinds = bytes + h->time * time_size, *types = kinds + h->time;
    int64_t before = INT64_MIN;
    add(t, INT64_MIN, (int32_t)big_endian(types, 4));
    for (uint32_t k = 0; k < h->time; k++) {
        int64_t at = big_endian(bytes + k * time_size, time_size);
        if (kinds[k] >= h->type || at < before)
            return false;
        int64_t offset_s = big_endian(types + (size_t)kinds[k] * TYPE_SIZE, 4);
        if (offset_s < -OFFSET_MAX_S || offset_s > OFFSET_MAX_S)
            return false;
        add(t, at, (int32_t)offset_s);
        before = at;
    }
    return true;
}

static bool parse_tzif(struct arena *arena, const unsigned char *bytes, size_t size, struct zone *ret) {
    struct header h;
    size_t time_size = 4;
    if (!read_header(bytes, size, &h) || size < HEADER_SIZE + block_size(&h, time_size))
        return false;
    if (bytes[4] >= '2') { /* the first block is for readers of version 1 */
        size_t skip = HEADER_SIZE + block_size(&h, time_size);
        bytes += skip;
        size -= skip;
        time_size = 8;
        if (!read_header(bytes, size, &h) || size < HEADER_SIZE + block_size(&h, time_size))
            return false;
    }
    size_t rows = h.time + 2 + RULE_ROWS_MAX;
    struct table t = {arena_array(arena, rows, sizeof *t.at), arena_array(arena, rows, sizeof *t.offset_s), 0};
    if (!read_block(bytes + HEADER_SIZE, &h, time_size, &t))
        return false;
    const unsigned char *footer = bytes + HEADER_SIZE + block_size(&h, time_size), *end = bytes + size;
    struct rule rule;
    char text[128] = "";
    if (time_size == 8 && end - footer >= 2 && (size_t)(end - footer) < sizeof text && end[-1] == '\n') {
        memcpy(text, footer + 1, (size_t)(end - footer) - 2);
        int64_t after_s = h.time > 0 ? big_endian(bytes + HEADER_SIZE + (h.time - 1) * 8, 8) : INT64_MIN;
        if (text[0] != '\0') {
            if (!parse_rule(text, &rule))
                return false;
            add_rule_years(&t, &rule, after_s);
        }
    }
    *ret = (struct zone){t.at, t.offset_s, t.count};
    return true;
}

static bool good_name(const char *name) {
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_+-";
    size_t length = strlen(name);
    return length >= 1 && length <= NAME_LENGTH_MAX && name[0] != '/' && strspn(name, LETTERS) == length;
}

/* What an operator may have meant. */

struct suggestion {
    const char *name; /* as written */
    char best[NAME_LENGTH_MAX + 1];
    bool exact; /* best is the name without its region, or in other letters */
};

static void consider(struct suggestion *s, const char *zone) {
    const char *place = strrchr(zone, '/');
    if (s->exact)
        return;
    if (strcasecmp(zone, s->name) == 0 || (place != NULL && strcasecmp(place + 1, s->name) == 0)) {
        snprintf(s->best, sizeof s->best, "%.64s", zone);
        s->exact = true;
        return;
    }
    const char *candidates[] = {s->best, zone};
    if (nearest_name(s->name, candidates, 2) == zone)
        snprintf(s->best, sizeof s->best, "%.64s", zone);
}

static void consider_folder(struct suggestion *s, const char *region, int depth) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", ZONE_FOLDER, region);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return;
    for (struct dirent *e; (e = readdir(folder)) != NULL;) {
        char zone[256];
        struct stat info;
        bool region_of_zones = strcmp(e->d_name, "posix") != 0 && strcmp(e->d_name, "right") != 0;
        if (e->d_name[0] < 'A' || !region_of_zones || strlen(region) + strlen(e->d_name) > NAME_LENGTH_MAX)
            continue;
        snprintf(zone, sizeof zone, "%.64s%s%.64s", region, region[0] == '\0' ? "" : "/", e->d_name);
        snprintf(path, sizeof path, "%s/%s", ZONE_FOLDER, zone);
        if (stat(path, &info) != 0)
            continue;
        if (S_ISDIR(info.st_mode) && depth < 3)
            consider_folder(s, zone, depth + 1);
        else if (S_ISREG(info.st_mode) && strchr(e->d_name, '.') == NULL)
            consider(s, zone);
    }
    closedir(folder);
}

static int no_zone(const char *name, struct takt_error *err) {
    struct suggestion s = {.name = name};
    consider_folder(&s, "", 0);
    if (s.best[0] != '\0')
        return takt_fail(err, TAKT_ENOENT, "there is no time zone '%s'; did you mean '%s'?", name, s.best);
    return takt_fail(err, TAKT_ENOENT, "there is no time zone '%s'; one is such as Europe/London or UTC", name);
}

static int read_zone_file(const char *name, unsigned char **ret, size_t *ret_size, struct takt_error *err) {
    char path[512];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", ZONE_FOLDER, name);
    FILE *file = fopen(path, "rbe");
    if (file == NULL && (errno == ENOENT || errno == ENOTDIR))
        return no_zone(name, err);
    if (file == NULL)
        return takt_fail(err, TAKT_EIO, "cannot open '%s': %s", path, strerror(errno));
    if (fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode)) {
        fclose(file);
        return no_zone(name, err); /* a region: Europe */
    }
    unsigned char *bytes = takt_alloc(FILE_SIZE_MAX);
    size_t size = fread(bytes, 1, FILE_SIZE_MAX, file);
    fclose(file);
    *ret = bytes;
    *ret_size = size;
    return 0;
}

int zone_load(struct arena *arena, const char *name, const struct zone **ret, struct takt_error *err) {
    unsigned char *bytes;
    size_t size;
    if (!good_name(name))
        return no_zone(name, err);
    struct zone *zone = arena_alloc(arena, sizeof *zone);
    if (strcmp(name, "UTC") == 0) { /* needs no file, so a machine without tzdata can do something */
        struct table t = {arena_array(arena, 1, sizeof *t.at), arena_array(arena, 1, sizeof *t.offset_s), 0};
        add(&t, INT64_MIN, 0);
        *zone = (struct zone){t.at, t.offset_s, t.count};
        *ret = zone;
        return 0;
    }
    int r = read_zone_file(name, &bytes, &size, err);
    if (r < 0)
        return r;
    bool good = parse_tzif(arena, bytes, size, zone);
    free(bytes);
    if (!good)
        return takt_fail(err, TAKT_EDATA, "the system's file for the time zone '%s' makes no sense", name);
    *ret = zone;
    return 0;
}

/* The segment that holds a moment. */
static size_t segment(const struct zone *zone, int64_t time_s) {
    size_t low = 0, high = zone->count; /* at[low] <= time_s < at[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (zone->at[middle] <= time_s)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int32_t zone_offset_s(const struct zone *zone, int64_t time_s) {
    return zone->offset_s[segment(zone, time_s)];
}

void zone_local(const struct zone *zone, int64_t time_s, int32_t *ret_day, int32_t *ret_second_of_day) {
    int64_t local = time_s + zone_offset_s(zone, time_s);
    int64_t day = local / DAY_S - (local % DAY_S < 0);
    *ret_day = (int32_t)day;
    *ret_second_of_day = (int32_t)(local - day * DAY_S);
}

int64_t zone_time(const struct zone *zone, int32_t day, int32_t second_of_day) {
    int64_t local = (int64_t)day * DAY_S + second_of_day;
    for (size_t k = segment(zone, local - OFFSET_MAX_S);; k++) {
        if (k > 0 && local < zone->at[k] + zone->offset_s[k])
            return zone->at[k];
        if (k + 1 == zone->count || local < zone->at[k + 1] + zone->offset_s[k])
            return local - zone->offset_s[k];
    }
}
