/* SPDX-License-Identifier: Apache-2.0 */

/* A line is formatted once into a bounded buffer and leaves in one call, so lines of several threads do not mix. Control
 * characters in it are blanked: what a peer sent may be quoted in a line, and must not forge another.
 *
 * systemd tells through JOURNAL_STREAM which device and inode its stream to the journal has; if stderr is that, the journal is
 * written directly, with fields. */

#include "daemon/operate/log.h"

#include "daemon/clock.h"
#include "daemon/operate/log_window.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

enum { LOG_TEXT_MAX = 1500, LOG_FIELDS_MAX = 12 };

static struct {
    bool journal, colour;
} where;

static const char *const message_ids[] = {
#define X(name, id, what) id,
    LOG_MESSAGES(X)
#undef X
};

static const struct {
    const char *name, *colour;
} levels[] = {[LOG_LEVEL_ERR] = {"err", "\033[31m"},
              [LOG_LEVEL_WARNING] = {"warning", "\033[33m"},
              [LOG_LEVEL_NOTICE] = {"notice", "\033[1m"},
              [LOG_LEVEL_INFO] = {"info", ""}};

static bool stderr_is_journal(void) {
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
           st.st_dev == device && st.st_ino == inode;
}

void log_open(void) {
    where.journal = stderr_is_journal();
    where.colour = !where.journal && isatty(STDERR_FILENO) && !getenv("NO_COLOR");
}

static void blank_controls(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

struct journal_line {
    char text[LOG_FIELDS_MAX][LOG_TEXT_MAX + 64];
    struct iovec list[LOG_FIELDS_MAX];
    int count;
};

static void add_field(struct journal_line *line, const char *name, const char *value) {
    if (line->count == LOG_FIELDS_MAX)
        return;
    char *text = line->text[line->count];
    int length = snprintf(text, sizeof line->text[0], "%s=%s", name, value);
    if (length >= (int)sizeof line->text[0])
        length = sizeof line->text[0] - 1;
    line->list[line->count++] = (struct iovec){.iov_base = text, .iov_len = (size_t)length};
}

static bool to_journal(enum log_level level, const char *module, enum log_message message, const struct log_field *fields,
                       const char *text) {
    struct journal_line line;
    char priority[2] = {(char)('0' + level), 0}, whole[LOG_TEXT_MAX + 40];
    line.count = 0;
    snprintf(whole, sizeof whole, "%s: %s", module, text);
    add_field(&line, "MESSAGE", whole);
    add_field(&line, "PRIORITY", priority);
    add_field(&line, "SYSLOG_IDENTIFIER", "taktd");
    add_field(&line, "TAKT_MODULE", module);
    if (message != LOG_MESSAGE_PLAIN)
        add_field(&line, "MESSAGE_ID", message_ids[message]);
    for (; fields && fields->name; fields++)
        add_field(&line, fields->name, fields->value ? fields->value : "");
    return sd_journal_sendv(line.list, line.count) == 0;
}

static void to_stderr(enum log_level level, const char *module, const char *text) {
    char line[LOG_TEXT_MAX + 100];
    const char *on = where.colour ? levels[level].colour : "";
    int length =
        snprintf(line, sizeof line, "%s%s %s: %s%s\n", on, levels[level].name, module, text, *on ? "\033[0m" : "");
    if (write(STDERR_FILENO, line, (size_t)length) < 0)
        return; /* there is nowhere left to say so */
}

/* Plain lines have no kind, and are few. */
static struct {
    pthread_mutex_t lock;
    struct log_window kinds[sizeof message_ids / sizeof message_ids[0]];
} limit = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool admit(enum log_message message, uint32_t *ret_left_out) {
    *ret_left_out = 0;
    if (message == LOG_MESSAGE_PLAIN || message == LOG_MESSAGE_LEFT_OUT)
        return true;
    pthread_mutex_lock(&limit.lock);
    bool admitted = log_window_admit(&limit.kinds[message], clock_mono_ms(), ret_left_out);
    pthread_mutex_unlock(&limit.lock);
    return admitted;
}

void log_write(enum log_level level, const char *module, enum log_message message, const struct log_field *fields,
               const char *format, ...) {
    char text[LOG_TEXT_MAX];
    uint32_t left_out;
    va_list args;
    if (!admit(message, &left_out))
        return;
    if (left_out > 0)
        log_write(LOG_LEVEL_WARNING, module, LOG_MESSAGE_LEFT_OUT, LOG_FIELDS({"TAKT_KIND", message_ids[message]}),
                  "%u more lines of the next one's kind were left out", left_out);
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    blank_controls(text);
    if (!where.journal || !to_journal(level, module, message, fields, text))
        to_stderr(level, module, text);
}
