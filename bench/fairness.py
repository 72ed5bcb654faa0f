#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a creator that floods takes from the others, and what one that comes back after a week does to them: CURVE on, SQLite store,
daemon and load on this machine.

    bench/fairness.py [--build build] [--creators 4] [--seconds 10] [--rate 500]

Prints, as Markdown: the receipts of the others, who push single orders at a rate in all, alone, beside a creator that pushes over 50
connections as fast as its credit allows, and beside one that reads a week's events; and what each gets when all push at once.
"""
import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import zmq
import zmq.auth

from intake import EDD, ORDER, ROOT, load, plant, start

CONNECTIONS = 50
WEEK = 50000  # orders, each with a promise and its cancellation


class Bench:
    """A plant in the current folder, and who pushes to it."""

    def __init__(self, args):
        self.args, self.build = args, os.path.abspath(args.build)
        self.names = [f"c{i}" for i in range(args.creators)]
        self.keys = {name: subprocess.run([f"{self.build}/taktctl", "key", "new", name], capture_output=True, text=True,
                                          check=True).stdout.strip() for name in ["plant", "flood", *self.names]}
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        with open("order.json", "w", encoding="utf-8") as file:
            json.dump(ORDER, file)
        with open("plant.yaml", "w", encoding="utf-8") as file:
            json.dump(plant(["flood", *self.names], self.keys, self.port, "sqlite:takt.db", EDD), file)

    def push(self, names, orders, prefix, *more):
        return load(self.build, names, self.keys["plant"], self.port, orders, "--prefix", prefix, *more)

    def steady(self, prefix):
        """The others' receipts, in ms."""
        return self.push(self.names, self.args.rate * self.args.seconds, prefix, "--batch", "1", "--rate", str(self.args.rate))["receipt_ms"]

    def beside(self, work, prefix):
        """The same while something goes on; work is told when to end."""
        end = threading.Event()
        thread = threading.Thread(target=work, args=(end,))
        thread.start()
        time.sleep(1)  # until it is in full swing
        found = self.steady(prefix)
        end.set()
        thread.join()
        return found

    def flood(self, end):
        argv = [f"{self.build}/takt-load", "--creators", "flood", "--keys", ".", "--plant-key", self.keys["plant"], "--connections",
                str(CONNECTIONS), "--orders", "100000000", f"tcp://127.0.0.1:{self.port}", "order.json"]
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            end.wait()
            process.terminate()

    def connect(self):
        s = zmq.Context.instance().socket(zmq.DEALER)
        s.linger, s.rcvhwm, s.sndhwm = 0, 0, 0
        s.curve_publickey, s.curve_secretkey = zmq.auth.load_certificate("flood.key")
        s.curve_serverkey = self.keys["plant"].encode()
        s.connect(f"tcp://127.0.0.1:{self.port}")
        s.send_json({"type": "hello", "protocol": 1})
        assert s.recv_json()["type"] == "welcome"
        return s

    def live_a_week(self):
        """Makes the events that are read later."""
        self.push(["flood"], WEEK, "week")
        with self.connect() as s:
            for k in range(0, WEEK, 500):
                s.send_json({"type": "cancel", "id": "c", "order_refs": [f"week-{i}" for i in range(k, k + 500)]})
                assert s.recv_json()["type"] == "cancelled"

    def read_a_week(self, end):
        """All of it, again and again."""
        with self.connect() as s:
            while not end.is_set():
                s.send_json({"type": "subscribe", "id": "s", "after": 0})
                self.read, begin = 0, time.monotonic()
                while s.poll(1000) and not end.is_set():
                    message = s.recv_json()
                    self.read += message["type"] == "event"
                    if message["type"] == "event" and self.read % 200 == 0:
                        s.send_json({"type": "seen", "cursor": message["cursor"]})
                self.read_per_s = self.read / (time.monotonic() - begin)

    def all_at_once(self, orders):
        """Orders a second of the one with many connections, and of the slowest of the others, who have one each."""
        rates = {}

        def run(name, connections):
            rates[name] = self.push([name], orders, "all", "--connections", str(connections))["orders_per_s"]
        threads = [threading.Thread(target=run, args=(name, CONNECTIONS if name == "flood" else 1)) for name in ["flood", *self.names]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return rates.pop("flood"), min(rates.values())


def row(what, ms):
    print(f"| {what} | {ms['p50']} | {ms['p99']} | {ms['most']} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=f"{ROOT}/build")
    parser.add_argument("--creators", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rate", type=int, default=500)
    args = parser.parse_args()
    args.build, folder = os.path.abspath(args.build), tempfile.mkdtemp(prefix="takt-bench-", dir=".")
    os.chdir(folder)
    bench = Bench(args)
    with open("taktd.log", "wb") as log:
        daemon = start(bench.build, log)
        try:
            print(f"| receipts of {args.creators} creators, {args.rate} orders a second in all, ms | p50 | p99 | most |\n|---|---|---|---|")
            row("alone", bench.steady("alone"))
            row(f"beside one that floods over {CONNECTIONS} connections", bench.beside(bench.flood, "beside"))
            bench.live_a_week()
            row(f"alone again, with a week's {2 * WEEK} events kept", bench.steady("again"))
            row("beside one that reads them", bench.beside(bench.read_a_week, "week-others"))
            print(f"\nA week's events were read at {bench.read_per_s:.0f} a second.")
            many, one = bench.all_at_once(20000)
            print(f"When all push as fast as they can, the one with {CONNECTIONS} connections has {many} orders a second, each of the others "
                  f"at least {one}.")
        finally:
            daemon.send_signal(signal.SIGKILL)
            daemon.wait()
    os.chdir("..")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
