# SPDX-License-Identifier: Apache-2.0
"""A week of a small factory in about a minute, on the real daemon: `make demo` runs it.

    demo.py --build DIR [--speed N] [--keep] [--seed N] [--scale F]
"""
import argparse
import collections
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

from feed import HOUR, MONDAY, make
from link import Clock, stamp

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
TTY = sys.stdout.isatty()
REASONS = {"breakdown": "a line broke down", "material": "material is late", "capacity": "more was ordered than there is capacity for",
           "scrap": "units were scrapped", "operator": "the operator changed the plan", "amendment": "the order was amended"}


def say(text="", bold=False):
    print(f"\033[1m{text}\033[0m" if bold and TTY else text, flush=True)


def fail(text):
    say(f"demo: {text}")
    sys.exit(1)


class Demo:
    def __init__(self, args):
        self.args, self.build = args, os.path.abspath(args.build)
        self.folder = tempfile.mkdtemp(prefix="takt-demo-")
        self.children, self.daemon, self.kills = [], None, 0
        os.chdir(self.folder)
        self.board = f"127.0.0.1:{self.free_port()}"
        with open(f"{ROOT}/config/examples/demo.yaml", encoding="utf-8") as f, open("demo.yaml", "w", encoding="utf-8") as own:
            own.write(f.read().replace("127.0.0.1:7780", self.board))

    @staticmethod
    def free_port():
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    # -- processes

    def start_daemon(self):
        log = open("taktd.log", "a", encoding="utf-8")
        self.daemon = subprocess.Popen([f"{self.build}/taktd", "--start", stamp(MONDAY), "--speed", str(self.args.speed), "demo.yaml"],
                                       stdout=log, stderr=log)
        begin = time.monotonic()
        while self.ctl("status", check=False) is None:
            if self.daemon.poll() is not None or time.monotonic() - begin > 20:
                with open("taktd.log", encoding="utf-8") as f:
                    fail("taktd did not start:\n" + f.read())
            time.sleep(0.02)
        return time.monotonic() - begin

    def start(self, script, *args):
        log = open(f"{script}.log", "a", encoding="utf-8")
        self.children.append(subprocess.Popen([sys.executable, "-B", f"{HERE}/{script}.py", *args], stdout=log, stderr=log))

    def ctl(self, *args, check=True):
        """taktctl's answer as data; None if it failed and that is allowed."""
        done = subprocess.run([f"{self.build}/taktctl", "--socket", "ipc://control.sock", "-o", "json", *args], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            if check:
                fail(f"taktctl {' '.join(args)}: exit {done.returncode}: {done.stderr}{done.stdout}")
            return None
        return json.loads(done.stdout)

    def show(self, *args):
        """taktctl as a person would call it; what it prints is shown."""
        say(f"$ taktctl {' '.join(args)}", bold=True)
        sys.stdout.flush()
        until = time.monotonic() + 30
        while True:  # at this speed the plan may change faster than it can be read, which it says with 75: try again
            done = subprocess.run([f"{self.build}/taktctl", "--socket", "ipc://control.sock", *args], stderr=subprocess.PIPE, text=True, check=False)
            if done.returncode != os.EX_TEMPFAIL or time.monotonic() > until:
                break
        if done.returncode != 0:
            fail(f"taktctl {' '.join(args)} ended with {done.returncode}: {done.stderr}")
        say()

    def set_clock(self):
        """Where plant time is, as the plant says: the same line that the daemon keeps."""
        dealer = zmq.Context.instance().socket(zmq.DEALER)
        dealer.connect("ipc://orders.sock")
        dealer.send_json({"type": "hello", "protocol": 1, "creator": "luna"})
        if not dealer.poll(5000):
            fail("nobody answers on the orders endpoint")
        text = dealer.recv_json()["time"]
        plant_s = time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
        with open("clock.json", "w", encoding="utf-8") as f:
            json.dump({"plant_s": plant_s, "wall_s": time.time(), "speed": self.args.speed}, f)
        dealer.close(0)
        self.clock = Clock("clock.json")

    def sleep_until(self, plant_s, what):
        """Waits for plant time, with a line of what is going on."""
        while self.clock.now() < plant_s:
            self.progress(what)
            time.sleep(min(0.25, max(0.01, self.clock.real(plant_s - self.clock.now()))))
        self.progress(what, end=True)

    def counts(self):
        total = collections.Counter()
        for row in self.ctl("creators")["creators"]:
            total.update(row["orders"])
        return total

    def progress(self, what, end=False):
        for child in self.children:
            if child.poll() is not None:
                fail(f"{child.args[2]} ended with {child.returncode}; its log is in {self.folder}")
        if not TTY:
            return
        c = self.counts()
        when = time.strftime("%a %H:%M", time.gmtime(self.clock.now()))
        print(f"\r\033[K{when}  {what}: {sum(c.values())} orders, {c['shipped']} shipped, {c['packed']} packed"
              f", {c['in-production'] + c['made']} in production", end="\n" if end else "", flush=True)

    # -- what the creators heard

    def events(self):
        found = []
        for creator in self.feeds:
            try:
                with open(f"events-{creator}.jsonl", encoding="utf-8") as f:
                    found += [dict(json.loads(line), creator=creator) for line in f if line.endswith("\n")]
            except FileNotFoundError:
                pass
        return found

    def moved(self, since_s):
        reasons = collections.Counter(e["reason"] for e in self.events() if e["event"] == "order.repromised" and e["at"] >= stamp(since_s))
        return reasons

    # -- the story

    def chapter(self, title):
        say()
        say(f"── {title} " + "─" * max(0, 76 - len(title)), bold=True)

    def run(self):
        a = self.args
        self.feeds = make(a.seed, a.scale)
        for creator, rows in self.feeds.items():
            with open(f"feed-{creator}.json", "w", encoding="utf-8") as f:
                json.dump(rows, f)
        total = sum("order" in row for rows in self.feeds.values() for row in rows)
        self.chapter("Monday morning: the plant opens")
        took = self.start_daemon()
        self.set_clock()
        say(f"taktd is up after {took * 1000:.0f} ms, at {a.speed} times the speed of life; its store is {self.folder}/takt.db")
        say(f"its board is at http://{self.board}/ as long as this runs")
        lines = [l["line"] for l in self.ctl("status")["lines"] if not l["line"].startswith(("desk", "pack"))]
        for creator in self.feeds:
            self.start("creator", self.folder, creator)
        self.start("floor", self.folder, *lines)
        self.start("carrier", self.folder, "dock")
        say(f"{len(self.feeds)} creators will push {total} orders; {len(lines)} lines report; a carrier takes the parcels")
        self.sleep_until(MONDAY + 9.5 * HOUR, "the drop comes in")
        c = self.counts()
        say(f"after the drop: {sum(c.values())} orders are accepted, each is in the store, {sum(c.values()) - c['accepted']} have a promise")
        self.show("plan", "--gantt")
        self.sleep_until(MONDAY + 29 * HOUR, "orders go on coming, lines work")

        self.chapter("Tuesday: a line breaks down")
        down_at = self.clock.now()
        with open("down.json.new", "w", encoding="utf-8") as f:
            json.dump(["print-1"], f)
        os.replace("down.json.new", "down.json")
        self.show("report", "down", "--line", "print-1", "--until", stamp(down_at + 26 * HOUR), "--reason", "head crash")
        self.sleep_until(self.clock.now() + 2 * HOUR, "the plan goes round it")
        self.show("plan", "--gantt")
        moved = self.moved(down_at)
        because = "; ".join(f"{n} because {REASONS.get(r, r)}" for r, n in moved.most_common())
        say(f"{sum(moved.values())} promises moved" + (f": {because}" if moved else ": every promise can still be kept"))
        late = self.latest()
        if late is not None:
            say()
            self.show("why", late)

        self.chapter("Tuesday night: the power fails")
        self.sleep_until(MONDAY + 38 * HOUR, "before")
        before = self.counts()
        os.kill(self.daemon.pid, signal.SIGKILL)
        self.daemon.wait()
        self.kills += 1
        say(f"taktd was killed (SIGKILL) with {sum(before.values())} orders, in the middle of its work")
        took = self.start_daemon()
        after = self.counts()
        say(f"started again: serving the last plan after {took * 1000:.0f} ms, with {sum(after.values())} orders")
        if sum(after.values()) < sum(before.values()):
            fail("orders were lost")
        self.sleep_until(down_at + 26 * HOUR, "the other lines work on")
        os.remove("down.json")
        self.show("report", "up", "--line", "print-1")

        self.chapter("The rest of the week")
        end = MONDAY + 24 * HOUR * 13
        while self.clock.now() < end:
            self.progress("until all is shipped")
            c = self.counts()
            if sum(c.values()) >= total and c["shipped"] + c["cancelled"] == sum(c.values()):
                break
            time.sleep(0.2)
        self.progress("until all is shipped", end=True)

        self.chapter("One order's story")
        self.show("order", "luna/LUNA-RUSH")
        for child in self.children:
            child.send_signal(signal.SIGTERM)
        for child in self.children:
            child.wait(20)
        self.children.clear()
        return self.summary()

    def latest(self):
        """An order whose promise moved, or else none."""
        moved = [e for e in self.events() if e["event"] == "order.repromised"]
        return f"{moved[-1]['creator']}/{moved[-1]['order_ref']}" if moved else None

    def summary(self):
        self.chapter("What is left to say")
        counts, wrong = self.counts(), []
        accepted, refused, answers = set(), 0, []
        for creator in self.feeds:
            with open(f"creator-{creator}.json", encoding="utf-8") as f:
                row = json.load(f)
            accepted |= {f"{creator}/{ref}" for ref in row["accepted"]}
            refused += len(row["refused"])
            answers += row["answers"]
            if row["not_sent"]:
                wrong.append(f"{creator} could not push {row['not_sent']} messages")
        orders = sum(counts.values())
        still_open = orders - counts["shipped"] - counts["cancelled"]
        with open("shipped.jsonl", encoding="utf-8") as f:
            parcels = [json.loads(line) for line in f]
        refs = collections.Counter(f"{p['creator']}/{ref}" for p in parcels for ref in p["order_refs"])
        twice = [ref for ref, n in refs.items() if n > 1]
        if len(accepted) != orders:
            wrong.append(f"creators were told of {len(accepted)} accepted orders, the store has {orders}")
        if twice:
            wrong.append(f"shipped twice: {twice[:5]}")
        if set(refs) - accepted:
            wrong.append("something was shipped that nobody ordered")
        if len(refs) != counts["shipped"]:
            wrong.append(f"the carrier had {len(refs)} orders, the store says that {counts['shipped']} are shipped")
        status = self.ctl("status")
        promises = status["promises"]
        say(f"orders     {orders} accepted = {counts['shipped']} shipped + {counts['cancelled']} cancelled + {still_open} open"
            + (f" ({refused} refused)" if refused else ""))
        say(f"parcels    {len(parcels)}, {sum(len(p['order_refs']) > 1 for p in parcels)} of them with several orders of one consumer; nothing twice")
        reasons = "; ".join(f"{n} because {REASONS.get(r, r)}" for r, n in self.moved(0).most_common())
        say(f"promises   {promises['kept']} of {promises['kept'] + promises['broken']} shipped orders were packed by their promise; "
            f"{promises['repromised']} were promised anew" + (f" ({reasons})" if reasons else ""))
        flow = self.flow()
        if flow:
            say(f"flow       half of the orders were shipped within {flow / HOUR:.0f} h of acceptance")
        say(f"plan       version {status['plan']['version']}, {self.kills} SIGKILL survived")
        for answer in answers:
            say(f"asked      {answer['asked']['type']} → {json.dumps(answer['answer'])[:110]}")
        for text in wrong:
            say(f"WRONG      {text}", bold=True)
        if still_open or wrong:
            say(f"the log is in {self.folder}/taktd.log")
        say()
        say("Look further: " + ("the store and logs are in " + self.folder if self.args.keep or wrong else "`demo/demo.py --keep` leaves the store")
            + "; README.md says how to run your own plant.")
        return 1 if wrong or still_open else 0

    def flow(self):
        placed = {f"{c}/{row['order']['order_ref']}": row["at"] for c, rows in self.feeds.items() for row in rows if "order" in row}
        took = []
        for e in self.events():
            if e["event"] == "order.shipped":
                key = f"{e['creator']}/{e['order_ref']}"
                took.append(time.mktime(time.strptime(e["at"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone - placed[key])
        return sorted(took)[len(took) // 2] if took else None

    def end(self, code):
        for child in self.children:
            child.kill()
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.terminate()
            try:
                self.daemon.wait(10)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                say("taktd did not end within 10 s of SIGTERM")
                code = code or 1
        os.chdir("/")
        if not self.args.keep and code == 0:
            shutil.rmtree(self.folder, ignore_errors=True)
        return code


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=f"{ROOT}/build")
    parser.add_argument("--speed", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--keep", action="store_true", help="leave the scratch folder")
    demo, code = Demo(parser.parse_args()), 1
    try:
        code = demo.run()
    except KeyboardInterrupt:
        code = 130
    except SystemExit as ended:
        code = ended.code
    finally:
        code = demo.end(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
