# SPDX-License-Identifier: Apache-2.0
"""Consumers and a real daemon: each parcel once, with all that is on its label, whatever happens to connections.

Lines report as planned and packing needs no terminal here, so that orders pack by themselves under a fast clock."""
import pytest

from taktlab import PLANT, Lab, order, person, wait_until

ATTEMPTS = 20


def quick_plant(**changes):
    lines = {name: {**line, "reports": "planned"} for name, line in PLANT["lines"].items()}
    product = {**PLANT["products"]["tee"], "lot": {"like": ["ink"], "max": 50, "wait": "1m"}}
    shipping = {**PLANT["shipping"], "consolidate": "0h"}
    return {"lines": lines, "products": {"tee": product}, "shipping": shipping,
            "consumers": {"dock": {}, "truck": {}}, **changes}


@pytest.fixture
def lab():
    with Lab(**quick_plant()) as made:
        yield made.start(speed=3600)


def is_shipment(message):
    return message["type"] == "shipment"


def shipment(peer):
    return peer.answer(is_shipment)


def nothing_comes(peer):
    """What is asked after it is answered, and no shipment came before: nothing was on its way."""
    peer.send(type="taken", shipment_id="lab-01-999999")
    peer.answer(lambda m: m.get("problem") == "unknown-shipment")
    return not [m for m in peer.others if is_shipment(m)]


def act(peer, type, ident, **more):
    peer.send(type=type, shipment_id=ident, **more)
    return peer.answer(lambda m: m["type"] in ("confirmed", "problem"))


def give(lab, *refs, creator="luna", **more):
    answer = lab.creator(creator).ask("orders", orders=[order(ref, **more) for ref in refs])
    assert answer["accepted"] == len(refs), answer


def state_of(lab, ref, creator="luna"):
    return lab.creator(creator).ask("status", order_refs=[ref])["orders"][0]["state"]


def test_an_order_becomes_a_parcel_with_all_that_is_on_its_label(lab):
    luna = lab.creator("luna")
    items = [{"product": "tee", "options": {"ink": "dark", "design": "d2"}, "quantity": 2},
             {"product": "tee", "options": {"ink": "light", "design": "d1"}, "quantity": 1,
              "personalization": {"text": "für Mei"}}]
    luna.ask("orders", orders=[{"order_ref": "A-1", "items": items, "recipient": person("Jörg"),
                                "shipping": {"service": "express"}}])
    dock = lab.consumer(credit=5)
    assert dock.welcome["plant"] == "lab-01"
    got = shipment(dock)
    assert got["order_refs"] == ["A-1"] and got["creator"] == "luna"
    assert got["recipient"] == person("Jörg")
    assert (got["carrier"], got["service"]) == ("mail", "express")
    assert got["parcel"] == {"items": [{"order_ref": "A-1", **item} for item in items], "weight": 540}
    assert got["packed_at"] <= got["ship_by"]
    luna.ask("subscribe", after=0)
    assert act(dock, "taken", got["shipment_id"]) == {"type": "confirmed", "shipment_id": got["shipment_id"]}
    assert act(dock, "shipped", got["shipment_id"], tracking="T-77")["type"] == "confirmed"
    event = luna.event(lambda e: e["event"] == "order.shipped")
    assert (event["order_ref"], event["shipment_id"]) == ("A-1", got["shipment_id"])
    assert (event["carrier"], event["tracking"]) == ("mail", "T-77")
    assert state_of(lab, "A-1") == "shipped"


def test_when_the_connection_ends_another_consumer_gets_the_same_shipment(lab):
    give(lab, "A-1")
    dock = lab.consumer("dock", credit=1)
    first = shipment(dock)
    truck = lab.consumer("truck", credit=1)
    assert nothing_comes(truck)
    dock.close()
    assert shipment(truck) == first


def test_what_is_taken_comes_again_to_its_consumer_alone(lab):
    give(lab, "A-1")
    dock = lab.consumer("dock", credit=1)
    first = shipment(dock)
    assert act(dock, "taken", first["shipment_id"])["type"] == "confirmed"
    truck = lab.consumer("truck", credit=5)
    dock.close()
    assert nothing_comes(truck)
    assert act(truck, "taken", first["shipment_id"])["problem"] == "contradiction"
    assert act(truck, "shipped", first["shipment_id"])["problem"] == "contradiction"
    again = lab.consumer("dock", credit=1)
    assert shipment(again) == first
    assert act(again, "shipped", first["shipment_id"])["type"] == "confirmed"


def test_what_is_taken_sticks_through_a_kill(lab):
    give(lab, "A-1")
    first = shipment(lab.consumer("dock", credit=1))
    dock = lab.peers[-1]
    act(dock, "taken", first["shipment_id"])
    lab.restart(speed=3600)
    truck = lab.consumer("truck", credit=5)
    assert nothing_comes(truck)
    assert shipment(lab.consumer("dock", credit=5)) == first


def test_shipped_is_confirmed_again_after_a_kill_and_happens_once(lab):
    give(lab, "A-1")
    luna, dock = lab.creator("luna"), lab.consumer(credit=1)
    ident = shipment(dock)["shipment_id"]
    assert act(dock, "shipped", ident, tracking="T-1")["type"] == "confirmed"
    lab.restart(speed=3600)
    dock = lab.consumer(credit=5)
    assert act(dock, "shipped", ident, tracking="T-1") == {"type": "confirmed", "shipment_id": ident}
    assert nothing_comes(dock)
    luna.greet()
    luna.ask("subscribe", after=0)
    luna.event(lambda e: e["event"] == "order.shipped")
    give(lab, "A-2")
    act(dock, "shipped", shipment(dock)["shipment_id"])
    second = luna.event(lambda e: e["event"] == "order.shipped")
    assert second["order_ref"] == "A-2"


def test_a_refused_shipment_waits_for_the_operator(lab):
    give(lab, "A-1")
    dock = lab.consumer(credit=1)
    first = shipment(dock)
    assert act(dock, "refused", first["shipment_id"], reason="box is torn")["type"] == "confirmed"
    assert act(dock, "shipped", first["shipment_id"])["problem"] == "contradiction"
    assert nothing_comes(dock)
    give(lab, "A-2")
    assert shipment(dock)["order_refs"] == ["A-2"]
    lab.ctl("shipments", "release", first["shipment_id"])
    assert shipment(lab.consumer("truck", credit=1)) == first


def test_after_twenty_attempts_a_shipment_is_set_aside(lab):
    give(lab, "A-1")
    for i in range(ATTEMPTS):
        peer = lab.consumer(("dock", "truck")[i % 2], credit=1)
        assert shipment(peer)["order_refs"] == ["A-1"], i
        peer.close()
    last = lab.consumer(credit=1)
    give(lab, "A-2")
    assert shipment(last)["order_refs"] == ["A-2"]
    assert "is set aside (attempts)" in lab.log()


def test_a_consumer_gets_no_more_than_its_credit(lab):
    give(lab, *(f"A-{i}" for i in range(4)))
    dock = lab.consumer(credit=2)
    got = [shipment(dock), shipment(dock)]
    assert nothing_comes(dock)
    dock.send(type="credit", credit=3)
    got.append(shipment(dock))
    act(dock, "shipped", got[0]["shipment_id"])
    got.append(shipment(dock))
    assert nothing_comes(dock)
    assert sorted(s["order_refs"][0] for s in got) == [f"A-{i}" for i in range(4)]


def test_orders_of_one_recipient_leave_as_one_parcel():
    with Lab(**quick_plant(shipping={**PLANT["shipping"], "consolidate": "2d"})) as lab:
        lab.start(speed=3600)
        give(lab, "A-1", "A-2", recipient=person("Mei"))
        give(lab, "A-3", recipient=person("Jo"))
        give(lab, "A-4", creator="shop", recipient=person("Mei"))
        dock = lab.consumer(credit=10)
        got = [shipment(dock) for _ in range(3)]
        assert sorted((s["creator"], *sorted(s["order_refs"])) for s in got) == [
            ("luna", "A-1", "A-2"), ("luna", "A-3"), ("shop", "A-4")]
        for s in got:
            assert act(dock, "shipped", s["shipment_id"])["type"] == "confirmed"
        assert [state_of(lab, ref) for ref in ("A-1", "A-2", "A-3")] == ["shipped"] * 3
        assert nothing_comes(dock)


def test_an_order_without_a_recipient_waits_for_one(lab):
    luna = lab.creator("luna")
    nobody = order("A-1")
    del nobody["recipient"]
    luna.ask("orders", orders=[nobody, order("A-2")])
    dock = lab.consumer(credit=5)
    assert shipment(dock)["order_refs"] == ["A-2"]
    wait_until(lambda: state_of(lab, "A-1") in ("packed", "held"), what="A-1 packed")
    assert nothing_comes(dock)
    assert luna.ask("amend", order_ref="A-1", recipient=person("Late"))["type"] == "amended"
    got = shipment(dock)
    assert got["order_refs"] == ["A-1"] and got["recipient"]["name"] == "Late"


def test_hostile_consumers_are_answered_and_the_others_served(lab):
    give(lab, "A-1")
    stranger = lab.peer("shipments")
    stranger.send(type="taken", shipment_id="lab-01-1")
    assert stranger.receive()["problem"] == "no-session"
    stranger.send(type="hello", protocol=1, consumer="dok", credit=5)
    assert stranger.receive()["problem"] == "not-allowed"
    for text in ("", "[]", "{", '{"type": "hello", "type": "hello"}', "\xff", '{"type": "credit", "credit": 1e9}', "[" * 5000):
        stranger.raw(text.encode("latin-1"))
        assert stranger.receive()["type"] == "problem"
    stranger.raw("{}", "{}")
    assert stranger.receive()["problem"] == "bad-message"
    assert shipment(lab.consumer(credit=1))["order_refs"] == ["A-1"]
    assert lab.alive()
