# SPDX-License-Identifier: Apache-2.0
"""The client with asyncio: the same calls, awaited, any number of them at a time."""
from __future__ import annotations

import asyncio
import time
from typing import Any, AsyncIterator, Callable, Iterable, Mapping, Optional, Sequence, Union

import zmq
import zmq.asyncio

from .errors import Unreachable, problem_from
from .messages import Event, Quote, Receipt, Status
from .outbox import Outbox
from .session import PATIENCE_S, Session
from .wire import Key, dealer, decode, encode, endpoints_of, load_key
from .work import SEEN_EVERY, Push, optional, take_answer


class Plant:
    """See takt.Plant. To be made, used and closed in one event loop: `async with Plant(…) as plant`."""

    def __init__(self, endpoints: Union[str, Sequence[str]], *, key: Key = None, plant_key: Optional[str] = None,
                 creator: Optional[str] = None, outbox: Optional[str] = None, timeout_s: float = 60.0, patience_s: float = PATIENCE_S,
                 client: str = "takt-python"):
        self._endpoints, self._key, self._plant_key = endpoints_of(endpoints), load_key(key), plant_key
        self.timeout_s = timeout_s
        self._session = Session(creator, client, patience_s)
        self.outbox = Outbox(outbox) if outbox else None
        self._context = zmq.asyncio.Context()
        self._socket: Any = None
        self._turn = 0
        self._news = asyncio.Condition()
        self._task: Optional[asyncio.Task[None]] = None
        self._failure: Optional[BaseException] = None

    async def __aenter__(self) -> Plant:
        await self._connect()
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.close()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._socket is not None:
            self._socket.close(0)
            self._context.term()
            self._socket = None
        if self.outbox is not None:
            self.outbox.close()
            self.outbox = None

    # ---- the connection ----

    async def _connect(self) -> None:
        if self._socket is not None:
            self._socket.close(0)
        endpoint = self._endpoints[self._turn % len(self._endpoints)]
        self._turn += 1
        self._socket = dealer(self._context, endpoint, self._key, self._plant_key)
        await self._send(self._session.connected(time.monotonic()))

    async def _send(self, messages: Iterable[Mapping[str, Any]]) -> None:
        for message in messages:
            await self._socket.send(encode(message))

    async def _run(self) -> None:
        """The one that reads; everybody else waits for its news."""
        try:
            while True:
                now = time.monotonic()
                if await self._socket.poll(int(self._session.wait_s(now) * 1000)):
                    message = decode(await self._socket.recv())
                    if message is not None:
                        await self._send(self._session.receive(message, time.monotonic()))
                await self._send(self._session.tick(time.monotonic()))
                if self._session.stale:
                    await self._connect()
                async with self._news:
                    self._news.notify_all()
        except asyncio.CancelledError:
            raise
        except Exception as failure:  # told to who waits
            self._failure = failure
            async with self._news:
                self._news.notify_all()

    async def _until(self, done: Callable[[], Any], timeout_s: Optional[float]) -> Any:
        end = time.monotonic() + (self.timeout_s if timeout_s is None else timeout_s)
        await self._send(self._session.sendable(time.monotonic()))
        async with self._news:
            while True:
                value = done()
                if value:
                    return value
                if self._failure is not None:
                    raise self._failure
                if self._session.refused is not None:
                    raise problem_from(self._session.refused)
                left_s = end - time.monotonic()
                if left_s <= 0:
                    raise Unreachable("no answer in time")
                try:
                    await asyncio.wait_for(self._news.wait(), min(left_s, 3600))
                except asyncio.TimeoutError:
                    pass

    async def _ask(self, type: str, timeout_s: Optional[float] = None, **members: Any) -> Mapping[str, Any]:
        ident = self._session.request(type, **members)
        try:
            return await self._until(lambda: take_answer(self._session, ident), timeout_s)
        finally:
            self._session.forget(ident)

    # ---- what can be asked ----

    async def connect(self, timeout_s: Optional[float] = None) -> Mapping[str, Any]:
        return await self._until(lambda: self._session.welcome, timeout_s)

    async def push(self, orders: Iterable[Mapping[str, Any]], timeout_s: Optional[float] = None) -> Receipt:
        return await self._push(Push(self._session, orders, self.outbox), timeout_s)

    async def flush(self, timeout_s: Optional[float] = None) -> Receipt:
        left = list(self.outbox.orders.values()) if self.outbox is not None else []
        return await self._push(Push(self._session, left, self.outbox, kept=True), timeout_s)

    async def _push(self, push: Push, timeout_s: Optional[float]) -> Receipt:
        try:
            await self._until(push.take, timeout_s)
        finally:
            push.drop()
        return push.receipt

    async def cancel(self, order_refs: Sequence[str]) -> dict[str, str]:
        answer = await self._ask("cancel", order_refs=list(order_refs))
        return {row["order_ref"]: row["outcome"] for row in answer["results"]}

    async def amend(self, order_ref: str, *, recipient: Optional[Mapping[str, Any]] = None, items: Optional[Sequence[Any]] = None,
                    shipping: Optional[Mapping[str, Any]] = None) -> None:
        await self._ask("amend", order_ref=order_ref, **optional(recipient=recipient, items=items, shipping=shipping))

    async def quote(self, items: Sequence[Mapping[str, Any]], *, recipient: Optional[Mapping[str, Any]] = None,
                    deliver_by: Optional[str] = None) -> Quote:
        return Quote.read(await self._ask("quote", items=list(items), **optional(recipient=recipient, deliver_by=deliver_by)))

    async def status(self, order_refs: Sequence[str]) -> list[Status]:
        rows = (await self._ask("status", order_refs=list(order_refs)))["orders"]
        return [Status.read(row) for row in rows if "state" in row]

    async def ping(self) -> str:
        return str((await self._ask("ping"))["time"])

    async def events(self, after: Union[int, str] = 0, timeout_s: Optional[float] = None) -> AsyncIterator[Event]:
        ident = self._session.subscribe(after)
        await self._until(lambda: take_answer(self._session, ident), None)
        last, unseen = 0, 0
        while True:
            try:
                await self._until(lambda: self._session.events, 1e9 if timeout_s is None else timeout_s)
            except Unreachable:
                return
            event = Event.read(self._session.events.popleft())
            if event.cursor <= last:
                continue
            last, unseen = event.cursor, unseen + 1
            yield event
            if unseen >= SEEN_EVERY or not self._session.events:
                await self._send([self._session.seen(last)])
                unseen = 0
