# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, one class a thing that a program would treat in its own way."""
from __future__ import annotations

from typing import Any, Mapping


class Unreachable(Exception):
    """No endpoint answered in time. Orders that were pushed stay in the outbox."""


class Problem(Exception):
    """The plant refused. `name` is one of the protocol's closed table, `at` the place in the message."""

    def __init__(self, name: str, detail: str = "", at: str = "", title: str = ""):
        super().__init__(f"{name}: {detail or title}" + (f" (at {at})" if at else ""))
        self.name, self.detail, self.at, self.title = name, detail, at, title


class Busy(Problem):
    """Not now: the same message may be sent again in a moment."""


class NoSession(Problem):
    """The plant has restarted. The clients here say hello and send again by themselves."""


class Conflict(Problem):
    """The order_ref was used before, with other content, which stands."""


class NotAllowed(Problem):
    """The key, or the name, may not do this."""


_CLASSES = {"busy": Busy, "no-session": NoSession, "conflict": Conflict, "not-allowed": NotAllowed, "unknown-creator": NotAllowed}


def problem_from(message: Mapping[str, Any]) -> Problem:
    """A `problem` message, or a row of `results`, as an exception."""
    name = str(message.get("problem", "internal"))
    return _CLASSES.get(name, Problem)(name, str(message.get("detail", "")), str(message.get("at", "")), str(message.get("title", "")))
