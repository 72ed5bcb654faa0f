# SPDX-License-Identifier: Apache-2.0
"""Orders that were pushed and have no receipt yet, on disk.

An append file, a line of JSON each: `{"put": order}` is written and synced before the order is sent, `{"done": order_ref}` after
its receipt. What a crash leaves: an order without its `done` is sent again when the outbox is opened, which is harmless since the
plant knows its order_ref; a line that was cut short belongs to an order whose push never returned, and is dropped.
One process at a time: the file is locked.
"""
from __future__ import annotations

import fcntl
import json
import os
from typing import Any, Iterable, Mapping

COMPACT_AFTER = 10000


class Outbox:
    def __init__(self, path: str):
        self.path = path
        self.orders: dict[str, Mapping[str, Any]] = {}
        self._lines = 0
        self._file = open(path, "ab+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise RuntimeError(f"another process has the outbox '{path}'") from None
        self._read()
        self._compact()

    def _read(self) -> None:
        self._file.seek(0)
        for line in self._file:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if "put" in entry:
                self.orders[entry["put"]["order_ref"]] = entry["put"]
            else:
                self.orders.pop(entry.get("done"), None)

    def _compact(self) -> None:
        """Rewrites the file with what is left, beside it and then in its place."""
        fresh = open(self.path + ".new", "wb+")
        fcntl.flock(fresh, fcntl.LOCK_EX)
        for order in self.orders.values():
            fresh.write(json.dumps({"put": order}).encode() + b"\n")
        fresh.flush()
        os.fsync(fresh.fileno())
        os.replace(self.path + ".new", self.path)
        folder = os.open(os.path.dirname(os.path.abspath(self.path)), os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        self._file.close()
        self._file, self._lines = fresh, len(self.orders)

    def _write(self, entries: Iterable[Mapping[str, Any]]) -> None:
        for entry in entries:
            self._file.write(json.dumps(entry).encode() + b"\n")
            self._lines += 1
        self._file.flush()

    def put(self, orders: Iterable[Mapping[str, Any]]) -> None:
        """Durable when it returns."""
        orders = list(orders)
        self._write({"put": order} for order in orders)
        os.fsync(self._file.fileno())
        self.orders.update((str(order["order_ref"]), order) for order in orders)

    def done(self, refs: Iterable[str]) -> None:
        refs = [ref for ref in refs if self.orders.pop(ref, None) is not None]
        self._write({"done": ref} for ref in refs)
        if self._lines > COMPACT_AFTER + 2 * len(self.orders):
            self._compact()

    def close(self) -> None:
        self._file.close()
