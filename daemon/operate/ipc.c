/* SPDX-License-Identifier: Apache-2.0 */

#include "daemon/operate/ipc.h"

#include "daemon/wire/inherited.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATH_SIZE = sizeof((struct sockaddr_un){0}.sun_path), ENDPOINTS = 5 };

static const char *path_of(const char *endpoint) {
    static const char scheme[] = "ipc://";
    if (!endpoint || strncmp(endpoint, scheme, sizeof scheme - 1) != 0 || endpoint[sizeof scheme - 1] == '@')
        return NULL;
    return endpoint + sizeof scheme - 1;
}

static void paths_of(const struct plant_listen *listen, const char *ret[ENDPOINTS]) {
    const char *const endpoints[ENDPOINTS] = {listen->orders, listen->shipments, listen->floor, listen->control,
                                                listen->planner};
    for (int i = 0; i < ENDPOINTS; i++)
        ret[i] = endpoints[i] && inherited_has(endpoints[i]) ? NULL : path_of(endpoints[i]);
}

static int make_folders(const char *path, struct takt_error *err) {
    char folder[PATH_SIZE];
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        if (mkdir(folder, 0755) != 0 && errno != EEXIST)
            return takt_fail(err, TAKT_EIO, "cannot make the folder '%s': %s", folder, strerror(errno));
    }
    return 0;
}

static bool somebody_listens(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool listens = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN;
    close(fd);
    return listens;
}

int ipc_prepare(const struct plant_listen *listen, struct takt_error *err) {
    const char *paths[ENDPOINTS];
    paths_of(listen, paths);
    for (int i = 0; i < ENDPOINTS; i++) {
        if (!paths[i])
            continue;
        if (!*paths[i] || strlen(paths[i]) >= PATH_SIZE)
            return takt_fail(err, TAKT_EIO, "the path of a socket has 1 to %d bytes, not '%s'", PATH_SIZE - 1, paths[i]);
        int code = make_folders(paths[i], err);
        if (code != 0)
            return code;
        if (somebody_listens(paths[i]))
            return takt_fail(err, TAKT_EBUSY, "another process listens at '%s'", paths[i]);
    }
    return 0;
}

int ipc_open_to_group(const struct plant_listen *listen, struct takt_error *err) {
    const char *paths[ENDPOINTS];
    paths_of(listen, paths);
    for (int i = 0; i < ENDPOINTS; i++)
        if (paths[i] && chmod(paths[i], IPC_MODE) != 0)
            return takt_fail(err, TAKT_EIO, "cannot set the mode of '%s': %s", paths[i], strerror(errno));
    return 0;
}
