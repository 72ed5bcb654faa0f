#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast creators can push: CURVE on, orders of about 600 bytes, SQLite store, daemon and load on this machine.

    bench/intake.py [--build build] [--creators 50] [--orders 100000]

Prints, as Markdown: orders accepted durably a second as fast as the credit allows; the times of receipts at a tenth of that,
beside the time of a sync of this disk in the same run; the memory of creators that say nothing; and how soon all are served
again after a restart.
"""
import argparse
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
ORDER = {
    "placed_at": "2026-11-22T03:11:00Z", "channel": "livestream",
    "items": [{"product": "tee", "options": {"ink": "dark", "design": "moon-over-the-river"}, "quantity": 2,
               "personalization": {"text": "for Mei, from all of us at the studio"}}],
    "recipient": {"name": "Mei Chen", "phone": "+86 571 5555 0100", "email": "mei.chen@example.com",
                  "address": {"country": "CN", "region": "Zhejiang", "city": "Hangzhou", "line1": "Jiangnan Avenue 588",
                              "line2": "Building 3, Room 1204", "postal_code": "310052"}},
    "shipping": {"service": "standard"}, "metadata": {"campaign_id": "winter-2026"},
}


def plant(names, keys, port):
    return {
        "takt": 1, "plant": {"id": "bench-01", "name": "Bench", "time_zone": "UTC"},
        "lines": {"print-1": {"calendar": "always", "count": 20}},
        "products": {"tee": {"options": {"ink": ["light", "dark"], "design": "any"}, "lot": {"like": ["ink"], "max": 5000, "wait": "12h"},
                             "route": [{"op": "print", "lines": {"print-1": "3000/h"}}]}},
        "packing": {"lines": {"pack-1": {"calendar": "always", "rate": "60000/h"}}},
        "creators": {name: {"keys": [keys[name]], "max_open": 10000000} for name in names}, "consumers": {"dock": {}},
        "shipping": {"carriers": {"mail": {"cutoff": "18:00", "days": "mon-sun", "transit": {"else": "5d"}}},
                     "services": {"standard": {"carrier": "mail"}}},
        "planning": {"scheduler": "edd", "threads": 1, "think": "1s", "promise": {"at_most": "3650d"}},
        "store": "sqlite:takt.db", "security": "curve",
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=f"{ROOT}/build")
    parser.add_argument("--creators", type=int, default=50)
    parser.add_argument("--orders", type=int, default=100000)
    parser.add_argument("--connected", type=int, default=1000)
    args = parser.parse_args()
    build, folder = os.path.abspath(args.build), tempfile.mkdtemp(prefix="takt-bench-", dir=".")
    os.chdir(folder)
    names = [f"c{i}" for i in range(args.creators)]
    keys = {name: subprocess.run([f"{build}/taktctl", "key", "new", name], capture_output=True, text=True, check=True).stdout.strip()
            for name in ["plant", *names]}
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with open("plant.yaml", "w", encoding="utf-8") as file:
        json.dump(plant(names, keys, port), file)
    with open("order.json", "w", encoding="utf-8") as file:
        json.dump(ORDER, file)
    with open("taktd.log", "wb") as log:
        daemon = start(build, log)
        try:
            before_s = processor_s(daemon.pid)
            fast = load(build, names, keys["plant"], port, args.orders, "--batch", "50")
            cost_us = (processor_s(daemon.pid) - before_s) / args.orders * 1e6
            rate = max(1, int(fast["orders_per_s"] / 10))
            sync_ms = sync_p99_ms()
            slow = load(build, names, keys["plant"], port, rate * 10, "--batch", "5", "--rate", str(rate), "--prefix", "slow")
            idle_kib = memory_kib(daemon.pid)
            context, sockets = gather(names, keys["plant"], port, args.connected)
            first_s = greet(sockets)
            each_kib = (memory_kib(daemon.pid) - idle_kib) / args.connected
            before_s = processor_s(daemon.pid)
            time.sleep(10)
            idle = (processor_s(daemon.pid) - before_s) / 10
            daemon.send_signal(signal.SIGKILL)
            daemon.wait()
            daemon = start(build, log)
            again_s = greet(sockets)
            for s in sockets:
                s.close()
            context.term()
        finally:
            daemon.kill()
    print(f"""| work | measured |
|---|---|
| accepted durably, orders a second, {args.creators} creators, CURVE, SQLite | {fast['orders_per_s']} |
| of which the daemon's processor time, µs an order | {cost_us:.0f} |
| receipts at {rate} orders a second: p50, p99, most | {slow['receipt_ms']['p50']}, {slow['receipt_ms']['p99']}, {slow['receipt_ms']['most']} ms |
| a sync of this disk in the same run, p99 | {sync_ms:.2f} ms |
| {args.connected} connected creators that say nothing: memory each, processor | {each_kib:.0f} KiB, {idle:.1%} |
| they connect and are served for the first time in | {first_s:.1f} s |
| after a kill of the daemon all are served again, from its readiness, in | {again_s:.1f} s |""")
    os.chdir("..")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
