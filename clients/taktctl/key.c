/* SPDX-License-Identifier: Apache-2.0 */

/* `taktctl key`: keys are made here, on the machine that will use them, so that no secret ever travels; what the plant knows of
 * keys is asked of the daemon. */

#include "base/arena.h"
#include "clients/taktctl/command.h"
#include "clients/taktctl/show.h"
#include "clients/taktctl/table.h"
#include "daemon/keys/keyfile.h"
#include "daemon/wire/writer.h"

#include <string.h>
#include <sysexits.h>

/* ---- new ---- */

static int write_new(struct ctl *ctl, const char *name, const char *path, char ret_public[KEY_SIZE]) {
    struct takt_error err = {0};
    struct keypair pair;
    int code = keypair_make(&pair, &err);
    if (code == 0)
        code = keyfile_write(path, name, &pair, &err);
    memcpy(ret_public, pair.public_key, KEY_SIZE);
    keypair_wipe(&pair);
    if (code == 0)
        return 0;
    command_wrong(ctl, "%s", err.text);
    return EX_CANTCREAT;
}

static int key_new(struct ctl *ctl, const char *name, const char *file) {
    char public_key[KEY_SIZE];
    const char *path = file ? file : arena_printf(ctl->arena, "%s.key", name);
    if (*name == 0 || strlen(name) > 64 || strpbrk(name, "/\"\n"))
        return command_wrong(ctl, "a key's name has 1 to 64 characters and no slash or quote, not '%s'", name);
    int status = write_new(ctl, name, path, public_key);
    if (status != 0)
        return status;
    if (ctl->json)
        fprintf(ctl->out, "{\"file\": \"%s\", \"public_key\": \"%s\"}\n", path, public_key);
    else if (ctl->terminal)
        fprintf(ctl->out, "The secret is in %s; keep it there. The public key is\n\n    %s\n\n", path, public_key);
    else
        fprintf(ctl->out, "%s\n", public_key);
    return 0;
}

/* ---- list, revoke ---- */

static int key_list(struct ctl *ctl) {
    json_t *reply, *key;
    size_t i;
    int status = ctl_connect(ctl);
    status = status ? status : ctl_simple(ctl, "keys", &reply);
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply)) {
        if (ctl->terminal)
            fprintf(ctl->out, "the plant's public key: %s\n\n", text_of(reply, "plant_key"));
        struct table *t = table_new(ctl, "role|owner|key|state|>connections|>handshakes");
        json_array_foreach(json_object_get(reply, "keys"), i, key) {
            table_cell(t, "%s", text_of(key, "role"));
            table_cell(t, "%s", text_of(key, "owner"));
            table_cell(t, "%s", text_of(key, "key"));
            table_cell(t, "%s", text_of(key, "state"));
            table_cell(t, "%lld", (long long)integer_of(key, "connections"));
            table_cell(t, "%lld", (long long)integer_of(key, "handshakes"));
            if (strcmp(text_of(key, "state"), "valid") != 0)
                table_tone(t, TONE_DIM);
        }
        table_print(t, "no keys");
    }
    json_decref(reply);
    return 0;
}

static int key_revoke(struct ctl *ctl, const char *key) {
    struct writer w = {0};
    json_t *reply;
    int status = ctl_connect(ctl);
    if (status != 0)
        return status;
    ctl_begin(ctl, &w, "revoke");
    writer_text(&w, "key", key);
    status = ctl_send(ctl, &w, &reply);
    if (status != 0)
        return status;
    if (!ctl_json(ctl, reply))
        fprintf(ctl->out, "%s is revoked; take it out of the plant's file when you come to it\n", key);
    json_decref(reply);
    return 0;
}

int run_key(struct ctl *ctl, const struct command *command, const struct arguments *arguments) {
    const char *act = arguments->words[0], *word = arguments->word_count > 1 ? arguments->words[1] : NULL;
    const char *file = arguments_value(command->options, arguments, "--file");
    if (strcmp(act, "new") == 0 && word)
        return key_new(ctl, word, file);
    if (strcmp(act, "list") == 0 && !word)
        return key_list(ctl);
    if (strcmp(act, "revoke") == 0 && word)
        return key_revoke(ctl, word);
    return command_wrong(ctl, "usage is: taktctl %s %s", command->name, command->words);
}
