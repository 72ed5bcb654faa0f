/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A file layer of SQLite that does something wrong at its n-th call: included by the tests that need it.
 *
 * Calls that count: read, write, truncate, sync, and those of the shared-memory index that take locks. What is done
 * wrong is one of: an error once, an error from then on, no space from then on (for what needs space), the death of the
 * process; or only syncs of the database itself fail, from then on. */

#include <sqlite3.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum fault { FAULT_NONE, FAULT_IOERR_ONCE, FAULT_IOERR_ON, FAULT_FULL_ON, FAULT_KILL, FAULT_FILE_SYNC_ONCE, FAULT_FILE_SYNC_ON };

static struct {
    atomic_int fault; /* enum fault; SQLite's files are used by two threads */
    atomic_long countdown; /* to the call that goes wrong; below 0: it went wrong */
    atomic_long calls;
    atomic_int begun, locked; /* checkpoints; those of them that have locked the log, which does not begin anew from then on */
    atomic_int late_us;              /* between the two */
} faulty;

static void faulty_arm(enum fault fault, long nth) {
    faulty.fault = fault;
    faulty.countdown = nth;
    faulty.calls = 0;
}

/* 0, or what the call is to return. */
static int faulty_call(int ioerr, bool needs_space) {
    faulty.calls++;
    long left = faulty.fault == FAULT_NONE ? 1 : --faulty.countdown;
    if (left > 0)
        return SQLITE_OK;
    bool first = left == 0;
    switch ((enum fault)faulty.fault) {
    case FAULT_IOERR_ONCE:
        return first ? ioerr : SQLITE_OK;
    case FAULT_IOERR_ON:
        return ioerr;
    case FAULT_FULL_ON:
        return needs_space ? SQLITE_FULL : SQLITE_OK;
    case FAULT_KILL:
        kill(getpid(), SIGKILL);
        break;
    case FAULT_FILE_SYNC_ONCE:
    case FAULT_FILE_SYNC_ON:
    case FAULT_NONE:
        break;
    }
    return SQLITE_OK;
}

enum { FAULTY_CHECKPOINT_LOCK = 1, FAULTY_READ_LOCK_0 = 3 }; /* sqlite.org/walformat.html, "WAL Locks" */

struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real;
    bool is_database;
};

static sqlite3_file *real_file(sqlite3_file *f) {
    return ((struct faulty_file *)f)->real;
}

#define REAL(f) (real_file(f)->pMethods)

static int faulty_close(sqlite3_file *f) {
    return REAL(f)->xClose(real_file(f));
}

static int faulty_read(sqlite3_file *f, void *at, int n, sqlite3_int64 offset) {
    int rc = faulty_call(SQLITE_IOERR_READ, false);
    return rc != SQLITE_OK ? rc : REAL(f)->xRead(real_file(f), at, n, offset);
}

/* A write that goes wrong has written half. */
static int faulty_write(sqlite3_file *f, const void *at, int n, sqlite3_int64 offset) {
    int rc = faulty_call(SQLITE_IOERR_WRITE, true);
    if (rc == SQLITE_OK)
        return REAL(f)->xWrite(real_file(f), at, n, offset);
    REAL(f)->xWrite(real_file(f), at, n / 2, offset);
    return rc;
}

static int faulty_truncate(sqlite3_file *f, sqlite3_int64 size) {
    int rc = faulty_call(SQLITE_IOERR_TRUNCATE, false);
    return rc != SQLITE_OK ? rc : REAL(f)->xTruncate(real_file(f), size);
}

static int faulty_sync(sqlite3_file *f, int flags) {
    bool once = faulty.fault == FAULT_FILE_SYNC_ONCE;
    if ((once || faulty.fault == FAULT_FILE_SYNC_ON) && ((struct faulty_file *)f)->is_database) {
        if (once)
            faulty.fault = FAULT_NONE;
        return SQLITE_IOERR_FSYNC;
    }
    int rc = faulty_call(SQLITE_IOERR_FSYNC, false);
    return rc != SQLITE_OK ? rc : REAL(f)->xSync(real_file(f), flags);
}

static int faulty_size(sqlite3_file *f, sqlite3_int64 *size) {
    return REAL(f)->xFileSize(real_file(f), size);
}

static int faulty_lock(sqlite3_file *f, int level) {
    return REAL(f)->xLock(real_file(f), level);
}

static int faulty_unlock(sqlite3_file *f, int level) {
    return REAL(f)->xUnlock(real_file(f), level);
}

static int faulty_reserved(sqlite3_file *f, int *ret) {
    return REAL(f)->xCheckReservedLock(real_file(f), ret);
}

static int faulty_control(sqlite3_file *f, int op, void *arg) {
    return REAL(f)->xFileControl(real_file(f), op, arg);
}

static int faulty_sector(sqlite3_file *f) {
    return REAL(f)->xSectorSize(real_file(f));
}

static int faulty_traits(sqlite3_file *f) {
    return REAL(f)->xDeviceCharacteristics(real_file(f));
}

static int faulty_shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **ret) {
    return REAL(f)->xShmMap(real_file(f), region, size, extend, ret);
}

static int faulty_shm_lock(sqlite3_file *f, int offset, int n, int flags) {
    int rc = (flags & SQLITE_SHM_LOCK) != 0 ? faulty_call(SQLITE_IOERR_SHMLOCK, false) : SQLITE_OK;
    if (rc == SQLITE_OK)
        rc = REAL(f)->xShmLock(real_file(f), offset, n, flags);
    if (rc != SQLITE_OK || flags != (SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE))
        return rc;
    faulty.locked += offset == FAULTY_READ_LOCK_0;
    faulty.begun += offset == FAULTY_CHECKPOINT_LOCK;
    if (offset == FAULTY_CHECKPOINT_LOCK && faulty.late_us > 0)
        usleep((useconds_t)faulty.late_us);
    return rc;
}

static void faulty_shm_barrier(sqlite3_file *f) {
    REAL(f)->xShmBarrier(real_file(f));
}

static int faulty_shm_unmap(sqlite3_file *f, int remove) {
    return REAL(f)->xShmUnmap(real_file(f), remove);
}

static const sqlite3_io_methods faulty_methods = {.iVersion = 2,
                                                  .xClose = faulty_close,
                                                  .xRead = faulty_read,
                                                  .xWrite = faulty_write,
                                                  .xTruncate = faulty_truncate,
                                                  .xSync = faulty_sync,
                                                  .xFileSize = faulty_size,
                                                  .xLock = faulty_lock,
                                                  .xUnlock = faulty_unlock,
                                                  .xCheckReservedLock = faulty_reserved,
                                                  .xFileControl = faulty_control,
                                                  .xSectorSize = faulty_sector,
                                                  .xDeviceCharacteristics = faulty_traits,
                                                  .xShmMap = faulty_shm_map,
                                                  .xShmLock = faulty_shm_lock,
                                                  .xShmBarrier = faulty_shm_barrier,
                                                  .xShmUnmap = faulty_shm_unmap};

static sqlite3_vfs *faulty_real;

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *ret_flags) {
    struct faulty_file *mine = (struct faulty_file *)f;
    (void)vfs;
    mine->real = (sqlite3_file *)(mine + 1);
    mine->base.pMethods = NULL;
    mine->is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    int rc = faulty_real->xOpen(faulty_real, name, mine->real, flags, ret_flags);
    if (rc == SQLITE_OK)
        mine->base.pMethods = &faulty_methods;
    return rc;
}

/* From now on SQLite's files are opened through this layer. */
static void faulty_install(void) {
    static sqlite3_vfs vfs;
    faulty_real = sqlite3_vfs_find(NULL);
    vfs = *faulty_real;
    vfs.zName = "faulty";
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct faulty_file) + faulty_real->szOsFile;
    vfs.xOpen = faulty_open;
    sqlite3_vfs_register(&vfs, 1);
}
