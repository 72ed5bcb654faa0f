/* SPDX-License-Identifier: Apache-2.0 */

/* Keys are entries of one table, by role and key. A new plant marks all of them as nobody's, gives those it names their owner,
 * and drops the rest unless somebody is connected with them or they are revoked: what is counted stays true.
 *
 * What a crash leaves of a revocation: the line is written and synced before the table is changed and the asker is told, so
 * after a crash it either never was or it holds. A line that was cut short is no key, and is passed over with the note that
 * reading it leaves. */

#include "daemon/keys/keyring.h"

#include "base/arena.h"
#include "daemon/keys/credential.h"
#include "daemon/operate/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

enum { PATH_SIZE = 4096, ID_SIZE = 1 + KEY_SIZE };

struct entry {
    char id[ID_SIZE]; /* the role as a letter, and the key */
    enum key_role role;
    char owner[KEYRING_OWNER_SIZE]; /* "": nobody's */
    uint32_t connections;
    uint64_t handshakes;
    int64_t allowance_milli, refilled_ms; /* of handshakes */
    UT_hash_handle hh;
};

struct revoked {
    char key[KEY_SIZE];
    UT_hash_handle hh;
};

struct keyring {
    pthread_mutex_t lock;      /* for moments only */
    pthread_mutex_t file_lock; /* of who writes revoked.keys, taken before lock */
    struct keypair own;
    struct entry *entries;
    struct revoked *revoked;
    uint64_t counts[KEY_VERDICTS];
};

const char *key_verdict_text(enum key_verdict verdict) {
    static const char *const texts[KEY_VERDICTS] = {"admitted",       "stranger's key",        "revoked key",     "key of another endpoint",
                                                    "too many a second", "too many connections", "without a key"};
    return texts[verdict];
}

const char *key_role_text(enum key_role role) {
    static const char *const texts[KEY_ROLES] = {"creator", "consumer", "terminal", "intake"};
    return texts[role];
}

/* ---- entries ---- */

static void make_id(enum key_role role, const char *key, char ret[ID_SIZE]) {
    ret[0] = (char)('a' + (int)role);
    snprintf(ret + 1, KEY_SIZE, "%s", key);
}

static struct entry *find_entry(const struct keyring *k, enum key_role role, const char *key) {
    char id[ID_SIZE];
    struct entry *e;
    make_id(role, key, id);
    HASH_FIND_STR(k->entries, id, e);
    return e;
}

static void give(struct keyring *k, enum key_role role, const char *owner, const struct plant_keys *keys) {
    for (size_t i = 0; i < keys->count; i++) {
        struct entry *e = find_entry(k, role, keys->list[i]);
        if (e == NULL) {
            e = takt_alloc(sizeof *e);
            make_id(role, keys->list[i], e->id);
            e->role = role;
            e->allowance_milli = INT64_MAX;
            HASH_ADD_STR(k->entries, id, e);
        }
        snprintf(e->owner, sizeof e->owner, "%s", owner);
    }
}

static bool is_revoked(const struct keyring *k, const char *key) {
    struct revoked *r;
    HASH_FIND_STR(k->revoked, key, r);
    return r != NULL;
}

static void take_plant(struct keyring *k, const struct plant *plant) {
    struct entry *e, *next;
    HASH_ITER(hh, k->entries, e, next) {
        e->owner[0] = 0;
    }
    for (size_t i = 0; i < plant->creator_count; i++)
        give(k, KEY_CREATOR, plant->creators[i].id, &plant->creators[i].keys);
    for (size_t i = 0; i < plant->consumer_count; i++)
        give(k, KEY_CONSUMER, plant->consumers[i].id, &plant->consumers[i].keys);
    for (size_t i = 0; i < plant->terminal_count; i++)
        give(k, KEY_TERMINAL, plant->terminals[i].id, &plant->terminals[i].keys);
    const char *own = k->own.public_key;
    give(k, KEY_INTAKE, plant->id, &(struct plant_keys){.list = &own, .count = 1});
    HASH_ITER(hh, k->entries, e, next) {
        if (e->owner[0] || e->connections > 0 || is_revoked(k, e->id + 1))
            continue;
        HASH_DEL(k->entries, e);
        free(e);
    }
}

void keyring_plant(struct keyring *k, const struct plant *plant) {
    pthread_mutex_lock(&k->lock);
    take_plant(k, plant);
    pthread_mutex_unlock(&k->lock);
}

/* ---- the revoked ---- */

static void add_revoked(struct keyring *k, const char *key) {
    if (is_revoked(k, key))
        return;
    struct revoked *r = takt_alloc(sizeof *r);
    snprintf(r->key, sizeof r->key, "%s", key);
    HASH_ADD_STR(k->revoked, key, r);
}

static int read_revoked(struct keyring *k, struct takt_error *err) {
    FILE *file = fopen(KEYRING_REVOKED_FILE, "re");
    char line[256];
    if (file == NULL && errno == ENOENT)
        return 0;
    if (file == NULL)
        return takt_fail(err, TAKT_EIO, "cannot open '%s': %s", KEYRING_REVOKED_FILE, strerror(errno));
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, " \t\r\n")] = 0;
        if (key_valid(line))
            add_revoked(k, line);
        else if (line[0] && line[0] != '#')
            log_warning("keys", "'%.60s' in '%s' is no key, ignoring", line, KEYRING_REVOKED_FILE);
    }
    int code = ferror(file) ? takt_fail(err, TAKT_EIO, "cannot read '%s'", KEYRING_REVOKED_FILE) : 0;
    fclose(file);
    return code;
}

/* The line begins with a newline too: what a crash has cut short stands on a line of its own. */
static int write_revoked(const char *key, struct takt_error *err) {
    char line[KEY_SIZE + 2];
    int size = snprintf(line, sizeof line, "\n%s\n", key);
    int fd = open(KEYRING_REVOKED_FILE, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    bool fine = fd >= 0 && write(fd, line, (size_t)size) == size && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    int folder = fine ? open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (folder >= 0) {
        fine = fsync(folder) == 0;
        why = errno;
        close(folder);
    }
    return fine ? 0 : takt_fail(err, TAKT_EIO, "cannot write '%s': %s", KEYRING_REVOKED_FILE, strerror(why));
}

int keyring_revoke(struct keyring *k, const char *key, struct takt_error *err) {
    if (!key_valid(key))
        return takt_fail(err, TAKT_EINVAL, "'%.60s' is no public key: 40 characters of Z85", key);
    pthread_mutex_lock(&k->file_lock);
    pthread_mutex_lock(&k->lock);
    bool done = is_revoked(k, key);
    pthread_mutex_unlock(&k->lock);
    int code = done ? 0 : write_revoked(key, err);
    pthread_mutex_lock(&k->lock);
    if (code == 0)
        add_revoked(k, key);
    pthread_mutex_unlock(&k->lock);
    pthread_mutex_unlock(&k->file_lock);
    return code;
}

/* ---- questions ---- */

static enum key_verdict judge(const struct keyring *k, enum key_role role, const char *key, struct entry **ret) {
    *ret = find_entry(k, role, key);
    if (is_revoked(k, key))
        return KEY_REVOKED;
    if (*ret && (*ret)->owner[0])
        return KEY_GOOD;
    for (int other = 0; other < KEY_ROLES; other++) {
        const struct entry *e = find_entry(k, (enum key_role)other, key);
        if (e && e->owner[0])
            return KEY_ELSEWHERE;
    }
    return KEY_STRANGER;
}

static bool take_handshake(struct entry *e, int64_t now_ms) {
    const int64_t most_milli = 2 * KEYRING_HANDSHAKES_S * 1000;
    int64_t passed_ms = now_ms - e->refilled_ms;
    if (e->allowance_milli > most_milli || passed_ms > 2000)
        e->allowance_milli = most_milli;
    else
        e->allowance_milli += passed_ms * KEYRING_HANDSHAKES_S;
    if (e->allowance_milli > most_milli)
        e->allowance_milli = most_milli;
    e->refilled_ms = now_ms;
    if (e->allowance_milli < 1000)
        return false;
    e->allowance_milli -= 1000;
    return true;
}

enum key_verdict keyring_admit(struct keyring *k, enum key_role role, const char *key, int64_t now_ms) {
    struct entry *e;
    pthread_mutex_lock(&k->lock);
    enum key_verdict verdict = judge(k, role, key, &e);
    if (verdict == KEY_GOOD && e->connections >= KEYRING_CONNECTIONS_MAX)
        verdict = KEY_TOO_MANY;
    if (verdict == KEY_GOOD && !take_handshake(e, now_ms))
        verdict = KEY_TOO_FAST;
    if (verdict == KEY_GOOD)
        e->handshakes++;
    k->counts[verdict]++;
    pthread_mutex_unlock(&k->lock);
    return verdict;
}

enum key_verdict keyring_owner(struct keyring *k, enum key_role role, const char *key, char ret_owner[KEYRING_OWNER_SIZE]) {
    struct entry *e;
    pthread_mutex_lock(&k->lock);
    enum key_verdict verdict = judge(k, role, key, &e);
    if (verdict == KEY_GOOD)
        memcpy(ret_owner, e->owner, KEYRING_OWNER_SIZE);
    pthread_mutex_unlock(&k->lock);
    return verdict;
}

static void count_connection(struct keyring *k, enum key_role role, const char *key, bool more) {
    pthread_mutex_lock(&k->lock);
    struct entry *e = find_entry(k, role, key);
    if (e && more)
        e->connections++;
    else if (e && e->connections > 0)
        e->connections--;
    pthread_mutex_unlock(&k->lock);
}

void keyring_joined(struct keyring *k, enum key_role role, const char *key) {
    count_connection(k, role, key, true);
}

void keyring_left(struct keyring *k, enum key_role role, const char *key) {
    count_connection(k, role, key, false);
}

/* ---- for people ---- */

static int by_owner(const void *a, const void *b) {
    const struct key_view *one = a, *other = b;
    int order = (int)one->role - (int)other->role;
    order = order ? order : strcmp(one->owner, other->owner);
    return order ? order : strcmp(one->key, other->key);
}

static bool is_known(const struct keyring *k, const char *key) {
    bool known = false;
    for (int role = 0; role < KEY_ROLES; role++)
        known = known || find_entry(k, (enum key_role)role, key) != NULL;
    return known;
}

void keyring_view(struct keyring *k, struct key_view **ret_list, size_t *ret_count) {
    struct entry *e, *next;
    struct revoked *r, *after;
    size_t count = 0;
    pthread_mutex_lock(&k->lock);
    struct key_view *list = takt_realloc(NULL, HASH_COUNT(k->entries) + HASH_COUNT(k->revoked) + 1, sizeof *list);
    HASH_ITER(hh, k->entries, e, next) {
        if (e->role == KEY_INTAKE)
            continue;
        struct key_view *v = &list[count++];
        *v = (struct key_view){.role = e->role, .connections = e->connections, .handshakes = e->handshakes,
                               .revoked = is_revoked(k, e->id + 1)};
        memcpy(v->key, e->id + 1, KEY_SIZE);
        memcpy(v->owner, e->owner, sizeof v->owner);
    }
    HASH_ITER(hh, k->revoked, r, after) {
        if (is_known(k, r->key))
            continue;
        struct key_view *v = &list[count++];
        *v = (struct key_view){.role = KEY_ROLES, .revoked = true};
        memcpy(v->key, r->key, KEY_SIZE);
    }
    pthread_mutex_unlock(&k->lock);
    qsort(list, count, sizeof *list, by_owner);
    *ret_list = list;
    *ret_count = count;
}

uint64_t keyring_count(struct keyring *k, enum key_verdict verdict) {
    pthread_mutex_lock(&k->lock);
    uint64_t count = k->counts[verdict];
    pthread_mutex_unlock(&k->lock);
    return count;
}

void keyring_count_unsigned(struct keyring *k) {
    pthread_mutex_lock(&k->lock);
    k->counts[KEY_UNSIGNED]++;
    pthread_mutex_unlock(&k->lock);
}

/* ---- life ---- */

static int read_own(struct keyring *k, struct takt_error *err) {
    char path[PATH_SIZE];
    struct takt_error why = {0};
    int code = TAKT_ENOENT;
    if (credential_find(KEYRING_PLANT_FILE, path, sizeof path))
        code = keyfile_read(path, true, &k->own, &why);
    if (code == TAKT_ENOENT) {
        takt_error_clear(&why);
        code = keyfile_read(KEYRING_PLANT_FILE, false, &k->own, &why);
    }
    if (code == TAKT_ENOENT)
        return takt_fail(err, TAKT_ECONFIG,
                         "'security: curve' needs the plant's secret key: make one with `taktctl key new plant` in the "
                         "daemon's working folder, or give '" KEYRING_PLANT_FILE "' as a credential of systemd");
    return code == 0 ? 0 : takt_fail(err, code, "%s", why.text);
}

int keyring_open(const struct plant *plant, struct keyring **ret, struct takt_error *err) {
    struct keyring *k = takt_alloc(sizeof *k);
    pthread_mutex_init(&k->lock, NULL);
    pthread_mutex_init(&k->file_lock, NULL);
    int code = read_own(k, err);
    if (code == 0)
        code = read_revoked(k, err);
    if (code != 0) {
        keyring_close(k);
        return code;
    }
    take_plant(k, plant);
    *ret = k;
    return 0;
}

void keyring_close(struct keyring *k) {
    struct entry *e, *next;
    struct revoked *r, *after;
    if (k == NULL)
        return;
    HASH_ITER(hh, k->entries, e, next) {
        HASH_DEL(k->entries, e);
        free(e);
    }
    HASH_ITER(hh, k->revoked, r, after) {
        HASH_DEL(k->revoked, r);
        free(r);
    }
    keypair_wipe(&k->own);
    pthread_mutex_destroy(&k->lock);
    pthread_mutex_destroy(&k->file_lock);
    free(k);
}

const char *keyring_public(const struct keyring *k) {
    return k->own.public_key;
}

const char *keyring_secret(const struct keyring *k) {
    return k->own.secret_key;
}
