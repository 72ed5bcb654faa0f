/* SPDX-License-Identifier: Apache-2.0 */

/* The commands about keys: `keys` lists them, `revoke` takes one away at once. */

#include "daemon/keys/keyring.h"
#include "daemon/operate/control_inner.h"
#include "daemon/operate/log.h"

#include <stdlib.h>

static bool need_keys(struct control_call *call) {
    return call->control->keys != NULL ||
           refuse(&call->refusal, REFUSAL_NOT_ALLOWED, "", "the plant asks for no keys ('security: none')");
}

static void write_key(struct writer *w, const struct key_view *v) {
    writer_object(w, NULL);
    writer_text(w, "key", v->key);
    if (v->role < KEY_ROLES)
        writer_text(w, "role", key_role_text(v->role));
    writer_some_text(w, "owner", v->owner);
    writer_text(w, "state", v->revoked ? "revoked" : v->owner[0] ? "valid" : "removed");
    writer_integer(w, "connections", v->connections);
    writer_integer(w, "handshakes", (int64_t)v->handshakes);
    writer_end(w);
}

bool control_show_keys(struct control_call *call) {
    struct keyring *keys = call->control->keys;
    struct key_view *list;
    size_t count;
    if (!need_keys(call))
        return false;
    struct writer *w = control_reply(call);
    writer_text(w, "plant_key", keyring_public(keys));
    writer_object(w, "refused");
    for (int v = KEY_STRANGER; v < KEY_VERDICTS; v++)
        writer_integer(w, key_verdict_text((enum key_verdict)v), (int64_t)keyring_count(keys, (enum key_verdict)v));
    writer_end(w);
    keyring_view(keys, &list, &count);
    writer_list(w, "keys");
    for (size_t i = 0; i < count; i++)
        write_key(w, &list[i]);
    writer_end(w);
    free(list);
    reply_end(w);
    return true;
}

bool control_revoke_key(struct control_call *call) {
    struct reader r = message_reader(&call->message, &call->refusal);
    struct takt_error err = {0};
    const char *key;
    if (!need_keys(call) || !reader_text(&r, "key", READ_REQUIRED, 64, &key))
        return false;
    int code = keyring_revoke(call->control->keys, key, &err);
    if (code != 0)
        return reader_problem(&r, "key", code == TAKT_EINVAL ? REFUSAL_BAD_MESSAGE : REFUSAL_INTERNAL, "%s", err.text);
    log_write(LOG_LEVEL_NOTICE, "keys", LOG_MESSAGE_KEY_REVOKED, LOG_FIELDS({"TAKT_KEY", key}), "the key %s is revoked", key);
    writer_text(control_reply(call), "key", key);
    reply_end(&call->reply);
    return true;
}
