# SPDX-License-Identifier: Apache-2.0
"""The client without asyncio. It has no thread: it works while one of its calls waits."""
from __future__ import annotations

import time
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Sequence, Union

import zmq

from .errors import Unreachable, problem_from
from .messages import Event, Quote, Receipt, Status
from .outbox import Outbox
from .session import PATIENCE_S, Session
from .wire import Key, dealer, decode, encode, endpoints_of, load_key
from .work import SEEN_EVERY, Push, optional, take_answer


class Plant:
    """One creator's connection to a plant.

    endpoints: one, or several of the same plant, which are tried in turn. key: a file of `taktctl key new`, or (public, secret);
    plant_key: the plant's public key. creator: only where the plant asks for no keys. outbox: a file in which orders are kept
    until they are accepted; what was left in it is pushed by `flush`. timeout_s: how long a call waits for its answer;
    patience_s: how long an endpoint may owe one before the next is tried.
    """

    def __init__(self, endpoints: Union[str, Sequence[str]], *, key: Key = None, plant_key: Optional[str] = None,
                 creator: Optional[str] = None, outbox: Optional[str] = None, timeout_s: float = 60.0, patience_s: float = PATIENCE_S,
                 client: str = "takt-python"):
        self._endpoints, self._key, self._plant_key = endpoints_of(endpoints), load_key(key), plant_key
        self.timeout_s = timeout_s
        self._session = Session(creator, client, patience_s)
        self.outbox = Outbox(outbox) if outbox else None
        self._context: Any = zmq.Context()
        self._socket: Any = None
        self._turn = 0
        self._connect()

    def __enter__(self) -> Plant:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def close(self) -> None:
        """Orders without a receipt stay in the outbox."""
        if self._socket is not None:
            self._socket.close(0)
            self._context.term()
            self._socket = None
        if self.outbox is not None:
            self.outbox.close()
            self.outbox = None

    # ---- the connection ----

    def _connect(self) -> None:
        if self._socket is not None:
            self._socket.close(0)
        endpoint = self._endpoints[self._turn % len(self._endpoints)]
        self._turn += 1
        self._socket = dealer(self._context, endpoint, self._key, self._plant_key)
        self._send(self._session.connected(time.monotonic()))

    def _send(self, messages: Iterable[Mapping[str, Any]]) -> None:
        for message in messages:
            self._socket.send(encode(message))

    def _work(self, wait_s: float) -> None:
        now = time.monotonic()
        self._send(self._session.sendable(now))
        if self._socket.poll(min(wait_s, self._session.wait_s(now)) * 1000):
            for _ in range(1000):
                try:
                    message = decode(self._socket.recv(zmq.DONTWAIT))
                except zmq.Again:
                    break
                if message is not None:
                    self._send(self._session.receive(message, time.monotonic()))
        self._send(self._session.tick(time.monotonic()))
        if self._session.stale:
            self._connect()

    def _until(self, done: Callable[[], Any], timeout_s: Optional[float]) -> Any:
        end = time.monotonic() + (self.timeout_s if timeout_s is None else timeout_s)
        while True:
            value = done()
            if value:
                return value
            if self._session.refused is not None:
                raise problem_from(self._session.refused)
            left_s = end - time.monotonic()
            if left_s <= 0:
                raise Unreachable("no answer in time")
            self._work(left_s)

    def _ask(self, type: str, timeout_s: Optional[float] = None, **members: Any) -> Mapping[str, Any]:
        ident = self._session.request(type, **members)
        try:
            return self._until(lambda: take_answer(self._session, ident), timeout_s)
        finally:
            self._session.forget(ident)

    # ---- what can be asked ----

    def connect(self, timeout_s: Optional[float] = None) -> Mapping[str, Any]:
        """Waits for the plant's welcome; other calls do so by themselves."""
        return self._until(lambda: self._session.welcome, timeout_s)

    def push(self, orders: Iterable[Mapping[str, Any]], timeout_s: Optional[float] = None) -> Receipt:
        """Returns when every order is durable at the plant or refused. Without an answer in time: Unreachable; push them again, or,
        with an outbox, `flush` later."""
        return self._push(Push(self._session, orders, self.outbox), timeout_s)

    def flush(self, timeout_s: Optional[float] = None) -> Receipt:
        """Pushes what an earlier run or call has left in the outbox."""
        left = list(self.outbox.orders.values()) if self.outbox is not None else []
        return self._push(Push(self._session, left, self.outbox, kept=True), timeout_s)

    def _push(self, push: Push, timeout_s: Optional[float]) -> Receipt:
        try:
            self._until(push.take, timeout_s)
        finally:
            push.drop()
        return push.receipt

    def cancel(self, order_refs: Sequence[str]) -> dict[str, str]:
        """What became of each: cancelled, unknown or too-late."""
        answer = self._ask("cancel", order_refs=list(order_refs))
        return {row["order_ref"]: row["outcome"] for row in answer["results"]}

    def amend(self, order_ref: str, *, recipient: Optional[Mapping[str, Any]] = None, items: Optional[Sequence[Any]] = None,
              shipping: Optional[Mapping[str, Any]] = None) -> None:
        self._ask("amend", order_ref=order_ref, **optional(recipient=recipient, items=items, shipping=shipping))

    def quote(self, items: Sequence[Mapping[str, Any]], *, recipient: Optional[Mapping[str, Any]] = None,
              deliver_by: Optional[str] = None) -> Quote:
        return Quote.read(self._ask("quote", items=list(items), **optional(recipient=recipient, deliver_by=deliver_by)))

    def status(self, order_refs: Sequence[str]) -> list[Status]:
        """Of those that the plant knows."""
        rows = self._ask("status", order_refs=list(order_refs))["orders"]
        return [Status.read(row) for row in rows if "state" in row]

    def ping(self) -> str:
        """The plant's time."""
        return str(self._ask("ping")["time"])

    def events(self, after: Union[int, str] = 0, timeout_s: Optional[float] = None) -> Iterator[Event]:
        """Events behind a cursor (0: all that are kept; "now"), without end, across reconnects. Ends if none comes for timeout_s.
        Keep the cursor of the last one you have dealt with."""
        ident = self._session.subscribe(after)
        self._until(lambda: take_answer(self._session, ident), None)
        last, unseen = 0, 0
        while True:
            try:
                self._until(lambda: self._session.events, 1e9 if timeout_s is None else timeout_s)
            except Unreachable:
                return
            event = Event.read(self._session.events.popleft())
            if event.cursor <= last:
                continue  # sent again after a reconnect
            last, unseen = event.cursor, unseen + 1
            yield event
            if unseen >= SEEN_EVERY or not self._session.events:
                self._send([self._session.seen(last)])
                unseen = 0
