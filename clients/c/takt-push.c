/* SPDX-License-Identifier: Apache-2.0 */

/* The example of libtakt: pushes orders from standard input, a line of JSON each, in a poll loop of its own, and prints a line for
 * each receipt; then, with --events N, the first N events.
 *
 *     takt-push [--key FILE --plant-key KEY | --creator NAME] [--outbox FILE] [--events N] ENDPOINT …
 *
 * Exit status: 0 all was taken; 1 some was refused; 2 wrong usage, or the plant does not let us in. */

#include "takt.h"

#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

struct result {
    size_t refused, events, events_wanted;
    bool barred;
};

static void show(const struct takt_news *n, struct result *r) {
    switch (n->kind) {
    case TAKT_NEWS_ACCEPTED:
        printf("accepted %s\n", n->order_ref);
        break;
    case TAKT_NEWS_REFUSED:
        printf("refused %s %s %s\n", n->order_ref, n->problem, n->detail ? n->detail : "");
        r->refused++;
        break;
    case TAKT_NEWS_EVENT:
        if (r->events++ < r->events_wanted)
            printf("event %s\n", n->json);
        break;
    case TAKT_NEWS_BARRED:
        fprintf(stderr, "takt-push: %s: %s\n", n->problem, n->detail ? n->detail : "");
        r->barred = true;
        break;
    case TAKT_NEWS_ANSWER:
    case TAKT_NEWS_CONNECTED:
        break;
    }
    fflush(stdout);
}

static void turn(struct takt_client *client, struct result *r) {
    struct takt_news news;
    struct pollfd mine = {.fd = takt_client_fd(client), .events = POLLIN};
    poll(&mine, 1, takt_client_timeout_ms(client));
    takt_client_work(client);
    while (takt_client_next(client, &news))
        show(&news, r);
}

static void push_input(struct takt_client *client, struct result *r) {
    char error[256] = "", *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        if (takt_client_push(client, line, error, sizeof error) == 0)
            continue;
        fprintf(stderr, "takt-push: %s\n", error);
        r->refused++;
    }
    free(line);
}

int main(int argc, char **argv) {
    static const struct option table[] = {{"key", 1, NULL, 'k'},    {"plant-key", 1, NULL, 'p'}, {"creator", 1, NULL, 'c'},
                                          {"outbox", 1, NULL, 'o'}, {"events", 1, NULL, 'e'},    {NULL, 0, NULL, 0}};
    struct takt_options options = {.client = "takt-push"};
    struct result r = {0};
    char error[256] = "";
    for (int c; (c = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        const char **to = c == 'k' ? &options.key_file : c == 'p' ? &options.plant_key : c == 'c' ? &options.creator
                          : c == 'o' ? &options.outbox : NULL;
        if (c == '?')
            return 2;
        if (to)
            *to = optarg;
        else
            r.events_wanted = strtoul(optarg, NULL, 10);
    }
    options.endpoints = (const char *const *)(argv + optind);
    struct takt_client *client = takt_client_new(&options, error, sizeof error);
    if (client == NULL) {
        fprintf(stderr, "takt-push: %s\n", error);
        return 2;
    }
    push_input(client, &r);
    if (r.events_wanted)
        takt_client_subscribe(client, 0);
    while (!r.barred && (takt_client_waiting(client) > 0 || r.events < r.events_wanted))
        turn(client, &r);
    takt_client_free(client);
    return r.barred ? 2 : r.refused ? 1 : 0;
}
