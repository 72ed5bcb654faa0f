/* SPDX-License-Identifier: Apache-2.0 */
#include "config/value.h"

#include "base/time.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    DIGITS_MAX = 9,
    CHARACTERS_MAX = 64,
    DAY_MIN = 24 * 60,
    TEMPLATE_MAX = 200,
    PORT_MAX = 65535
};

static const int64_t DURATION_MAX_MS = INT64_C(3660) * 86400 * 1000;

static const struct {
    const char *name;
    int64_t ms;
} DURATIONS[] = {{"w", 604800000}, {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
enum { DURATION_COUNT = sizeof DURATIONS / sizeof *DURATIONS };

static const struct {
    const char *name;
    int64_t mg;
} WEIGHTS[] = {{"kg", 1000000}, {"g", 1000}, {"mg", 1}};
enum { WEIGHT_COUNT = sizeof WEIGHTS / sizeof *WEIGHTS };

static const char *const DAYS[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *text) {
    while (*text == ' ')
        text++;
    return text;
}

bool value_decimal(const char *text, int decimals, int64_t *ret, const char **ret_end) {
    int64_t n = 0;
    int whole = 0, places = 0;
    for (; is_digit(*text); text++, whole++) {
        if (whole == DIGITS_MAX)
            return false;
        n = n * 10 + (*text - '0');
    }
    if (whole == 0)
        return false;
    if (*text == '.' && is_digit(text[1])) {
        for (text++; is_digit(*text); text++, places++) {
            if (places == decimals)
                return false;
            n = n * 10 + (*text - '0');
        }
    }
    for (; places < decimals; places++)
        n *= 10;
    if (ret_end == NULL && *text != '\0')
        return false;
    if (ret_end != NULL)
        *ret_end = text;
    *ret = n;
    return true;
}

const char *value_decimal_print(int64_t value, int decimals, char *buffer) {
    int64_t unit = 1;
    for (int k = 0; k < decimals; k++)
        unit *= 10;
    int at = snprintf(buffer, VALUE_TEXT_SIZE, "%" PRId64, value / unit);
    if (value % unit != 0) {
        at += snprintf(buffer + at, VALUE_TEXT_SIZE - (size_t)at, ".%0*" PRId64, decimals, value % unit);
        while (buffer[at - 1] == '0')
            buffer[--at] = '\0';
    }
    return buffer;
}

bool value_integer(const char *text, int64_t *ret) {
    bool minus = *text == '-';
    int64_t n = 0;
    text += minus;
    size_t length = strlen(text);
    if (length == 0 || length > 15 || strspn(text, "0123456789") != length || (length > 1 && text[0] == '0'))
        return false;
    for (; *text != '\0'; text++)
        n = n * 10 + (*text - '0');
    *ret = minus ? -n : n;
    return true;
}

static size_t duration_unit(const char *text, size_t from, size_t length) {
    for (size_t k = from; k < DURATION_COUNT; k++)
        if (strlen(DURATIONS[k].name) == length && strncmp(DURATIONS[k].name, text, length) == 0)
            return k;
    return DURATION_COUNT;
}

bool value_duration_ms(const char *text, int64_t *ret_ms) {
    int64_t sum = 0;
    if (strcmp(text, "0") == 0) {
        *ret_ms = 0;
        return true;
    }
    for (size_t next = 0; next == 0 || *text != '\0';) {
        int64_t n;
        if (!value_decimal(text, 0, &n, &text))
            return false;
        text = skip_blanks(text);
        size_t length = 0;
        while (islower((unsigned char)text[length]))
            length++;
        size_t unit = duration_unit(text, next, length);
        if (unit == DURATION_COUNT || n > DURATION_MAX_MS / DURATIONS[unit].ms)
            return false;
        sum += n * DURATIONS[unit].ms;
        if (sum > DURATION_MAX_MS)
            return false;
        next = unit + 1;
        text += length;
        if (*text == ' ' && *skip_blanks(text) != '\0')
            text = skip_blanks(text);
    }
    *ret_ms = sum;
    return true;
}

const char *value_duration_print(int64_t duration_ms, char *buffer) {
    size_t at = 0;
    if (duration_ms == 0)
        snprintf(buffer, VALUE_TEXT_SIZE, "0");
    for (size_t k = 1; k < DURATION_COUNT && duration_ms > 0; k++) { /* from days on: 14d says more than 2w */
        int64_t n = duration_ms / DURATIONS[k].ms;
        if (n > 0)
            at += (size_t)snprintf(buffer + at, VALUE_TEXT_SIZE - at, "%" PRId64 "%s", n, DURATIONS[k].name);
        duration_ms %= DURATIONS[k].ms;
    }
    return buffer;
}

bool value_rate(const char *text, int64_t *ret_milli, int64_t *ret_per_s) {
    static const struct {
        char name;
        int64_t s;
    } UNITS[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    int64_t n;
    if (!value_decimal(text, 3, &n, &text))
        return false;
    text = skip_blanks(text);
    if (*text++ != '/')
        return false;
    text = skip_blanks(text);
    for (size_t k = 0; k < 4; k++) {
        if (text[0] == UNITS[k].name && text[1] == '\0') {
            *ret_milli = n;
            *ret_per_s = UNITS[k].s;
            return true;
        }
    }
    return false;
}

bool value_weight_mg(const char *text, int64_t *ret_mg) {
    int64_t micro;
    if (!value_decimal(text, 6, &micro, &text))
        return false;
    text = skip_blanks(text);
    for (size_t k = 0; k < WEIGHT_COUNT; k++) {
        int64_t ug = WEIGHTS[k].mg;
        if (strcmp(text, WEIGHTS[k].name) != 0)
            continue;
        if (micro > INT64_MAX / ug || micro * ug % 1000000 != 0)
            return false;
        *ret_mg = micro * ug / 1000000;
        return true;
    }
    return false;
}

const char *value_weight_print(int64_t weight_mg, char *buffer) {
    char number[VALUE_TEXT_SIZE];
    bool kilos = weight_mg >= 1000000;
    value_decimal_print(weight_mg, kilos ? 6 : 3, number);
    snprintf(buffer, VALUE_TEXT_SIZE, "%.50s %s", number, kilos ? "kg" : "g");
    return buffer;
}

bool value_quantity(const char *text, int64_t *ret_milli, const char **ret_unit) {
    int64_t n;
    if (!value_decimal(text, 3, &n, &text) || !value_name(skip_blanks(text)))
        return false;
    *ret_milli = n;
    *ret_unit = skip_blanks(text);
    return true;
}

bool value_percent_ppm(const char *text, int32_t *ret_ppm) {
    int64_t n;
    if (!value_decimal(text, 4, &n, &text) || strcmp(skip_blanks(text), "%") != 0 || n > INT32_MAX)
        return false;
    *ret_ppm = (int32_t)n;
    return true;
}

const char *value_percent_print(int32_t ppm, char *buffer) {
    char number[VALUE_TEXT_SIZE];
    snprintf(buffer, VALUE_TEXT_SIZE, "%.50s%%", value_decimal_print(ppm, 4, number));
    return buffer;
}

static bool two_digits(const char *text, int *ret) {
    if (!is_digit(text[0]) || !is_digit(text[1]))
        return false;
    *ret = (text[0] - '0') * 10 + (text[1] - '0');
    return true;
}

bool value_clock_min(const char *text, int32_t *ret_min) {
    int h, m;
    if (!two_digits(text, &h) || text[2] != ':' || !two_digits(text + 3, &m) || text[5] != '\0')
        return false;
    if (m > 59 || h * 60 + m > DAY_MIN)
        return false;
    *ret_min = h * 60 + m;
    return true;
}

const char *value_clock_print(int32_t minute, char *buffer) {
    snprintf(buffer, VALUE_TEXT_SIZE, "%02d:%02d", (int)(minute / 60), (int)(minute % 60));
    return buffer;
}

static bool scan_weekday(const char **text, int *ret) {
    for (int k = 0; k < 7; k++) {
        if (strncmp(*text, DAYS[k], 3) == 0) {
            *text += 3;
            *ret = k;
            return true;
        }
    }
    return false;
}

bool value_days(const char *text, uint8_t *ret_days) {
    unsigned days = 0;
    for (bool first = true; first || *text != '\0'; first = false) {
        int from, to;
        if (!first && *text++ != ',')
            return false;
        text = skip_blanks(text);
        if (!scan_weekday(&text, &from))
            return false;
        to = from;
        if (*text == '-' && (text++, !scan_weekday(&text, &to)))
            return false;
        for (int day = from;; day = (day + 1) % 7) { /* fri-mon goes on over Sunday */
            if ((days & 1u << day) != 0)
                return false;
            days |= 1u << day;
            if (day == to)
                break;
        }
    }
    *ret_days = (uint8_t)days;
    return true;
}

const char *value_days_print(uint8_t days, char *buffer) {
    size_t at = 0;
    buffer[0] = '\0';
    for (int from = 0; from < 7; from++) {
        if ((days & 1u << from) == 0)
            continue;
        int to = from;
        while (to < 6 && (days & 1u << (to + 1)) != 0)
            to++;
        at += (size_t)snprintf(buffer + at, VALUE_TEXT_SIZE - at, "%s%s", at > 0 ? "," : "", DAYS[from]);
        if (to > from)
            at += (size_t)snprintf(buffer + at, VALUE_TEXT_SIZE - at, "%s%s", to > from + 1 ? "-" : ",", DAYS[to]);
        from = to;
    }
    return buffer;
}

/* The date of the ten characters at text. */
static bool day_at(const char *text, int32_t *ret_day) {
    char date[11] = "";
    strncpy(date, text, 10);
    return day_parse(date, ret_day);
}

bool value_dates(const char *text, int32_t *ret_first_day, int32_t *ret_last_day) {
    int32_t first, last;
    size_t length = strlen(text);
    if ((length != 10 && length != 21) || !day_at(text, &first))
        return false;
    last = first;
    if (length == 21 && (text[10] != '/' || !day_at(text + 11, &last)))
        return false;
    *ret_first_day = first;
    *ret_last_day = last;
    return true;
}

bool value_moment(const char *text, int32_t *ret_day, int32_t *ret_min) {
    int32_t day, minute;
    if (strlen(text) != 16 || !day_at(text, &day) || text[10] != 'T' || !value_clock_min(text + 11, &minute))
        return false;
    *ret_day = day;
    *ret_min = minute;
    return true;
}

static struct value_span trim(const char *from, const char *to) {
    while (from < to && *from == ' ')
        from++;
    while (to > from && to[-1] == ' ')
        to--;
    return (struct value_span){from, (size_t)(to - from)};
}

bool value_pair(const char *text, struct value_span *ret_from, struct value_span *ret_to) {
    const char *arrow = strchr(text, '>');
    if (arrow == NULL || strchr(arrow + 1, '>') != NULL)
        return false;
    struct value_span from = trim(text, arrow), to = trim(arrow + 1, arrow + strlen(arrow));
    if (from.length == 0 || to.length == 0)
        return false;
    *ret_from = from;
    *ret_to = to;
    return true;
}

bool value_name(const char *text) {
    static const char FIRST[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char REST[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(text);
    return length >= 1 && length <= CHARACTERS_MAX && strchr(FIRST, text[0]) != NULL && strspn(text, REST) == length;
}

bool value_choice(const char *text) {
    size_t bytes = strlen(text), characters = 0;
    for (const char *c = text; *c != '\0'; c++)
        characters += ((unsigned char)*c & 0xc0) != 0x80;
    return bytes > 0 && characters <= CHARACTERS_MAX && strcspn(text, "{}<>,") == bytes && text[0] != ' ' &&
           text[bytes - 1] != ' ';
}

bool value_template(const char *text) {
    char rest[TEMPLATE_MAX + 1]; /* what is left without the braces' contents; "x" stands for each */
    size_t at = 0;
    if (strlen(text) > TEMPLATE_MAX)
        return false;
    while (*text != '\0') {
        char name[CHARACTERS_MAX + 1] = "";
        if (*text != '{') {
            rest[at++] = *text++;
            continue;
        }
        size_t length = strcspn(text + 1, "}");
        if (text[1 + length] == '\0' || length > CHARACTERS_MAX)
            return false;
        memcpy(name, text + 1, length);
        if (!value_name(name))
            return false;
        rest[at++] = 'x';
        text += length + 2;
    }
    rest[at] = '\0';
    return value_choice(rest);
}

bool value_address(const char *text) {
    static const char HOST[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    size_t length;
    if (text[0] == '[') {
        length = strcspn(text, "]");
        if (length < 3 || text[length] == '\0' || strspn(text + 1, "0123456789abcdefABCDEF:.") != length - 1)
            return false;
        length++;
    } else {
        length = text[0] == '*' ? 1 : strspn(text, HOST);
    }
    int64_t port;
    return length > 0 && text[length] == ':' && value_integer(text + length + 1, &port) && port >= 1 &&
           port <= PORT_MAX;
}

bool value_endpoint(const char *text) {
    if (strncmp(text, "tcp://", 6) == 0)
        return value_address(text + 6);
    size_t length = strlen(text);
    return strncmp(text, "ipc://", 6) == 0 && length > 6 && length - 6 <= IPC_PATH_MAX;
}

bool value_store(const char *text) {
    if (strncmp(text, "sqlite:", 7) == 0)
        return text[7] != '\0' && strcmp(text + 7, ":memory:") != 0;
    if (strncmp(text, "postgresql://", 13) == 0)
        return text[13] != '\0';
    return strcmp(text, "memory:") == 0;
}

bool value_is_local(const char *endpoint) {
    if (strncmp(endpoint, "ipc://", 6) == 0)
        return true;
    if (strncmp(endpoint, "tcp://", 6) == 0)
        endpoint += 6;
    size_t digits = strspn(endpoint, "0123456789.");
    return (strncmp(endpoint, "127.", 4) == 0 && endpoint[digits] == ':') || strncmp(endpoint, "localhost:", 10) == 0 ||
           strncmp(endpoint, "[::1]:", 6) == 0;
}
