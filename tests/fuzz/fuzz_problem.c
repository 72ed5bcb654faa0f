/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a problem in any of its formats. What is read and small is solved, and its schedule must keep every
 * rule. */
#include "schedulers/read.h"
#include "schedulers/solver.h"

#include <stdlib.h>

enum { TASKS_MAX = 60, LINES_MAX = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void solve_small(const struct problem *p) {
    static const char *const names[] = {"edd", "search"};
    const struct solve_limits limits = {.iterations = 20, .lanes = 1};
    for (size_t k = 0; k < 2 && problem_task_count(p) <= TASKS_MAX && problem_line_count(p) <= LINES_MAX; k++) {
        struct solve_result result = {0};
        struct takt_error err = {0};
        if (solve(names[k], p, NULL, &limits, NULL, NULL, &result, &err) != 0) {
            if (err.code == 0 || err.text[0] == '\0')
                abort();
            continue;
        }
        if (result.schedule == NULL || schedule_verify(p, result.schedule, NULL) != 0)
            abort();
        schedule_free(result.schedule);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const enum read_format formats[] = {READ_TAKT, READ_FJSP, READ_JSP};
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++) {
        struct problem *p = NULL;
        struct takt_error err = {0};
        int code = read_problem((const char *)data, size, formats[k], &p, &err);
        if ((code == 0) != (p != NULL) || (code == 0) != (err.code == 0))
            abort();
        if (p != NULL)
            solve_small(p);
        problem_free(p);
    }
    return 0;
}
