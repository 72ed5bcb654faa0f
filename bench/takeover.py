#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long a planner that waits takes to go on when the active one is killed, with a full order book in PostgreSQL.

    bench/takeover.py [--orders 200000] [--times 3] [--build build]

An intake and an active planner, in a server of their own with PostgreSQL's own settings, fill the book. Then another planner waits, the
active one is killed with SIGKILL, the other takes over, and a third comes to wait, so often in turns warm and cold. Cold:
what it was to follow is taken away from the database just before, so that it has to load everything. Prints the seconds from the
kill until the plan is served, and how many of them passed until the kill was noticed.
"""
import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{ROOT}/tests/system")
sys.path.insert(0, f"{ROOT}/bench")
import database  # noqa: E402
import open_orders  # noqa: E402


class Process:
    """One of the plant's, in a folder as if it were a machine."""

    def __init__(self, build, url, top, name, role):
        self.folder = f"{top}/{name}"
        os.mkdir(self.folder)
        plant = open_orders.PLANT.replace("@store@", url).replace("listen: {", 'listen: {planner: "ipc://planner.sock", ')
        with open(f"{self.folder}/plant.yaml", "w", encoding="utf-8") as f:
            f.write(plant)
        with open(f"{self.folder}/log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([f"{build}/taktd", "--role", role, "plant.yaml"], cwd=self.folder, stdout=log, stderr=log)

    def log(self):
        with open(f"{self.folder}/log", encoding="utf-8") as f:
            return f.read()

    def wait(self, *texts, seconds=900):
        until = time.monotonic() + seconds
        while not any(text in self.log() for text in texts):
            if time.monotonic() > until or self.process.poll() is not None:
                sys.exit(f"takeover: {self.folder} did not say {texts}:\n{self.log()}")
            time.sleep(0.01)
        return self

    def memory_mib(self):
        return round(open_orders.memory_mib(self.process.pid, "VmRSS"))

    def processor_s(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as f:
            user, system = f.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def kill(self):
        self.process.kill()
        self.process.wait()


def wait_planned(cluster):
    while cluster.ask("plant", "SELECT count(*) FROM takt.orders WHERE state = 0") != "0":
        time.sleep(0.5)


def wait_beating(cluster):
    """Its first plan is published: before that it may look as if it stood still."""
    first = int(cluster.ask("plant", "SELECT beats FROM takt.state"))
    while int(cluster.ask("plant", "SELECT beats FROM takt.state")) < first + 5:
        time.sleep(0.2)


def follow(active, waiting, cluster, cold):
    """Kills the active one; what came of it."""
    waiting.wait("this one is warm")
    published = int(cluster.ask("plant", "SELECT publish_no FROM takt.state"))
    if cold:
        waiting.process.send_signal(signal.SIGSTOP)
        cluster.ask("plant", "DELETE FROM takt.publication")
        cluster.ask("plant", f"UPDATE takt.state SET publish_no = {published + 1}")  # as if there had been one more
    figures = {"warm": not cold, "waiting_mib": waiting.memory_mib(), "load": round(os.getloadavg()[0])}
    begin, used = time.monotonic(), waiting.processor_s()
    active.kill()
    if cold:
        waiting.process.send_signal(signal.SIGCONT)
    waiting.wait("this one takes over")
    figures["detected_s"] = round(time.monotonic() - begin, 2)
    waiting.wait("is served")
    figures["served_s"] = round(time.monotonic() - begin, 2)
    figures["processor_s"] = round(waiting.processor_s() - used, 2)
    if ("the last difference is read" in waiting.log()) == cold:
        sys.exit(f"takeover: that was not {'cold' if cold else 'warm'}:\n{waiting.log()}")
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=200000)
    parser.add_argument("--times", type=int, default=3, help="of each kind")
    parser.add_argument("--build", default=f"{ROOT}/build")
    args = parser.parse_args()
    build, top = os.path.abspath(args.build), tempfile.mkdtemp(prefix="takt-takeover-")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, top)
        cluster = stack.enter_context(database.Cluster({"fsync": "on", "shared_buffers": "128MB"}))
        url, processes = cluster.create("plant"), []

        def process(name, role):
            processes.append(Process(build, url, top, name, role))
            stack.callback(lambda p=processes[-1]: p.process.poll() is None and p.kill())
            return processes[-1]

        active = process("planner-0", "planner").wait("is served")
        intake = process("intake", "intake").wait("is served")
        os.chdir(intake.folder)
        open_orders.push(args.orders)
        intake.kill()
        wait_planned(cluster)
        print(json.dumps({"orders": args.orders, "active_mib": active.memory_mib()}), flush=True)
        waiting = process("planner-1", "planner")
        for i in range(2 * args.times):
            print(json.dumps(follow(active, waiting, cluster, cold=i % 2 == 1)), flush=True)
            active = waiting
            wait_beating(cluster)
            waiting = process(f"planner-{i + 2}", "planner")
        os.chdir("/")


if __name__ == "__main__":
    main()
