# SPDX-License-Identifier: Apache-2.0
"""Push orders to a plant, and hear what becomes of them.

    from takt import Plant

    with Plant("tcp://plant.example.com:7710", key="luna.key", plant_key="…") as plant:
        receipt = plant.push([order])
        for event in plant.events(after=0):
            print(event.kind, event.order_ref, event.ship_by)

`takt.aio.Plant` is the same with `await`. What fails is a `takt.Problem` (the plant refused), a `takt.Unreachable` (no answer
in time; whatever was pushed is kept and sent again) or a `ValueError` (it could not be sent as it is).
"""
from .errors import Busy, Conflict, NoSession, NotAllowed, Problem, Unreachable, problem_from
from .messages import Event, Quote, Receipt, Refusal, Status
from .outbox import Outbox
from .plant import Plant

__all__ = ["Busy", "Conflict", "Event", "NoSession", "NotAllowed", "Outbox", "Plant", "Problem", "Quote", "Receipt", "Refusal",
           "Status", "Unreachable", "problem_from"]
