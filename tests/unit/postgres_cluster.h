/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A PostgreSQL server of a test's own, in a folder under /tmp, reached by a socket there. Run as `nobody` where the
 * test is root, because PostgreSQL will not be. Dies with the test. */

#include "base/arena.h"

#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct cluster {
    char folder[32], data[48], bin[128], url[128];
    pid_t server;
};

static bool cluster_installed(struct cluster *c) {
    glob_t found;
    bool there = glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0 && found.gl_pathc > 0;
    if (there) {
        snprintf(c->bin, sizeof c->bin, "%s", found.gl_pathv[found.gl_pathc - 1]);
        *strrchr(c->bin, '/') = '\0';
    }
    globfree(&found);
    return there;
}

/* In a child: gives up root, and dies with the parent. */
static void cluster_become_user(void) {
    const struct passwd *user = getuid() == 0 ? getpwnam("nobody") : NULL;
    if (user != NULL && (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
}

/* argv[0] is for the path: the programs find each other by it. */
static pid_t cluster_spawn(const struct cluster *c, const char *program, char **argv) {
    char path[160], log[64];
    snprintf(path, sizeof path, "%s/%s", c->bin, program);
    snprintf(log, sizeof log, "%s/log", c->folder);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    cluster_become_user();
    if (chdir("/") != 0 || freopen(log, "a", stdout) == NULL || freopen(log, "a", stderr) == NULL)
        _exit(126);
    setenv("LC_ALL", "C", 1);
    argv[0] = path;
    execv(path, argv);
    _exit(127);
}

static bool cluster_answers(const struct cluster *c) {
    return PQping(c->url) == PQPING_OK;
}

/* Starts the server and waits for it; again where one that was killed is not quite gone. */
static bool cluster_start(struct cluster *c) {
    static char sockets[64];
    snprintf(sockets, sizeof sockets, "unix_socket_directories=%s", c->folder);
    static char *argv[] = {NULL,       "-D",
                           NULL,       "-F",
                           "-c",       "listen_addresses=",
                           "-c",       sockets,
                           "-c",       "shared_buffers=16MB",
                           "-c",       "max_connections=20",
                           "-c",       "wal_sender_timeout=0",
                           NULL};
    argv[2] = c->data;
    for (int tries = 0; tries < 100; tries++) {
        c->server = cluster_spawn(c, "postgres", argv);
        for (int waits = 0; waits < 500 && waitpid(c->server, NULL, WNOHANG) == 0; waits++) {
            if (cluster_answers(c))
                return true;
            poll(NULL, 0, 20);
        }
        poll(NULL, 0, 50);
    }
    return false;
}

static void cluster_kill(struct cluster *c, int signal) {
    kill(c->server, signal);
    waitpid(c->server, NULL, 0);
    c->server = 0;
}

/* Every process of the server, which are the children of the first. */
static void cluster_signal(const struct cluster *c, int signal) {
    char command[128];
    snprintf(command, sizeof command, "kill -%d %d $(ps -o pid= --ppid %d)", signal, (int)c->server, (int)c->server);
    if (system(command) != 0)
        fprintf(stderr, "a process of the server was gone\n");
}

static bool cluster_make(struct cluster *c) {
    snprintf(c->folder, sizeof c->folder, "/tmp/takt-pg-XXXXXX");
    if (mkdtemp(c->folder) == NULL)
        return false;
    const struct passwd *user = getuid() == 0 ? getpwnam("nobody") : NULL;
    if (user != NULL && chown(c->folder, user->pw_uid, user->pw_gid) != 0)
        return false;
    snprintf(c->data, sizeof c->data, "%s/data", c->folder);
    snprintf(c->url, sizeof c->url, "postgresql://takt@/postgres?host=%s", c->folder);
    char *argv[] = {NULL, "-D", c->data, "-U", "takt", "-A", "trust", "-E", "UTF8", "--no-sync", NULL};
    int status;
    return waitpid(cluster_spawn(c, "initdb", argv), &status, 0) > 0 && status == 0 && cluster_start(c);
}

static void cluster_remove(struct cluster *c) {
    char command[64];
    if (c->server > 0)
        cluster_kill(c, SIGQUIT);
    snprintf(command, sizeof command, "rm -rf %s", c->folder);
    if (system(command) != 0)
        fprintf(stderr, "cannot remove %s\n", c->folder);
}

/* As somebody at psql: the first column of the first row, NULL if there is none; the caller's to free. */
static char *cluster_ask(const struct cluster *c, const char *sql) {
    PGconn *conn = PQconnectdb(c->url);
    PGresult *r = PQexec(conn, sql);
    char *text = PQntuples(r) > 0 ? takt_strdup(PQgetvalue(r, 0, 0)) : NULL;
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        fprintf(stderr, "%s: %s", sql, PQresultErrorMessage(r));
    PQclear(r);
    PQfinish(conn);
    return text;
}
