/* SPDX-License-Identifier: Apache-2.0 */

/* The life of the daemon:
 *
 *   STARTING ──all are ready──▶ SERVING ──signal──▶ STOPPING (stages) ──all have stopped──▶ end
 *       └──────────an actor failed, or a signal─────────▲
 *
 * supervisor_move is the only place where that changes. Stages: what faces the network first, then the solver, whose job must
 * go back to the planner, then the planner, and at last the store. A stage that takes too long is followed by the next all the
 * same, since what it waits for may be owed by an actor of that; the whole is bounded by ACTOR_STOP_MS_MAX.
 *
 * A reload is one at a time: read here, judged and taken over by the planner, then handed to everybody, then told to operate.
 * Further SIGHUPs meanwhile are one more reload after it. */

#include "daemon/supervisor.h"

#include "base/arena.h"
#include "daemon/dispatch/dispatch_actor.h"
#include "daemon/intake/intake_actor.h"
#include "daemon/keys/keyring.h"
#include "daemon/operate/ipc.h"
#include "daemon/meter.h"
#include "daemon/operate/log.h"
#include "daemon/operate/operate_actor.h"
#include "daemon/operate/service.h"
#include "daemon/planner/ask.h"
#include "daemon/planner/planner_actor.h"
#include "daemon/planner/solver_actor.h"
#include "daemon/reload.h"
#include "daemon/store/custody.h"
#include "daemon/store/store.h"
#include "daemon/store/store_actor.h"
#include "daemon/wire/inherited.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>
#include <zmq.h>

enum { STAGES = 4, STAGE_MS_MAX = 1500, STATUS_EVERY_MS = 1000 };

static const struct {
    enum actor who;
    int (*start)(const struct actor_config *config, pthread_t *ret_thread, struct takt_error *err);
    int stage; /* in which it is stopped */
} actors[] = {
    {ACTOR_STORE, store_actor_start, 3},   {ACTOR_PLANNER, planner_actor_start, 2}, {ACTOR_SOLVER, solver_actor_start, 1},
    {ACTOR_INTAKE, intake_actor_start, 0}, {ACTOR_DISPATCH, dispatch_actor_start, 0}, {ACTOR_OPERATE, operate_actor_start, 0},
};
enum { ACTORS = sizeof actors / sizeof actors[0] };

enum life { LIFE_STARTING, LIFE_SERVING, LIFE_STOPPING };

struct supervisor {
    const struct supervisor_config *config;
    struct bus_port *port;
    struct plant *plant;
    int signal_fd;
    enum life life;
    pthread_t threads[ACTORS];
    bool started[ACTORS], ready[ACTORS], stopped[ACTORS];
    int stage;
    int64_t stage_ms, stopping_ms; /* since when */
    struct reload *reloading;      /* with the planner */
    bool reload_due;               /* SIGHUP came meanwhile */
    char reload_trouble[sizeof((struct takt_error){0}.text)];      /* the last reload was refused */
    char store_trouble[300];
    struct service_watch watch;
    int64_t fed_ms;
    bool stalled;
    int64_t status_ms;             /* when it was asked for last */
    bool status_due, status_asked; /* there is news for it; the planner is being asked */
    struct takt_error err;         /* why it stops, if for a failure */
};

/* ---- status ---- */

static void status_text(const struct supervisor *s, const struct plan_status *plan, char *buffer, size_t size) {
    int used = snprintf(buffer, size, "plan %llu, %llu orders open", (unsigned long long)plan->version,
                        (unsigned long long)plan->orders_open);
    if (plan->orders_late_promise > 0)
        used += snprintf(buffer + used, size - (size_t)used, ", %llu behind their promise",
                         (unsigned long long)plan->orders_late_promise);
    if (*s->store_trouble)
        used += snprintf(buffer + used, size - (size_t)used, "; store: %s", s->store_trouble);
    if (*s->reload_trouble)
        snprintf(buffer + used, size - (size_t)used, "; reload refused: %s", s->reload_trouble);
}

static bool wants_status(const struct supervisor *s) {
    bool may = s->life == LIFE_SERVING && !s->config->actor.planless && service_managed();
    return may && s->status_due && !s->status_asked;
}

/* The planner says when there is something new, and is asked what, but not so often that it is kept from planning. */
static void ask_status(struct supervisor *s) {
    struct arena *arena = arena_new();
    struct ask *ask = arena_alloc(arena, sizeof *ask);
    ask->kind = ASK_STATUS;
    ask->arena = arena;
    s->status_ms = clock_mono_ms();
    s->status_asked = bus_send(s->port, ACTOR_PLANNER, MAIL_ASK, ask) == 0;
    s->status_due = !s->status_asked;
    if (!s->status_asked)
        arena_free(arena);
}

static void take_status(struct supervisor *s, struct ask *ask) {
    char text[1500];
    s->status_asked = false;
    if (ask->refusal.kind == REFUSAL_NONE && s->life == LIFE_SERVING) {
        status_text(s, &ask->u.status, text, sizeof text);
        service_status(text);
    }
    arena_free(ask->arena);
}

/* At once: somebody waits to see it. */
static void renew_status(struct supervisor *s) {
    s->status_due = true;
    s->status_ms = clock_mono_ms() - STATUS_EVERY_MS;
}

/* ---- life ---- */

static void send_stage(struct supervisor *s, int64_t now_ms) {
    s->stage_ms = now_ms;
    for (size_t i = 0; i < ACTORS; i++)
        if (s->started[i] && actors[i].stage == s->stage)
            bus_send(s->port, actors[i].who, MAIL_STOP, NULL);
}

static void supervisor_move(struct supervisor *s, enum life to) {
    assert(to > s->life);
    s->life = to;
    if (to == LIFE_SERVING) {
        struct takt_error err = {0};
        if (ipc_open_to_group(&s->plant->listen, &err) != 0)
            log_warning("main", "%s, ignoring", err.text);
        service_ready("serving");
        log_write(LOG_LEVEL_NOTICE, "main", LOG_MESSAGE_STARTED, LOG_FIELDS({"TAKT_PLANT", s->plant->id}),
                  "plant '%s' is served, takt %s", s->plant->id, TAKT_VERSION);
        renew_status(s);
    } else {
        service_stopping(s->err.code ? s->err.text : "draining");
        log_write(LOG_LEVEL_NOTICE, "main", LOG_MESSAGE_STOPPING, NULL, "ending");
        s->stopping_ms = clock_mono_ms();
        send_stage(s, s->stopping_ms);
    }
}

static void stop(struct supervisor *s) {
    if (s->life != LIFE_STOPPING)
        supervisor_move(s, LIFE_STOPPING);
}

static bool stage_done(const struct supervisor *s) {
    for (size_t i = 0; i < ACTORS; i++)
        if (s->started[i] && !s->stopped[i] && actors[i].stage == s->stage)
            return false;
    return true;
}

static void advance_stages(struct supervisor *s) {
    int64_t now_ms = clock_mono_ms();
    while (s->stage + 1 < STAGES && (stage_done(s) || now_ms - s->stage_ms > STAGE_MS_MAX)) {
        s->stage++;
        send_stage(s, now_ms);
    }
}

static bool all(const bool *flags, const bool *of) {
    for (size_t i = 0; i < ACTORS; i++)
        if (of[i] && !flags[i])
            return false;
    return true;
}

static size_t find_actor(enum actor who) {
    size_t i = 0;
    while (i < ACTORS && actors[i].who != who)
        i++;
    assert(i < ACTORS);
    return i;
}

/* ---- reload ---- */

static void log_lines(enum log_level level, enum log_message message, const char *text) {
    for (const char *end; *text; text = *end ? end + 1 : end) {
        end = strchrnul(text, '\n');
        log_write(level, "main", message, NULL, "%.*s", (int)(end - text), text);
    }
}

static void reload_done(struct supervisor *s, struct reload *r) {
    if (r->code == 0) {
        *s->reload_trouble = 0;
        log_write(LOG_LEVEL_NOTICE, "main", LOG_MESSAGE_RELOADED, NULL, "'%s' is read again and in force", s->config->file);
        log_lines(LOG_LEVEL_WARNING, LOG_MESSAGE_INITIAL_IGNORED, r->text);
    } else {
        snprintf(s->reload_trouble, sizeof s->reload_trouble, "%s", r->err.text);
        log_write(LOG_LEVEL_ERR, "main", LOG_MESSAGE_RELOAD_REFUSED, NULL, "the old plant stays in force (%s)", r->err.text);
        log_lines(LOG_LEVEL_ERR, LOG_MESSAGE_BAD_CONFIG, r->text);
    }
    plant_unref(r->plant);
    r->plant = NULL;
    if (bus_send(s->port, ACTOR_OPERATE, MAIL_RELOADED, r) != 0)
        reload_free(r);
    service_ready("serving");
    renew_status(s);
}

static void reload_judged(struct supervisor *s, struct reload *r);

static void reload_begin(struct supervisor *s, struct reload *r) {
    service_reloading();
    if (reload_read(r, s->config->file, s->plant) != 0) {
        r->at_s = clock_plant_s(s->config->actor.clock);
        reload_done(s, r);
    } else if (s->config->actor.planless) { /* the planner elsewhere judges its own */
        reload_judged(s, r);
    } else if (bus_send(s->port, ACTOR_PLANNER, MAIL_RELOAD, r) == 0) {
        s->reloading = r;
    } else {
        r->code = takt_fail(&r->err, TAKT_EBUSY, "the planner is busy, try again");
        reload_done(s, r);
    }
}

static void reload_judged(struct supervisor *s, struct reload *r) {
    s->reloading = NULL;
    if (r->code == 0) {
        plant_unref(s->plant);
        s->plant = plant_ref(r->plant);
        if (s->config->actor.keys)
            keyring_plant(s->config->actor.keys, r->plant);
        for (size_t i = 0; i < ACTORS; i++) {
            if (!s->started[i])
                continue;
            struct plant *theirs = plant_ref(r->plant);
            if (bus_send(s->port, actors[i].who, MAIL_PLANT, theirs) != 0)
                plant_unref(theirs);
        }
    }
    reload_done(s, r);
}

/* One that cannot be begun now is told so; SIGHUPs wait and fold. */
static void reload_asked(struct supervisor *s, struct reload *r) {
    if (s->life == LIFE_SERVING && !s->reloading) {
        reload_begin(s, r);
        return;
    }
    r->code = takt_fail(&r->err, TAKT_EBUSY, "another reload is under way, try again");
    if (bus_send(s->port, ACTOR_OPERATE, MAIL_RELOADED, r) != 0)
        reload_free(r);
}

static void reload_if_due(struct supervisor *s) {
    if (!s->reload_due || s->life != LIFE_SERVING || s->reloading)
        return;
    s->reload_due = false;
    struct reload *r = reload_new();
    r->by_signal = true;
    reload_begin(s, r);
}

/* ---- mail, signals, watchdog ---- */

static void take_failure(struct supervisor *s, enum actor from, struct takt_error *err) {
    enum log_message message = err->code == TAKT_EFENCED ? LOG_MESSAGE_FENCED : LOG_MESSAGE_FAILED;
    log_write(LOG_LEVEL_ERR, actor_name(from), message, NULL, "%s", err->text);
    if (s->err.code == 0)
        s->err = *err;
    free(err);
    stop(s);
}

static void take_mail(struct supervisor *s, const struct mail *mail) {
    switch (mail->kind) {
    case MAIL_READY:
        s->ready[find_actor(mail->from)] = true;
        if (s->life == LIFE_STARTING && all(s->ready, s->started))
            supervisor_move(s, LIFE_SERVING);
        break;
    case MAIL_STOPPED:
        s->stopped[find_actor(mail->from)] = true;
        break;
    case MAIL_FAILED:
        take_failure(s, mail->from, mail->body);
        break;
    case MAIL_TROUBLE:
        snprintf(s->store_trouble, sizeof s->store_trouble, "%s", (const char *)mail->body);
        free(mail->body);
        renew_status(s);
        break;
    case MAIL_WAKE: /* of the planner: there is a plan, or other orders */
        s->status_due = true;
        break;
    case MAIL_ANSWER:
        take_status(s, mail->body);
        break;
    case MAIL_RELOAD:
        reload_asked(s, mail->body);
        break;
    case MAIL_RELOADED:
        reload_judged(s, mail->body);
        break;
    default:
        break;
    }
}

static void take_signals(struct supervisor *s) {
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGHUP)
            s->reload_due = true;
        else
            stop(s);
    }
}

static void watch(struct supervisor *s, int64_t now_ms) {
    int who = bus_stalled(s->config->actor.bus, s->watch.stall_ms);
    meter_set(METER_SLOWEST_US, (uint64_t)bus_idle_ms(s->config->actor.bus) * 1000);
    if (who >= 0 && !s->stalled)
        log_write(LOG_LEVEL_ERR, "main", LOG_MESSAGE_STALLED, LOG_FIELDS({"TAKT_ACTOR", actor_name((enum actor)who)}),
                  "'%s' makes no progress (for more than %lld ms)", actor_name((enum actor)who),
                  (long long)s->watch.stall_ms);
    s->stalled = who >= 0;
    if (!s->stalled && s->watch.every_ms > 0 && now_ms - s->fed_ms >= s->watch.every_ms) {
        s->fed_ms = now_ms;
        service_feed();
    }
}

static int64_t wait_ms(const struct supervisor *s) {
    if (s->life == LIFE_STOPPING)
        return 20;
    int64_t most_ms = bus_turn_ms(s->port, BUS_TURN_MS_MAX);
    int64_t status_ms = s->status_ms + STATUS_EVERY_MS - clock_mono_ms();
    if (s->watch.every_ms > 0 && s->watch.every_ms < most_ms)
        most_ms = s->watch.every_ms;
    return wants_status(s) && status_ms < most_ms ? bus_turn_ms(s->port, status_ms) : most_ms;
}

static void turn(struct supervisor *s) {
    zmq_pollitem_t items[] = {{.socket = bus_socket(s->port), .events = ZMQ_POLLIN}, {.fd = s->signal_fd, .events = ZMQ_POLLIN}};
    bus_progress(s->port);
    zmq_poll(items, 2, wait_ms(s));
    if (items[1].revents)
        take_signals(s);
    struct mail mail;
    while (bus_receive(s->port, &mail))
        take_mail(s, &mail);
    reload_if_due(s);
    int64_t now_ms = clock_mono_ms();
    watch(s, now_ms);
    if (wants_status(s) && now_ms - s->status_ms >= STATUS_EVERY_MS)
        ask_status(s);
    if (s->life == LIFE_STOPPING)
        advance_stages(s);
}

/* ---- start and end ---- */

static void set_of_signals(sigset_t *ret) {
    sigemptyset(ret);
    sigaddset(ret, SIGTERM);
    sigaddset(ret, SIGINT);
    sigaddset(ret, SIGHUP);
}

void supervisor_block_signals(void) {
    sigset_t set;
    set_of_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Without those that this process does not serve. */
static struct plant_listen our_endpoints(const struct supervisor *s) {
    struct plant_listen listen = s->plant->listen;
    if (!role_takes_orders(s->config->role))
        listen.orders = NULL;
    if (!role_plans(s->config->role))
        listen.shipments = listen.floor = listen.control = listen.http = listen.planner = NULL;
    return listen;
}

static bool is_ours(const struct supervisor *s, enum actor who) {
    return who == ACTOR_STORE || (who == ACTOR_INTAKE ? role_takes_orders(s->config->role) : role_plans(s->config->role));
}

static int start_all(struct supervisor *s) {
    const struct plant_listen listen = our_endpoints(s);
    const char *const addresses[] = {listen.orders, listen.shipments, listen.floor,
                                     listen.control, listen.http,      listen.planner};
    inherited_keep(addresses, sizeof addresses / sizeof addresses[0]);
    if (ipc_prepare(&listen, &s->err) != 0) {
        log_write(LOG_LEVEL_ERR, "main", LOG_MESSAGE_ENDPOINT, NULL, "%s", s->err.text);
        planner_free(s->config->actor.planner);
        custody_end(s->config->actor.custody);
        store_close(s->config->actor.store);
        return s->err.code;
    }
    for (size_t i = 0; i < ACTORS; i++) {
        if (!is_ours(s, actors[i].who))
            continue;
        int code = actors[i].start(&s->config->actor, &s->threads[i], &s->err);
        if (code != 0)
            return code;
        s->started[i] = true;
    }
    return 0;
}

static bool ended(struct supervisor *s) {
    if (s->life != LIFE_STOPPING)
        return false;
    if (all(s->stopped, s->started))
        return true;
    if (clock_mono_ms() - s->stopping_ms <= ACTOR_STOP_MS_MAX)
        return false;
    for (size_t i = 0; i < ACTORS; i++)
        if (s->started[i] && !s->stopped[i])
            log_err("main", "'%s' does not end, leaving it", actor_name(actors[i].who));
    return true;
}

/* What an actor that does not end still uses cannot be freed: the process leaves it all to the system. Nothing is lost, the
 * store is made for that. */
static int join_all(struct supervisor *s) {
    if (!all(s->stopped, s->started))
        _exit(EX_SOFTWARE);
    for (size_t i = 0; i < ACTORS; i++)
        if (s->started[i])
            pthread_join(s->threads[i], NULL);
    return s->err.code;
}

int supervisor_run(const struct supervisor_config *config, struct takt_error *err) {
    struct supervisor s = {.config = config, .plant = plant_ref(config->actor.plant)};
    sigset_t set;
    set_of_signals(&set);
    s.signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    s.watch = service_watchdog();
    bus_set_turn(config->actor.bus, s.watch.turn_ms);
    int code = bus_attach(config->actor.bus, ACTOR_MAIN, &s.port, &s.err);
    if (code == 0) {
        service_status("loading the plan");
        if (start_all(&s) != 0)
            stop(&s);
        while (!ended(&s))
            turn(&s);
        code = join_all(&s);
    }
    bus_detach(s.port);
    if (s.signal_fd >= 0)
        close(s.signal_fd);
    plant_unref(s.plant);
    return code == 0 ? 0 : takt_fail(err, code, "%s", s.err.text);
}
