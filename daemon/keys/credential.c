/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/keys/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PASSWORD_MAX = 1024, PATH_SIZE = 4096 };

bool credential_find(const char *name, char *ret_path, size_t size) {
    static const char *const prefixes[] = {"", "takt_"};
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    for (size_t i = 0; folder && *folder && i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (snprintf(ret_path, size, "%s/%s%s", folder, prefixes[i], name) < (int)size && access(ret_path, F_OK) == 0)
            return true;
    return false;
}

int credential_offer_password(struct takt_error *err) {
    char path[PATH_SIZE], password[PASSWORD_MAX + 2] = "";
    if (!credential_find(CREDENTIAL_PASSWORD, path, sizeof path))
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, password, sizeof password - 1) : -1;
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (size < 0)
        return takt_fail(err, TAKT_EIO, "cannot read '%s' (%s)", path, strerror(why));
    password[strcspn(password, "\r\n")] = '\0';
    size_t length = strlen(password);
    int code = 0;
    if (length == 0 || length > PASSWORD_MAX)
        code = takt_fail(err, TAKT_ECONFIG, "'%s' holds no password: a line of 1 to %d characters", path, PASSWORD_MAX);
    else
        setenv("PGPASSWORD", password, 0);
    explicit_bzero(password, sizeof password);
    return code;
}
