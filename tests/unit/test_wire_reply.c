/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void expect(struct writer *w, const char *want) {
    char *text = writer_take(w, NULL);
    assert_string_equal(text, want);
    free(text);
}

static void a_problem_is_shaped_as_the_protocol_says(void **state) {
    (void)state;
    struct writer w = {0};
    struct refusal refusal;
    refuse(&refusal, REFUSAL_UNKNOWN_PRODUCT, "/orders/3/items/0/product", "product \"tea\" is not made here; did you mean \"tee\"?");
    reply_problem(&w, "7", &refusal);
    expect(&w, "{\"type\":\"problem\",\"id\":\"7\",\"problem\":\"unknown-product\",\"title\":\"no such product\",\"detail\":\"product "
               "\\\"tea\\\" is not made here; did you mean \\\"tee\\\"?\",\"at\":\"/orders/3/items/0/product\"}");
    refuse(&refusal, REFUSAL_NO_SESSION, "", "%s", "");
    reply_problem(&w, "", &refusal);
    expect(&w, "{\"type\":\"problem\",\"problem\":\"no-session\",\"title\":\"say hello first\"}");
}

static void an_event_leaves_out_what_means_nothing(void **state) {
    (void)state;
    struct writer w = {0};
    struct event_row event = {.cursor = 4711, .kind = EVENT_ORDER_REPROMISED, .order_ref = "LUNA-1", .at_s = 0, .ship_by_s = 86400,
                              .deliver_by_day = 2, .reason = "material", .shipment = "", .carrier = "", .tracking = ""};
    reply_event(&w, &event);
    expect(&w, "{\"type\":\"event\",\"cursor\":4711,\"event\":\"order.repromised\",\"order_ref\":\"LUNA-1\",\"at\":"
               "\"1970-01-01T00:00:00Z\",\"ship_by\":\"1970-01-02T00:00:00Z\",\"deliver_by\":\"1970-01-03\",\"reason\":\"material\"}");
    event = (struct event_row){.cursor = 1, .kind = EVENT_ORDER_SHIPPED, .order_ref = "a", .at_s = 0, .ship_by_s = TAKT_TIME_NONE,
                               .deliver_by_day = TAKT_DAY_NONE, .reason = "", .shipment = "p-1", .carrier = "sf", .tracking = "T"};
    reply_event(&w, &event);
    expect(&w, "{\"type\":\"event\",\"cursor\":1,\"event\":\"order.shipped\",\"order_ref\":\"a\",\"at\":\"1970-01-01T00:00:00Z\","
               "\"shipment_id\":\"p-1\",\"carrier\":\"sf\",\"tracking\":\"T\"}");
}

static void a_status_tells_of_the_shipment(void **state) {
    (void)state;
    struct writer w = {0};
    struct order_row order = {.state = ORDER_SHIPPED, .ship_by_s = 0, .deliver_by_day = TAKT_DAY_NONE};
    struct shipment_row shipment = {.parcel = {.shipment = "p-1", .carrier = "sf"}, .state = SHIPMENT_SHIPPED, .tracking = "T"};
    reply_statuses_begin(&w, "1");
    reply_statuses_row(&w, "a", &order, &shipment);
    reply_rows_end(&w);
    expect(&w, "{\"type\":\"statuses\",\"id\":\"1\",\"orders\":[{\"order_ref\":\"a\",\"state\":\"shipped\",\"ship_by\":"
               "\"1970-01-01T00:00:00Z\",\"shipments\":[{\"shipment_id\":\"p-1\",\"state\":\"shipped\",\"carrier\":\"sf\","
               "\"tracking\":\"T\"}]}]}");
}

static void welcome_says_only_what_the_endpoint_has(void **state) {
    (void)state;
    struct writer w = {0};
    reply_welcome(&w, "", &(struct reply_welcome){.plant = "p", .time_s = 0, .credit = 5, .max_message = -1, .max_orders = -1, .window = -1});
    expect(&w, "{\"type\":\"welcome\",\"protocol\":1,\"plant\":\"p\",\"time\":\"1970-01-01T00:00:00Z\",\"credit\":5}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_is_shaped_as_the_protocol_says),
        cmocka_unit_test(an_event_leaves_out_what_means_nothing),
        cmocka_unit_test(a_status_tells_of_the_shipment),
        cmocka_unit_test(welcome_says_only_what_the_endpoint_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
