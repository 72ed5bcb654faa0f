# SPDX-License-Identifier: Apache-2.0
"""The shop floor: at every line somebody starts the next task when its time has come, and says when it is done.

    floor.py DIR LINE…      DIR/down.json names lines that stand still; units are scrapped now and then
"""
import json
import os
import random
import sys
import time

from link import Clock, Ending, Link, seconds, stamp


LOOK_AGAIN_S = 0.2  # how often a line that works asks what is next
LIMIT, LIMIT_MAX = 20, 100  # tasks that it asks for: more where a run has more


class Line:
    """What runs on it now: one task, or on a batch line all tasks of a run, which begin and end together; and what is next."""

    def __init__(self, name):
        self.name, self.tasks, self.done_at, self.free_at = name, [], 0, 0
        self.next, self.done = [], set()  # done: tasks that were reported as finished
        self.asked, self.asked_at, self.limit = None, 0, LIMIT


class Floor:
    def __init__(self, folder, lines):
        self.folder, self.clock = folder, Clock(f"{folder}/clock.json")
        self.lines = {name: Line(name) for name in lines}
        self.rng, self.number = random.Random(3), 0
        self.reports, self.again = {}, {}  # by id: messages, until `reported`; when those that met `busy` are sent again
        self.link = Link("ipc://floor.sock", {"terminal": "floor"})

    def report(self, **what):
        self.number += 1
        message = {"type": "report", "id": str(self.number), "report_ref": f"demo-{self.number}", **what}
        self.reports[message["id"]] = message
        self.link.send(message)

    def unanswered(self, line):
        return any(report["line"] == line.name for report in self.reports.values())

    def is_down(self, line):
        try:
            with open(f"{self.folder}/down.json", encoding="utf-8") as f:
                return line.name in json.load(f)
        except FileNotFoundError:
            return False

    def ask(self, line):
        pause = LOOK_AGAIN_S if line.tasks else 0
        if line.asked is None and not self.unanswered(line) and time.monotonic() - line.asked_at >= pause:
            self.number += 1
            line.asked, line.asked_at = str(self.number), time.monotonic()
            self.link.send({"type": "next", "id": line.asked, "line": line.name, "limit": line.limit})

    def work(self, line):
        """Whoever works at the line knows what is next before it ends what it does, and goes on at once. Each report says when it
        was, so that at this speed of time the messages' way counts as no work."""
        if self.is_down(line):
            line.free_at = self.clock.now()
            return
        if line.tasks and line.done_at <= self.clock.now():
            self.finish(line)
        if not line.tasks:
            self.start(line)
        self.ask(line)

    def finish(self, line):
        for task in line.tasks:
            quantity = task["quantity"]
            scrap = sum(self.rng.random() < 0.004 for _ in range(quantity)) if line.name.startswith("sew") else 0
            self.report(event="finished", line=line.name, task=task["task"], good=quantity - scrap, scrap=scrap, at=stamp(line.done_at))
            line.done.add(task["task"])
        line.tasks, line.free_at = [], line.done_at

    def start(self, line):
        """The first of the next tasks, and those that are in one run with it. What has started already (a report was refused, or
        this process is new) is gone on with."""
        rows = [task for task in line.next if task["task"] not in line.done]
        if not rows or seconds(rows[0]["start"]) > self.clock.now():
            return
        first = rows[0]
        line.tasks = [task for task in rows if (task["start"], task["end"], task["state"]) == (first["start"], first["end"], first["state"])]
        line.next = []
        if first["state"] == "started":
            line.done_at = max(self.clock.now(), seconds(first["end"]))
            return
        begun = max(line.free_at, seconds(first["start"]))
        for task in line.tasks:
            self.report(event="started", line=line.name, task=task["task"], at=stamp(begun))
        line.done_at = begun + (seconds(first["end"]) - seconds(first["start"])) * self.rng.uniform(0.95, 1.02)

    def handle(self, message):
        if message["type"] == "tasks":
            for line in self.lines.values():
                if line.asked == message.get("id"):
                    line.asked = None
                    self.look_at(line, message["tasks"])
        elif message["type"] == "reported":
            self.reports.pop(message["id"], None)
        elif message["type"] == "problem":
            self.handle_problem(message)

    @staticmethod
    def look_at(line, tasks):
        """A run that goes on behind the last task is seen whole before it begins: who is left out waits for the next one."""
        cut_off = len(tasks) == line.limit and all((t["start"], t["end"]) == (tasks[-1]["start"], tasks[-1]["end"]) for t in tasks)
        line.next = [] if cut_off else tasks
        line.limit = min(2 * line.limit, LIMIT_MAX) if cut_off else line.limit

    def handle_problem(self, problem):
        later = time.monotonic() + LOOK_AGAIN_S
        for line in self.lines.values():
            if line.asked == problem.get("id"):
                line.asked, line.asked_at = None, later
        if problem.get("problem") == "busy":
            self.again[problem.get("id")] = later
            return
        refused = self.reports.pop(problem.get("id"), None)
        if refused is None:
            return
        line = self.lines[refused["line"]]
        line.done.discard(refused["task"])
        if refused["event"] == "started":
            line.tasks = [task for task in line.tasks if task["task"] != refused["task"]]
        with open(f"{self.folder}/floor-problems.jsonl", "a", encoding="utf-8") as f:
            f.write(json.dumps({"report": refused, "problem": problem}) + "\n")

    def send_again(self):
        """What the plant was too busy to take: the same report_ref, so that once is once."""
        for number, when in list(self.again.items()):
            if when <= time.monotonic():
                del self.again[number]
                if number in self.reports:
                    self.link.send(self.reports[number])

    def run(self):
        ending = Ending()
        while not ending:
            if self.link.ready:
                if self.link.fresh:
                    self.link.fresh = False
                    for line in self.lines.values():
                        line.asked = None
                    for message in list(self.reports.values()):  # the same report_ref: once is once
                        self.link.send(message)
                self.send_again()
                for line in self.lines.values():
                    self.work(line)
            message = self.link.receive(10)
            while message is not None:
                self.handle(message)
                message = self.link.receive(0)
            if (self.reports or any(line.asked for line in self.lines.values())) and self.link.silent_for() > 2:
                self.link.connect()


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    Floor(sys.argv[1], sys.argv[2:]).run()
