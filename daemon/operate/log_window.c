/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/operate/log_window.h"

bool log_window_admit(struct log_window *w, int64_t now_ms, uint32_t *ret_left_out) {
    *ret_left_out = 0;
    if (w->count == 0 || now_ms - w->since_ms >= LOG_KIND_MS) {
        *ret_left_out = w->left_out;
        *w = (struct log_window){.since_ms = now_ms};
    }
    if (w->count < LOG_KIND_MAX) {
        w->count++;
        return true;
    }
    w->left_out++;
    return false;
}
