/* SPDX-License-Identifier: Apache-2.0 */

/* A pass of the thread goes like this. What is in brackets is where a connection has methods of its own for the file; the writer's,
 * which brings in the rest, at opening and at closing all of it, has the last of them too:
 *
 *     writer            thread
 *     ask ────────────▶ locks, looks at the log
 *       ▲               [SQLITE_FCNTL_CKPT_START: the log cannot begin anew from here on]
 *       └────────────── goes on (L1)
 *     commits …         writes pages in their order in the file [each STRIDE goes to the disk]
 *                       [SQLITE_FCNTL_CKPT_DONE: syncs the file (L2)]
 *                       counts them as brought in, unlocks */

#include "daemon/store/sqlite_log.h"

#include "base/arena.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { STRIDE = 64 << 10 /* bytes */, PAUSE_US = 1000 };

enum pass { PASS_NONE, PASS_ASKED, PASS_COPIES };

struct own_methods { /* of a connection's file; what SQLite sees stands first */
    struct sqlite3_io_methods methods;
    const struct sqlite3_io_methods *usual;
    struct sqlite_log *log;
    bool copies, failed; /* a pass of it does; a write of that */
};

struct sqlite_log {
    sqlite3 *db;
    const char *path;
    int pages, asked; /* in the log after the last commit; when the thread was asked last */
    bool grown;       /* since sqlite_log_committed was called last */
    bool started;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum pass pass; /* under the mutex, as the next */
    bool ends;
    atomic_bool hurries; /* no pauses, and the disk is only told to begin */
    atomic_bool blocked; /* the last pass could not bring in all that was there when it began: somebody reads */
    struct own_methods writers;
    sqlite3 *own; /* the thread's connection */
    int file; /* the store's, to have its pages written */
    struct own_methods threads;
    sqlite3_int64 from; /* the first that the disk was not yet given */
    int bytes;          /* so many */
};

/* ---- the thread ---- */

static void set_pass(struct sqlite_log *log, enum pass pass) {
    pthread_mutex_lock(&log->mutex);
    log->pass = pass;
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->mutex);
}

static struct own_methods *own_methods_of(sqlite3_file *file) {
    return (struct own_methods *)(uintptr_t)file->pMethods;
}

/* About when and not about whether: what this cannot do, or fails at, the sync at the end does or finds. */
static void give_to_disk(struct sqlite_log *log, sqlite3_int64 to) {
    bool hurries = atomic_load(&log->hurries);
    unsigned wait = hurries ? 0 : SYNC_FILE_RANGE_WAIT_AFTER;
    sync_file_range(log->file, log->from, to - log->from, SYNC_FILE_RANGE_WRITE | wait);
    log->bytes = 0;
    if (!hurries)
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_US * 1000}, NULL);
}

static int noting_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at) {
    struct own_methods *own = own_methods_of(file);
    int rc = own->usual->xWrite(file, bytes, size, at);
    own->failed = own->failed || rc != SQLITE_OK;
    return rc;
}

static int slow_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at) {
    struct sqlite_log *log = own_methods_of(file)->log;
    int rc = noting_write(file, bytes, size, at);
    if (log->bytes == 0 || at < log->from)
        log->from = at;
    log->bytes += size;
    if (log->bytes >= STRIDE)
        give_to_disk(log, at + size);
    return rc;
}

/* L2. There is no way back from here on but the end: SQLite counts the pass as brought in next, whatever this returns. */
static void make_sure(const struct own_methods *own, sqlite3_file *file) {
    if (own->usual->xSync(file, SQLITE_SYNC_NORMAL) == SQLITE_OK)
        return;
    fprintf(stderr, "takt: the disk failed to keep what was written to '%s', ending; nothing is lost, it stands in the log '%s-wal'\n",
            own->log->path, own->log->path);
    abort();
}

static int sure_control(sqlite3_file *file, int op, void *arg) {
    struct own_methods *own = own_methods_of(file);
    if (op == SQLITE_FCNTL_CKPT_START) {
        own->copies = true;
        own->failed = false;
    }
    if (op == SQLITE_FCNTL_CKPT_DONE) { /* also of a pass that has written nothing, or not all: that counts as nothing */
        if (own->copies && !own->failed)
            make_sure(own, file);
        own->copies = false;
    }
    return own->usual->xFileControl(file, op, arg);
}

static int threads_control(sqlite3_file *file, int op, void *arg) {
    if (op == SQLITE_FCNTL_CKPT_START)
        set_pass(own_methods_of(file)->log, PASS_COPIES);
    return sure_control(file, op, arg);
}

/* `pages` were in the log when it began. */
static void run_pass(struct sqlite_log *log, sqlite3 *db, int pages) {
    int done = 0;
    int rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, &done);
    atomic_store(&log->blocked, rc != SQLITE_OK || done < pages);
}

static void *work(void *self) {
    struct sqlite_log *log = self;
    pthread_setname_np(pthread_self(), "store-log");
    pthread_mutex_lock(&log->mutex);
    while (!log->ends) {
        if (log->pass == PASS_NONE) {
            pthread_cond_wait(&log->changed, &log->mutex);
            continue;
        }
        pthread_mutex_unlock(&log->mutex);
        log->bytes = 0;
        run_pass(log, log->own, log->asked);
        set_pass(log, PASS_NONE);
        pthread_mutex_lock(&log->mutex);
    }
    pthread_mutex_unlock(&log->mutex);
    return NULL;
}

/* ---- the writer's side ---- */

static int count_pages(void *self, sqlite3 *db, const char *name, int pages) {
    struct sqlite_log *log = self;
    (void)db, (void)name;
    log->pages = pages;
    log->grown = true;
    return SQLITE_OK;
}

/* With the first long log: most connections never have one. */
static bool start(struct sqlite_log *log) {
    sigset_t all, before;
    if (log->started)
        return true;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    log->started = pthread_create(&log->thread, NULL, work, log) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return log->started;
}

static int own_methods_set(struct own_methods *own, struct sqlite_log *log, sqlite3 *db) {
    sqlite3_file *file = NULL;
    int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc != SQLITE_OK)
        return rc;
    *own = (struct own_methods){.methods = *file->pMethods, .usual = file->pMethods, .log = log};
    bool writes = db == log->db;
    own->methods.xWrite = writes ? noting_write : slow_write;
    own->methods.xFileControl = writes ? sure_control : threads_control;
    file->pMethods = &own->methods;
    return SQLITE_OK;
}

static int open_own(struct sqlite_log *log) {
    log->file = open(log->path, O_RDWR | O_CLOEXEC);
    if (log->file < 0)
        return SQLITE_CANTOPEN;
    int rc = sqlite3_open_v2(log->path, &log->own, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) /* it knows of its log after a look */
        rc = sqlite3_exec(log->own, "PRAGMA synchronous = FULL; PRAGMA user_version", NULL, NULL, NULL);
    return rc;
}

int sqlite_log_open(sqlite3 *db, const char *path, struct sqlite_log **ret) {
    struct sqlite_log *log = takt_alloc(sizeof *log);
    *log = (struct sqlite_log){.db = db, .path = path, .file = -1};
    pthread_mutex_init(&log->mutex, NULL);
    pthread_cond_init(&log->changed, NULL);
    *ret = log;
    int rc = open_own(log);
    if (rc == SQLITE_OK)
        rc = own_methods_set(&log->threads, log, log->own);
    if (rc == SQLITE_OK)
        rc = own_methods_set(&log->writers, log, db);
    if (rc == SQLITE_OK)
        sqlite3_wal_hook(db, count_pages, log); /* in the place of SQLite's own checkpoints */
    return rc;
}

void sqlite_log_end(struct sqlite_log *log) {
    if (log == NULL)
        return;
    atomic_store(&log->hurries, true);
    if (log->started) {
        pthread_mutex_lock(&log->mutex);
        log->ends = true;
        pthread_cond_broadcast(&log->changed);
        pthread_mutex_unlock(&log->mutex);
        pthread_join(log->thread, NULL);
    }
    sqlite3_close(log->own);
    sqlite3_wal_hook(log->db, NULL, NULL);
}

void sqlite_log_free(struct sqlite_log *log) {
    if (log == NULL)
        return;
    if (log->file >= 0)
        close(log->file);
    pthread_cond_destroy(&log->changed);
    pthread_mutex_destroy(&log->mutex);
    free(log);
}

/* Until the pass has gone on from there, or has ended. */
static void await_beyond(struct sqlite_log *log, enum pass pass) {
    pthread_mutex_lock(&log->mutex);
    while (log->pass >= PASS_ASKED && log->pass <= pass)
        pthread_cond_wait(&log->changed, &log->mutex);
    pthread_mutex_unlock(&log->mutex);
}

static bool is_at_work(struct sqlite_log *log) {
    pthread_mutex_lock(&log->mutex);
    bool works = log->pass != PASS_NONE;
    pthread_mutex_unlock(&log->mutex);
    return works;
}

/* L1 */
static void ask(struct sqlite_log *log) {
    log->asked = log->pages;
    set_pass(log, PASS_ASKED);
    await_beyond(log, PASS_ASKED);
}

void sqlite_log_wait(struct sqlite_log *log) {
    log->grown = false;
    atomic_store(&log->hurries, true);
    await_beyond(log, PASS_COPIES);
}

void sqlite_log_committed(struct sqlite_log *log) {
    if (!log->grown)
        return;
    log->grown = false;
    if (log->pages < log->asked)
        log->asked = 0; /* it has begun anew */
    int left = log->pages - log->asked;
    bool blocked = atomic_load(&log->blocked);
    bool is_long = log->pages >= LOG_PAGES_MOST, ends = is_long && !blocked; /* there is always something to commit */
    bool is_too_long = log->pages >= 2 * LOG_PAGES_MOST && !blocked;
    atomic_store(&log->hurries, is_long);
    if (left < LOG_PAGES && !ends)
        return;
    bool helped = start(log);
    if (helped && is_too_long)
        sqlite_log_wait(log);
    else if (helped && is_at_work(log))
        return;
    if (helped && !is_too_long && left >= LOG_PAGES_LEFT) {
        ask(log);
    } else {
        log->asked = log->pages;
        run_pass(log, log->db, log->pages);
    }
}
