/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The answer to ZeroMQ's question, at each handshake of CURVE, whether a key may come in (ZAP 1.0, RFC 27).
 *
 * The domain is the role that the endpoint is for. Who is admitted bears its key as User-Id. A key that comes too often is put
 * off: its client tries again by itself; all others are refused for good. Refusals are counted in the keyring and logged, at
 * most a line every ZAP_LOG_EVERY_MS however many there are.
 *
 * It has to be started before the first endpoint opens: without it libzmq lets everybody in.
 *
 * Threads: one of its own between zap_start and zap_stop. Errors: TAKT_EIO. */

#include "daemon/keys/keyring.h"

enum { ZAP_LOG_EVERY_MS = 60000 };

struct zap;

/* zmq: the context of the endpoints. */
int zap_start(void *zmq, struct keyring *keys, struct zap **ret, struct takt_error *err);
void zap_stop(struct zap *z); /* after the endpoints are closed; NULL is fine */
