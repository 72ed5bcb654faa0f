# SPDX-License-Identifier: Apache-2.0
"""Several processes of one plant on one PostgreSQL: intakes, the active planner and one that waits to take over."""
import contextlib
import os
import re
import signal
import socket
import subprocess
import time

import pytest

import database
from test_service import Managed
from taktlab import BUILD, PLANT, START, WAIT_S, Lab, Peer, order, wait_until

pytestmark = pytest.mark.skipif(database.programs() is None, reason="PostgreSQL is not installed")


class Plant:
    """One database, and a folder (as if it were a machine) for each process."""

    def __init__(self, stack, name):
        self.name, self.stack = name, stack
        self.url = database.shared().create(name)
        stack.callback(database.shared().drop, name)

    def ask(self, sql):
        return database.shared().ask(self.name, sql)

    def process(self, role, **changes):
        return self.lab(**changes).start("--role", role)

    def lab(self, **changes):
        return self.stack.enter_context(Lab(store=self.url, **changes))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(name="plant")
def fixture_plant(request):
    with contextlib.ExitStack() as stack:
        yield Plant(stack, request.node.name[:60].lower())


def serves(lab):
    return "is served" in lab.log()


def asked(address="ipc://planner.sock", **changes):
    """What a planner and its intakes have to say in their files to find each other."""
    return {"listen": {**PLANT["listen"], "planner": address}, **changes}


def quote(creator):
    return creator.ask("quote", items=order("Q-1")["items"], recipient={"address": {"country": "DE"}})


def wait_for_quote(creator):
    return wait_until(lambda: (lambda q: q if q["type"] == "quoted" else None)(quote(creator)), what="a quote")


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


def test_an_intake_elsewhere_gets_quotes_of_the_active_planner_and_of_the_one_that_follows_it(plant):
    first, second, intake = plant.process("planner", **asked()), plant.process("planner", **asked()), plant.process("intake")
    luna = intake.creator("luna")
    answer = wait_for_quote(luna)
    assert answer["ship_by"] > START and answer["deliver_by"] > START[:10], answer
    assert quote(luna)["type"] == "quoted"
    assert luna.ask("quote", items=[{"product": "tea", "quantity": 1}])["problem"] == "unknown-product"
    first.kill()
    wait_until(lambda: quote(luna).get("problem") == "busy", what="nobody to be there to ask")
    assert luna.ask("orders", orders=[order("A-1")])["accepted"] == 1
    assert wait_for_quote(luna)["ship_by"] > START
    assert serves(second)
    assert "epoch 2 is asked" in intake.log()


def test_with_keys_an_intake_asks_with_that_of_the_plant_and_nobody_else_may(plant):
    planner = plant.lab(**asked(f"tcp://127.0.0.1:{free_port()}", security="curve"))
    planner.start("--role", "planner")
    intake = plant.lab(**asked(planner.plant["listen"]["planner"], security="curve"))
    intake.take_keys(planner).start("--role", "intake")
    assert wait_for_quote(intake.creator("luna"))["ship_by"] > START
    for name in ("luna", "plant"):  # the right server, with the keys of a creator and with those of the plant
        asker = Peer(planner.plant["listen"]["planner"], keys=planner.bearer(name))
        asker.send(type="hello", epoch=1)
        answer = asker.receive(WAIT_S if name == "plant" else 0.5)
        assert (answer or {}).get("type") == ("welcome" if name == "plant" else None), (name, answer)
        asker.close()


def test_what_intakes_elsewhere_accept_is_planned_and_told_without_waiting_for_the_next_look(plant):
    plant.process("planner", **asked())
    intake = plant.process("intake")
    luna = intake.creator("luna")
    wait_for_quote(luna)
    luna.ask("subscribe", after=0)
    begin = time.monotonic()
    for i in range(5):
        luna.ask("orders", orders=[order(f"A-{i}")])
        luna.event(lambda e, ref=f"A-{i}": e["order_ref"] == ref)
    print(f"five orders promised one after the other in {time.monotonic() - begin:.1f} s")


def test_an_intake_elsewhere_refuses_what_the_planner_has_no_capacity_for(plant):
    planning = {**PLANT["planning"], "promise": {"at_most": "2h"}}
    plant.process("planner", **asked(planning=planning))
    intake = plant.process("intake", planning=planning)
    luna = intake.creator("luna")
    wait_for_quote(luna)
    answer = wait_until(lambda: (lambda a: a if a["refused"] else None)(luna.ask("orders", orders=[order(f"A-{time.monotonic_ns()}", 500)])),
                        what="a refusal")
    assert answer["results"][-1]["problem"] == "no-capacity", answer


def test_credit_and_rate_of_a_creator_are_shared_by_the_intakes_it_is_connected_to(plant):
    creators = {**PLANT["creators"], "shop": {"rate": "600/s"}}
    first, second = plant.process("intake", creators=creators), plant.process("intake", creators=creators)
    luna, shop = first.creator("luna"), first.creator("shop")

    def credit(peer, ref):
        return peer.ask("orders", orders=[order(ref)])["credit"]

    assert credit(luna, "A-1") == 2000 or wait_until(lambda: credit(luna, "A-1") == 2000, what="the whole credit")
    luna2, shop2 = second.creator("luna"), second.creator("shop")
    wait_until(lambda: credit(luna, "A-1") == credit(luna2, "A-1") == 1000, what="half the credit at each")
    wait_until(lambda: credit(shop, "B-1") == credit(shop2, "B-1") == 1000, what="half the credit at each")
    begin, taken = time.monotonic(), 0
    while time.monotonic() < begin + 1 or taken <= 1000:  # more than the buckets hold
        for peer in (shop, shop2):
            answer = peer.ask("orders", orders=[order(f"B-{taken}-{i}") for i in range(100)])
            taken += answer.get("accepted", 0)
            assert answer["type"] == "accepted" or answer["problem"] == "busy", answer
    most = 2 * 500 + 600 * (time.monotonic() - begin)  # what the buckets hold, and the rate
    assert taken <= most, (taken, most)
    second.stop()
    wait_until(lambda: credit(luna, "A-1") == 2000, what="the whole credit again")


def test_a_killed_planner_is_followed_by_the_one_that_waits_within_five_seconds(plant):
    active, waiting, intake = plant.process("planner", **asked()), plant.process("planner"), plant.process("intake")
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


def take(creator, name, count):
    for first in range(0, count, 100):
        answer = creator.ask("orders", orders=[order(f"{name}-{i}") for i in range(first, min(first + 100, count))])
        assert answer["accepted"] == min(100, count - first), answer


def wait_planned(plant):
    wait_until(lambda: plant.ask("SELECT count(*) FROM takt.orders WHERE state = 0") == "0", what="a plan of all")


def test_one_that_waits_is_warm_and_goes_on_with_what_the_other_had_planned_up_to_the_end(plant):
    active, intake = plant.process("planner", **asked()), plant.process("intake")
    luna = intake.creator("luna")
    take(luna, "A", 1500)
    wait_planned(plant)
    waiting = plant.process("planner")
    wait_until(lambda: "this one is warm: 1500 orders" in waiting.log(), what="the other to be warm")
    take(luna, "B", 400)
    assert luna.ask("cancel", order_refs=[f"A-{i}" for i in range(0, 300, 3)])["type"] == "cancelled"
    wait_planned(plant)
    kept = """SELECT (SELECT md5(string_agg(no || ' ' || ship_by_s || ' ' || deliver_by_day, ',' ORDER BY no)) FROM takt.orders
        WHERE state NOT IN (5, 7)), (SELECT md5(string_agg(order_no || ' ' || item || ' ' || first || ' ' || count || ' ' || lot, ','
        ORDER BY order_no, item, first)) FROM takt.slice)"""
    before = plant.ask(kept)
    begin = time.monotonic()
    active.kill()
    wait_until(lambda: serves(waiting), what="the other to take over")
    print(f"taken over after {time.monotonic() - begin:.1f} s")
    assert "the last difference is read" in waiting.log() and "are loaded now" not in waiting.log()
    assert plant.ask(kept) == before
    assert waiting.ctl("status")["plan"]["orders_open"] == 1800
    assert luna.ask("orders", orders=[order("C-1")])["accepted"] == 1
    wait_planned(plant)


def test_one_that_waits_and_cannot_follow_any_more_loads_anew(plant):
    active, waiting, intake = plant.process("planner", **asked()), plant.process("planner"), plant.process("intake")
    luna = intake.creator("luna")
    wait_until(lambda: "this one is warm" in waiting.log(), what="the other to be warm")
    os.kill(waiting.process.pid, signal.SIGSTOP)
    try:
        take(luna, "A", 200)
        wait_planned(plant)
        plant.ask("DELETE FROM takt.publication")
    finally:
        os.kill(waiting.process.pid, signal.SIGCONT)
    wait_until(lambda: "loaded anew" in waiting.log(), what="it to say so")
    wait_until(lambda: "this one is warm: 200 orders" in waiting.log(), what="it to be warm again")
    active.kill()
    wait_until(lambda: serves(waiting), what="the other to take over")
    assert "the last difference is read" in waiting.log()
    assert waiting.ctl("status")["plan"]["orders_open"] == 200


def test_one_that_waits_tells_its_manager_how_warm_it_is_and_what_that_takes(plant):
    plant.process("planner")
    waiting = plant.stack.enter_context(Managed(store=plant.url))
    waiting.launch("--role", "planner")
    said = wait_until(lambda: [s for s in waiting.values("STATUS") if "this one is warm" in s], what="it to be warm")
    assert re.fullmatch(r"waits: another planner is active; this one is warm: 0 orders as of publication \d+, \d+ MiB", said[-1]), said
    waiting.stop()


def test_one_that_waits_with_a_file_that_lacks_what_is_ordered_says_that_it_could_not_take_over(plant):
    plant.process("planner")
    assert plant.process("intake").creator("luna").ask("orders", orders=[order("A-1")])["accepted"] == 1
    wait_planned(plant)
    waiting = plant.process("planner", creators={"band": {}})
    wait_until(lambda: "could not take over (open order" in waiting.log(), what="it to say so")


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
