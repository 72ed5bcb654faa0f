#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast creators can push: CURVE on, orders of about 600 bytes, the daemon, its store and the load on this machine.

    bench/intake.py [--build build] [--creators 50] [--orders 100000] [--limits FOLDER]

Prints, as Markdown: orders accepted durably a second as fast as the credit allows, with SQLite, with PostgreSQL (a server of its
own with PostgreSQL's own settings) and with SQLite while the solver searches on two threads; the times of receipts at a tenth of
that and at 5,000 orders a second, each in the middle one of five runs by p99, beside the time of a sync of this disk in the same run;
the memory of creators that say nothing; and how soon all are served again after a restart.

--limits: the folder of the programs that find what the parts of an order cost at the least (CURVE, JSON, the store's row). With it
each rate is shown as a share of what two cores would give if there were nothing but those and the load generator. They are measured
in the same run, before and after each rate.
"""
import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import zmq
import zmq.auth

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{ROOT}/tests/system")
import database  # noqa: E402  (its folder is known only now)

GENERATOR_US = 6.0  # an order, of the least that a load generator can do: CURVE and sending
ORDER = {
    "placed_at": "2026-11-22T03:11:00Z", "channel": "livestream",
    "items": [{"product": "tee", "options": {"ink": "dark", "design": "moon-over-the-river"}, "quantity": 2,
               "personalization": {"text": "for Mei, from all of us at the studio"}}],
    "recipient": {"name": "Mei Chen", "phone": "+86 571 5555 0100", "email": "mei.chen@example.com",
                  "address": {"country": "CN", "region": "Zhejiang", "city": "Hangzhou", "line1": "Jiangnan Avenue 588",
                              "line2": "Building 3, Room 1204", "postal_code": "310052"}},
    "shipping": {"service": "standard"}, "metadata": {"campaign_id": "winter-2026"},
}


def plant(names, keys, port, store, planning):
    return {
        "takt": 1, "plant": {"id": "bench-01", "name": "Bench", "time_zone": "UTC"},
        "lines": {"print-1": {"calendar": "always", "count": 20}},
        "products": {"tee": {"options": {"ink": ["light", "dark"], "design": "any"}, "lot": {"like": ["ink"], "max": 5000, "wait": "12h"},
                             "route": [{"op": "print", "lines": {"print-1": "3000/h"}}]}},
        "packing": {"lines": {"pack-1": {"calendar": "always", "rate": "60000/h"}}},
        "creators": {name: {"keys": [keys[name]], "max_open": 10000000} for name in names}, "consumers": {"dock": {}},
        "shipping": {"carriers": {"mail": {"cutoff": "18:00", "days": "mon-sun", "transit": {"else": "5d"}}},
                     "services": {"standard": {"carrier": "mail"}}},
        "planning": {**planning, "think": "1s", "promise": {"at_most": "3650d"}},
        "store": store, "security": "curve",
        "listen": {"orders": f"tcp://127.0.0.1:{port}", "control": "ipc://control.sock"},
    }


def start(build, log):
    path = os.path.abspath("notify.sock")
    if os.path.exists(path):
        os.unlink(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(path)
        notify.settimeout(120)
        daemon = subprocess.Popen([f"{build}/taktd", "plant.yaml"], stdout=log, stderr=log, env=dict(os.environ, NOTIFY_SOCKET=path))
        while b"READY=1" not in notify.recv(4096):
            pass
    return daemon


def sync_p99_ms():
    """Of 500 small appends to a file, each synced."""
    times = []
    with open("sync", "wb") as file:
        for _ in range(500):
            file.write(b"x" * 4096)
            begin = time.perf_counter()
            file.flush()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - begin)
    return sorted(times)[494] * 1000


def load(build, names, plant_key, port, orders, *more):
    done = subprocess.run([f"{build}/takt-load", "--creators", ",".join(names), "--keys", ".", "--plant-key", plant_key, "--orders",
                           str(orders), *more, f"tcp://127.0.0.1:{port}", "order.json"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench/intake.py: takt-load ended with {done.returncode}: {done.stderr}{done.stdout}")
    return json.loads(done.stdout)


class Limits:
    """What an order costs at the least, in microseconds of processor time, of this machine now."""

    def __init__(self, folder):
        self.bin = os.path.abspath("limits")
        names = ["zmq_flow", "json_jansson", "sqlite_rows", "pg_rows"]
        subprocess.run(["make", "-s", "-C", folder, f"OUT={self.bin}", *[f"{self.bin}/{name}" for name in names]], check=True)

    def ask(self, figures, program, *arguments):
        done = subprocess.run([f"{self.bin}/{program}", *arguments], capture_output=True, text=True, check=True)
        found = dict(line.split() for line in done.stdout.splitlines())
        return sum(float(found[name]) for name in figures)

    def order_us(self, cluster):
        parts = [self.ask(["zmq.ack.curve.c50.400B.w256.server_cpu_us"], "zmq_flow", "curve", "ack", "50", "256", "400", "1"),
                 self.ask(["json.jansson.extract.cpu_us"], "json_jansson", "jansson", "0.5")]
        if cluster:
            name = "limits"
            cluster.ask("postgres", f"CREATE DATABASE {name}")
            parts.append(self.ask(["pg.unnest256.client_cpu_us", "pg.unnest256.backend_cpu_us"], "pg_rows",
                                  f"host={cluster.folder} user=takt dbname={name}", "unnest", "256", "1", "1"))
            cluster.drop(name)
        else:
            with tempfile.TemporaryDirectory(dir=".") as folder:
                parts.append(self.ask(["sqlite.insert256.cpu_us"], "sqlite_rows", f"{folder}/rows.db", "256", "1"))
        return sum(parts) + GENERATOR_US


def memory_kib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def processor_s(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def gather(names, plant_key, port, count):
    """Connections that have said hello: as many as there may be of each creator."""
    context = zmq.Context()
    context.set(zmq.MAX_SOCKETS, count + 10)
    sockets = []
    for i in range(count):
        s = context.socket(zmq.DEALER)
        s.linger, s.reconnect_ivl = 0, 100
        s.curve_publickey, s.curve_secretkey = zmq.auth.load_certificate(f"{names[i % len(names)]}.key")
        s.curve_serverkey = plant_key.encode()
        s.connect(f"tcp://127.0.0.1:{port}")
        sockets.append(s)
    return context, sockets


def greet(sockets):
    """Until all are served: who gets no answer says hello again."""
    waiting = set(sockets)
    begin = time.monotonic()
    while waiting and time.monotonic() - begin < 120:
        for s in waiting:
            s.send_json({"type": "hello", "protocol": 1}, zmq.DONTWAIT)
        until = time.monotonic() + 2
        while waiting and time.monotonic() < until:
            poller = zmq.Poller()
            for s in waiting:
                poller.register(s, zmq.POLLIN)
            for s, _ in poller.poll(100):
                if s.recv_json()["type"] == "welcome":
                    waiting.discard(s)
    return time.monotonic() - begin


class Bench:
    """The plant, its keys, and rates of daemons that start from nothing."""

    def __init__(self, build, creators, limits):
        self.build, self.limits = build, Limits(limits) if limits else None
        self.names = [f"c{i}" for i in range(creators)]
        self.keys = {name: subprocess.run([f"{build}/taktctl", "key", "new", name], capture_output=True, text=True, check=True).stdout.strip()
                     for name in ["plant", *self.names]}
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        with open("order.json", "w", encoding="utf-8") as file:
            json.dump(ORDER, file)

    def write_plant(self, store, **planning):
        with open("plant.yaml", "w", encoding="utf-8") as file:
            json.dump(plant(self.names, self.keys, self.port, store, planning), file)

    def load(self, orders, *more):
        return load(self.build, self.names, self.keys["plant"], self.port, orders, *more)

    def rate(self, daemon, orders, cluster=None):
        """Orders a second, the daemon's processor time an order, and the share of what the limits allow."""
        least_us = self.limits.order_us(cluster) if self.limits else None
        before_s = processor_s(daemon.pid)
        fast = self.load(orders, "--batch", "50")["orders_per_s"]
        cost_us = (processor_s(daemon.pid) - before_s) / orders * 1e6
        allowed = 2e6 / ((least_us + self.limits.order_us(cluster)) / 2) if self.limits else None
        return fast, cost_us, f"{fast / allowed:.0%} of {allowed:.0f}" if allowed else ""

    def rate_alone(self, orders, store, log, cluster=None, **planning):
        """Of a daemon of its own."""
        self.write_plant(store, **planning)
        daemon = start(self.build, log)
        try:
            return self.rate(daemon, orders, cluster)
        finally:
            daemon.kill()
            daemon.wait()


RECEIPT_RUNS, RECEIPT_S, RECEIPT_RATE = 5, 10, 5000


def receipts(b, rates):
    """Receipt times of the middle run by rate, those of all runs, and the p99 of a sync in the same time."""
    runs, syncs = {rate: [] for rate in rates}, []
    for k in range(RECEIPT_RUNS):
        syncs.append(sync_p99_ms())
        for rate in rates:
            slow = b.load(rate * RECEIPT_S, "--batch", "5", "--rate", str(rate), "--prefix", f"slow-{rate}-{k}")
            runs[rate].append(slow["receipt_ms"])
    for rate in rates:
        runs[rate].sort(key=lambda ms: ms["p99"])
    return runs, sorted(syncs)[RECEIPT_RUNS // 2]


EDD = {"scheduler": "edd", "threads": 1}
SEARCH = {"scheduler": "search", "threads": 2}


def quiet_creators(b, daemon, log, count):
    """Memory each, processor, seconds until all are served, the same after a kill; and the daemon that runs then."""
    idle_kib = memory_kib(daemon.pid)
    context, sockets = gather(b.names, b.keys["plant"], b.port, count)
    first_s = greet(sockets)
    each_kib = (memory_kib(daemon.pid) - idle_kib) / count
    before_s = processor_s(daemon.pid)
    time.sleep(10)
    idle = (processor_s(daemon.pid) - before_s) / 10
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    daemon = start(b.build, log)
    again_s = greet(sockets)
    for s in sockets:
        s.close()
    context.term()
    return (each_kib, idle, first_s, again_s), daemon


def measure(b, args, cluster, log):
    rows = [("PostgreSQL", b.rate_alone(args.orders, cluster.create("plant"), log, cluster, **EDD))] if cluster else []
    rows.append(("SQLite, the solver at work on two threads", b.rate_alone(args.orders, "sqlite:busy.db", log, **SEARCH)))
    b.write_plant("sqlite:takt.db", **EDD)
    daemon = start(b.build, log)
    try:
        rows.insert(0, ("SQLite", b.rate(daemon, args.orders)))
        runs, sync_ms = receipts(b, sorted({max(1, int(rows[0][1][0] / 10)), RECEIPT_RATE}))
        (each_kib, idle, first_s, again_s), daemon = quiet_creators(b, daemon, log, args.connected)
    finally:
        daemon.kill()
    print("| work | measured | of what two cores allow |\n|---|---|---|")
    for store, (fast, cost_us, share) in rows:
        print(f"| accepted durably, orders a second, {args.creators} creators, CURVE, {store} (the daemon's processor time: {cost_us:.0f} µs an order) "
              f"| {fast} | {share} |")
    for rate, found in runs.items():
        slow = found[RECEIPT_RUNS // 2]
        print(f"| receipts at {rate} orders a second: p50, p99, most | {slow['p50']}, {slow['p99']}, {slow['most']} ms "
              f"(p99 of {RECEIPT_RUNS} runs: {', '.join(str(ms['p99']) for ms in found)}) | |")
    print(f"""| a sync of this disk in the same run, p99 | {sync_ms:.2f} ms | |
| {args.connected} connected creators that say nothing: memory each, processor | {each_kib:.0f} KiB, {idle:.1%} | |
| they connect and are served for the first time in | {first_s:.1f} s | |
| after a kill of the daemon all are served again, from its readiness, in | {again_s:.1f} s | |""")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=f"{ROOT}/build")
    parser.add_argument("--creators", type=int, default=50)
    parser.add_argument("--orders", type=int, default=100000)
    parser.add_argument("--connected", type=int, default=1000)
    parser.add_argument("--limits", help="a folder with zmq_flow, json_jansson, sqlite_rows and pg_rows to make")
    args = parser.parse_args()
    build, folder = os.path.abspath(args.build), tempfile.mkdtemp(prefix="takt-bench-", dir=".")
    limits = os.path.abspath(args.limits) if args.limits else None
    os.chdir(folder)
    try:
        with contextlib.ExitStack() as stack:
            cluster = stack.enter_context(database.Cluster({"fsync": "on", "shared_buffers": "128MB"})) if database.programs() else None
            with open("taktd.log", "wb") as log:
                measure(Bench(build, args.creators, limits), args, cluster, log)
    finally:
        os.chdir("..")
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
