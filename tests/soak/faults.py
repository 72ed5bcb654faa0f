#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Hours of load with a fault every few seconds: what was accepted is there once, nothing is shipped twice, and memory and
descriptors stay flat.

    faults.py [--store postgresql|sqlite] [--minutes N] [--every S] [--seed N] [--build DIR]      TAKT_SOAK_MINUTES: the default of --minutes (60)

The plant is spread over machines as docs/operations.md has it: a synchronous primary and its standby, two planners, two intakes.
Each fault is one of FAULTS, at random: processes are killed, stopped and continued, the server is stopped, restarted or
fails over, a disk has not a byte left for some seconds (where one of a limited size can be mounted), cables are pulled (where
network namespaces are permitted; without root everything is on one machine). Who ends is started again, as a service manager does.
With --store sqlite it is one daemon with a file, which is killed and stopped and has its disk filled.
 A line of figures a minute, and a report at the end; exit 1 if anything was lost or twice.
"""
import argparse
import collections
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f"{ROOT}/tests/system")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("TAKT_SOAK_MINUTES", "60")))
    parser.add_argument("--store", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--every", type=float, default=8, help="seconds between faults, on average")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--pace", type=float, default=20, help="orders a second, of both creators together, while all is well")
    parser.add_argument("--only", default="", help="which faults, such as kill_taktd,cut: those that a failure was seen with")
    parser.add_argument("--build", default=f"{ROOT}/build")
    args = parser.parse_args()
    os.environ["TAKT_BUILD"] = os.path.abspath(args.build)
    return args


ARGS = parse()
import database  # noqa: E402  (the build is in the environment first)
import network  # noqa: E402
from taktlab import PLANT, Lab, wait_until  # noqa: E402
from test_network import QUICK, SPEED  # noqa: E402
from test_dispatch import quick_plant  # noqa: E402
from traffic import Carrier, Feed  # noqa: E402

MACHINES = ("db1", "db2", "plan1", "plan2", "door1", "door2")
DISK_MIB = 512
FLAT = 1.5  # memory at the end against that of the first quarter


def mount_small(stack, folder, options=""):
    """A disk of DISK_MIB there, for as long as the stack lives; False where nothing can be mounted."""
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=0700{options}", "tmpfs", folder]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        return False
    stack.callback(subprocess.run, ["umount", "-l", folder], check=False)
    return True


def fill_for(folder, seconds):
    """Takes the last byte of the disk, and gives all of it back after a while."""
    path = f"{folder}/ballast"
    with open(path, "wb", buffering=0) as ballast, contextlib.suppress(OSError):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                for size in (1 << 20, 4096, 1):
                    with contextlib.suppress(OSError):
                        while ballast.write(bytes(size)) == size:
                            pass
            time.sleep(0.1)  # what others have given back meanwhile is taken as well
    os.unlink(path)


class Bed:
    """All processes, where they are, and how each is started again."""

    def __init__(self, stack, rng):
        self.stack, self.rng, self.log, self.small = stack, rng, collections.Counter(), True
        self.net = stack.enter_context(network.Network(*MACHINES)) if network.reason() is None else None
        self.make_databases()
        self.labs, self.keys_of = {}, None
        for name in ("plan1", "plan2", "door1", "door2"):
            self.labs[name] = self.make_lab(name)
            self.start(name)
        self.feeds = [Feed(self.labs["door1"], "luna", 10, 20 / ARGS.pace), Feed(self.labs["door2"], "shop", 10, 20 / ARGS.pace)]
        self.carrier = Carrier(self.labs["plan1"], self.labs["plan2"])

    # ---- the database ----

    def within(self, name):
        return self.net.within(name) if self.net else []

    def host(self, name, cluster):
        return self.net.address(name) if self.net else cluster.folder

    def cluster(self, name, primary=None):
        listen = {"listen_addresses": self.net.address(name)} if self.net else {}
        cluster = database.Cluster({**listen, "wal_sender_timeout": "5s", "max_wal_size": "96MB", "min_wal_size": "32MB"}, primary=primary,
                                   within=self.within(name))
        self.small = mount_small(self.stack, cluster.folder, f",uid={os.stat(cluster.folder).st_uid}") and self.small
        self.stack.callback(cluster.remove)
        cluster.make()
        if self.net and primary is None:
            cluster.let_in("10.79.0.0/24")
        return cluster.start()

    def make_databases(self):
        self.primary = self.cluster("db1")
        self.primary.create("plant")
        self.primary.ask("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'")  # copied to each standby, which may be primary one day
        self.standby = self.cluster("db2", self.primary)
        self.primary.ask("postgres", "SELECT pg_reload_conf()")
        self.failed_over = False
        self.url = f"postgresql://takt@/plant?host={self.host('db1', self.primary)},{self.host('db2', self.standby)}"

    def ask(self, sql):
        return self.primary.ask("plant", sql)

    # ---- takt ----

    def make_lab(self, name):
        listen = {**PLANT["listen"], "planner": f"tcp://{self.net.address(name)}:7712" if self.net else "ipc://planner.sock"}
        lab = self.stack.enter_context(Lab(**{**quick_plant(listen=listen, security="curve", store=self.url), **QUICK}))
        if self.keys_of:
            lab.take_keys(self.keys_of)
        self.keys_of = self.keys_of or lab
        lab.within = self.within(name)
        return lab

    def start(self, name):
        self.labs[name].start("--role", "planner" if name.startswith("plan") else "intake", speed=SPEED)

    def look_after(self):
        """Who has ended is started again; any end but those that are meant is a fault of takt's."""
        for name, lab in self.labs.items():
            if lab.process and lab.process.poll() is not None:
                status = lab.process.returncode
                assert status in (-signal.SIGKILL, 75, 74), f"{name} ended with {status}:\n{lab.log()[-3000:]}"
                lab.process = None
                self.spawn(name)

    def spawn(self, name):
        self.labs[name].spawn("--role", "planner" if name.startswith("plan") else "intake", speed=SPEED)

    # ---- faults: one function each ----

    def kill_taktd(self):
        self.rng.choice(list(self.labs.values())).process.kill()

    def stop_taktd(self):
        process = self.rng.choice(list(self.labs.values())).process
        process.send_signal(signal.SIGSTOP)
        time.sleep(self.rng.uniform(0.5, 8))
        process.send_signal(signal.SIGCONT)

    def stop_server(self):
        self.primary.signal_all(signal.SIGSTOP)
        time.sleep(self.rng.uniform(0.5, 8))
        self.primary.signal_all(signal.SIGCONT)

    def restart_server(self):
        self.primary.stop(self.rng.choice((signal.SIGKILL, signal.SIGINT)))
        time.sleep(self.rng.uniform(0, 3))
        self.primary.start()

    def lose_standby(self):
        self.standby.stop(signal.SIGKILL)
        time.sleep(self.rng.uniform(0, 4))
        self.standby.start()

    def fail_over(self):
        """The primary dies for good, and another standby is made of the new one."""
        self.primary.stop(signal.SIGKILL)
        time.sleep(0.3)
        self.standby.promote()
        old, self.primary, self.failed_over = self.primary, self.standby, not self.failed_over
        wait_until(lambda: self.primary.ask("postgres", "SELECT pg_is_in_recovery()") == "f", what="the promotion")
        subprocess.run(["rm", "-rf", old.data], check=True)
        old.primary = self.primary
        old.make()
        self.standby = old.start()

    def fill_disk(self):
        """That of the primary or of its standby, which ends when it cannot write its log."""
        server = self.rng.choice((self.primary, self.primary, self.standby))
        fill_for(server.folder, self.rng.uniform(1, 8))
        server.start()

    def cut(self):
        machines = list(MACHINES)
        one = self.rng.choice(machines)
        machines.remove(one)
        others = self.rng.sample(machines, self.rng.randint(1, len(machines)))
        with self.net.cut(one, *others):
            time.sleep(self.rng.uniform(0.5, 10))

    def faults(self):
        always = [self.kill_taktd, self.kill_taktd, self.stop_taktd, self.stop_server, self.restart_server, self.lose_standby,
                  self.fail_over]
        every = always + ([self.cut, self.cut] if self.net else []) + ([self.fill_disk] if self.small else [])
        return [fault for fault in every if not ARGS.only or fault.__name__ in ARGS.only.split(",")]


class SmallBed(Bed):
    """One daemon and its file, on a disk of its own."""

    def __init__(self, stack, rng):
        self.stack, self.rng, self.log, self.net = stack, rng, collections.Counter(), None
        self.disk = tempfile.mkdtemp(prefix="takt-disk-")
        stack.callback(os.rmdir, self.disk)
        self.small = mount_small(stack, self.disk)
        lab = stack.enter_context(Lab(**{**quick_plant(security="curve", store=f"sqlite:{self.disk}/takt.db"), **QUICK}))
        self.labs = {"one": lab}
        self.start("one")
        self.feeds = [Feed(lab, name, 10, 20 / ARGS.pace) for name in ("luna", "shop")]
        self.carrier = Carrier(lab)

    def start(self, name):
        self.labs[name].start(speed=SPEED)

    def spawn(self, name):
        self.labs[name].spawn(speed=SPEED)

    def ask(self, sql):
        with contextlib.closing(sqlite3.connect(f"file:{self.disk}/takt.db?mode=ro", uri=True, timeout=60)) as db:
            return "\n".join("|".join(map(str, row)) for row in db.execute(sql.replace("takt.", "").replace("string_agg", "group_concat")))

    def fill_disk(self):
        fill_for(self.disk, self.rng.uniform(1, 8))

    def faults(self):
        every = [self.kill_taktd, self.stop_taktd] + ([self.fill_disk] if self.small else [])
        return [fault for fault in every if not ARGS.only or fault.__name__ in ARGS.only.split(",")]


def figures(lab):
    """Resident KiB and descriptors of a daemon, None while it is not there."""
    try:
        with open(f"/proc/{lab.process.pid}/status", encoding="ascii") as f:
            rss = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
        return rss, len(os.listdir(f"/proc/{lab.process.pid}/fd"))
    except (OSError, StopIteration, AttributeError):
        return None


def push_on(feed, ending, troubles):
    """A creator without end: what it is not answered, as when its intake is killed, it sends again after a hello."""
    while not ending.is_set():
        try:
            feed.push_again()
            time.sleep(feed.pause_s)
        except Exception as e:  # noqa: BLE001  (any of them ends the soak, in the main thread)
            troubles.append(e)
            return


def soak(bed, seconds):
    ending, troubles, samples = threading.Event(), [], []
    pushers = [threading.Thread(target=push_on, args=(feed, ending, troubles), daemon=True) for feed in bed.feeds]
    for thread in (*pushers, bed.carrier):
        thread.start()
    begin = told = time.monotonic()
    while time.monotonic() < begin + seconds and not troubles:
        time.sleep(bed.rng.uniform(0.2, 2 * ARGS.every))
        fault = bed.rng.choice(bed.faults())
        bed.log[fault.__name__] += 1
        print(f"{time.monotonic() - begin:7.1f} s  {fault.__name__}", flush=True)
        fault()
        bed.look_after()
        samples.append({name: figures(lab) for name, lab in bed.labs.items()})
        if time.monotonic() > told + 60:
            told = time.monotonic()
            print(f"{told - begin:7.1f} s  accepted {sum(f.sent * f.size for f in bed.feeds)}, shipped {len(bed.carrier.shipments)}, "
                  f"{samples[-1]}", flush=True)
    ending.set()
    for thread in pushers:
        thread.join(120)
    assert not troubles, troubles
    return samples


def judge(bed):
    """Once all is well again: everything is shipped, once."""
    wanted = sum(feed.sent * feed.size for feed in bed.feeds)

    def all_shipped():
        bed.look_after()
        return int(bed.ask("SELECT coalesce(sum(shipped), 0) FROM takt.creator")) >= wanted

    wait_until(all_shipped, 300 + ARGS.minutes * 60, "everything to be shipped")
    wait_until(lambda: len(bed.carrier.shipments) == wanted, 60, "the carrier to have it all")
    stored = sorted(bed.ask("SELECT creator || ' ' || order_ref FROM takt.orders").splitlines())
    sent = sorted(f"{name} B-{batch}-{i}" for name, feed in zip(("luna", "shop"), bed.feeds)
                  for batch in range(feed.sent) for i in range(feed.size))
    assert len(stored) == len(set(stored)), "orders are there twice"
    assert not set(sent) - set(stored), f"{len(set(sent) - set(stored))} accepted orders are lost"
    assert not set(stored) - set(sent), "orders are there that nobody was told of"
    bed.carrier.judge(bed.ask)
    return wanted


def judge_flat(samples):
    """Of those that have lived for long: the last quarter needs no more than the first, by much. Planners by turns are active and
    wait, which is another matter: of them what the larger one needs counts."""
    kinds = collections.defaultdict(list)
    for name in samples[0]:
        kinds["planners" if name.startswith("plan") else name].append(name)
    for what, place in (("memory", 0), ("descriptors", 1)):
        for name, those in kinds.items():
            rows = [[row[one][place] for one in those if row[one]] for row in samples]
            seen = [max(row) for row in rows if row]
            quarter = len(seen) // 4
            if quarter < 5:
                continue
            first, last = max(seen[:quarter]), max(seen[-quarter:])
            print(f"{what} of {name}: {first} at most in the first quarter, {last} in the last")
            assert last <= first * FLAT + 20000 * (1 - place) + 20 * place, f"{what} of {name} grows"


def main():
    alone = ARGS.store == "sqlite"
    if database.programs() is None and not alone:
        sys.exit("faults: PostgreSQL is not installed")
    print(f"seed {ARGS.seed}, {ARGS.minutes} minutes"
          + ("" if alone or network.reason() is None else f", no cables pulled ({network.reason()})"), flush=True)
    with contextlib.ExitStack() as stack:
        bed = (SmallBed if alone else Bed)(stack, random.Random(ARGS.seed))
        if not bed.small:
            print("no disk is filled (nothing can be mounted here)", flush=True)
        samples = soak(bed, ARGS.minutes * 60)
        wanted = judge(bed)
        judge_flat(samples)
        bed.carrier.stop()
        print(f"{wanted} orders accepted, each there once and shipped once; batches were refused {sum(f.busy for f in bed.feeds)} times; "
              f"{sum(bed.log.values())} faults: "
              + ", ".join(f"{name} {count}" for name, count in sorted(bed.log.items())))
        for lab in bed.labs.values():
            lab.kill()


if __name__ == "__main__":
    main()
