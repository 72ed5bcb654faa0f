/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { HOST_MAX = 64, BACKLOG = 64 };

/* Splits host:port, without the brackets of an IPv6 address. */
static bool split(const char *text, char ret_host[HOST_MAX], int *ret_port) {
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    long port = strtol(colon + 1, NULL, 10);
    size_t length = (size_t)(colon - text);
    bool brackets = text[0] == '[' && text[length - 1] == ']';
    length -= brackets ? 2 : 0;
    if (port < 1 || port > 65535 || length >= HOST_MAX)
        return false;
    memcpy(ret_host, text + brackets, length);
    ret_host[length] = '\0';
    *ret_port = (int)port;
    return true;
}

static bool resolve(const char *host, int port, struct http_address *ret) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    const char *name = strcmp(host, "localhost") == 0 ? "127.0.0.1" : strcmp(host, "*") == 0 ? "0.0.0.0" : host;
    *ret = (struct http_address){.size = 0};
    if (inet_pton(AF_INET, name, &v4.sin_addr) == 1) {
        memcpy(&ret->socket, &v4, ret->size = sizeof v4);
        ret->loopback = ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    } else if (inet_pton(AF_INET6, name, &v6.sin6_addr) == 1) {
        memcpy(&ret->socket, &v6, ret->size = sizeof v6);
        ret->loopback = IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    }
    return ret->size > 0;
}

int http_address_read(const char *text, struct http_address *ret, struct takt_error *err) {
    char host[HOST_MAX];
    int port;
    if (split(text, host, &port) && resolve(host, port, ret))
        return 0;
    return takt_fail(err, TAKT_ECONFIG, "listen.http: '%s' is no address such as 127.0.0.1:7780 or [::1]:7780", text);
}

int http_address_listen(const struct http_address *a, int *ret_descriptor, struct takt_error *err) {
    int on = 1, fd = socket(a->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (const struct sockaddr *)&a->socket, a->size) == 0 && listen(fd, BACKLOG) == 0) {
        *ret_descriptor = fd;
        return 0;
    }
    int code = takt_fail(err, TAKT_EIO, "%s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return code;
}

bool http_host_is_local(const char *host) {
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; host != NULL && i < sizeof names / sizeof names[0]; i++) {
        size_t length = strlen(names[i]);
        if (strncasecmp(host, names[i], length) == 0 && (host[length] == '\0' || host[length] == ':'))
            return true;
    }
    return false;
}
