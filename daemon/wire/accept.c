/* SPDX-License-Identifier: Apache-2.0 */

/* The kernel gives out the lowest number that is free, so a number says how many descriptors are taken. */

#include "daemon/wire/accept.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_uint_fast64_t refused;

static rlim_t first_reserved(int listener) {
    struct rlimit limit;
    int domain = AF_UNSPEC;
    socklen_t size = sizeof domain;
    getsockopt(listener, SOL_SOCKET, SO_DOMAIN, &domain, &size);
    rlim_t reserve = ACCEPT_RESERVE + (domain == AF_UNIX ? 0 : ACCEPT_RESERVE_LOCAL);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < reserve)
        return RLIM_INFINITY;
    return limit.rlim_cur - reserve;
}

/* Takes the place of the C library's, so libzmq has to find it. */
__attribute__((visibility("default"))) int accept4(int listener, __SOCKADDR_ARG address, socklen_t *restrict size, int flags) {
    int fd = (int)syscall(SYS_accept4, listener, address.__sockaddr__, size, flags);
    if (fd < 0 || (rlim_t)fd < first_reserved(listener))
        return fd;
    close(fd);
    atomic_fetch_add(&refused, 1);
    errno = ECONNABORTED;
    return -1;
}

uint64_t accept_refused(void) {
    return atomic_load(&refused);
}
