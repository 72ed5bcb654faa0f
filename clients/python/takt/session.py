# SPDX-License-Identifier: Apache-2.0
"""The creator's side of the protocol, without sockets and clocks: it is handed messages and the time, and hands back messages.

    connected(now) → messages        a connection was begun: hello
    receive(message, now) → messages
    tick(now) → messages             something may be due; `stale` says that the connection is to be begun anew
    request(…) → id                  then `sendable(now)`; its answer comes to stand in `answers[id]`

A request stays `pending` until it has its answer. After a hello was welcomed everything that is pending is sent again, which the
protocol makes harmless, and the subscription goes on where it was. Orders are sent as the credit allows; what is answered `busy`
or `over-credit` is sent again after a pause.
"""
from __future__ import annotations

import collections
import json
from typing import Any, Optional

ORDERS_MAX = 500
BYTES_MAX = 900_000   # of a message; the plant says what it takes at most, which is more
PATIENCE_S = 10.0     # how long an endpoint may owe an answer before the next is tried
IDLE_S, OWED_S = 5.0, 1.0  # without a word, and while it owes an answer, before the plant is asked whether it still knows us
PAUSE_S, PAUSE_MAX_S = 0.1, 5.0

Message = dict[str, Any]


class _Pending:
    def __init__(self, message: Message, orders: int, quiet: bool):
        self.message, self.orders, self.quiet = message, orders, quiet
        self.sent_at: Optional[float] = None  # None: to be sent
        self.not_before, self.pause = 0.0, PAUSE_S


class Session:
    def __init__(self, creator: Optional[str] = None, client: str = "takt-python", patience_s: float = PATIENCE_S):
        self._patience_s = patience_s
        self.hello: Message = {"type": "hello", "protocol": 1, "client": client}
        if creator:
            self.hello["creator"] = creator
        self.welcome: Optional[Message] = None   # None: the session is not open
        self.refused: Optional[Message] = None   # the problem that hello was answered with
        self.answers: dict[str, Message] = {}
        self.events: collections.deque[Message] = collections.deque()
        self.credit = 0
        self.stale = False
        self._pending: dict[str, _Pending] = {}
        self._count = 0
        self._heard = self._asked = 0.0
        self._cursor: Any = None                 # of the subscription; None: there is none

    # ---- what is asked for ----

    def request(self, type: str, quiet: bool = False, **members: Any) -> str:
        """quiet: nobody waits for the answer."""
        self._count += 1
        ident = f"{self._count}"
        message = {"type": type, "id": ident, **members}
        self._pending[ident] = _Pending(message, len(members["orders"]) if type == "orders" else 0, quiet)
        return ident

    def subscribe(self, after: Any, quiet: bool = False) -> str:
        self._cursor = after
        return self.request("subscribe", quiet, after=after)

    def _subscribing(self) -> bool:
        return any(p.message["type"] == "subscribe" for p in self._pending.values())

    def forget(self, ident: str) -> None:
        self._pending.pop(ident, None)
        self.answers.pop(ident, None)

    def seen(self, cursor: int) -> Message:
        return {"type": "seen", "cursor": cursor}

    @property
    def open(self) -> bool:
        return self.welcome is not None

    @property
    def outstanding(self) -> int:
        return sum(p.orders for p in self._pending.values() if p.sent_at is not None)

    def sendable(self, now: float) -> list[Message]:
        """What may go out now; it counts as sent."""
        if not self.open:
            return []
        out, ready = self.outstanding, []
        for p in self._pending.values():
            if p.sent_at is not None or p.not_before > now:
                continue
            if p.orders and out and out + p.orders > self.credit:  # one message may go whatever the credit has sunk to
                continue
            out += p.orders
            p.sent_at = now
            ready.append(p.message)
        return ready

    # ---- the connection ----

    def connected(self, now: float) -> list[Message]:
        self.welcome, self.stale = None, False
        self._heard = self._asked = now
        return [self.hello]

    def _say_hello(self, now: float) -> list[Message]:
        self.welcome = None
        self._asked = now
        return [self.hello]

    def tick(self, now: float) -> list[Message]:
        under_way = [p.sent_at for p in self._pending.values() if p.sent_at is not None]
        waits = not self.open or bool(under_way)
        silent_s = now - max(self._heard, min(under_way, default=now) if self.open else self._asked) if waits else now - self._heard
        if waits and silent_s > self._patience_s:
            self.stale = True
            return []
        asking = any(p.message["type"] == "ping" for p in self._pending.values())
        if self.open and not asking and silent_s > min(self._patience_s, OWED_S if waits else IDLE_S):
            self.request("ping", quiet=True)
        return self.sendable(now)

    def receive(self, message: Message, now: float) -> list[Message]:
        self._heard = now
        kind = message.get("type")
        if kind == "welcome":
            return self._welcomed(message, now)
        if kind == "event":
            if not self._subscribing():  # or it belongs to the subscription before
                self._cursor = message["cursor"]
                self.events.append(message)
            return []
        if kind == "problem" and message.get("problem") == "no-session":
            return self._say_hello(now) if self.open else []
        if kind == "problem" and not message.get("id") and (not self.open or message.get("problem") == "not-allowed"):
            self.refused = message
            return []
        return self._answered(message, now)

    def _welcomed(self, message: Message, now: float) -> list[Message]:
        again = self.welcome is None
        self.welcome, self.refused = message, None
        self.credit = int(message["credit"])
        if again:
            for p in self._pending.values():
                p.sent_at = None
            if self._cursor is not None and not self._subscribing():
                self.subscribe(self._cursor, quiet=True)
        return self.sendable(now)

    def _answered(self, message: Message, now: float) -> list[Message]:
        ident = str(message.get("id", ""))
        p = self._pending.get(ident)
        if "credit" in message:
            self.credit = int(message["credit"])
        if p is None:
            return []
        if message.get("problem") in ("busy", "over-credit"):
            p.sent_at, p.not_before = None, now + p.pause
            p.pause = min(p.pause * 2, PAUSE_MAX_S)
            return []
        del self._pending[ident]
        if not p.quiet:
            self.answers[ident] = message
        if message.get("type") == "subscribed":
            self._cursor = message["cursor"]
            if not p.quiet:
                self.events.clear()
        return self.sendable(now)

    def wait_s(self, now: float) -> float:
        """How long nothing is due."""
        times = [self._heard + self._patience_s, *(p.not_before for p in self._pending.values() if p.sent_at is None and p.not_before > now)]
        return max(0.01, min(1.0, min(times) - now if min(times) > now else 0.5))


def batches(orders: list[Message]) -> list[list[Message]]:
    """Orders in messages that the plant takes."""
    out: list[list[Message]] = []
    size = 0
    for order in orders:
        length = len(json.dumps(order))
        if not out or len(out[-1]) >= ORDERS_MAX or size + length > BYTES_MAX:
            out.append([])
            size = 0
        out[-1].append(order)
        size += length + 1
    return out
