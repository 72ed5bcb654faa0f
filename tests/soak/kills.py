#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A feed into the real daemon while the daemon is killed again and again: every accepted order is once in the store and in at
most one shipment.

    kills.py --plant FILE [--drop-in FILE…] --feed FEED.jsonl[.gz] [--days N] [--kills N] [--speed N] [--seed N] [--build DIR]

The creators, the floor and the carrier are the demo's processes: pyzmq and the protocol, nothing else. The store is read
with the sqlite3 module, or psql where --store is a postgresql:// URL."""
import argparse
import collections
import gzip
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f"{ROOT}/demo")
from link import Link, seconds, stamp  # noqa: E402  (the demo's folder comes first)


def read_feed(path, days):
    """{creator: rows as demo/creator.py reads them}, and the first point in time."""
    feeds, first = collections.defaultdict(list), None
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as f:
        for line in f:
            row = json.loads(line)
            at = seconds(row["at"])
            first = at if first is None else first
            if at >= first + days * 86400:
                break
            act = {"order": row["order"]} if "order" in row else {"cancel": row["cancel"]}
            feeds[row["creator"]].append({"at": at, **act})
    return feeds, first


class Bed:
    def __init__(self, args):
        self.args, self.build = args, os.path.abspath(args.build)
        self.folder = tempfile.mkdtemp(prefix="takt-kills-")
        self.children, self.daemon = [], None
        self.feeds, self.first = read_feed(args.feed, args.days)
        with open(args.plant, encoding="utf-8") as f:
            text = f.read()
        if self.args.store.startswith("postgresql:"):
            text = text.replace("store: sqlite:takt.db", f"store: {args.store}")
        for name, port in (("orders", 7710), ("shipments", 7711)):
            text = text.replace(f"tcp://127.0.0.1:{port}", f"ipc://{name}.sock")
        os.chdir(self.folder)
        os.mkdir("taktd.d")
        with open("plant.yaml", "w", encoding="utf-8") as f:
            f.write(text)
        for path in args.drop_in:
            shutil.copy(path, "taktd.d/")
        for creator, rows in self.feeds.items():
            with open(f"feed-{creator}.json", "w", encoding="utf-8") as f:
                json.dump(rows, f)

    def start_daemon(self):
        log = open("taktd.log", "a", encoding="utf-8")
        begin = time.monotonic()
        self.daemon = subprocess.Popen([f"{self.build}/taktd", "--start", stamp(self.first), "--speed", str(self.args.speed), "plant.yaml"],
                                       stdout=log, stderr=log)
        link = Link("ipc://shipments.sock", {"consumer": self.args.consumer, "credit": 0})
        while not link.ready:
            link.receive(50)
            if self.daemon.poll() is not None or time.monotonic() - begin > 60:
                sys.exit(f"kills: taktd did not start, see {self.folder}/taktd.log")
        link.socket.close(0)
        return link.welcome["time"]

    def start(self, script, *args):
        log = open(f"{script}.log", "a", encoding="utf-8")
        self.children.append(subprocess.Popen([sys.executable, "-B", f"{ROOT}/demo/{script}.py", self.folder, *args], stdout=log, stderr=log))

    def run(self):
        args, rng = self.args, random.Random(self.args.seed)
        plant_s = seconds(self.start_daemon())
        with open("clock.json", "w", encoding="utf-8") as f:
            json.dump({"plant_s": plant_s, "wall_s": time.time(), "speed": args.speed}, f)
        lines = json.loads(subprocess.run([f"{self.build}/taktctl", "--socket", "ipc://control.sock", "-o", "json", "status"],
                                          stdout=subprocess.PIPE, check=True).stdout)["lines"]
        self.start("floor", *[row["line"] for row in lines])
        self.start("carrier", args.consumer)
        self.start("creator", *self.feeds)
        total_s = args.days * 86400 / args.speed
        moments = sorted(rng.uniform(0.02, 0.98) * total_s for _ in range(args.kills))
        begin = time.monotonic()
        for n, moment in enumerate(moments):
            time.sleep(max(0.0, begin + moment - time.monotonic()))
            self.daemon.send_signal(signal.SIGKILL)
            self.daemon.wait()
            self.start_daemon()
            print(f"kill {n + 1} of {len(moments)} after {time.monotonic() - begin:.0f} s", flush=True)
        time.sleep(max(0.0, begin + total_s - time.monotonic()))
        deadline = time.monotonic() + args.patience
        while time.monotonic() < deadline and not self.all_sent():
            time.sleep(0.5)
        for child in self.children:
            child.send_signal(signal.SIGTERM)
        for child in self.children:
            child.wait(30)
        self.daemon.send_signal(signal.SIGTERM)
        if self.daemon.wait(20) != 0:
            sys.exit("kills: taktd did not end well")
        return self.judge()

    def all_sent(self):
        """Creators tell only at their end; what the store has is known sooner."""
        wanted = sum("order" in row for rows in self.feeds.values() for row in rows)
        return int(self.query("SELECT count(*) FROM orders")[0][0]) >= wanted

    def query(self, sql):
        if self.args.store.startswith("postgresql:"):
            out = subprocess.run(["psql", "-XAtq", "-F", "\t", "-c", f"SET search_path = takt; {sql}", self.args.store],
                                 stdout=subprocess.PIPE, text=True, check=True).stdout
            return [tuple(line.split("\t")) for line in out.splitlines()]
        with sqlite3.connect(f"file:{self.folder}/{self.args.store}?mode=ro", uri=True) as db:
            return db.execute(sql).fetchall()

    def judge(self):
        accepted, refused, unsent = set(), 0, 0
        for creator in self.feeds:
            with open(f"creator-{creator}.json", encoding="utf-8") as f:
                row = json.load(f)
            accepted |= {(creator, ref) for ref in row["accepted"]}
            refused, unsent = refused + len(row["refused"]), unsent + row["not_sent"]
        stored = collections.Counter(self.query(self.args.orders_sql))
        parcels = collections.defaultdict(set)
        with open("shipped.jsonl", encoding="utf-8") as f:
            for line in f:
                row = json.loads(line)
                for ref in row["order_refs"]:
                    parcels[row["creator"], ref].add(row["shipment_id"])
        faults = [f"{len(accepted - set(stored))} accepted orders are not in the store" if accepted - set(stored) else "",
                  "orders are in the store twice" if any(n > 1 for n in stored.values()) else "",
                  "orders are in two shipments" if any(len(s) > 1 for s in parcels.values()) else "",
                  "something was shipped that was not ordered" if set(parcels) - set(stored) else "",
                  f"{unsent} messages were never accepted" if unsent else ""]
        faults = [f for f in faults if f]
        print(json.dumps({"accepted": len(accepted), "stored": len(stored), "refused": refused, "shipped": len(parcels),
                          "kills": self.args.kills, "faults": faults}))
        return 1 if faults or not accepted else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plant", required=True, type=os.path.abspath)
    parser.add_argument("--drop-in", action="append", default=[], type=os.path.abspath)
    parser.add_argument("--feed", required=True, type=os.path.abspath)
    parser.add_argument("--consumer", default="mail")
    parser.add_argument("--store", default="takt.db")
    parser.add_argument("--orders-sql", default="SELECT creator, order_ref FROM order_key")
    parser.add_argument("--days", type=float, default=7)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--speed", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=120, help="seconds to wait at the end for what is not yet accepted")
    parser.add_argument("--build", default=f"{ROOT}/build")
    bed = Bed(parser.parse_args())
    try:
        code = bed.run()
    finally:
        for process in [*bed.children, bed.daemon]:
            if process is not None and process.poll() is None:
                process.kill()
        os.chdir("/")
    if code == 0:
        shutil.rmtree(bed.folder)
    sys.exit(code)


if __name__ == "__main__":
    main()
