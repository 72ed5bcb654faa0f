/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/owner.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { HOLDER_TEXT_SIZE = 128 };

struct owner {
    int fd;
};

/* "pid 4711 on press.example", or why that is not known. */
static void read_holder(int fd, char *text) {
    ssize_t n = pread(fd, text, HOLDER_TEXT_SIZE - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (text[0] == '\0')
        snprintf(text, HOLDER_TEXT_SIZE, "a process that has not said which");
}

static int write_holder(int fd) {
    char text[HOLDER_TEXT_SIZE], host[HOST_NAME_MAX + 1] = "";
    gethostname(host, sizeof host - 1);
    int length = snprintf(text, sizeof text, "pid %ld on %.64s\n", (long)getpid(), host);
    return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)length, 0) == length ? 0 : -1;
}

int owner_take(const char *path, struct owner **ret, struct takt_error *err) {
    char name[PATH_MAX], holder[HOLDER_TEXT_SIZE];
    if (snprintf(name, sizeof name, "%s.lock", path) >= (int)sizeof name)
        return takt_fail(err, TAKT_EINVAL, "the path of the store is too long");
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return takt_fail(err, TAKT_ESTORE, "cannot open '%s': %s", name, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int why = errno;
        read_holder(fd, holder);
        close(fd);
        return why == EWOULDBLOCK ? takt_fail(err, TAKT_EBUSY, "store '%s' is in use by %s", path, holder)
                                  : takt_fail(err, TAKT_ESTORE, "cannot lock '%s': %s", name, strerror(why));
    }
    /* for people only: on a full disk the store must open all the same */
    (void)write_holder(fd);
    struct owner *owner = takt_alloc(sizeof *owner);
    owner->fd = fd;
    *ret = owner;
    return 0;
}

void owner_free(struct owner *owner) {
    if (owner == NULL)
        return;
    close(owner->fd);
    free(owner);
}
