/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The log of an SQLite store, and who brings what stands in it into the file (a checkpoint).
 *
 * That is tens of milliseconds of disk, for which nobody who sends an order should wait. So each time that the log has grown by
 * LOG_PAGES, a thread with a connection of its own does it while the other one writes, a little at a time: what it has written goes
 * to the disk 64 KiB by 64 KiB with pauses, as the writer's sync waits for all that the disk was given before.
 *
 * Where the writer has committed nothing meanwhile, its next transaction begins the log anew. Where there is always something to
 * commit, the log grows to LOG_PAGES_MOST; then the thread does it again and again without pauses, each time less is left, and the
 * writer brings in the last LOG_PAGES_LEFT. If the log is twice as long all the same, or without a thread, the writer does all of it.
 * While somebody else reads the store for long the log cannot begin anew and grows; then it is tried each LOG_PAGES.
 *
 * L1. A pass begins while the writer stands still, and the log cannot begin anew before the pass has ended. Versions of SQLite before
 * 3.51.3 lose commits where it begins anew just after a pass has looked at its length (sqlite.org/wal.html, "The WAL-Reset Bug").
 *
 * L2. What a pass has written, the writer's passes among them, is on the disk before the log counts it as brought in, which SQLite
 * sees to only for a pass that reaches the log's end. If the disk fails there the process ends, since it would not say so again: the
 * next start finds all of the log and brings it in anew (I4 of sqlite.c), where the same holds. Any
 * other failure of a pass leaves the log as it was, and it is tried again after later commits.
 *
 * Threads: one owner, who has the writer's connection; another one is inside. */

#include <sqlite3.h>

enum {
    LOG_PAGES = 4000, /* of 4 KiB */
    LOG_PAGES_MOST = 16000,
    LOG_PAGES_LEFT = 100
};

struct sqlite_log;

/* db: the writer's connection to the file `path`, both of which must outlive the thread. Returns a code of SQLite's; on failure
 * there is something to be freed as well. */
int sqlite_log_open(sqlite3 *db, const char *path, struct sqlite_log **ret);
/* Ends the thread; before db is closed. NULL is fine, as for the next. */
void sqlite_log_end(struct sqlite_log *log);
/* After db was closed: a file of its own is closed, with which the process would lose db's locks. */
void sqlite_log_free(struct sqlite_log *log);
/* After each commit. */
void sqlite_log_committed(struct sqlite_log *log);
/* Until the next commit nobody but the caller works on the log. */
void sqlite_log_wait(struct sqlite_log *log);
