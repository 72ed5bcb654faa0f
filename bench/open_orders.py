#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a full order book costs: pushes open orders into the real daemon, waits until all are planned, and prints the resident
memory, the time from a SIGKILL's restart to READY, and the size of the store.

    bench/open_orders.py [--orders 1000000] [--build build] [--store postgresql]

--store postgresql: in a server of its own with PostgreSQL's own settings, for which its programs must be installed.
"""
import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import zmq

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{ROOT}/tests/system")
import database  # noqa: E402  (its folder is known only now)

PLANT = """
takt: 1
plant: {id: big-01, name: Full Book, time_zone: UTC}
lines:
  cut-1: {calendar: always, count: 4}
  print-1: {calendar: always, count: 8}
  sew-1: {calendar: always, count: 16}
products:
  tee:
    options: {fabric: [white, black, grey, red], size: [S, M, L, XL], ink: [light, dark, neon, none, gold], design: any}
    lot: {like: [fabric, ink], max: 240, wait: 2d}
    route:
      - {op: cut, lines: {cut-1: 600/h}}
      - {op: print, lines: {print-1: 300/h}}
      - {op: sew, lines: {sew-1: 150/h}}
packing: {lines: {pack-1: {calendar: always, rate: 2000/h}}}
creators: {luna: {max_open: 10000000}}
consumers: {dock: {}}
shipping:
  carriers: {post: {cutoff: "18:00", days: mon-sun, transit: {else: 3d}}}
  services: {standard: {carrier: post}}
planning: {scheduler: atcs, target: 20d, promise: {at_most: 3650d}}
store: "@store@"
security: none
listen: {orders: "ipc://orders.sock", shipments: "ipc://shipments.sock", floor: "ipc://floor.sock", control: "ipc://control.sock"}
"""


def start(build, log):
    """The daemon, and the seconds until it told its service manager that it is ready."""
    path = os.path.abspath("notify.sock")
    if os.path.exists(path):
        os.unlink(path)
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(path)
    notify.settimeout(300)
    begin = time.monotonic()
    daemon = subprocess.Popen([f"{build}/taktd", "plant.yaml"], stdout=log, stderr=log, env=dict(os.environ, NOTIFY_SOCKET=path))
    while b"READY=1" not in notify.recv(4096):
        pass
    took = time.monotonic() - begin
    notify.close()
    return daemon, took


def memory_mib(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(field)) / 1024


def push(count):
    rng, link = random.Random(1), zmq.Context.instance().socket(zmq.DEALER)
    link.connect("ipc://orders.sock")
    link.send_json({"type": "hello", "protocol": 1, "creator": "luna"})
    welcome = link.recv_json()
    size, flying, sent, done, again = welcome["max_orders"], 0, 0, 0, []
    while done < count:
        while (again or sent < count) and flying + size <= welcome["credit"]:
            first, n = again.pop() if again else (sent, min(size, count - sent))
            orders = [{"order_ref": f"L{first + k:08d}", "items": [{"product": "tee", "quantity": rng.choice([1, 1, 2]), "options": {
                "fabric": rng.choice(["white", "black", "grey", "red"]), "size": rng.choice("SML"), "ink": rng.choice(["light", "dark", "neon", "gold"]),
                "design": f"d{rng.randint(1, 50)}"}}],
                "recipient": {"name": f"Person {first + k}", "address": {"country": "GB", "city": "York", "line1": f"{k} Long Street", "postal_code": "YO1"}}}
                for k in range(n)]
            link.send_json({"type": "orders", "id": f"{first}/{n}", "orders": orders})
            sent, flying = max(sent, first + n), flying + n
        answer = link.recv_json()
        first, n = (int(number) for number in answer["id"].split("/"))
        flying -= n
        if answer.get("problem") == "busy":
            again.append((first, n))
            time.sleep(0.1)
            continue
        if answer["type"] != "accepted":
            sys.exit(f"open_orders: {answer}")
        done += answer["accepted"] + answer["duplicates"]
        if done % 100000 < n and sys.stderr.isatty():
            print(f"\r{done} accepted", end="", file=sys.stderr, flush=True)
    link.close(0)


def status(build):
    done = subprocess.run([f"{build}/taktctl", "--socket", "ipc://control.sock", "-o", "json", "status"], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def wait_planned(build, count):
    while True:
        creators = json.loads(subprocess.run([f"{build}/taktctl", "--socket", "ipc://control.sock", "-o", "json", "creators"], stdout=subprocess.PIPE,
                                             check=True).stdout)["creators"]
        if sum(row["orders"].get("planned", 0) + row["orders"].get("in-production", 0) for row in creators) >= count:
            return
        time.sleep(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=1000000)
    parser.add_argument("--build", default=f"{ROOT}/build")
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    args = parser.parse_args()
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(database.Cluster({"fsync": "on", "shared_buffers": "128MB"})) if args.store == "postgresql" else None
        run(args, cluster)


def store_mib(cluster):
    return round((int(cluster.ask("plant", "SELECT pg_database_size('plant')")) if cluster else os.path.getsize("takt.db")) / 2**20)


def run(args, cluster):
    build, folder = os.path.abspath(args.build), tempfile.mkdtemp(prefix="takt-open-")
    os.chdir(folder)
    with open("plant.yaml", "w", encoding="utf-8") as f:
        f.write(PLANT.replace("@store@", cluster.create("plant") if cluster else "sqlite:takt.db"))
    log = open("taktd.log", "w", encoding="utf-8")
    daemon, _ = start(build, log)
    try:
        begin = time.monotonic()
        push(args.orders)
        pushed = time.monotonic() - begin
        wait_planned(build, args.orders)
        planned = time.monotonic() - begin
        before = memory_mib(daemon.pid, "VmRSS")
        peak = memory_mib(daemon.pid, "VmHWM")
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
        daemon, ready = start(build, log)
        figures = {"orders": args.orders, "accepted_s": round(pushed, 1), "planned_s": round(planned, 1), "rss_mib": round(before), "peak_mib": round(peak),
                   "restart_to_ready_s": round(ready, 2), "rss_after_restart_mib": round(memory_mib(daemon.pid, "VmRSS")),
                   "store_mib": store_mib(cluster), "lots": status(build)["plan"].get("lots_open")}
        print(json.dumps(figures))
        daemon.terminate()
        daemon.wait(30)
    finally:
        if daemon.poll() is None:
            daemon.kill()
        os.chdir("/")
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
