/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/named.h"

#include "base/arena.h"
#include "daemon/store/numbers.h"

#include <stdlib.h>

int named_compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

size_t named_sort(uint64_t *numbers, size_t count) {
    size_t kept = 0;
    if (count > 1) /* of none there may be no list */
        qsort(numbers, count, sizeof *numbers, named_compare);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || numbers[i] != numbers[kept - 1])
            numbers[kept++] = numbers[i];
    return kept;
}

uint64_t *named_orders(const struct store_publish *q, struct arena *arena, size_t *ret_count) {
    size_t count = q->order_count + q->promise_count + q->event_count + q->slice_count, n = 0;
    for (size_t i = 0; i < q->parcel_count; i++)
        count += q->parcels[i].order_count;
    uint64_t *numbers = arena_array(arena, count, sizeof *numbers);
    for (size_t i = 0; i < q->order_count; i++)
        numbers[n++] = q->orders[i].no;
    for (size_t i = 0; i < q->promise_count; i++)
        numbers[n++] = q->promises[i].order;
    for (size_t i = 0; i < q->event_count; i++)
        numbers[n++] = q->events[i].order;
    for (size_t i = 0; i < q->slice_count; i++)
        numbers[n++] = q->slices[i].order;
    for (size_t i = 0; i < q->parcel_count; i++)
        for (uint32_t k = 0; k < q->parcels[i].order_count; k++)
            numbers[n++] = q->parcels[i].orders[k];
    *ret_count = named_sort(numbers, n);
    return numbers;
}

uint64_t *named_lots(const struct store_publish *q, struct arena *arena, size_t *ret_count) {
    uint64_t *numbers = arena_array(arena, q->lot_count + q->task_count + q->slice_count, sizeof *numbers);
    size_t n = 0;
    for (size_t i = 0; i < q->lot_count; i++)
        numbers[n++] = q->lots[i].lot;
    for (size_t i = 0; i < q->task_count; i++)
        numbers[n++] = q->tasks[i].lot;
    for (size_t i = 0; i < q->slice_count; i++)
        if (q->slices[i].lot != 0)
            numbers[n++] = q->slices[i].lot;
    *ret_count = named_sort(numbers, n);
    return numbers;
}

const char *named_pack(const uint64_t *numbers, size_t count, struct arena *arena) {
    uint64_t *steps = arena_array(arena, count, sizeof *steps);
    for (size_t i = 0; i < count; i++)
        steps[i] = numbers[i] - (i > 0 ? numbers[i - 1] : 0);
    return numbers_format(steps, (uint32_t)count, arena);
}

const uint64_t *named_unpack(const char *text, struct arena *arena, size_t *ret_count) {
    const uint64_t *steps;
    uint32_t count;
    numbers_parse(text, arena, &steps, &count);
    uint64_t *numbers = arena_array(arena, count, sizeof *numbers), last = 0;
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = last += steps[i];
    *ret_count = count;
    return numbers;
}
