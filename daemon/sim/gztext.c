/* SPDX-License-Identifier: Apache-2.0 */

/* zlib's gz functions read plain files as they are, so there is one path for both. It is read in blocks and cut by memchr;
 * gzgets could not tell a zero byte from the end of a line. */

#include "daemon/sim/gztext.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { BLOCK_SIZE = 1 << 18 };

struct gztext {
    char *path;
    gzFile file;
    int64_t size;         /* of the file on disk */
    char *bytes;          /* what is read and not given out lies in [from, to) */
    size_t from, to, room;
    unsigned line;
    bool ended;
};

static int open_failed(const char *path, int error, struct takt_error *err) {
    return takt_fail(err, error == ENOENT ? TAKT_ENOENT : TAKT_EIO, "%s: %s", path, strerror(error));
}

int gztext_open(const char *path, struct gztext **ret, struct takt_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return open_failed(path, errno, err);
    struct stat st;
    if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        int error = S_ISDIR(st.st_mode) ? EISDIR : errno;
        close(fd);
        return open_failed(path, error, err);
    }
    gzFile file = gzdopen(fd, "rb");
    if (file == NULL) {
        close(fd);
        takt_no_memory();
    }
    struct gztext *t = takt_alloc(sizeof *t);
    *t = (struct gztext){.path = takt_strdup(path), .file = file, .size = st.st_size, .room = BLOCK_SIZE};
    t->bytes = takt_alloc(t->room + 1);
    *ret = t;
    return 0;
}

void gztext_close(struct gztext *t) {
    if (t == NULL)
        return;
    gzclose(t->file);
    free(t->bytes);
    free(t->path);
    free(t);
}

/* Reads on behind what is there already, making room for it first. */
static int fill(struct gztext *t, struct takt_error *err) {
    if (t->from > 0) {
        memmove(t->bytes, t->bytes + t->from, t->to - t->from);
        t->to -= t->from;
        t->from = 0;
    }
    if (t->to == t->room) {
        t->room *= 2;
        t->bytes = takt_realloc(t->bytes, t->room + 1, 1);
    }
    int got = gzread(t->file, t->bytes + t->to, (unsigned)(t->room - t->to));
    int trouble;
    const char *text = gzerror(t->file, &trouble);
    if (got < 0 || (got == 0 && trouble != Z_OK)) {
        if (trouble == Z_ERRNO)
            return takt_fail(err, TAKT_EIO, "%s: %s", t->path, strerror(errno));
        return takt_fail(err, TAKT_EDATA, "%s: damaged after line %u (%s)", t->path, t->line, text);
    }
    t->to += (size_t)got;
    t->ended = got == 0;
    return 0;
}

/* Cuts the line of so many bytes off what is there; `skip` is 1 for its newline. */
static int take(struct gztext *t, size_t length, size_t skip, char **ret_line, size_t *ret_length, struct takt_error *err) {
    char *line = t->bytes + t->from;
    t->line++;
    if (length > GZTEXT_LINE_MAX)
        return takt_fail(err, TAKT_EDATA, "%s:%u: longer than %d bytes", t->path, t->line, GZTEXT_LINE_MAX);
    if (memchr(line, 0, length) != NULL)
        return takt_fail(err, TAKT_EDATA, "%s:%u: a zero byte is no text", t->path, t->line);
    line[length] = '\0';
    t->from += length + skip;
    *ret_line = line;
    *ret_length = length;
    return 0;
}

int gztext_next(struct gztext *t, char **ret_line, size_t *ret_length, struct takt_error *err) {
    for (size_t looked = 0;;) {
        size_t there = t->to - t->from;
        char *newline = memchr(t->bytes + t->from + looked, '\n', there - looked);
        if (newline != NULL)
            return take(t, (size_t)(newline - (t->bytes + t->from)), 1, ret_line, ret_length, err);
        if (t->ended) {
            if (there > 0)
                return take(t, there, 0, ret_line, ret_length, err);
            *ret_line = NULL;
            *ret_length = 0;
            return 0;
        }
        if (there > GZTEXT_LINE_MAX)
            return take(t, there, 0, ret_line, ret_length, err);
        looked = there;
        int r = fill(t, err);
        if (r < 0)
            return r;
    }
}

unsigned gztext_line(const struct gztext *t) {
    return t->line;
}

unsigned gztext_permille(struct gztext *t) {
    int64_t at = gzoffset(t->file);
    if (t->size <= 0 || at < 0)
        return 1000;
    return at >= t->size ? 1000 : (unsigned)(at * 1000 / t->size);
}
