/* SPDX-License-Identifier: Apache-2.0 */

/* Each socket is known by a text that is the same however its address is written: see normalise. */

#include "daemon/wire/inherited.h"

#include "base/arena.h"
#include "daemon/operate/log.h"

#include <fcntl.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { ADDRESS_SIZE = 160 };

struct inherited {
    char address[ADDRESS_SIZE]; /* normal; "": one that nobody can use */
    atomic_int fd;              /* -1: taken */
};

static struct inherited *list;
static size_t count;

/* "ipc://PATH", or "HOST:PORT" with 0.0.0.0 for any host. */
static void normalise(const char *address, char ret[ADDRESS_SIZE]) {
    static const struct {
        const char *host, *normal;
    } hosts[] = {{"*:", "0.0.0.0:"}, {"[::]:", "0.0.0.0:"}, {"localhost:", "127.0.0.1:"}};
    const char *normal = "", *rest = strncmp(address, "tcp://", 6) == 0 ? address + 6 : address;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (strncmp(rest, hosts[i].host, strlen(hosts[i].host)) == 0) {
            normal = hosts[i].normal;
            rest += strlen(hosts[i].host);
        }
    snprintf(ret, ADDRESS_SIZE, "%s%s", normal, rest);
}

static bool describe(int fd, char ret[ADDRESS_SIZE]) {
    struct sockaddr_storage at = {0};
    socklen_t size = sizeof at;
    char host[64], port[16], text[ADDRESS_SIZE];
    if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0 || getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        return false;
    if (at.ss_family == AF_UNIX) {
        const struct sockaddr_un *unix_at = (const struct sockaddr_un *)&at;
        snprintf(text, sizeof text, "ipc://%s%.*s", unix_at->sun_path[0] ? "" : "@", (int)sizeof unix_at->sun_path - 1,
                 unix_at->sun_path + !unix_at->sun_path[0]);
    } else if (getnameinfo((struct sockaddr *)&at, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
        snprintf(text, sizeof text, at.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    } else {
        return false;
    }
    normalise(text, ret);
    return true;
}

void inherited_begin(void) {
    char **names = NULL;
    int n = sd_listen_fds_with_names(1, &names);
    if (n < 0)
        log_warning("main", "cannot read what sockets there are (%s), ignoring", strerror(-n));
    if (n <= 0)
        return;
    list = takt_alloc((size_t)n * sizeof *list);
    count = (size_t)n;
    for (size_t i = 0; i < count; i++) {
        int fd = SD_LISTEN_FDS_START + (int)i, flags = fcntl(fd, F_GETFL);
        if (!describe(fd, list[i].address))
            log_warning("main", "'%s' from the service manager is not a listening stream socket, ignoring", names[i]);
        else if (flags >= 0)
            fcntl(fd, F_SETFL, flags | O_NONBLOCK);
        atomic_store(&list[i].fd, fd);
        free(names[i]);
    }
    free(names);
}

static struct inherited *find(const char *address) {
    char normal[ADDRESS_SIZE];
    normalise(address, normal);
    for (size_t i = 0; i < count; i++)
        if (*list[i].address && strcmp(list[i].address, normal) == 0)
            return &list[i];
    return NULL;
}

static void discard(struct inherited *s) {
    int fd = atomic_exchange(&s->fd, -1);
    if (fd >= 0)
        close(fd);
    *s->address = '\0';
}

void inherited_keep(const char *const addresses[], size_t address_count) {
    for (size_t i = 0; i < count; i++) {
        bool wanted = false;
        for (size_t k = 0; k < address_count && !wanted; k++)
            wanted = addresses[k] && find(addresses[k]) == &list[i];
        if (!wanted && *list[i].address)
            log_warning("main", "'%s' from the service manager is not the address of an endpoint, ignoring", list[i].address);
        if (!wanted)
            discard(&list[i]);
    }
}

bool inherited_has(const char *address) {
    return find(address) != NULL;
}

int inherited_take(const char *address) {
    struct inherited *s = find(address);
    return s ? atomic_exchange(&s->fd, -1) : -1;
}

void inherited_end(void) {
    for (size_t i = 0; i < count; i++)
        discard(&list[i]);
    free(list);
    list = NULL;
    count = 0;
}
