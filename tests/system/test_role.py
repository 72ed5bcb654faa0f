# SPDX-License-Identifier: Apache-2.0
"""Several processes of one plant on one PostgreSQL: intakes, the active planner and one that waits to take over."""
import contextlib
import os
import signal
import subprocess
import time

import pytest

import database
from taktlab import BUILD, WAIT_S, Lab, order, wait_until

pytestmark = pytest.mark.skipif(database.programs() is None, reason="PostgreSQL is not installed")


class Plant:
    """One database, and a folder (as if it were a machine) for each process."""

    def __init__(self, stack, name):
        self.name, self.stack = name, stack
        self.url = database.shared().create(name)
        stack.callback(database.shared().drop, name)

    def ask(self, sql):
        return database.shared().ask(self.name, sql)

    def process(self, role):
        lab = self.stack.enter_context(Lab(store=self.url))
        return lab.start("--role", role)


@pytest.fixture(name="plant")
def fixture_plant(request):
    with contextlib.ExitStack() as stack:
        yield Plant(stack, request.node.name[:60].lower())


def serves(lab):
    return "is served" in lab.log()


def test_orders_taken_by_one_process_are_planned_by_another_and_told_by_the_first(plant):
    planner, first, second = plant.process("planner"), plant.process("intake"), plant.process("intake")
    luna, shop = first.creator("luna"), second.creator("shop")
    luna.ask("subscribe", after=0)
    assert luna.ask("orders", orders=[order("A-1"), order("A-2")])["accepted"] == 2
    assert shop.ask("orders", orders=[order("B-1")])["accepted"] == 1
    assert luna.event(lambda e: e["order_ref"] == "A-2")["event"] == "order.promised"
    again = second.creator("luna")
    answer = again.ask("orders", orders=[order("A-1"), order("A-3")])
    assert answer["duplicates"] == 1 and answer["accepted"] == 1
    wait_until(lambda: len([r for r in planner.ctl("orders")["orders"] if r["state"] == "planned"]) == 4, what="a plan of all four")


def test_open_orders_of_a_creator_count_over_all_intakes(plant):
    first, second = plant.process("intake"), plant.process("intake")
    band = first.creator("band")
    assert band.ask("orders", orders=[order(f"A-{i}") for i in range(3)])["accepted"] == 3
    answer = second.creator("band").ask("orders", orders=[order(f"B-{i}") for i in range(4)])
    assert answer["accepted"] == 2 and answer["refused"] == 2


def test_without_a_planner_orders_are_taken_and_quotes_are_busy(plant):
    intake = plant.process("intake")
    luna = intake.creator("luna")
    quote = luna.ask("quote", items=order("Q-1")["items"], shipping={"country": "DE"})
    assert quote.get("problem") == "busy", quote
    assert luna.ask("orders", orders=[order("A-1")])["accepted"] == 1
    planner = plant.process("planner")
    wait_until(lambda: planner.ctl("orders")["orders"][0]["state"] == "planned", what="a plan")


def test_a_killed_planner_is_followed_by_the_one_that_waits_within_five_seconds(plant):
    active, waiting, intake = plant.process("planner"), plant.process("planner"), plant.process("intake")
    assert serves(active) and not serves(waiting) and "this one waits" in waiting.log()
    luna = intake.creator("luna")
    assert luna.ask("orders", orders=[order(f"A-{i}") for i in range(50)])["accepted"] == 50
    wait_until(lambda: all(r["state"] == "planned" for r in active.ctl("orders")["orders"]), what="a plan")
    begin = time.monotonic()
    active.kill()
    assert luna.ask("orders", orders=[order("DURING-1")])["accepted"] == 1
    wait_until(lambda: serves(waiting), what="the other to take over")
    took = time.monotonic() - begin
    print(f"taken over after {took:.1f} s")
    wait_until(lambda: len([r for r in waiting.ctl("orders")["orders"] if r["state"] == "planned"]) == 51, what="a plan of all")
    assert plant.ask("SELECT epoch FROM takt.state") == "2"


def test_a_planner_that_was_stopped_and_goes_on_is_fenced_and_ends(plant):
    stopped, waiting, intake = plant.process("planner"), plant.process("planner"), plant.process("intake")
    luna = intake.creator("luna")
    luna.ask("orders", orders=[order(f"A-{i}") for i in range(10)])
    os.kill(stopped.process.pid, signal.SIGSTOP)
    try:
        begin = time.monotonic()
        wait_until(lambda: serves(waiting), what="the other to take over")
        print(f"taken over after {time.monotonic() - begin:.1f} s")
        version = plant.ask("SELECT publish_no FROM takt.state")
    finally:
        os.kill(stopped.process.pid, signal.SIGCONT)
    assert stopped.process.wait(WAIT_S) == 75
    assert "taken over" in stopped.log()
    stopped.process = None
    luna.ask("orders", orders=[order("B-1")])
    wait_until(lambda: all(r["state"] == "planned" for r in waiting.ctl("orders")["orders"]), what="a plan")
    assert int(plant.ask("SELECT publish_no FROM takt.state")) > int(version)
    assert plant.ask("SELECT count(*), count(DISTINCT (order_no, item, first)) FROM takt.slice") == "11|11"


def test_a_planner_that_ends_in_order_is_followed_at_once(plant):
    active, waiting = plant.process("planner"), plant.process("planner")
    active.stop()
    ended = time.monotonic()
    wait_until(lambda: serves(waiting), what="the other to take over")
    print(f"taken over after {time.monotonic() - ended:.1f} s")
    assert plant.ask("SELECT beats > 0 FROM takt.state") == "t"


def test_one_that_waits_ends_when_told_to(plant):
    plant.process("planner")
    waiting = plant.process("planner")
    waiting.stop()
    assert plant.ask("SELECT epoch FROM takt.state") == "1"


def test_an_embedded_store_has_no_roles():
    with Lab(store="sqlite:takt.db") as lab:
        lab.write_plant()
        for role in ("intake", "planner"):
            done = subprocess.run([f"{BUILD}/taktd", "--role", role, "plant.yaml"], cwd=lab.folder, capture_output=True, text=True,
                                  timeout=WAIT_S, check=False)
            assert done.returncode == 78 and "postgresql" in done.stderr
        done = subprocess.run([f"{BUILD}/taktd", "--role", "boss", "plant.yaml"], cwd=lab.folder, capture_output=True, text=True,
                              timeout=WAIT_S, check=False)
        assert done.returncode == 64
