# SPDX-License-Identifier: Apache-2.0
"""Creators: each pushes its orders as they come, keeps them until they are accepted, and listens to what becomes of them.

    creator.py DIR NAME…     reads DIR/clock.json and DIR/feed-NAME.json; writes DIR/events-NAME.jsonl and DIR/creator-NAME.json
"""
import collections
import json
import sys

from link import Clock, Ending, Link, stamp, wait_any


class Creator:
    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.clock = Clock(f"{folder}/clock.json")
        with open(f"{folder}/feed-{name}.json", encoding="utf-8") as f:
            self.feed = collections.deque(json.load(f))
        self.outbox = {}          # order_ref → order: until accepted
        self.acts = {}            # id → amend or cancel: until answered
        self.under_way = {}       # id → order_refs
        self.accepted, self.refused, self.answers = set(), {}, []
        self.next_id, self.cursor, self.unseen, self.asked = 0, 0, 0, 0
        self.events = open(f"{folder}/events-{name}.jsonl", "w", encoding="utf-8")
        self.link = Link("ipc://orders.sock", {"creator": name, "client": "demo"})

    def id(self):
        self.next_id += 1
        return str(self.next_id)

    def greet(self):
        """After hello: whatever has no answer yet is sent again; the events go on where they were."""
        self.link.fresh = False
        self.under_way.clear()
        for key, message in self.acts.items():
            self.link.send({**message, "id": key})
        self.link.send({"type": "subscribe", "id": self.id(), "after": self.cursor})

    def take_due(self):
        now = self.clock.now()
        while self.feed and self.feed[0]["at"] <= now:
            row = self.feed.popleft()
            if "order" in row:
                self.outbox[row["order"]["order_ref"]] = dict(row["order"], placed_at=stamp(row["at"]))
                continue
            message = ({"type": "amend", "order_ref": row["amend"], "recipient": row["recipient"]} if "amend" in row
                       else {"type": "cancel", "order_refs": [row["cancel"]]})
            key = self.id()
            self.acts[key] = message
            self.link.send({**message, "id": key})

    def push(self):
        busy = set().union(*self.under_way.values()) if self.under_way else set()
        room = min(self.link.welcome.get("credit", 0) - len(busy), self.link.welcome.get("max_orders", 1))
        batch = [o for ref, o in self.outbox.items() if ref not in busy][:max(0, room)]
        if batch:
            key = self.id()
            self.under_way[key] = {o["order_ref"] for o in batch}
            self.link.send({"type": "orders", "id": key, "orders": batch})

    def handle(self, message):
        self.asked = 0
        kind, key = message["type"], message.get("id")
        if kind == "accepted":
            refused = {r["order_ref"]: r for r in message["results"] if r["outcome"] == "refused"}
            for ref in self.under_way.pop(key, ()):
                self.outbox.pop(ref, None)
                if ref in refused:
                    self.refused[ref] = refused[ref]
                else:
                    self.accepted.add(ref)
        elif kind == "event":
            self.cursor = message["cursor"]
            self.events.write(json.dumps(message) + "\n")
            self.unseen += 1
            if self.unseen >= 200:
                self.link.send({"type": "seen", "cursor": self.cursor})
                self.unseen = 0
        elif kind == "problem" and message.get("problem") == "busy":
            self.under_way.pop(key, None)
        elif key in self.acts:
            self.answers.append({"asked": self.acts.pop(key), "answer": message})

    def step(self):
        """Whatever can be done without waiting."""
        if self.link.ready:
            if self.link.fresh:
                self.greet()
            self.take_due()
            self.push()
        message = self.link.receive(0)
        while message is not None:
            self.handle(message)
            message = self.link.receive(0)
        self.events.flush()
        if (self.under_way or self.acts) and self.link.silent_for() > 2:
            self.link.connect()
        elif self.link.ready and self.link.silent_for() > self.asked + 1:
            self.asked += 1
            self.link.send({"type": "ping", "id": "ping"})  # a plant that has restarted answers `no-session`

    def finish(self):
        self.events.close()
        with open(f"{self.folder}/creator-{self.name}.json", "w", encoding="utf-8") as f:
            json.dump({"accepted": sorted(self.accepted), "refused": self.refused, "not_sent": len(self.outbox) + len(self.feed),
                       "answers": self.answers}, f)


def run(folder, names):
    ending, creators = Ending(), [Creator(folder, name) for name in names]
    while not ending:
        for creator in creators:
            creator.step()
        wait_any([creator.link for creator in creators], 20)
    for creator in creators:
        creator.finish()


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])
