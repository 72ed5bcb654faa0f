# SPDX-License-Identifier: Apache-2.0
"""What the plant says, typed. `raw` is the message as it came, with members that are newer than this client."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Sequence

from .errors import Problem, problem_from

Message = Mapping[str, Any]


@dataclass(frozen=True)
class Refusal:
    """An order that was not taken, and why."""
    order_ref: str
    problem: Problem


@dataclass
class Receipt:
    """What became of orders that were pushed. Whatever is not in `refused` is durable at the plant."""
    accepted: int = 0
    duplicates: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def add(self, message: Message, orders: Sequence[Message]) -> None:
        """orders: those of the message that this answers."""
        self.accepted += int(message["accepted"])
        self.duplicates += int(message["duplicates"])
        for row in message["results"]:
            if row["outcome"] == "refused":
                problem = problem_from(row)
                place = re.match(r"/orders/(\d+)", problem.at)  # of one whose order_ref could not be read
                ours = orders[int(place[1])].get("order_ref", "") if place and int(place[1]) < len(orders) else ""
                self.refused.append(Refusal(str(row.get("order_ref") or ours), problem))


@dataclass(frozen=True)
class Event:
    cursor: int
    kind: str            # order.promised, …
    at: str
    order_ref: Optional[str]
    ship_by: Optional[str]
    deliver_by: Optional[str]
    raw: Message = field(repr=False, compare=False)

    @classmethod
    def read(cls, m: Message) -> Event:
        return cls(int(m["cursor"]), str(m["event"]), str(m["at"]), m.get("order_ref"), m.get("ship_by"), m.get("deliver_by"), m)


@dataclass(frozen=True)
class Quote:
    ship_by: str
    deliver_by: Optional[str]
    valid_until: str
    raw: Message = field(repr=False, compare=False)

    @classmethod
    def read(cls, m: Message) -> Quote:
        return cls(str(m["ship_by"]), m.get("deliver_by"), str(m["valid_until"]), m)


@dataclass(frozen=True)
class Status:
    order_ref: str
    state: str           # accepted, planned, in-production, made, packed, shipped, held, cancelled, unknown; more may come
    ship_by: Optional[str]
    deliver_by: Optional[str]
    raw: Message = field(repr=False, compare=False)

    @classmethod
    def read(cls, m: Message) -> Status:
        return cls(str(m["order_ref"]), str(m["state"]), m.get("ship_by"), m.get("deliver_by"), m)
