/* SPDX-License-Identifier: Apache-2.0 */

/* One exchange for each request. A page is answered at once. A question, or a terminal's message, is put in the queue and its connection suspended;
 * the reply, or its absence, resumes it, and libmicrohttpd calls `answer` once more, which then finds what to say.
 * A stream stays suspended until something has changed. libmicrohttpd must not be stopped over suspended connections, so
 * closing resumes all of them first. */

#include "daemon/http/http.h"

#include "base/arena.h"

#include "daemon/http/address.h"
#include "daemon/http/code.h"
#include "daemon/http/door.h"
#include "daemon/http/pass.h"
#include "daemon/http/route.h"
#include "daemon/wire/inherited.h"

#include <jansson.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IDLE_S_MAX = 30, FINISHING_TURNS = 3, STREAM_BEAT_MS = 15000, FULL_BEAT_MS = 500 };

enum exchange_state {
    EXCHANGE_NEW,
    EXCHANGE_WAITING, /* its connection is suspended */
    EXCHANGE_REPLIED,
    EXCHANGE_STREAM
};

struct exchange {
    struct http *http;
    struct exchange *next, **at; /* in the list of all */
    struct MHD_Connection *connection;
    const struct route *route;
    enum exchange_state state;
    uint64_t no;
    int64_t since_ms;
    char *text; /* the body of a POST, then the reply */
    size_t size;
    bool too_long;  /* the body */
    bool suspended; /* a stream's connection */
    bool changed;   /* a stream has something to say */
    bool beat;      /* likewise, to find out who has gone */
};

struct question {
    struct question *next;
    struct http_request request;
};

struct http {
    struct http_address address;
    char *name; /* the address as it was given */
    char *token;
    struct door door;
    struct plant *plant;
    struct MHD_Daemon *daemon; /* NULL: not open */
    int64_t real_ms, try_at_ms, beat_at_ms;
    char trouble[600];
    struct exchange *exchanges;
    size_t streams;
    struct question *first_question, **last_question;
    uint64_t last_no;
    bool resumed; /* a connection waits for the next turn, which nothing else may bring soon */
    bool closing;
};

/* ---- answering ---- */

static const struct {
    const char *name, *value;
} headers[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
};

static enum MHD_Result respond(struct exchange *x, unsigned status, struct MHD_Response *response, const char *type) {
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        MHD_add_response_header(response, headers[i].name, headers[i].value);
    if (status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"takt\"");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, x->route->kind == ROUTE_FLOOR ? "POST" : "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(x->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result say(struct exchange *x, unsigned status, const char *text) {
    return respond(x, status, MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY),
                   "text/plain; charset=utf-8");
}

/* What the kind of a refusal is in the words of HTTP. */
static unsigned status_of(const char *problem) {
    static const struct {
        enum refusal_kind kind;
        unsigned status;
    } rows[] = {{REFUSAL_BUSY, MHD_HTTP_SERVICE_UNAVAILABLE},
                {REFUSAL_INTERNAL, MHD_HTTP_INTERNAL_SERVER_ERROR},
                {REFUSAL_NOT_ALLOWED, MHD_HTTP_FORBIDDEN},
                {REFUSAL_CONFLICT, MHD_HTTP_CONFLICT},
                {REFUSAL_CONTRADICTION, MHD_HTTP_CONFLICT}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(problem, refusal_name(rows[i].kind)) == 0)
            return rows[i].status;
    return strncmp(problem, "unknown-", 8) == 0 ? MHD_HTTP_NOT_FOUND : MHD_HTTP_BAD_REQUEST;
}

static const char *text_member(const json_t *reply, const char *name) {
    const char *text = json_string_value(json_object_get(reply, name));
    return text ? text : "";
}

/* A command's reply: as it is, or the text in it. Only the head of a long one is looked at. */
static enum MHD_Result give_reply(struct exchange *x) {
    static const char PROBLEM[] = "{\"type\":\"problem\"";
    bool refused = strncmp(x->text, PROBLEM, sizeof PROBLEM - 1) == 0;
    bool as_it_is = x->route->kind == ROUTE_ASK || x->route->kind == ROUTE_FLOOR;
    enum MHD_Result result;
    if (!refused && as_it_is) {
        struct MHD_Response *r = MHD_create_response_from_buffer(x->size, x->text, MHD_RESPMEM_MUST_FREE);
        if (r != NULL)
            x->text = NULL;
        return respond(x, MHD_HTTP_OK, r, x->route->content_type);
    }
    json_t *reply = json_loadb(x->text, x->size, 0, NULL);
    if (refused && as_it_is) {
        result = respond(x, status_of(text_member(reply, "problem")),
                         MHD_create_response_from_buffer(x->size, x->text, MHD_RESPMEM_MUST_COPY), x->route->content_type);
    } else if (refused) {
        result = say(x, MHD_HTTP_SERVICE_UNAVAILABLE, text_member(reply, "detail"));
    } else {
        const char *text = text_member(reply, "text");
        unsigned status = json_is_false(json_object_get(reply, "good")) ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK;
        result = respond(x, status,
                         MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY),
                         x->route->content_type);
    }
    json_decref(reply);
    return result;
}

/* ---- streams ---- */

static void stream_resume(struct exchange *x) {
    if (!x->suspended)
        return;
    x->suspended = false;
    x->http->resumed = true;
    MHD_resume_connection(x->connection);
}

static ssize_t stream_read(void *arg, uint64_t position, char *bytes, size_t max) {
    static const char CHANGED[] = "event: changed\ndata: \n\n", BEAT[] = ":\n\n";
    struct exchange *x = arg;
    (void)position;
    if (x->http->closing)
        return MHD_CONTENT_READER_END_OF_STREAM;
    const char *text = x->changed ? CHANGED : BEAT;
    if ((!x->changed && !x->beat) || strlen(text) > max) {
        x->suspended = true;
        MHD_suspend_connection(x->connection);
        return 0;
    }
    x->changed = x->beat = false;
    memcpy(bytes, text, strlen(text));
    return (ssize_t)strlen(text);
}

static enum MHD_Result begin_stream(struct exchange *x) {
    if (x->http->streams >= HTTP_STREAMS_MAX)
        return say(x, MHD_HTTP_SERVICE_UNAVAILABLE, "too many boards are open\n");
    x->state = EXCHANGE_STREAM;
    x->changed = true;
    if (++x->http->streams == HTTP_STREAMS_MAX)
        x->http->beat_at_ms = x->http->real_ms;
    MHD_set_connection_option(x->connection, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
    return respond(x, MHD_HTTP_OK, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 256, stream_read, x, NULL),
                   "text/event-stream");
}

/* ---- questions ---- */

struct query {
    struct exchange *exchange;
    struct writer writer;
    struct refusal refusal;
};

static enum MHD_Result read_parameter(void *arg, enum MHD_ValueKind kind, const char *name, const char *value) {
    struct query *q = arg;
    (void)kind;
    return route_parameter(q->exchange->route, name, value ? value : "", &q->writer, &q->refusal) ? MHD_YES : MHD_NO;
}

/* Takes the bytes. */
static enum MHD_Result put(struct exchange *x, char *bytes, size_t size, const char *terminal) {
    struct http *h = x->http;
    struct question *question = takt_alloc(sizeof *question);
    question->request = (struct http_request){.no = ++h->last_no, .bytes = bytes, .size = size};
    snprintf(question->request.terminal, sizeof question->request.terminal, "%s", terminal);
    *h->last_question = question;
    h->last_question = &question->next;
    x->no = question->request.no;
    x->state = EXCHANGE_WAITING;
    x->since_ms = h->real_ms;
    MHD_suspend_connection(x->connection);
    return MHD_YES;
}

static enum MHD_Result put_question(struct exchange *x) {
    struct query q = {.exchange = x};
    writer_object(&q.writer, NULL);
    writer_text(&q.writer, "type", x->route->command);
    MHD_get_connection_values(x->connection, MHD_GET_ARGUMENT_KIND, read_parameter, &q);
    if (q.refusal.kind != REFUSAL_NONE) {
        writer_done(&q.writer);
        return say(x, MHD_HTTP_BAD_REQUEST, q.refusal.detail);
    }
    writer_end(&q.writer);
    size_t size;
    char *bytes = writer_take(&q.writer, &size);
    return put(x, bytes, size, "");
}

static enum MHD_Result give_code(struct exchange *x) {
    const char *text = MHD_lookup_connection_value(x->connection, MHD_GET_ARGUMENT_KIND, "text");
    size_t size;
    char *svg = text != NULL ? code_svg(text, &size) : NULL;
    if (svg == NULL)
        return say(x, MHD_HTTP_BAD_REQUEST, "text: 1 to 128 printable characters\n");
    return respond(x, MHD_HTTP_OK, MHD_create_response_from_buffer(size, svg, MHD_RESPMEM_MUST_FREE), x->route->content_type);
}

bool http_request(struct http *h, struct http_request *ret) {
    struct question *question = h->first_question;
    if (question == NULL)
        return false;
    h->first_question = question->next;
    if (h->first_question == NULL)
        h->last_question = &h->first_question;
    *ret = question->request;
    free(question);
    return true;
}

/* Takes the text. */
static void end_question(struct exchange *x, char *text, size_t size) {
    x->text = text;
    x->size = size;
    x->state = EXCHANGE_REPLIED;
    x->http->resumed = true;
    MHD_resume_connection(x->connection);
}

void http_reply(struct http *h, uint64_t no, char *text, size_t size) {
    for (struct exchange *x = h->exchanges; x != NULL; x = x->next)
        if (x->state == EXCHANGE_WAITING && x->no == no) {
            end_question(x, text, size);
            return;
        }
    free(text); /* it waited too long */
}

/* ---- who may ---- */

static const char *header_of(const struct exchange *x, const char *name) {
    return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

/* `/?token=…`: the browser keeps it, and it leaves the address. */
static enum MHD_Result welcome(struct exchange *x) {
    char cookie[HTTP_TOKEN_MAX + 64];
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    snprintf(cookie, sizeof cookie, "takt=%s; Path=/; HttpOnly; SameSite=Strict", x->http->token);
    MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
    MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, "/");
    return respond(x, MHD_HTTP_SEE_OTHER, response, "text/plain");
}

static enum MHD_Result ask_to_wait(struct exchange *x, int64_t wait_ms) {
    static const char TEXT[] = "too many wrong tokens: wait\n";
    char seconds[24];
    struct MHD_Response *response = MHD_create_response_from_buffer(sizeof TEXT - 1, (void *)(uintptr_t)TEXT, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    snprintf(seconds, sizeof seconds, "%lld", (long long)(wait_ms + 999) / 1000);
    MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    return respond(x, MHD_HTTP_TOO_MANY_REQUESTS, response, "text/plain; charset=utf-8");
}

/* ---- libmicrohttpd's callbacks ---- */

static bool is_method_of(const struct route *route, const char *method) {
    if (route->kind == ROUTE_FLOOR)
        return strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    return strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

/* The message goes on as it came: the floor reads it as it reads a terminal's. */
static enum MHD_Result put_message(struct exchange *x) {
    const char *type = header_of(x, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (!pass_same_origin(header_of(x, MHD_HTTP_HEADER_ORIGIN), header_of(x, MHD_HTTP_HEADER_HOST)))
        return say(x, MHD_HTTP_FORBIDDEN, "a page of elsewhere reports nothing here\n");
    if (type == NULL || strncmp(type, "application/json", 16) != 0)
        return say(x, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "a message is application/json\n");
    if (x->too_long)
        return say(x, MHD_HTTP_CONTENT_TOO_LARGE, "a message may have 64 KiB\n");
    char *bytes = x->text != NULL ? x->text : takt_strdup("");
    x->text = NULL;
    return put(x, bytes, x->size, door_terminal(x->connection, x->http->plant));
}

static enum MHD_Result begin_route(struct exchange *x) {
    switch (x->route->kind) {
    case ROUTE_PAGE:
        return respond(x, MHD_HTTP_OK,
                       MHD_create_response_from_buffer(strlen(*x->route->page), (void *)(uintptr_t)*x->route->page,
                                                       MHD_RESPMEM_PERSISTENT),
                       x->route->content_type);
    case ROUTE_STREAM:
        return begin_stream(x);
    case ROUTE_CODE:
        return give_code(x);
    case ROUTE_FLOOR:
        return put_message(x);
    case ROUTE_ASK:
    case ROUTE_TEXT:
        break;
    }
    return put_question(x);
}

static enum MHD_Result begin_guarded(struct exchange *x) {
    struct http *h = x->http;
    int64_t wait_ms;
    switch (door_ask(&h->door, x->connection, x->route, h->plant, h->real_ms, &wait_ms)) {
    case DOOR_OPEN:
        return begin_route(x);
    case DOOR_WELCOME:
        return welcome(x);
    case DOOR_LATER:
        return ask_to_wait(x, wait_ms);
    case DOOR_SHUT:
        break;
    }
    return say(x, MHD_HTTP_UNAUTHORIZED,
               x->route->access == ACCESS_BOARD ? "open /?token=… with the board's token (http-token)\n"
                                                : "a terminal's token is needed: Authorization: Bearer …\n");
}

static enum MHD_Result begin(struct exchange *x, const char *method) {
    const struct http *h = x->http;
    if (h->closing)
        return say(x, MHD_HTTP_SERVICE_UNAVAILABLE, "takt stops\n");
    if (x->route == NULL)
        return say(x, MHD_HTTP_NOT_FOUND, "nothing stands here; the board is at /\n");
    if (!is_method_of(x->route, method))
        return say(x, MHD_HTTP_METHOD_NOT_ALLOWED, x->route->kind == ROUTE_FLOOR ? "POST a message\n" : "this only shows\n");
    if (*h->token == '\0' && !http_host_is_local(header_of(x, MHD_HTTP_HEADER_HOST)))
        return say(x, MHD_HTTP_FORBIDDEN, "ask as localhost, or set a token (http-token)\n");
    return begin_guarded(x);
}

/* What is sent where nothing is taken is read over. */
static void take_body(struct exchange *x, const char *bytes, size_t size) {
    if (x->route == NULL || x->route->kind != ROUTE_FLOOR || x->too_long)
        return;
    if (x->size + size > HTTP_BODY_MAX) {
        x->too_long = true;
        return;
    }
    x->text = takt_realloc(x->text, x->size + size, 1);
    memcpy(x->text + x->size, bytes, size);
    x->size += size;
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **context) {
    struct http *h = arg;
    struct exchange *x = *context;
    (void)version;
    if (x == NULL) {
        x = takt_alloc(sizeof *x);
        x->http = h;
        x->connection = connection;
        x->route = route_find(url);
        x->next = h->exchanges;
        x->at = &h->exchanges;
        if (x->next != NULL)
            x->next->at = &x->next;
        h->exchanges = x;
        *context = x;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        take_body(x, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (x->state == EXCHANGE_NEW)
        return begin(x, method);
    if (x->state != EXCHANGE_REPLIED)
        return MHD_YES;
    return x->text != NULL ? give_reply(x) : say(x, MHD_HTTP_GATEWAY_TIMEOUT, "no answer in time: the planner or the store is busy\n");
}

static void completed(void *arg, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code) {
    struct exchange *x = *context;
    (void)arg;
    (void)connection;
    (void)code;
    if (x == NULL)
        return;
    *x->at = x->next;
    if (x->next != NULL)
        x->next->at = x->at;
    if (x->state == EXCHANGE_STREAM)
        x->http->streams--;
    free(x->text);
    free(x);
    *context = NULL;
}

/* What it has to say of single connections is no news for a journal. */
static void ignore(void *arg, const char *format, va_list args) {
    (void)arg;
    (void)format;
    (void)args;
}

/* ---- the port ---- */

int http_new(const char *address, const char *token, struct plant *plant, struct http **ret, struct takt_error *err) {
    struct http_address read;
    int code = http_address_read(address, &read, err);
    if (code != 0)
        return code;
    if (!read.loopback && *token == '\0')
        return takt_fail(err, TAKT_ECONFIG,
                         "listen.http: '%s' is reached from elsewhere and needs the credential 'http-token'; without one the "
                         "board opens on 127.0.0.1 only",
                         address);
    struct http *h = takt_alloc(sizeof *h);
    h->address = read;
    h->name = takt_strdup(address);
    h->token = takt_strdup(token);
    door_init(&h->door, h->token);
    h->plant = plant_ref(plant);
    h->last_question = &h->first_question;
    *ret = h;
    return 0;
}

void http_plant(struct http *h, struct plant *plant) {
    plant_ref(plant);
    plant_unref(h->plant);
    h->plant = plant;
}

static void try_to_open(struct http *h) {
    struct takt_error err = {0};
    int descriptor = inherited_take(h->name);
    h->try_at_ms = h->real_ms + HTTP_RETRY_MS;
    if (descriptor < 0 && http_address_listen(&h->address, &descriptor, &err) != 0) {
        snprintf(h->trouble, sizeof h->trouble, "cannot listen on '%s' (%s)", h->name, err.text);
        return;
    }
    h->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, answer, h,
                                 MHD_OPTION_EXTERNAL_LOGGER, ignore, NULL, MHD_OPTION_LISTEN_SOCKET, descriptor,
                                 MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
                                 (unsigned)IDLE_S_MAX, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
    if (h->daemon == NULL) {
        close(descriptor);
        snprintf(h->trouble, sizeof h->trouble, "cannot serve on '%s'", h->name);
        return;
    }
    h->trouble[0] = '\0';
}

void http_free(struct http *h) {
    if (h == NULL)
        return;
    h->closing = true;
    for (struct exchange *x = h->exchanges; x != NULL; x = x->next) {
        if (x->state == EXCHANGE_WAITING)
            end_question(x, NULL, 0);
        stream_resume(x);
    }
    for (int i = 0; h->daemon != NULL && i < FINISHING_TURNS; i++)
        MHD_run(h->daemon);
    if (h->daemon != NULL)
        MHD_stop_daemon(h->daemon);
    for (struct http_request request; http_request(h, &request);)
        free(request.bytes);
    plant_unref(h->plant);
    free(h->token);
    free(h->name);
    free(h);
}

int http_descriptor(const struct http *h) {
    if (h->daemon == NULL)
        return -1;
    return MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

static int64_t answer_by_ms(const struct exchange *x) {
    return x->since_ms + HTTP_ANSWER_MS_MAX;
}

int64_t http_wait_ms(const struct http *h) {
    MHD_UNSIGNED_LONG_LONG library_ms;
    if (h->daemon == NULL)
        return h->try_at_ms > h->real_ms ? h->try_at_ms - h->real_ms : 0;
    if (h->resumed)
        return 0;
    int64_t due_ms = h->real_ms + HTTP_ANSWER_MS_MAX;
    if (h->streams > 0 && h->beat_at_ms < due_ms)
        due_ms = h->beat_at_ms;
    for (const struct exchange *x = h->exchanges; x != NULL; x = x->next)
        if (x->state == EXCHANGE_WAITING && answer_by_ms(x) < due_ms)
            due_ms = answer_by_ms(x);
    int64_t wait_ms = due_ms > h->real_ms ? due_ms - h->real_ms : 0;
    bool sooner = MHD_get_timeout(h->daemon, &library_ms) == MHD_YES && library_ms < (uint64_t)wait_ms;
    return sooner ? (int64_t)library_ms : wait_ms;
}

/* Who has gone is only noticed when something is said to him. */
static void beat(struct http *h) {
    if (h->real_ms < h->beat_at_ms)
        return;
    h->beat_at_ms = h->real_ms + (h->streams < HTTP_STREAMS_MAX ? STREAM_BEAT_MS : FULL_BEAT_MS);
    for (struct exchange *x = h->exchanges; x != NULL; x = x->next)
        if (x->state == EXCHANGE_STREAM) {
            x->beat = true;
            stream_resume(x);
        }
}

void http_turn(struct http *h, int64_t real_ms) {
    h->real_ms = real_ms;
    if (h->daemon == NULL && real_ms >= h->try_at_ms)
        try_to_open(h);
    if (h->daemon == NULL)
        return;
    for (struct exchange *x = h->exchanges; x != NULL; x = x->next)
        if (x->state == EXCHANGE_WAITING && real_ms >= answer_by_ms(x))
            end_question(x, NULL, 0);
    beat(h);
    h->resumed = false;
    MHD_run(h->daemon);
}

void http_changed(struct http *h) {
    for (struct exchange *x = h->exchanges; x != NULL; x = x->next)
        if (x->state == EXCHANGE_STREAM) {
            x->changed = true;
            stream_resume(x);
        }
}

size_t http_streams(const struct http *h) {
    return h->streams;
}

const char *http_trouble(const struct http *h) {
    return h->trouble;
}
