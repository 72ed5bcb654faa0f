/* SPDX-License-Identifier: Apache-2.0 */

/* ZeroMQ connects whenever somebody comes to listen, which may be never: so for ipc a plain connection is tried first, to say at
 * once that there is no daemon. A reply is known by its id; what else comes is old and passed over. */

#include "clients/taktctl/link.h"

#include "base/arena.h"
#include "daemon/clock.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

struct link {
    void *context, *socket;
    char *endpoint;
    int64_t timeout_ms;
    unsigned requests;
    char id[32];
};

static enum link_status fail(struct link_error *err, enum link_status status, const char *format, const char *what,
                             const char *why) {
    err->status = status;
    snprintf(err->text, sizeof err->text, format, what, why);
    return status;
}

static enum link_status try_ipc(const char *endpoint, struct link_error *err) {
    static const char scheme[] = "ipc://";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = endpoint + sizeof scheme - 1;
    if (strncmp(endpoint, scheme, sizeof scheme - 1) != 0 || *path == '@')
        return LINK_OK;
    if (!*path || strlen(path) >= sizeof address.sun_path)
        return fail(err, LINK_NO_DAEMON, "'%s' is no socket (%s)", endpoint, "the path is empty or too long");
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (good)
        return LINK_OK;
    return fail(err, LINK_NO_DAEMON, "no daemon listens at '%s' (%s)", path, strerror(why));
}

enum link_status link_open(const char *endpoint, int64_t timeout_ms, struct link **ret, struct link_error *err) {
    enum link_status status = try_ipc(endpoint, err);
    if (status != LINK_OK)
        return status;
    int linger = 0;
    struct link *l = takt_alloc(sizeof *l);
    l->endpoint = takt_strdup(endpoint);
    l->timeout_ms = timeout_ms;
    l->context = zmq_ctx_new();
    l->socket = zmq_socket(l->context, ZMQ_DEALER);
    zmq_setsockopt(l->socket, ZMQ_LINGER, &linger, sizeof linger);
    if (zmq_connect(l->socket, endpoint) != 0) {
        fail(err, LINK_NO_DAEMON, "cannot connect to '%s' (%s)", endpoint, zmq_strerror(zmq_errno()));
        link_close(l);
        return LINK_NO_DAEMON;
    }
    *ret = l;
    return LINK_OK;
}

void link_close(struct link *l) {
    if (!l)
        return;
    zmq_close(l->socket);
    zmq_ctx_term(l->context);
    free(l->endpoint);
    free(l);
}

const char *link_id(struct link *l) {
    snprintf(l->id, sizeof l->id, "taktctl-%u", l->requests);
    return l->id;
}

static json_t *receive(struct link *l, int64_t wait_ms) {
    zmq_pollitem_t item = {.socket = l->socket, .events = ZMQ_POLLIN};
    if (zmq_poll(&item, 1, wait_ms > 0 ? wait_ms : 0) <= 0)
        return NULL;
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    json_t *reply = NULL;
    if (zmq_msg_recv(&frame, l->socket, ZMQ_DONTWAIT) >= 0)
        reply = json_loadb(zmq_msg_data(&frame), zmq_msg_size(&frame), JSON_REJECT_DUPLICATES, NULL);
    zmq_msg_close(&frame);
    return reply ? reply : json_null();
}

static enum link_status judge_problem(const json_t *reply, struct link_error *err) {
    const char *problem = json_string_value(json_object_get(reply, "problem"));
    const char *title = json_string_value(json_object_get(reply, "title"));
    const char *detail = json_string_value(json_object_get(reply, "detail"));
    const char *at = json_string_value(json_object_get(reply, "at"));
    problem = problem ? problem : "internal";
    snprintf(err->at, sizeof err->at, "%s", at ? at : "");
    enum link_status status = LINK_REFUSED;
    if (strcmp(problem, "busy") == 0)
        status = LINK_BUSY;
    else if (strncmp(problem, "unknown-", 8) == 0 && strcmp(problem, "unknown-type") != 0)
        status = LINK_UNKNOWN;
    return fail(err, status, "%s (%s)", detail && *detail ? detail : title ? title : "refused", problem);
}

enum link_status link_call(struct link *l, const char *bytes, size_t size, json_t **ret, struct link_error *err) {
    int64_t until_ms = clock_mono_ms() + l->timeout_ms;
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%.3g s", (double)l->timeout_ms / 1000);
    link_id(l);
    l->requests++;
    if (zmq_send(l->socket, bytes, size, ZMQ_DONTWAIT) < 0)
        return fail(err, LINK_NO_DAEMON, "cannot send to '%s' (%s)", l->endpoint, zmq_strerror(zmq_errno()));
    for (;;) {
        json_t *reply = receive(l, until_ms - clock_mono_ms());
        if (!reply)
            return fail(err, LINK_TIMEOUT, "no answer from '%s' within %s; it may still take effect", l->endpoint, seconds);
        if (!json_is_object(reply)) {
            json_decref(reply);
            return fail(err, LINK_GARBLED, "the answer from '%s' is no JSON object%s", l->endpoint, "");
        }
        const char *id = json_string_value(json_object_get(reply, "id"));
        const char *type = json_string_value(json_object_get(reply, "type"));
        bool problem = type && strcmp(type, "problem") == 0;
        if (id && strcmp(id, l->id) != 0) {
            json_decref(reply);
            continue;
        }
        if (!problem) {
            *ret = reply;
            return LINK_OK;
        }
        judge_problem(reply, err);
        json_decref(reply);
        return err->status;
    }
}
