/* SPDX-License-Identifier: Apache-2.0 */

/* taktd: read the plant, open the store, set the clock, run the actors, and give everything back in reverse order.
 *
 * Exit status (sysexits.h): 0 after SIGTERM or SIGINT; 64 wrong usage; 78 the plant's file is wrong, or lacks what open
 * work needs, or the store is an older copy; 71 too few open files are allowed; 75 another daemon has the store or the plan; 74 the store fails; 69 an
 * endpoint cannot be opened; 70 anything else. */

#include "base/arena.h"
#include "base/time.h"
#include "config/check.h"
#include "daemon/keys/credential.h"
#include "daemon/keys/zap.h"
#include "daemon/operate/log.h"
#include "daemon/planner/planner.h"
#include "daemon/planner/standby.h"
#include "daemon/role.h"
#include "daemon/store/custody.h"
#include "daemon/supervisor.h"
#include "daemon/wire/endpoint.h"
#include "daemon/wire/inherited.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <zmq.h>

enum { FILES_MIN = 512, STORE_PAUSE_MS_MIN = 100, STORE_PAUSE_MS_MAX = 3000, STORE_AWAIT_MS = 60000 };

static const char usage[] =
    "usage: taktd [--check | --print] [--speed N] [--start TIME] [--role ROLE] [--force] FILE\n"
    "       taktd --version | --help\n"
    "\n"
    "Plans and runs the plant that FILE (YAML, with taktd.d/*.yaml beside it) describes.\n"
    "\n"
    "  --check       print every mistake in FILE and end: status 78 if there are any, 0 if not\n"
    "  --print       print the plant as it is understood, defaults and taktd.d/*.yaml taken in, and end\n"
    "  --speed N     let plant time run N times as fast (0.001 to 100000)\n"
    "  --start TIME  with a new store: begin at this plant time, such as 2026-11-22T06:00:00Z\n"
    "  --role ROLE   what of the daemon this process is: all, intake (takes orders) or planner (the rest; of\n"
    "                several one is active, and another takes over when it ends); all but `all` need postgresql\n"
    "  --force       take a store that is an older copy of the one that was worked with here, or another\n"
    "  --version     print the version and end\n"
    "  --help        print this and end\n";

struct arguments {
    const char *file;
    bool check, print; /* print: checks, too */
    bool force;
    int64_t start_s, speed_milli;
    enum role role;
};

/* ---- arguments ---- */

static bool parse_speed(const char *text, int64_t *ret_milli) {
    int64_t whole = 0, part = 0, scale = 1000;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && whole <= CLOCK_SPEED_MAX; at++)
        whole = whole * 10 + (*at - '0');
    if (at != text && *at == '.')
        for (at++; *at >= '0' && *at <= '9' && scale > 1; at++)
            part += (*at - '0') * (scale /= 10);
    int64_t milli = whole * 1000 + part;
    if (*at || at == text || milli < 1 || milli > (int64_t)CLOCK_SPEED_MAX * 1000)
        return false;
    *ret_milli = milli;
    return true;
}

static int wrong(const char *what, const char *value) {
    fprintf(stderr, "taktd: %s '%s'\n\n%s", what, value, usage);
    return EX_USAGE;
}

/* -1: go on; else the exit status. */
static int parse_arguments(int argc, char **argv, struct arguments *ret) {
    static const struct option options[] = {
        {"check", no_argument, NULL, 'c'},       {"print", no_argument, NULL, 'p'},
        {"speed", required_argument, NULL, 'n'}, {"start", required_argument, NULL, 's'},
        {"role", required_argument, NULL, 'r'},  {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},        {"force", no_argument, NULL, 'f'},
        {NULL, 0, NULL, 0}};
    *ret = (struct arguments){.start_s = TAKT_TIME_NONE, .speed_milli = 1000};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            ret->check = true;
            break;
        case 'p':
            ret->check = ret->print = true;
            break;
        case 'n':
            if (!parse_speed(optarg, &ret->speed_milli))
                return wrong("--speed is a number from 0.001 to 100000, not", optarg);
            break;
        case 's':
            if (!time_parse_rfc3339(optarg, &ret->start_s))
                return wrong("--start is a time such as 2026-11-22T06:00:00Z, not", optarg);
            break;
        case 'r':
            if (!role_parse(optarg, &ret->role))
                return wrong("--role is all, intake or planner, not", optarg);
            break;
        case 'f':
            ret->force = true;
            break;
        case 'v':
            puts("taktd " TAKT_VERSION);
            return 0;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            fputs(usage, stderr);
            return EX_USAGE;
        }
    }
    if (argc - optind != 1)
        return wrong(optind == argc ? "there is no" : "there is more than one", "FILE");
    ret->file = argv[optind];
    return -1;
}

/* ---- the steps ---- */

static int exit_status(int code) {
    switch (code) {
    case 0:
        return 0;
    case TAKT_ECONFIG:
    case TAKT_EDATA:
    case TAKT_EINVAL:
    case TAKT_EEXIST:
    case TAKT_ESTALE:
        return EX_CONFIG;
    case TAKT_ENOENT:
        return EX_NOINPUT;
    case TAKT_EBUSY:
    case TAKT_EFENCED:
        return EX_TEMPFAIL;
    case TAKT_ESTORE:
    case TAKT_EFULL:
        return EX_IOERR;
    case TAKT_EIO:
        return EX_UNAVAILABLE;
    default:
        return EX_SOFTWARE;
    }
}

/* Mistakes are written as lines that editors can jump to, also when a daemon starts. */
static int load(const struct arguments *arguments, struct plant **ret) {
    struct plant_faults faults = {0};
    struct takt_error err = {0};
    int code = plant_load(arguments->file, NULL, 0, ret, &faults, &err);
    for (size_t i = 0; i < faults.count; i++) {
        const struct plant_fault *fault = &faults.list[i];
        log_write(LOG_LEVEL_ERR, "config", LOG_MESSAGE_BAD_CONFIG, NULL, "%s:%d:%d: %s", fault->file, fault->line,
                  fault->column, fault->text);
    }
    if (code != 0 && faults.count == 0)
        log_err("config", "%s", err.text);
    plant_faults_done(&faults);
    return code;
}

/* Before anything is opened: who would be open to all must not even begin. Who may use the control endpoint is for its
 * socket file to say, whatever `security` is. */
static int check_endpoints(const struct plant *plant) {
    const char *const addresses[] = {plant->listen.orders, plant->listen.shipments, plant->listen.floor,
                                     plant->listen.planner, plant->listen.control};
    struct takt_error err = {0};
    int code = 0;
    for (size_t i = 0; i < 5 && code == 0; i++)
        if (addresses[i])
            code = endpoint_check(addresses[i], plant->security == SECURITY_CURVE && i < 4, &err);
    if (code != 0)
        log_write(LOG_LEVEL_ERR, "main", LOG_MESSAGE_ENDPOINT, NULL, "%s", err.text);
    return code;
}

/* NULL: no endpoint asks for keys. */
static int open_keys(const struct plant *plant, struct keyring **ret) {
    struct takt_error err = {0};
    const struct plant_listen *listen = &plant->listen;
    *ret = NULL;
    if (plant->security == SECURITY_NONE || !(listen->orders || listen->shipments || listen->floor || listen->planner))
        return 0;
    int code = keyring_open(plant, ret, &err);
    if (code != 0)
        log_err("keys", "%s", err.text);
    return code;
}

/* Several processes may work with the store at once. */
static bool is_shared(const struct plant *plant) {
    return strncmp(plant->store, "postgresql:", 11) == 0;
}

/* A database on its way up, or down for a moment, is waited for: who starts a daemon again and again gives up sooner.
 * So is room on a full disk, as long as it takes: an end would help nobody, and the one who makes room need not come
 * back for us. *ret is NULL if we are told to end meanwhile. */
static int open_store(const struct plant *plant, struct store **ret) {
    struct takt_error err = {0};
    if (credential_offer_password(&err) != 0) {
        log_err("store", "%s", err.text);
        return err.code;
    }
    struct store_config config = {.url = plant->store, .plant = plant->id, .create = true};
    bool elsewhere = is_shared(plant);
    int code;
    *ret = NULL;
    for (int64_t pause_ms = STORE_PAUSE_MS_MIN, until_ms = clock_mono_ms() + STORE_AWAIT_MS;
         (code = store_open(&config, ret, &err)) == TAKT_EFULL ||
         (code == TAKT_ESTORE && elsewhere && clock_mono_ms() < until_ms);
         pause_ms = pause_ms * 2 < STORE_PAUSE_MS_MAX ? pause_ms * 2 : STORE_PAUSE_MS_MAX) {
        if (pause_ms == STORE_PAUSE_MS_MIN)
            log_write(LOG_LEVEL_ERR, "store", LOG_MESSAGE_STORE_TROUBLE, NULL, "%s, retrying", err.text);
        if (role_told_to_end(pause_ms))
            return 0;
        takt_error_clear(&err);
    }
    if (code == TAKT_EBUSY)
        log_write(LOG_LEVEL_ERR, "store", LOG_MESSAGE_STORE_BUSY, NULL, "%s", err.text);
    else if (code != 0)
        log_err("store", "%s", err.text);
    return code;
}

/* Plant time goes on where the store says, and the store is told when that changes. */
static int set_clock(struct store *store, const struct arguments *arguments, struct clock *ret) {
    struct store_clock kept = {.head = {.op = STORE_CLOCK}};
    int code = store_call(store, &kept.head);
    struct clock before = {.plant_s = kept.plant_s, .wall_ms = kept.wall_ms, .speed_milli = kept.speed_milli};
    bool known = code == 0 && kept.plant_s != TAKT_TIME_NONE;
    if (known && arguments->start_s != TAKT_TIME_NONE)
        log_notice("main", "--start means nothing to a store that has its time, ignoring");
    if (code == 0 &&
        clock_begin(known ? &before : NULL, arguments->start_s, arguments->speed_milli, clock_wall_ms(), ret)) {
        struct store_clock keep = {.head = {.op = STORE_CLOCK},
                                   .set = true,
                                   .plant_s = ret->plant_s,
                                   .wall_ms = ret->wall_ms,
                                   .speed_milli = ret->speed_milli};
        code = store_call(store, &keep.head);
        kept.head.err = keep.head.err;
    }
    if (code != 0)
        log_err("store", "cannot keep the time (%s)", kept.head.err.text);
    return code;
}

/* A claim is written, so that it too waits for room on a full disk. The planner that is to be followed may still hold a lock, until
 * the store has taken it away; to claim twice does no harm. */
static int write_claim(struct store *store, const char *address, uint64_t *ret_epoch, bool *ret_end, struct takt_error *err) {
    for (int64_t pause_ms = STORE_PAUSE_MS_MIN, until_ms = clock_mono_ms() + STORE_AWAIT_MS;;
         pause_ms = pause_ms * 2 < STORE_PAUSE_MS_MAX ? pause_ms * 2 : STORE_PAUSE_MS_MAX) {
        struct store_claim claim = {.head = {.op = STORE_CLAIM}, .address = address};
        int code = store_call(store, &claim.head);
        *ret_epoch = claim.ret_epoch;
        *err = claim.head.err;
        bool again = code == TAKT_EFULL || ((code == TAKT_ESTORE || code == TAKT_EUNKNOWN) && clock_mono_ms() < until_ms);
        if (!again)
            return code;
        if (pause_ms == STORE_PAUSE_MS_MIN)
            log_write(LOG_LEVEL_ERR, "store", LOG_MESSAGE_STORE_TROUBLE, NULL, "%s, retrying", err->text);
        *ret_end = role_told_to_end(pause_ms);
        if (*ret_end)
            return 0;
    }
}

/* The claim of one that may have waited, and the planner that it has kept warm meanwhile. */
static int claim_after_wait(struct store *store, enum role role, struct standby *standby, const char *address, struct actor_config *ret,
                            bool *ret_end) {
    struct takt_error err = {0};
    int code = role == ROLE_PLANNER ? role_await(store, standby, ret_end, &err) : 0;
    int64_t begin_ms = clock_mono_ms();
    if (code == 0 && !*ret_end)
        code = write_claim(store, address, &ret->epoch, ret_end, &err);
    if (code != 0)
        log_err("store", "cannot claim the plan (%s)", err.text);
    if (code != 0 || *ret_end || !standby_began(standby))
        return code;
    ret->planner = standby_take(standby, store, ret->epoch);
    if (ret->planner != NULL)
        log_notice("main", "the plan is claimed and the last difference is read, in %lld ms", (long long)(clock_mono_ms() - begin_ms));
    return 0;
}

/* An intake plans nothing and claims nothing. *ret_end: we are told to end while another planner is active, or the disk
 * full. */
static int claim(struct store *store, enum role role, struct plant *plant, struct actor_config *ret, bool *ret_end) {
    char address[PATH_MAX];
    *ret_end = false;
    if (!role_plans(role))
        return 0;
    role_address(plant->listen.planner, address, sizeof address);
    struct standby *standby = standby_new(plant);
    int code = claim_after_wait(store, role, standby, address, ret, ret_end);
    standby_free(standby);
    return code;
}

/* libzmq numbers connections from rand(): a peer must not guess them. */
static void seed_ids(void) {
    unsigned seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        abort();
    srand(seed);
}

/* Each connection is an open file, and libzmq aborts the process when accept finds none left on an ipc endpoint: as
 * many as we may have, and not a start with so few that the first clients would end it. */
static bool raise_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return true;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max >= FILES_MIN)
        return true;
    log_err("main", "only %llu files may be open; %d are needed (ulimit -n, LimitNOFILE=)",
            (unsigned long long)limit.rlim_max, FILES_MIN);
    return false;
}

/* The handler of keys is there before the first endpoint, and until after the last. */
static int supervise(const struct supervisor_config *config) {
    struct takt_error err = {0};
    struct zap *zap = NULL;
    int code = config->actor.keys ? zap_start(config->actor.zmq, config->actor.keys, &zap, &err) : 0;
    if (code == 0) {
        code = supervisor_run(config, NULL);
    } else {
        log_err("keys", "%s", err.text);
        planner_free(config->actor.planner);
        custody_end(config->actor.custody);
        store_close(config->actor.store);
    }
    zap_stop(zap);
    return code;
}

/* An older copy of the store, or another one, is not worked with unless somebody says so. */
static int take_custody(struct store *store, const struct arguments *arguments, const struct plant *plant, int64_t now_s,
                        struct custody **ret) {
    struct takt_error err = {0};
    int code = custody_begin(store, plant, arguments->force, now_s, ret, &err);
    if (code != 0)
        log_write(LOG_LEVEL_ERR, "store", LOG_MESSAGE_STORE_OLD, NULL, "%s", err.text);
    return code;
}

static int run(const struct arguments *arguments, struct plant *plant, struct store *store, struct keyring *keys) {
    struct clock clock;
    bool told_to_end = false;
    struct supervisor_config config = {.file = arguments->file,
                                       .role = arguments->role,
                                       .actor = {.clock = &clock,
                                                 .plant = plant,
                                                 .store = store,
                                                 .keys = keys,
                                                 .planless = !role_plans(arguments->role),
                                                 .intakeless = arguments->role == ROLE_PLANNER}};
    int code = set_clock(store, arguments, &clock);
    if (code == 0)
        code = take_custody(store, arguments, plant, clock_plant_s(&clock), &config.actor.custody);
    if (code == 0)
        code = claim(store, arguments->role, plant, &config.actor, &told_to_end);
    config.actor.shared = is_shared(plant);
    config.actor.beats = is_shared(plant) && role_plans(arguments->role);
    if (code != 0 || told_to_end) {
        custody_end(config.actor.custody);
        store_close(store);
        return code;
    }
    config.actor.zmq = zmq_ctx_new();
    config.actor.bus = bus_new(config.actor.zmq);
    code = supervise(&config);
    bus_free(config.actor.bus);
    zmq_ctx_term(config.actor.zmq);
    return code;
}

int main(int argc, char **argv) {
    struct arguments arguments;
    struct plant *plant = NULL;
    struct store *store = NULL;
    struct keyring *keys = NULL;
    int status = parse_arguments(argc, argv, &arguments);
    if (status >= 0)
        return status;
    if (arguments.check)
        return plant_check_main(arguments.file, arguments.print, stdout, stderr);
    log_open();
    inherited_begin();
    supervisor_block_signals();
    seed_ids();
    if (!raise_files())
        return EX_OSERR;
    int code = load(&arguments, &plant);
    if (code == 0)
        code = check_endpoints(plant);
    if (code == 0)
        code = open_keys(plant, &keys);
    if (code == 0 && arguments.role != ROLE_ALL && !is_shared(plant)) {
        log_err("main", "--role intake and planner need a store that several processes can use: postgresql://…");
        code = TAKT_EINVAL;
    }
    if (code == 0)
        code = open_store(plant, &store);
    if (code == 0 && store != NULL)
        code = run(&arguments, plant, store, keys);
    keyring_close(keys);
    plant_unref(plant);
    inherited_end();
    return exit_status(code);
}
