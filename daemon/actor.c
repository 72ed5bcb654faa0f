/* SPDX-License-Identifier: Apache-2.0 */

/* A thread around a body: name, signals, port, and the handshakes at both ends. */

#include "daemon/actor.h"

#include "base/arena.h"
#include "daemon/planner/ask.h"
#include "daemon/reload.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

struct birth {
    enum actor self;
    actor_body_fn *body;
    struct actor_config config;
};

/* What nobody will read any more. Requests and asks are not among it: whoever ends has been waited for by those who sent them,
 * or they are its own, which it has waited for. */
static void drop_mail(struct bus_port *port) {
    struct mail mail;
    bus_close(port);
    while (bus_receive(port, &mail)) {
        if (mail.kind == MAIL_PLANT)
            plant_unref(mail.body);
        else if (mail.kind == MAIL_ESTIMATE)
            estimate_free(mail.body);
        else if (mail.kind == MAIL_RELOADED)
            reload_free(mail.body);
        else if (mail.kind == MAIL_TROUBLE)
            free(mail.body);
    }
}

/* The port opens in the thread that owns it. It cannot fail but for want of sockets, and then nobody can be told: the process
 * ends, and the service manager starts it anew. */
static void *run(void *arg) {
    struct birth *birth = arg;
    struct bus_port *port;
    char name[16] = {0};
    strncpy(name, actor_name(birth->self), sizeof name - 1);
    pthread_setname_np(pthread_self(), name);
    if (bus_attach(birth->config.bus, birth->self, &port, NULL) != 0)
        abort();
    birth->body(port, &birth->config);
    drop_mail(port);
    while (bus_send(port, ACTOR_MAIN, MAIL_STOPPED, NULL) != 0)
        actor_wait(port, 10);
    bus_detach(port);
    free(birth);
    return NULL;
}

int actor_spawn(enum actor self, actor_body_fn *body, const struct actor_config *config, pthread_t *ret_thread,
                struct takt_error *err) {
    struct birth *birth = takt_alloc(sizeof *birth);
    birth->self = self;
    birth->body = body;
    birth->config = *config;
    birth->config.plant = plant_ref(config->plant);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int why = pthread_create(ret_thread, NULL, run, birth);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (why == 0)
        return 0;
    plant_unref(birth->config.plant);
    free(birth);
    return takt_fail(err, TAKT_EIO, "cannot start the thread '%s': %s", actor_name(self), strerror(why));
}

void actor_ready(struct bus_port *port) {
    bus_send(port, ACTOR_MAIN, MAIL_READY, NULL); /* main's queue is empty at that time */
}

void actor_fail(struct bus_port *port, const struct takt_error *err) {
    struct takt_error *copy = takt_alloc(sizeof *copy);
    *copy = *err;
    if (bus_send(port, ACTOR_MAIN, MAIL_FAILED, copy) != 0)
        abort(); /* main does not listen any more: let the service manager start us anew */
}

void actor_wait(struct bus_port *port, int64_t timeout_ms) {
    zmq_pollitem_t item = {.socket = bus_socket(port), .events = ZMQ_POLLIN};
    bus_progress(port);
    zmq_poll(&item, 1, bus_turn_ms(port, timeout_ms));
}
