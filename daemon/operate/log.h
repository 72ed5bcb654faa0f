/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the daemon says of itself: to the journal with fields where systemd has started it, else as lines on stderr,
 * `warning store: cannot commit (disk full), retrying in 1 s`, coloured only on a terminal.
 *
 * How to say it: `what happened, 'value' (why)`; what is not the end of it closes with `, ignoring` or `, retrying in 5 s`.
 * `err` means that a person must act. A function logs or returns an error, never both. Only daemon/ logs. Never a creator's
 * order_ref nor anything of a recipient: fields carry ids of lots, tasks, lines, creators and plan versions.
 *
 * What an operator should be able to look up has a row below; its MESSAGE_ID never changes, packaging/catalog explains it in
 * English and Chinese (journalctl -x), and docs/operations.md lists it. Of one kind only so many lines are written within
 * a minute (log_window.h), whoever causes them; then one that says how many were left out.
 * Threads: any, at any time; a line is written at once. */

#include <stddef.h>
#include <stdint.h>

#define LOG_MESSAGES(X)                                                                                                 \
    X(PLAIN, "", "")                                                                                                    \
    X(STARTED, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b01", "the daemon is ready")                                               \
    X(STOPPING, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b02", "the daemon drains and ends")                                       \
    X(BAD_CONFIG, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b03", "the plant's file is wrong")                                      \
    X(RELOADED, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b04", "a new plant is in force")                                          \
    X(RELOAD_REFUSED, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b05", "a reload was refused, the old plant stays in force")         \
    X(INITIAL_IGNORED, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b06", "a changed initial value of the file means nothing any more") \
    X(STORE_BUSY, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b07", "another process has the store")                                  \
    X(STORE_TROUBLE, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b08", "the store fails, nothing is accepted meanwhile")              \
    X(STORE_OLD, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b15", "the store is older than what a creator has seen of it")            \
    X(STORE_WELL, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b09", "the store works again")                                          \
    X(FENCED, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b0a", "another daemon has taken over the plan")                             \
    X(LINE_DOWN, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b0b", "a line was reported down")                                        \
    X(LINE_UP, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b0c", "a line was reported up")                                            \
    X(TASK_LATE, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b0d", "a task's start has passed and nobody has reported it")            \
    X(PROMISES_MOVED, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b0e", "promises had to be moved")                                   \
    X(SHIPMENT_ASIDE, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b0f", "a shipment was set aside and waits for the operator")        \
    X(ENDPOINT, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b10", "an endpoint could not be opened")                                  \
    X(STALLED, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b11", "a part of the daemon makes no progress")                            \
    X(PLAN_FAILED, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b12", "no plan could be made")                                         \
    X(NO_PLAN, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b16", "a change found no plan, the one before stays in force")             \
    X(PLAN_AGAIN, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b17", "there is a plan again")                                          \
    X(PLAN_REFUSED, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b1b", "the store refuses what the planner wants to publish")         \
    X(WAITS, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b18", "another planner is active, this one waits")                           \
    X(TAKES_OVER, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b19", "no planner is active any more, this one takes over")             \
    X(LEFT_OUT, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b1a", "lines of one kind came too fast, some are left out")               \
    X(FAILED, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b14", "a part of the daemon cannot go on")                                  \
    X(PEER_DROPPED, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b13", "a connection that breaks the protocol was cut")                \
    X(HANDSHAKE_REFUSED, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b40", "connections were refused for their key")                 \
    X(KEY_REVOKED, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b41", "a key was revoked")                                                  \
    X(TOKEN_GUESSED, "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b42", "somebody guesses at tokens of the HTTP port")
enum log_message {
#define X(name, id, what) LOG_MESSAGE_##name,
    LOG_MESSAGES(X)
#undef X
};

enum log_level { LOG_LEVEL_ERR = 3, LOG_LEVEL_WARNING = 4, LOG_LEVEL_NOTICE = 5, LOG_LEVEL_INFO = 6 }; /* as in syslog */

/* A field of the journal: name in capitals with TAKT_ before it; the list ends with a NULL name. */
struct log_field {
    const char *name;
    const char *value;
};

/* Chooses where to: once, before other threads start. Lines without a call before it go to stderr. */
void log_open(void);

/* fields may be NULL. */
void log_write(enum log_level level, const char *module, enum log_message message, const struct log_field *fields,
               const char *format, ...) __attribute__((format(printf, 5, 6)));

#define log_err(module, ...) log_write(LOG_LEVEL_ERR, module, LOG_MESSAGE_PLAIN, NULL, __VA_ARGS__)
#define log_warning(module, ...) log_write(LOG_LEVEL_WARNING, module, LOG_MESSAGE_PLAIN, NULL, __VA_ARGS__)
#define log_notice(module, ...) log_write(LOG_LEVEL_NOTICE, module, LOG_MESSAGE_PLAIN, NULL, __VA_ARGS__)
#define log_info(module, ...) log_write(LOG_LEVEL_INFO, module, LOG_MESSAGE_PLAIN, NULL, __VA_ARGS__)

/* {"TAKT_LINE", "print-1"}, … without an array of one's own. */
#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, {NULL, NULL}})
