#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long a start takes until READY=1, and what an idle daemon costs: medians of several.

    bench/start.py [--build DIR] [--times N] [--idle SECONDS]

`empty`: the demo's plant and no store; `orders`: the same with a day's orders and their plan in the store. Idle: wake-ups of all
threads (voluntary context switches) a second, share of a core, and resident memory, once the plan has settled.
"""
import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{ROOT}/clients/python")
import takt  # noqa: E402

READY_S_MAX = 60
ORDER = {"items": [{"product": "tee", "quantity": 1, "options": {"fabric": "white", "size": "M", "ink": "dark", "design": "moon"}}],
         "recipient": {"name": "Mei Chen", "address": {"country": "GB", "city": "Leeds", "line1": "2 Park Street", "postal_code": "LS1 4AP"}}}


class Daemon:
    """The demo's plant in a folder; ready_ms: from fork to READY=1."""

    def __init__(self, build, folder):
        path = f"{folder}/notify"
        if os.path.exists(path):
            os.unlink(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(READY_S_MAX)
            begin = time.monotonic()
            self.process = subprocess.Popen([f"{build}/taktd", f"{ROOT}/config/examples/demo.yaml"], cwd=folder, stderr=subprocess.DEVNULL,
                                            env={**os.environ, "NOTIFY_SOCKET": path})
            while b"READY=1" not in notify.recv(4096).split(b"\n"):
                pass
            self.ready_ms = (time.monotonic() - begin) * 1000

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def wake_ups(self):
        count = 0
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/status", encoding="utf-8") as f:
                count += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", f.read(), re.M)[1])
        return count

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as f:
            return int(re.search(r"^VmRSS:\s+(\d+) kB", f.read(), re.M)[1]) / 1024


def push(folder, count):
    with takt.Plant(f"ipc://{folder}/orders.sock", creator="luna") as plant:
        for first in range(0, count, 100):
            plant.push([{**ORDER, "order_ref": f"S-{i}"} for i in range(first, min(first + 100, count))])


def starts(build, times, orders):
    found = []
    for _ in range(times):
        with tempfile.TemporaryDirectory(prefix="takt-start-") as folder:
            if orders:
                with Daemon(build, folder):
                    push(folder, orders)
                    time.sleep(3)  # for a plan of them
            with Daemon(build, folder) as daemon:
                found.append(daemon.ready_ms)
    return found


def idle(build, seconds, orders):
    with tempfile.TemporaryDirectory(prefix="takt-start-") as folder, Daemon(build, folder) as daemon:
        if orders:
            push(folder, orders)
        time.sleep(15)  # the last thing that a start or an order sets off
        begin, before, cpu = time.monotonic(), daemon.wake_ups(), daemon.cpu_s()
        time.sleep(seconds)
        took = time.monotonic() - begin
        return (daemon.wake_ups() - before) / took, (daemon.cpu_s() - cpu) / took * 100, daemon.resident_mib()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=f"{ROOT}/build")
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--idle", type=int, default=20)
    parser.add_argument("--orders", type=int, default=500)
    args = parser.parse_args()
    build = os.path.abspath(args.build)
    for name, orders in (("empty", 0), (f"{args.orders} orders", args.orders)):
        found = starts(build, args.times, orders)
        print(f"start to READY, {name}: median {statistics.median(found):.0f} ms ({min(found):.0f} to {max(found):.0f}, {args.times} times)", flush=True)
    for name, orders in (("empty", 0), (f"{args.orders} orders", args.orders)):
        wakes, share, resident = idle(build, args.idle, orders)
        print(f"idle, {name}: {wakes:.1f} wake-ups/s, {share:.2f} % of a core, {resident:.1f} MiB resident", flush=True)


if __name__ == "__main__":
    main()
