/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/keys/keyfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

enum { FILE_MAX = 4096 };

/* ---- keys ---- */

int keypair_make(struct keypair *ret, struct takt_error *err) {
    do {
        if (zmq_curve_keypair(ret->public_key, ret->secret_key) != 0)
            return takt_fail(err, TAKT_EINTERNAL, "cannot make a key: %s", zmq_strerror(errno));
    } while (!isalnum((unsigned char)ret->public_key[0]));
    return 0;
}

void keypair_wipe(struct keypair *k) {
    explicit_bzero(k, sizeof *k);
}

bool key_valid(const char *text) {
    uint8_t bytes[32];
    char back[KEY_SIZE];
    return strlen(text) == KEY_SIZE - 1 && zmq_z85_decode(bytes, text) != NULL &&
           zmq_z85_encode(back, bytes, sizeof bytes) != NULL && strcmp(back, text) == 0;
}

/* ---- writing ---- */

static int write_all(int fd, const char *text, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, text + done, size - done);
        if (n < 0 && errno != EINTR)
            return -1;
        done += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd);
}

int keyfile_write(const char *path, const char *name, const struct keypair *k, struct takt_error *err) {
    char text[FILE_MAX];
    int size = snprintf(text, sizeof text,
                        "# A key of takt. Whoever can read this file can speak as its owner.\n"
                        "metadata\n    name = \"%.100s\"\ncurve\n    public-key = \"%s\"\n    secret-key = \"%s\"\n",
                        name, k->public_key, k->secret_key);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return takt_fail(err, TAKT_EEXIST, "'%s' is there already; a key is never overwritten", path);
    int code = fd < 0 || write_all(fd, text, (size_t)size) != 0
                   ? takt_fail(err, TAKT_EIO, "cannot write '%s': %s", path, strerror(errno))
                   : 0;
    explicit_bzero(text, sizeof text);
    if (fd >= 0)
        close(fd);
    if (code != 0 && fd >= 0)
        unlink(path);
    return code;
}

/* ---- reading ---- */

/* The value of `name = "…"`; false: there is none. */
static bool find_value(const char *text, const char *name, char ret[KEY_SIZE]) {
    const char *at = strstr(text, name);
    if (at == NULL)
        return false;
    at += strlen(name);
    at += strspn(at, " \t=");
    if (*at != '"' || strcspn(at + 1, "\"\n") != KEY_SIZE - 1)
        return false;
    memcpy(ret, at + 1, KEY_SIZE - 1);
    ret[KEY_SIZE - 1] = 0;
    return key_valid(ret);
}

static bool find_secret(const char *text, char ret[KEY_SIZE]) {
    if (strcspn(text, " \t\r\n") != KEY_SIZE - 1 || text[KEY_SIZE - 1 + strspn(text + KEY_SIZE - 1, " \t\r\n")] != 0)
        return find_value(text, "secret-key", ret);
    memcpy(ret, text, KEY_SIZE - 1);
    ret[KEY_SIZE - 1] = 0;
    return key_valid(ret);
}

static int parse(const char *path, const char *text, struct keypair *ret, struct takt_error *err) {
    char written[KEY_SIZE];
    if (!find_secret(text, ret->secret_key) || zmq_curve_public(ret->public_key, ret->secret_key) != 0)
        return takt_fail(err, TAKT_ECONFIG, "'%s' holds no secret key; taktctl key new makes such files", path);
    if (find_value(text, "public-key", written) && strcmp(written, ret->public_key) != 0)
        return takt_fail(err, TAKT_ECONFIG, "the public key in '%s' is not that of its secret key", path);
    return 0;
}

int keyfile_read(const char *path, bool guarded, struct keypair *ret, struct takt_error *err) {
    char text[FILE_MAX] = "";
    struct keypair pair = {"", ""};
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return takt_fail(err, errno == ENOENT ? TAKT_ENOENT : TAKT_EIO, "cannot open '%s': %s", path, strerror(errno));
    ssize_t size = -1;
    int code = 0;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        code = takt_fail(err, TAKT_ECONFIG, "'%s' is no plain file", path);
    else if (!guarded && (status.st_mode & 077) != 0)
        code = takt_fail(err, TAKT_ECONFIG, "'%s' is open to others (mode %03o); a secret key's is 600: chmod 600 '%s'", path,
                         (unsigned)status.st_mode & 0777, path);
    else if ((size = read(fd, text, sizeof text - 1)) < 0)
        code = takt_fail(err, TAKT_EIO, "cannot read '%s': %s", path, strerror(errno));
    close(fd);
    if (code == 0)
        code = parse(path, text, &pair, err);
    if (code == 0)
        *ret = pair;
    explicit_bzero(text, sizeof text);
    keypair_wipe(&pair);
    return code;
}
