/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/door.h"

#include "daemon/http/pass.h"
#include "daemon/meter.h"
#include "daemon/operate/log.h"

#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

/* NULL: it does not. */
struct offer {
    const char *bearer, *cookie, *address;
    bool is_terminal; /* whose token is in the header */
};

struct visit {
    struct door *door;
    const struct sockaddr *who; /* NULL: not known */
    int64_t now_ms;
};

static const char *bearer_of(struct MHD_Connection *connection) {
    return pass_bearer(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION));
}

const char *door_terminal(struct MHD_Connection *connection, const struct plant *plant) {
    return pass_terminal(plant, bearer_of(connection));
}

/* Without a token of the board a cookie is of no use, and may be left from another time. */
static struct offer offer_of(const struct door *door, struct MHD_Connection *connection, const struct route *route,
                             const struct plant *plant) {
    bool has_token = *door->token != '\0', is_start = strcmp(route->path, "/") == 0;
    return (struct offer){
        .bearer = bearer_of(connection),
        .cookie = has_token ? MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, "takt") : NULL,
        .address = has_token && is_start ? MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token") : NULL,
        .is_terminal = door_terminal(connection, plant) != NULL,
    };
}

/* ---- guesses ---- */

static void tell(const struct visit *v, uint32_t count) {
    char name[NI_MAXHOST] = "somebody";
    if (v->who != NULL)
        getnameinfo(v->who, v->who->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in), name, sizeof name,
                    NULL, 0, NI_NUMERICHOST);
    log_write(LOG_LEVEL_WARNING, "http", LOG_MESSAGE_TOKEN_GUESSED, LOG_FIELDS({"TAKT_ADDRESS", name}),
              "'%s' has offered %u wrong tokens, it must wait %lld s", name, count,
              (long long)guess_wait_ms(&v->door->guesses, v->who, v->now_ms) / 1000);
}

static void look_at(const struct visit *v, const char *offered, bool right) {
    if (offered == NULL || right)
        return;
    uint32_t count = guess_wrong(&v->door->guesses, v->who, offered, v->now_ms);
    meter_add(count > 0 ? METER_TOKENS_GUESSED : METER_TOKENS_AGAIN, 1);
    if (count > GUESS_FREE)
        tell(v, count);
}

/* ---- the answer ---- */

enum door_answer door_ask(struct door *door, struct MHD_Connection *connection, const struct route *route, const struct plant *plant,
                          int64_t now_ms, int64_t *ret_wait_ms) {
    if (route->access == ACCESS_OPEN || (*door->token == '\0' && route->access != ACCESS_TERMINAL))
        return DOOR_OPEN;
    struct offer offer = offer_of(door, connection, route, plant);
    if (offer.bearer == NULL && offer.cookie == NULL && offer.address == NULL)
        return DOOR_SHUT;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct visit visit = {door, info != NULL ? info->client_addr : NULL, now_ms};
    int64_t wait_ms = guess_wait_ms(&door->guesses, visit.who, now_ms);
    if (wait_ms > 0) {
        meter_add(METER_TOKENS_EARLY, 1);
        *ret_wait_ms = wait_ms;
        return DOOR_LATER;
    }
    bool bearer = pass_is(door->token, offer.bearer), cookie = pass_is(door->token, offer.cookie);
    bool address = pass_is(door->token, offer.address);
    look_at(&visit, offer.bearer, bearer || offer.is_terminal);
    look_at(&visit, offer.cookie, cookie);
    look_at(&visit, offer.address, address);
    if (offer.is_terminal && route->access != ACCESS_BOARD)
        return DOOR_OPEN;
    if ((bearer || cookie) && route->access != ACCESS_TERMINAL)
        return DOOR_OPEN;
    return address ? DOOR_WELCOME : DOOR_SHUT;
}

void door_init(struct door *door, const char *token) {
    door->token = token;
    guess_init(&door->guesses);
}
