# SPDX-License-Identifier: Apache-2.0
"""The driver of the Python client, or of the one with asyncio: client_python.py [--asyncio]. See README.md."""
import asyncio
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../clients/python"))
import takt  # noqa: E402
import takt.aio  # noqa: E402


class Asynchronous:
    """takt.aio.Plant, made to wait call by call; its reader runs on while the driver waits for commands."""

    def __init__(self, loop, *args, **kw):
        self.loop = loop

        async def make():
            return await takt.aio.Plant(*args, **kw).__aenter__()
        self.plant = self.wait(make())

    def wait(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def events(self, after):
        iterator = self.plant.events(after)
        while True:
            yield self.wait(iterator.__anext__())

    def __getattr__(self, name):
        call = getattr(self.plant, name)
        return lambda *a, **kw: self.wait(call(*a, **kw))


def receipt(one):
    return {"accepted": one.accepted, "duplicates": one.duplicates,
            "refused": [{"order_ref": r.order_ref, "problem": r.problem.name, "at": r.problem.at} for r in one.refused]}


def plain(one, *names):
    return {name: getattr(one, name) for name in names if getattr(one, name) is not None}


def events(plant, after, until):
    found = []
    for event in plant.events(after):
        found.append({"event": event.kind, **plain(event, "cursor", "order_ref", "ship_by", "deliver_by")})
        if all(found[-1].get(name) == value for name, value in until.items()):
            return found
    return found


CALLS = {
    "connect": lambda p: dict(p.connect()),
    "push": lambda p, orders: receipt(p.push(orders)),
    "flush": lambda p: receipt(p.flush()),
    "cancel": lambda p, order_refs: p.cancel(order_refs),
    "amend": lambda p, order_ref, **changes: p.amend(order_ref, **changes),
    "quote": lambda p, items, **wish: plain(p.quote(items, **wish), "ship_by", "deliver_by", "valid_until"),
    "status": lambda p, order_refs: [plain(s, "order_ref", "state", "ship_by", "deliver_by") for s in p.status(order_refs)],
    "ping": lambda p: p.ping(),
    "events": events,
    "close": lambda p: p.close(),
}


def answer(call, *args, **members):
    try:
        return {"ok": call(*args, **members)}
    except takt.Problem as problem:
        assert isinstance(problem, takt.NotAllowed) == (problem.name in ("not-allowed", "unknown-creator"))
        return {"problem": problem.name, "detail": problem.detail, "at": problem.at}
    except takt.Unreachable:
        return {"unreachable": True}


def commands(make):
    plant = None
    for line in sys.stdin:
        members = json.loads(line)
        do = members.pop("do")
        if do == "open":
            plant = make(members.pop("endpoints"), **members)
            said = {"ok": None}
        else:
            said = answer(CALLS[do], plant, **members)
        print(json.dumps(said), flush=True)


async def asynchronously():
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, commands, lambda *args, **kw: Asynchronous(loop, *args, **kw))


if __name__ == "__main__":
    if "--asyncio" in sys.argv:
        asyncio.run(asynchronously())
    else:
        commands(takt.Plant)
