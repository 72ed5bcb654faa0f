# SPDX-License-Identifier: Apache-2.0
"""The shop floor: at every line somebody starts the next task when its time has come, and says when it is done.

    floor.py DIR LINE…      DIR/down.json names lines that stand still; units are scrapped now and then
"""
import json
import os
import random
import sys

from link import Clock, Ending, Link, seconds, stamp


class Line:
    def __init__(self, name):
        self.name, self.task, self.done_at, self.asked = name, None, 0, None


class Floor:
    def __init__(self, folder, lines):
        self.folder, self.clock = folder, Clock(f"{folder}/clock.json")
        self.lines = {name: Line(name) for name in lines}
        self.rng, self.number, self.reports = random.Random(3), 0, {}  # reports: ref → message, until `reported`
        self.link = Link("ipc://floor.sock", {"terminal": "floor"})

    def report(self, **what):
        self.number += 1
        message = {"type": "report", "id": str(self.number), "report_ref": f"demo-{self.number}", **what}
        self.reports[message["id"]] = message
        self.link.send(message)

    def is_down(self, line):
        try:
            with open(f"{self.folder}/down.json", encoding="utf-8") as f:
                return line.name in json.load(f)
        except FileNotFoundError:
            return False

    def work(self, line):
        now = self.clock.now()
        if line.task is None:
            if line.asked is None:
                self.number += 1
                line.asked = str(self.number)
                self.link.send({"type": "next", "id": line.asked, "line": line.name, "limit": 1})
        elif line.done_at <= now and not self.is_down(line):
            quantity = line.task["quantity"]
            scrap = sum(self.rng.random() < 0.004 for _ in range(quantity)) if line.name.startswith("sew") else 0
            self.report(event="finished", line=line.name, task=line.task["task"], good=quantity - scrap, scrap=scrap, at=stamp(now))
            line.task = None

    def take(self, line, tasks):
        now = self.clock.now()
        for task in tasks:
            if seconds(task["start"]) <= now and not self.is_down(line):
                self.report(event="started", line=line.name, task=task["task"], at=stamp(now))
                line.task, line.done_at = task, now + (seconds(task["end"]) - seconds(task["start"])) * self.rng.uniform(0.95, 1.02)

    def handle(self, message):
        if message["type"] == "tasks":
            for line in self.lines.values():
                if line.asked == message.get("id"):
                    line.asked = None
                    self.take(line, message["tasks"])
        elif message["type"] == "reported":
            self.reports.pop(message["id"], None)
        elif message["type"] == "problem" and message.get("problem") != "busy":
            asked = self.reports.pop(message.get("id"), None)
            if asked is not None:
                for line in self.lines.values():
                    if line.task is not None and line.task["task"] == asked.get("task"):
                        line.task = None
                with open(f"{self.folder}/floor-problems.jsonl", "a", encoding="utf-8") as f:
                    f.write(json.dumps({"report": asked, "problem": message}) + "\n")

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
