/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/probe.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool refused_at(int family, const struct sockaddr *address, socklen_t size, int timeout_ms) {
    int why = 0;
    socklen_t why_size = sizeof why;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    struct pollfd connected = {.fd = fd, .events = POLLOUT};
    if (connect(fd, address, size) != 0)
        why = errno;
    if (why == EINPROGRESS && (poll(&connected, 1, timeout_ms) <= 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &why_size) != 0))
        why = ETIMEDOUT;
    close(fd);
    return why == ECONNREFUSED;
}

static bool refused_file(const char *path, int timeout_ms) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (*path != '/' || strlen(path) >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, strlen(path) + 1);
    return refused_at(AF_UNIX, (const struct sockaddr *)&address, sizeof address, timeout_ms);
}

/* `HOST:PORT`, `[HOST]:PORT`. A name may have several addresses: that somebody listens at one of them is enough. */
static bool refused_port(const char *text, int timeout_ms) {
    static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    const char *colon = strrchr(text, ':');
    char host[256];
    struct addrinfo *list, *one;
    bool bracket = *text == '[';
    if (!colon || colon - text < 2 * bracket ||
        snprintf(host, sizeof host, "%.*s", (int)(colon - text) - 2 * bracket, text + bracket) >= (int)sizeof host ||
        getaddrinfo(host, colon + 1, &hints, &list) != 0)
        return false;
    for (one = list; one && refused_at(one->ai_family, one->ai_addr, one->ai_addrlen, timeout_ms); one = one->ai_next) {
        /* the next */
    }
    freeaddrinfo(list);
    return one == NULL;
}

bool probe_refused(const char *address, int timeout_ms) {
    if (strncmp(address, "ipc://", 6) == 0)
        return refused_file(address + 6, timeout_ms);
    return strncmp(address, "tcp://", 6) == 0 && refused_port(address + 6, timeout_ms);
}
