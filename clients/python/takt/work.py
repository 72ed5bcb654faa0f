# SPDX-License-Identifier: Apache-2.0
"""What a plant can be asked, as steps that wait for nothing: the clients with and without asyncio are this with a way to wait."""
from __future__ import annotations

from typing import Any, Iterable, Mapping, Optional

from .errors import problem_from
from .messages import Receipt
from .outbox import Outbox
from .session import Session, batches


class Push:
    """Orders under way, in as many messages as they need."""

    def __init__(self, session: Session, orders: Iterable[Mapping[str, Any]], outbox: Optional[Outbox], kept: bool = False):
        listed = [dict(order) for order in orders]
        for order in listed:
            if not isinstance(order.get("order_ref"), str):
                raise ValueError("an order has an order_ref, a text of yours that is unique for ever")
        if outbox is not None and not kept:
            outbox.put(listed)
        self.receipt, self._outbox, self._session = Receipt(), outbox, session
        self._waiting = {session.request("orders", orders=batch): batch for batch in batches(listed)}

    def take(self) -> bool:
        """Takes what was answered; true: all of it was. Raises what refused a message as a whole."""
        for ident in [i for i in self._waiting if i in self._session.answers]:
            batch, answer = self._waiting.pop(ident), self._session.answers.pop(ident)
            if answer["type"] == "problem":
                self.drop()
                raise problem_from(answer)
            self.receipt.add(answer, batch)
            if self._outbox is not None:
                self._outbox.done(str(order["order_ref"]) for order in batch)
        return not self._waiting

    def drop(self) -> None:
        for ident in self._waiting:
            self._session.forget(ident)
        self._waiting = {}


def take_answer(session: Session, ident: str) -> Optional[Mapping[str, Any]]:
    """The answer, None if there is none yet; a problem is raised."""
    if ident not in session.answers:
        return None
    answer = session.answers.pop(ident)
    if answer["type"] == "problem":
        raise problem_from(answer)
    return answer


def optional(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


SEEN_EVERY = 200  # events
