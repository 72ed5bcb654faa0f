/* SPDX-License-Identifier: Apache-2.0 */

/* A loop to measure moves against: steps along rows of tasks, as every search does them, in numbers that no compiler can
 * know beforehand. bench/moves.py counts its instructions beside the search's. */

#include "schedulers/random.h"

#include <stdio.h>
#include <stdlib.h>

enum { TASKS = 64 };

int main(int argc, char **argv) {
    struct random random = {1};
    int32_t release[TASKS], time[TASKS], due[TASKS];
    int64_t cost = 0;
    long steps = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    for (int32_t i = 0; i < TASKS; i++) {
        release[i] = random_below(&random, 1000);
        time[i] = 1 + random_below(&random, 100);
        due[i] = random_below(&random, 2000);
    }
    for (int32_t end = 0; steps > 0; steps--) {
        int32_t i = random_below(&random, TASKS);
        end = (end > release[i] ? end : release[i]) + time[i];
        if (end > due[i])
            cost += end - due[i];
        end = end > 2000 ? 0 : end;
    }
    printf("%lld\n", (long long)cost);
    return 0;
}
