# SPDX-License-Identifier: Apache-2.0
"""A driver of bare pyzmq calls, written from docs/protocol/ alone: what somebody would write for a language that has no client.

One message at a time: it says hello, sends, and waits for the answer; what gets none is sent again after another hello, to the
next endpoint if there is one. See README.md for the commands.
"""
import json
import os
import sys
import time

import zmq
import zmq.auth


class Refused(Exception):
    """A problem message."""


class Unreachable(Exception):
    pass


class Bare:
    def __init__(self, endpoints, timeout_s, patience_s, creator=None, key=None, plant_key=None, outbox=None):
        self.endpoints, self.timeout_s, self.patience_s, self.outbox = endpoints, timeout_s, patience_s, outbox
        self.hello = {"type": "hello", "protocol": 1, **({"creator": creator} if creator else {})}
        self.keys = (*zmq.auth.load_certificate(key), plant_key.encode()) if key else None
        self.turn, self.count, self.socket, self.welcome, self.after = 0, 0, None, None, None

    def begin(self):
        if self.socket:
            self.socket.close(0)
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        if self.keys:
            self.socket.curve_publickey, self.socket.curve_secretkey, self.socket.curve_serverkey = self.keys
        self.socket.connect(self.endpoints[self.turn % len(self.endpoints)])
        self.turn += 1

    def greet(self, until):
        """A welcome from one of the endpoints."""
        while self.welcome is None:
            if self.socket is None:
                self.begin()
            self.socket.send_json(self.hello)
            message = self.receive(until, ("welcome", "problem"))
            if message is None:
                self.socket.close(0)
                self.socket = None
            elif message["type"] == "welcome":
                self.welcome = message
            elif message["problem"] != "no-session":
                raise Refused(message)

    def receive(self, until, types):
        """The next message of these types; None after the patience."""
        patience = time.monotonic() + self.patience_s
        while True:
            left = min(patience, until) - time.monotonic()
            if left <= 0:
                if until <= patience:
                    raise Unreachable()
                return None
            if not self.socket.poll(left * 1000):
                continue
            frames = self.socket.recv_multipart()
            try:
                message = json.loads(frames[0])
                if len(frames) == 1 and message["type"] in types:
                    return message
            except (ValueError, TypeError, KeyError, RecursionError):
                pass  # nothing of the protocol

    def ask(self, type, **members):
        self.count += 1
        message = {"type": type, "id": str(self.count), **members}
        until = time.monotonic() + self.timeout_s
        while True:
            self.greet(until)
            self.socket.send_json(message)
            answer = {}
            while answer is not None and answer.get("id") != message["id"] and answer.get("problem") not in ("no-session", "not-allowed"):
                answer = self.receive(until, ("accepted", "amended", "cancelled", "quoted", "statuses", "subscribed", "pong", "problem"))
            if answer is None:
                self.socket.close(0)
                self.socket = None
            if answer is None or answer.get("problem") == "no-session":
                self.welcome = None
            elif answer.get("problem") in ("busy", "over-credit"):
                time.sleep(0.05)
            elif answer["type"] == "problem":
                raise Refused(answer)
            else:
                return answer

    # ---- the commands ----

    def connect(self):
        self.greet(time.monotonic() + self.timeout_s)
        return self.welcome

    def push(self, orders, kept=False):
        if self.outbox and not kept:
            with open(self.outbox, "a", encoding="utf-8") as file:
                file.writelines(json.dumps(order) + "\n" for order in orders)
                file.flush()
                os.fsync(file.fileno())
        said = {"accepted": 0, "duplicates": 0, "refused": []}
        self.connect()
        for k in range(0, len(orders), self.welcome["max_orders"]):
            part = orders[k:k + self.welcome["max_orders"]]
            receipt = self.ask("orders", orders=part)
            said["accepted"] += receipt["accepted"]
            said["duplicates"] += receipt["duplicates"]
            for row in (row for row in receipt["results"] if row["outcome"] == "refused"):
                ours = part[int(row["at"].split("/")[2])] if "at" in row else {}
                said["refused"].append({"order_ref": row.get("order_ref", ours.get("order_ref")), "problem": row["problem"],
                                        "at": row.get("at", "")})
        if self.outbox:
            os.truncate(self.outbox, 0)
        return said

    def flush(self):
        with open(self.outbox, encoding="utf-8") as file:
            return self.push([json.loads(line) for line in file if line.endswith("\n")], kept=True)

    def cancel(self, order_refs):
        return {row["order_ref"]: row["outcome"] for row in self.ask("cancel", order_refs=order_refs)["results"]}

    def amend(self, **changes):
        self.ask("amend", **changes)

    def quote(self, **wish):
        return self.ask("quote", **wish)

    def status(self, order_refs):
        return [row for row in self.ask("status", order_refs=order_refs)["orders"] if "state" in row]

    def ping(self):
        return self.ask("ping")["time"]

    def events(self, after, until):
        found, end = [], time.monotonic() + self.timeout_s
        self.ask("subscribe", after=after)
        while not found or any(found[-1].get(name) != value for name, value in until.items()):
            event = self.receive(end, ("event", "problem"))
            if event is None or event["type"] == "problem":  # gone, or restarted: on from the last one
                self.welcome = None
                self.ask("subscribe", after=found[-1]["cursor"] if found else after)
            elif not found or event["cursor"] > found[-1]["cursor"]:
                found.append(event)
                self.socket.send_json({"type": "seen", "cursor": event["cursor"]})
        return found

    def close(self):
        if self.socket:
            self.socket.close(0)


def main():
    bare = None
    for line in sys.stdin:
        members = json.loads(line)
        do = members.pop("do")
        try:
            if do == "open":
                bare = Bare(**members)
                said = None
            else:
                said = getattr(bare, do)(**members)
            said = {"ok": said}
        except Refused as refused:
            problem = refused.args[0]
            said = {"problem": problem["problem"], "detail": problem.get("detail", ""), "at": problem.get("at", "")}
        except Unreachable:
            said = {"unreachable": True}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
