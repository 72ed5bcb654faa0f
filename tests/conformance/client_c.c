/* SPDX-License-Identifier: Apache-2.0 */

/* The driver of libtakt. See README.md. What the other clients wait for in a call is here a wait for the news that says it. */

#include "clients/c/takt.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct takt_client *client;
static int timeout_ms;

static const char *text_of(const json_t *command, const char *member) {
    return json_string_value(json_object_get(command, member));
}

static json_t *problem_of(const struct takt_news *n) {
    return json_pack("{s:s, s:s, s:s}", "problem", n->problem, "detail", n->detail ? n->detail : "", "at", n->at ? n->at : "");
}

static json_t *ok(json_t *value) {
    return json_pack("{s:o}", "ok", value ? value : json_null());
}

/* The next news in time: false, and what is to be said instead, if there is none or we are barred. */
static bool wait_news(int64_t until_ms, struct takt_news *ret, json_t **ret_said) {
    struct timespec t;
    *ret_said = NULL;
    while (!takt_client_next(client, ret)) {
        clock_gettime(CLOCK_MONOTONIC, &t);
        int64_t left_ms = until_ms - ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
        if (left_ms <= 0 || takt_client_wait(client, (int)left_ms) < 0) {
            *ret_said = json_pack("{s:b}", "unreachable", 1);
            return false;
        }
    }
    if (ret->kind == TAKT_NEWS_BARRED)
        *ret_said = problem_of(ret);
    return ret->kind != TAKT_NEWS_BARRED;
}

static int64_t patience_until_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + timeout_ms;
}

static json_t *open_client(const json_t *command) {
    const char *endpoints[8] = {NULL};
    json_t *list = json_object_get(command, "endpoints");
    char error[256] = "";
    for (size_t i = 0; i < json_array_size(list) && i < 7; i++)
        endpoints[i] = json_string_value(json_array_get(list, i));
    struct takt_options options = {.endpoints = endpoints, .key_file = text_of(command, "key"), .plant_key = text_of(command, "plant_key"),
                                   .creator = text_of(command, "creator"), .outbox = text_of(command, "outbox"),
                                   .patience_ms = (int)(json_number_value(json_object_get(command, "patience_s")) * 1000)};
    timeout_ms = (int)(json_number_value(json_object_get(command, "timeout_s")) * 1000);
    client = takt_client_new(&options, error, sizeof error);
    return client ? ok(NULL) : json_pack("{s:s}", "error", error);
}

static json_t *connect_client(const json_t *command) {
    (void)command;
    struct takt_news n;
    json_t *said;
    int64_t until_ms = patience_until_ms();
    while (wait_news(until_ms, &n, &said)) {
        if (n.kind == TAKT_NEWS_CONNECTED)
            return ok(json_loads(n.json, 0, NULL));
    }
    return said;
}

static json_t *receipts(void) {
    struct takt_news n;
    json_t *said, *refused = json_array();
    int64_t until_ms = patience_until_ms();
    int accepted = 0, duplicates = 0;
    while (takt_client_waiting(client) > 0 || takt_client_wait(client, 0) > 0) {
        if (!wait_news(until_ms, &n, &said)) {
            json_decref(refused);
            return said;
        }
        if (n.kind == TAKT_NEWS_ACCEPTED)
            n.duplicate ? duplicates++ : accepted++;
        else if (n.kind == TAKT_NEWS_REFUSED)
            json_array_append_new(refused, json_pack("{s:s, s:s, s:s}", "order_ref", n.order_ref, "problem", n.problem, "at", n.at ? n.at : ""));
    }
    return ok(json_pack("{s:i, s:i, s:o}", "accepted", accepted, "duplicates", duplicates, "refused", refused));
}

static json_t *push(const json_t *command) {
    size_t i;
    json_t *order;
    char error[256];
    json_array_foreach(json_object_get(command, "orders"), i, order) {
        char *line = json_dumps(order, 0);
        int code = takt_client_push(client, line, error, sizeof error);
        free(line);
        if (code != 0)
            return json_pack("{s:s}", "error", error);
    }
    return receipts();
}

static json_t *flush(const json_t *command) {
    (void)command; /* what the outbox has left is pushed by takt_client_new */
    return receipts();
}

static json_t *by_ref(const json_t *results) {
    size_t i;
    json_t *row, *found = json_object();
    json_array_foreach(results, i, row) {
        json_object_set(found, text_of(row, "order_ref"), json_object_get(row, "outcome"));
    }
    return found;
}

static json_t *known_of(const json_t *orders) {
    size_t i;
    json_t *row, *found = json_array();
    json_array_foreach(orders, i, row) {
        if (json_object_get(row, "state"))
            json_array_append(found, row);
    }
    return found;
}

static json_t *shaped(const char *type, json_t *answer) {
    if (strcmp(type, "cancel") == 0)
        return by_ref(json_object_get(answer, "results"));
    if (strcmp(type, "status") == 0)
        return known_of(json_object_get(answer, "orders"));
    if (strcmp(type, "ping") == 0)
        return json_incref(json_object_get(answer, "time"));
    return strcmp(type, "amend") == 0 ? NULL : json_incref(answer);
}

static json_t *ask(const json_t *command) {
    const char *type = text_of(command, "do");
    json_t *members = json_copy((json_t *)(uintptr_t)command), *said;
    struct takt_news n;
    json_object_del(members, "do");
    char *text = json_dumps(members, 0);
    uint64_t request = takt_client_ask(client, type, text);
    int64_t until_ms = patience_until_ms();
    json_decref(members);
    free(text);
    while (wait_news(until_ms, &n, &said)) {
        if (n.kind != TAKT_NEWS_ANSWER || n.request != request)
            continue;
        if (n.problem)
            return problem_of(&n);
        json_t *answer = json_loads(n.json, 0, NULL);
        said = ok(shaped(type, answer));
        json_decref(answer);
        return said;
    }
    return said;
}

static json_t *events(const json_t *command) {
    json_t *after = json_object_get(command, "after"), *until = json_object_get(command, "until"), *found = json_array(), *said, *value;
    const char *name;
    struct takt_news n;
    int64_t until_ms = patience_until_ms();
    takt_client_subscribe(client, json_is_string(after) ? TAKT_NOW : (uint64_t)json_integer_value(after));
    while (wait_news(until_ms, &n, &said)) {
        if (n.kind != TAKT_NEWS_EVENT)
            continue;
        json_t *event = json_loads(n.json, 0, NULL);
        bool wanted = true;
        json_array_append_new(found, event);
        json_object_foreach(until, name, value) {
            wanted = wanted && json_equal(json_object_get(event, name), value);
        }
        if (wanted)
            return ok(found);
    }
    json_decref(found);
    return said;
}

static json_t *close_client(const json_t *command) {
    (void)command;
    takt_client_free(client);
    client = NULL;
    return ok(NULL);
}

static const struct {
    const char *name;
    json_t *(*call)(const json_t *command);
} calls[] = {{"open", open_client}, {"connect", connect_client}, {"push", push},     {"flush", flush}, {"cancel", ask},         {"amend", ask},
             {"quote", ask},        {"status", ask},             {"ping", ask},      {"events", events}, {"close", close_client}};

int main(void) {
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        json_t *command = json_loads(line, 0, NULL), *said = NULL;
        for (size_t i = 0; i < sizeof calls / sizeof *calls && said == NULL; i++) {
            if (strcmp(calls[i].name, text_of(command, "do")) == 0)
                said = calls[i].call(command);
        }
        char *text = json_dumps(said, JSON_COMPACT);
        puts(text);
        fflush(stdout);
        free(text);
        json_decref(said);
        json_decref(command);
    }
    free(line);
    takt_client_free(client);
    return 0;
}
