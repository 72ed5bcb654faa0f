/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The values that an operator writes as text: durations, rates, weights, quantities, times of day, days, dates.
 *
 * Each parser takes the whole text or nothing; each printer writes what its parser reads back as the same value.
 *
 * Threads: no state. Errors: parsers return false and leave the output alone. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VALUE_TEXT_SIZE = 64,
    IPC_PATH_MAX = 107 /* bytes of a socket's path: what sockaddr_un holds but for its end */
};

/* Digits, at most nine before the point and `decimals` after it; scaled by 10^decimals: "1.2" with 3 decimals is 1200.
 * ret_end: what follows; NULL: nothing may. */
bool value_decimal(const char *text, int decimals, int64_t *ret, const char **ret_end);
const char *value_decimal_print(int64_t value, int decimals, char *buffer);

/* A whole number, perhaps negative. */
bool value_integer(const char *text, int64_t *ret);

/* "5m", "2h", "1d12h", "500ms", "0": whole numbers of w, d, h, m, s, ms, the larger first. At most ten years. */
bool value_duration_ms(const char *text, int64_t *ret_ms);
const char *value_duration_print(int64_t duration_ms, char *buffer);

/* "240/h", "0.5/m": a number in thousandths, and the seconds it is for: of s, m, h or d. */
bool value_rate(const char *text, int64_t *ret_milli, int64_t *ret_per_s);

/* "180 g", "1.5 kg", "20 mg". */
bool value_weight_mg(const char *text, int64_t *ret_mg);
const char *value_weight_print(int64_t weight_mg, char *buffer);

/* "1.2 m": thousandths of a unit, and the unit, which is a place in text. */
bool value_quantity(const char *text, int64_t *ret_milli, const char **ret_unit);

/* "98%", "2.5%": parts per million. */
bool value_percent_ppm(const char *text, int32_t *ret_ppm);
const char *value_percent_print(int32_t ppm, char *buffer);

/* "06:00" to "24:00": minutes. */
bool value_clock_min(const char *text, int32_t *ret_min);
const char *value_clock_print(int32_t minute, char *buffer);

/* "mon-fri", "mon,wed,sat-sun", "fri-mon": bit 0 is Monday. Each day once. */
bool value_days(const char *text, uint8_t *ret_days);
const char *value_days_print(uint8_t days, char *buffer);

/* "2027-02-06" or "2027-02-06/2027-02-13". */
bool value_dates(const char *text, int32_t *ret_first_day, int32_t *ret_last_day);

/* "2026-12-01T08:00": a day and a minute of it. */
bool value_moment(const char *text, int32_t *ret_day, int32_t *ret_min);

/* "light > dark": the two sides, cut free of blanks, as places in text with lengths. */
struct value_span {
    const char *text;
    size_t length;
};
bool value_pair(const char *text, struct value_span *ret_from, struct value_span *ret_to);

/* 1–64 letters, digits, . _ - that begin with a letter or digit: the names of lines, products and the like. */
bool value_name(const char *text);

/* 1–64 characters without { } < > , and without blanks at the ends: what an option can be and a line be set up for. */
bool value_choice(const char *text);

/* The same with the names of options in braces: "{fabric}", "light", "{ink}-{size}". */
bool value_template(const char *text);

/* tcp://HOST:PORT (HOST: *, a name, an address, [an IPv6 address]) or ipc://PATH of at most IPC_PATH_MAX bytes. */
bool value_endpoint(const char *text);

/* HOST:PORT as there. */
bool value_address(const char *text);

/* sqlite:PATH, postgresql://…, memory: */
bool value_store(const char *text);

/* Whether the host of an endpoint or address is this machine only: loopback or ipc. */
bool value_is_local(const char *endpoint);
