/* SPDX-License-Identifier: Apache-2.0 */

/* Two threads: the actor's, which only waits for mail, and one for each job. They share the deadline, which stopping turns into
 * "now", and an eventfd that tells that the job is done; the job itself is handed over by starting and joining the thread. */

#include "daemon/planner/solver_actor.h"

#include "daemon/operate/log.h"
#include "daemon/planner/planner.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zmq.h>

enum { OVERDUE_MS_MAX = 5000 };

struct solver {
    struct bus_port *port;
    struct plant *plant;
    const struct clock *clock;
    struct search_job *job; /* NULL: idle */
    pthread_t worker;
    int done_fd;
    int64_t began_ms; /* of the job; the same as long as it runs */
    _Atomic int64_t deadline_ms;
    bool stopping;
};

int64_t solver_budget_ms(const struct plant *plant, int64_t speed_milli) {
    int64_t most_ms = plant->planning.think_ms;
    if (speed_milli > 1000) {
        int64_t frozen_ms = (int64_t)((__int128)plant->planning.frozen_s * 1000 * 1000 / (4 * (__int128)speed_milli));
        most_ms = frozen_ms < most_ms ? frozen_ms : most_ms;
    }
    return most_ms > 0 ? most_ms : 1;
}

static bool out_of_time(void *arg) {
    struct solver *s = arg;
    return clock_mono_ms() >= atomic_load_explicit(&s->deadline_ms, memory_order_relaxed);
}

/* So that the search can divide its time: 65536 when it is over. */
static int32_t share_over(void *arg) {
    struct solver *s = arg;
    int64_t all = atomic_load_explicit(&s->deadline_ms, memory_order_relaxed) - s->began_ms, over = clock_mono_ms() - s->began_ms;
    return all <= 0 || over >= all ? 65536 : (int32_t)(over * 65536 / all);
}

/* Of this thread, and so of those that it makes. Niceness needs no privilege; the idle class may be refused by a sandbox. */
static void lower_priority(void) {
    struct sched_param none = {0};
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19);
    sched_setscheduler(0, SCHED_IDLE, &none);
}

static void *work(void *arg) {
    struct solver *s = arg;
    pthread_setname_np(pthread_self(), "search");
    lower_priority();
    s->job->limits.deadline = out_of_time;
    s->job->limits.spent = s->job->limits.iterations > 0 ? NULL : share_over;
    s->job->limits.arg = s;
    search_job_run(s->job);
    s->job->limits.deadline = NULL;
    s->job->limits.spent = NULL;
    s->job->limits.arg = NULL;
    uint64_t one = 1;
    while (write(s->done_fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
    return NULL;
}

static void give_back(struct solver *s) {
    struct search_job *job = s->job;
    s->job = NULL;
    while (bus_send(s->port, ACTOR_PLANNER, MAIL_SOLVED, job) != 0)
        actor_wait(s->port, 10);
}

static void begin(struct solver *s, struct search_job *job) {
    s->job = job;
    s->began_ms = clock_mono_ms();
    atomic_store(&s->deadline_ms, s->stopping ? 0 : s->began_ms + solver_budget_ms(s->plant, s->clock->speed_milli));
    int why = pthread_create(&s->worker, NULL, work, s);
    if (why == 0)
        return;
    log_warning("solver", "cannot start a search (%s), ignoring", strerror(why));
    job->code = takt_fail(&job->err, TAKT_EIO, "cannot start a thread: %s", strerror(why));
    give_back(s);
}

static void finish(struct solver *s) {
    uint64_t count;
    if (read(s->done_fd, &count, sizeof count) != sizeof count)
        return;
    pthread_join(s->worker, NULL);
    give_back(s);
}

static void receive(struct solver *s) {
    struct mail mail;
    while (bus_receive(s->port, &mail)) {
        if (mail.kind == MAIL_SOLVE) {
            begin(s, mail.body); /* the planner sends none before it has the last one back */
        } else if (mail.kind == MAIL_PLANT) {
            plant_unref(s->plant);
            s->plant = mail.body;
        } else if (mail.kind == MAIL_STOP) {
            s->stopping = true;
            atomic_store(&s->deadline_ms, 0);
        }
    }
}

/* A job that came after the last turn: the planner waits for it. */
static void refuse_rest(struct solver *s) {
    struct mail mail;
    bus_close(s->port);
    while (bus_receive(s->port, &mail)) {
        if (mail.kind == MAIL_SOLVE) {
            s->job = mail.body;
            s->job->code = TAKT_ETIMEOUT;
            give_back(s);
        } else if (mail.kind == MAIL_PLANT) {
            plant_unref(mail.body);
        }
    }
}

static void turn(struct solver *s) {
    zmq_pollitem_t items[] = {{.socket = bus_socket(s->port), .events = ZMQ_POLLIN}, {.fd = s->done_fd, .events = ZMQ_POLLIN}};
    if (!s->job || clock_mono_ms() < atomic_load(&s->deadline_ms) + OVERDUE_MS_MAX)
        bus_progress(s->port);
    zmq_poll(items, 2, bus_turn_ms(s->port, BUS_TURN_MS_MAX));
    if (items[1].revents)
        finish(s);
    receive(s);
}

static void body(struct bus_port *port, const struct actor_config *config) {
    struct solver s = {.port = port, .plant = config->plant, .clock = config->clock};
    s.done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s.done_fd < 0) {
        struct takt_error err = {0};
        takt_fail(&err, TAKT_EIO, "cannot make an eventfd: %s", strerror(errno));
        actor_fail(port, &err);
    } else {
        actor_ready(port);
        while (!s.stopping || s.job)
            turn(&s);
        refuse_rest(&s);
        close(s.done_fd);
    }
    plant_unref(s.plant);
}

int solver_actor_start(const struct actor_config *config, pthread_t *ret_thread, struct takt_error *err) {
    return actor_spawn(ACTOR_SOLVER, body, config, ret_thread, err);
}
