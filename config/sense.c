/* SPDX-License-Identifier: Apache-2.0 */
#include "config/sense.h"

#include <string.h>

static void check_lots(const struct plant *plant, const struct node *root, struct faults *faults) {
    const struct node *products = node_get(root, "products");
    for (size_t k = 0; k < plant->product_count; k++) {
        const struct plant_product *p = &plant->products[k];
        const struct node *lot = node_get(node_get(products, p->id), "lot");
        if (lot != NULL && p->lot_max > 0 && p->lot_min > p->lot_max)
            fault_at(faults, lot->place, "lot: min is above max");
    }
}

void sense_check(struct plant *plant, const struct node *root, struct arena *scratch, struct faults *faults,
                 struct faults *notes) {
    (void)scratch;
    (void)notes;
    check_lots(plant, root, faults);
}
