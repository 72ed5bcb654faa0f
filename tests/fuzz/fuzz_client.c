/* SPDX-License-Identifier: Apache-2.0 */

/* libtakt against a plant that says anything: each line of the input is a message of the plant, or, after a first byte of `p`
 * (push), `a` (ask), `s` (subscribe) or `w` (work), something that the program does. Every order that was pushed has one receipt
 * or still waits, and what is sent is counted once. */

#include "clients/c/client.c"
#include "clients/c/outbox.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t receipts;

static void must(bool truth) {
    if (!truth)
        abort();
}

static void take_news(struct takt_client *c) {
    struct takt_news news;
    while (takt_client_next(c, &news)) {
        receipts += news.kind == TAKT_NEWS_ACCEPTED || news.kind == TAKT_NEWS_REFUSED;
        must(news.kind > TAKT_NEWS_REFUSED || news.order_ref != NULL);
        must((news.kind != TAKT_NEWS_ANSWER && news.kind != TAKT_NEWS_EVENT) || news.json != NULL);
    }
}

static size_t act(struct takt_client *c, const char *line, size_t size) {
    char text[512], error[128];
    snprintf(text, sizeof text, "%.*s", size > 400 ? 400 : (int)size, line);
    switch (text[0]) {
    case 'p':
        return takt_client_push(c, text + 1, error, sizeof error) == 0;
    case 'a':
        takt_client_ask(c, "quote", text + 1);
        return 0;
    case 's':
        takt_client_subscribe(c, strtoull(text + 1, NULL, 10));
        return 0;
    case 'w':
        takt_client_work(c);
        return 0;
    default:
        take_message(c, line, size);
        send_ready(c);
        return 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const endpoints[] = {"inproc://nobody", NULL};
    struct takt_options options = {.endpoints = endpoints, .creator = "luna"};
    char error[128];
    struct takt_client *c = takt_client_new(&options, error, sizeof error);
    size_t pushed = 0, lines = 0;
    receipts = 0;
    must(c != NULL);
    while (size > 0 && lines++ < 100) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t length = end ? (size_t)(end - data) : size, step = end ? length + 1 : length;
        pushed += act(c, (const char *)data, length);
        take_news(c);
        must(receipts + takt_client_waiting(c) == pushed && under_way(c) <= takt_client_waiting(c));
        data += step;
        size -= step;
    }
    takt_client_free(c);
    return 0;
}
