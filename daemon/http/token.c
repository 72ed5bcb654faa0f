/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/token.h"

#include "daemon/keys/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_good(const char *token) {
    size_t length = strlen(token);
    for (size_t i = 0; i < length; i++)
        if (token[i] <= ' ' || token[i] > '~' || token[i] == ';' || token[i] == ',' || token[i] == '"' || token[i] == '\\')
            return false; /* a cookie carries it as it is */
    return length >= HTTP_TOKEN_MIN && length <= HTTP_TOKEN_MAX;
}

static int read_open(int descriptor, const char *path, bool guarded, char ret_token[HTTP_TOKEN_MAX + 1], struct takt_error *err) {
    struct stat st;
    char text[HTTP_TOKEN_MAX + 3] = "";
    ssize_t size = fstat(descriptor, &st) == 0 ? read(descriptor, text, sizeof text - 1) : -1;
    if (size < 0)
        return takt_fail(err, TAKT_EIO, "cannot read '%s' (%s)", path, strerror(errno));
    if (!guarded && (st.st_mode & 077) != 0)
        return takt_fail(err, TAKT_ECONFIG, "'%s' can be read by others; chmod 600 it", path);
    text[strcspn(text, "\r\n")] = '\0';
    if (!is_good(text))
        return takt_fail(err, TAKT_ECONFIG, "'%s' holds no token: %d to %d letters and digits, as `openssl rand -hex 24` makes them",
                         path, HTTP_TOKEN_MIN, HTTP_TOKEN_MAX);
    memcpy(ret_token, text, strlen(text) + 1);
    return 0;
}

int token_read(const char *name, char ret_token[HTTP_TOKEN_MAX + 1], struct takt_error *err) {
    char path[4096];
    bool guarded = credential_find(name, path, sizeof path);
    ret_token[0] = '\0';
    if (!guarded)
        snprintf(path, sizeof path, "%s", name);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0 && errno == ENOENT)
        return 0;
    if (descriptor < 0)
        return takt_fail(err, TAKT_EIO, "cannot read '%s' (%s)", path, strerror(errno));
    int code = read_open(descriptor, path, guarded, ret_token, err);
    close(descriptor);
    return code;
}
