# SPDX-License-Identifier: Apache-2.0
"""Creators and a real daemon: what was accepted stays, whatever is sent and whatever fails."""
import os
import socket
import subprocess
import time

import pytest
import zmq

from taktlab import BUILD, Lab, order, person, wait_until


@pytest.fixture
def lab():
    with Lab() as made:
        yield made.start()


def refused(answer):
    return [row["problem"] for row in answer["results"] if row["outcome"] == "refused"]


def is_up_for(lab, creator):
    assert lab.alive(), lab.log()
    assert lab.creator(creator).ask("ping")["type"] == "pong"


# ---- accepted means durable ----

def test_what_was_accepted_survives_sigkill(lab):
    luna = lab.creator("luna")
    sent = [order(f"L-{i}") for i in range(300)]
    for part in range(3):
        answer = luna.ask("orders", orders=sent[100 * part:100 * (part + 1)])
        assert answer["accepted"] == 100, answer
    lab.restart()
    again = luna.ask("orders", orders=sent)
    assert again["problem"] == "no-session"
    luna.greet()
    again = luna.ask("orders", orders=sent)
    assert (again["accepted"], again["duplicates"], again["refused"]) == (0, 300, 0)


def test_what_was_not_answered_may_be_sent_again_after_a_kill(lab):
    luna = lab.creator("luna")
    for i in range(10):
        luna.send(type="orders", id=f"b{i}", orders=[order(f"B{i}-{k}") for k in range(50)])
    luna.answer(lambda m: m.get("id") == "b0")
    lab.restart()
    fresh = lab.creator("luna")
    counts = [fresh.ask("orders", orders=[order(f"B{i}-{k}") for k in range(50)]) for i in range(10)]
    assert counts[0]["duplicates"] == 50
    assert all(c["accepted"] + c["duplicates"] == 50 and c["accepted"] in (0, 50) for c in counts), counts
    assert all(s["state"] for s in fresh.ask("status", order_refs=[f"B9-{k}" for k in range(50)])["orders"])


def test_sigterm_answers_what_is_under_way(lab):
    luna = lab.creator("luna")
    luna.send(type="orders", id="last", orders=[order("T-1")])
    luna.answer(lambda m: m.get("id") == "last")
    lab.stop()
    lab.start()
    luna = lab.creator("luna")
    assert luna.ask("orders", orders=[order("T-1")])["duplicates"] == 1


def test_an_order_ref_counts_once_and_is_each_creators_own(lab):
    luna, shop = lab.creator("luna"), lab.creator("shop")
    assert luna.ask("orders", orders=[order("X")])["accepted"] == 1
    answer = luna.ask("orders", orders=[order("X"), order("X", quantity=2), order("Y")])
    assert (answer["accepted"], answer["duplicates"], answer["refused"]) == (1, 1, 1)
    assert refused(answer) == ["conflict"]
    assert shop.ask("orders", orders=[order("X", quantity=3)])["accepted"] == 1
    assert shop.ask("status", order_refs=["Y"])["orders"][0]["problem"] == "unknown-order"


def test_the_same_order_over_many_connections_at_once_is_accepted_once(lab):
    peers = [lab.creator("luna") for _ in range(20)]
    for peer in peers:
        for k in range(50):
            peer.send(type="orders", id=f"{k}", orders=[order("ONE")])
    answers = [peer.answer(lambda m, k=k: m.get("id") == str(k)) for peer in peers for k in range(50)]
    assert sum(a["accepted"] for a in answers) == 1
    assert sum(a["duplicates"] for a in answers) == 999


def test_the_same_order_ref_from_two_creators_a_thousand_times_at_once_is_one_order_of_each(lab):
    """In two versions: the one that comes first stands, the other is in conflict with it however often it is sent."""
    peers = {name: [lab.creator(name) for _ in range(10)] for name in ("luna", "shop")}
    for k in range(50):
        for one in peers.values():
            for peer in one:
                peer.send(type="orders", id=f"{k}", orders=[order("ONE", quantity=1 + k % 2)])
    for one in peers.values():
        answers = [(k % 2, peer.answer(lambda m, k=k: m.get("id") == str(k))) for peer in one for k in range(50)]
        first = [version for version, a in answers if a["accepted"] == 1]
        assert len(first) == 1
        assert sum(a["duplicates"] for version, a in answers if version == first[0]) == 249
        assert [refused(a) for version, a in answers if version != first[0]] == [["conflict"]] * 250


def test_limits_of_a_creator_hold_for_new_orders_only(lab):
    band = lab.creator("band")
    answer = band.ask("orders", orders=[order(f"{i}") for i in range(7)])
    assert answer["accepted"] == 5 and refused(answer) == ["over-limit", "over-limit"]
    assert band.ask("orders", orders=[order(f"{i}") for i in range(5)])["duplicates"] == 5
    assert band.ask("cancel", order_refs=["0"])["results"][0]["outcome"] == "cancelled"
    assert band.ask("orders", orders=[order("9")])["accepted"] == 1


def test_more_than_the_credit_is_refused_and_welcome_later(lab):
    luna = lab.creator("luna")
    credit, most = luna.welcome["credit"], luna.welcome["max_orders"]
    assert credit >= 1000 and most >= 500
    batches = {f"{n}": [order(f"C{n}-{k}") for k in range(most)] for n in range(3 * credit // most)}
    for ident, batch in batches.items():
        luna.send(type="orders", id=ident, orders=batch)
    accepted, turned_away = 0, 0
    while batches:
        ident = next(iter(batches))
        answer = luna.answer(lambda m, ident=ident: m.get("id") == ident)
        if answer["type"] == "problem":
            assert answer["problem"] in ("over-credit", "busy")
            turned_away += 1
            luna.send(type="orders", id=ident, orders=batches[ident])
        else:
            accepted += answer["accepted"]
            del batches[ident]
    assert accepted == 3 * credit


# ---- amend, cancel, quote, status ----

def test_an_order_is_amended_until_it_is_in_production(lab):
    luna = lab.creator("luna")
    first = {**order("A")}
    del first["recipient"]
    assert luna.ask("orders", orders=[first])["accepted"] == 1
    assert luna.ask("amend", order_ref="A", recipient=person("Mei Li", "Markt 2"))["type"] == "amended"
    assert luna.ask("amend", order_ref="A", items=order("A", quantity=3)["items"])["type"] == "amended"
    assert luna.ask("amend", order_ref="nope", recipient=person())["problem"] == "unknown-order"
    assert luna.ask("amend", order_ref="A", shipping={"service": "by dragon"})["problem"] == "unknown-service"


def test_a_cancelled_order_is_gone_and_its_ref_stays_used(lab):
    luna = lab.creator("luna")
    luna.ask("orders", orders=[order("GONE"), order("KEPT")])
    luna.ask("subscribe", after="now")
    assert luna.ask("cancel", order_refs=["GONE"])["results"] == [{"order_ref": "GONE", "outcome": "cancelled"}]
    luna.event(lambda e: e["event"] == "order.cancelled" and e["order_ref"] == "GONE")
    states = [o["state"] for o in luna.ask("status", order_refs=["GONE", "KEPT"])["orders"]]
    assert states[0] == "cancelled" and states[1] in ("accepted", "planned")
    assert luna.ask("cancel", order_refs=["GONE"])["results"][0]["outcome"] == "cancelled"
    assert luna.ask("orders", orders=[order("GONE")])["duplicates"] == 1


def test_it_is_too_late_to_cancel_once_a_lot_is_firm():
    with Lab(planning={"scheduler": "edd", "threads": 1, "think": "1s", "frozen": "1d"}) as lab:
        lab.plant["products"]["tee"]["lot"] = {"like": ["ink"], "max": 10, "wait": "1h"}
        lab.start()
        luna = lab.creator("luna")
        assert luna.ask("orders", orders=[order("FULL", quantity=10)])["accepted"] == 1
        luna.ask("subscribe", after=0)
        luna.event(lambda e: e["event"] == "order.promised" and e["order_ref"] == "FULL")
        results = luna.ask("cancel", order_refs=["FULL", "nope"])["results"]
        assert [(r["outcome"], r.get("problem")) for r in results] == [("too-late", "too-late"), ("unknown", "unknown-order")]
        assert luna.ask("amend", order_ref="FULL", items=order("FULL")["items"])["problem"] == "too-late"
        assert luna.ask("amend", order_ref="FULL", recipient=person("Ada"))["type"] == "amended"


def test_a_quote_books_nothing(lab):
    luna = lab.creator("luna")
    items = order("Q")["items"]
    quote = luna.ask("quote", items=items, recipient={"address": {"country": "DE"}})
    assert quote["type"] == "quoted" and quote["ship_by"] and quote["deliver_by"] and quote["valid_until"], quote
    assert "deliver_by" not in luna.ask("quote", items=items)
    assert luna.ask("quote", items=items, hold="PT4H")["problem"] == "not-allowed"
    assert luna.ask("campaign", campaign="drop")["problem"] == "not-allowed"
    assert luna.ask("figures")["problem"] == "not-allowed"
    assert luna.ask("status", order_refs=["Q"])["orders"][0]["problem"] == "unknown-order"


# ---- events ----

def test_events_resume_where_a_creator_left_off(lab):
    luna = lab.creator("luna")
    luna.ask("orders", orders=[order("E-1")])
    assert luna.ask("subscribe", after=0)["cursor"] == 0
    first = luna.event(lambda e: e["event"] == "order.promised")
    assert first["order_ref"] == "E-1" and first["ship_by"] > first["at"] and first["deliver_by"]
    luna.send(type="seen", cursor=first["cursor"])
    lab.restart()
    other = lab.creator("luna")
    assert other.ask("subscribe", after=first["cursor"])["cursor"] == first["cursor"]
    other.ask("orders", orders=[order("E-2")])
    second = other.event(lambda e: True)
    assert second["order_ref"] == "E-2" and second["cursor"] > first["cursor"]
    third = lab.creator("luna")
    third.ask("subscribe", after=0)
    assert third.event(lambda e: True) == first
    band = lab.creator("band")
    band.ask("subscribe", after=0)
    band.ask("orders", orders=[order("MINE")])
    assert band.event(lambda e: True)["order_ref"] == "MINE"


def test_a_thousand_unseen_events_are_the_most(lab):
    luna = lab.creator("luna")
    window = luna.welcome["window"]
    refs = [f"W-{i}" for i in range(1500)]
    for part in range(3):
        luna.ask("orders", orders=[order(r) for r in refs[500 * part:500 * (part + 1)]])
        luna.ask("cancel", order_refs=refs[500 * part:500 * (part + 1)])
    luna.ask("subscribe", after=0)
    wait_until(lambda: luna.ask("ping") and len(luna.events) == window, what="a full window")
    for _ in range(5):
        luna.ask("ping")
    assert len(luna.events) == window

    def read_on():
        luna.send(type="seen", cursor=luna.events[-1]["cursor"])
        luna.ask("ping")
        return sum(e["event"] == "order.cancelled" for e in luna.events) == len(refs)

    wait_until(read_on, what="the rest")
    cursors = [e["cursor"] for e in luna.events]
    assert cursors == sorted(set(cursors))


# ---- bad input ----

HOSTILE = [
    (b"", "bad-message"),
    (b"x" * 100000, "bad-message"),
    (b'{"type":"ping","id":"1"', "bad-message"),
    (b'{"type":"ping","id":"1"} {"type":"ping","id":"2"}', "bad-message"),
    (b"[" * 1000000, "bad-message"),
    (b'{"type":"ping","id":"1","a":' + b'{"a":' * 16 + b"1" + b"}" * 17, "bad-message"),
    (b'{"type":"ping","id":"1","type":"ping"}', "bad-message"),
    (b'{"type":"ping","id":"\xff"}', "bad-message"),
    (b'{"type":"ping","id":"1","n":1e400}', "bad-message"),
    (b'{"type":"subscribe","id":"1","after":1.0}', "bad-message"),
    (b'{"type":"subscribe","id":"1","after":9007199254740992}', "bad-message"),
    (b'{"type":"subscribe","id":"1","after":-1}', "bad-message"),
    (b'{"type":"orders","id":"1","orders":[' + b"{}," * 500 + b"{}]}", "bad-message"),
    (b'{"type":"ping","id":"1"}' + b" " * (1 << 20), "bad-message"),
    (b'{"type":"ping","id":1}', "bad-message"),
    (b'{"type":"\\u0000"}', "bad-message"),
    (b'{"type":"nonsense","id":"1"}', "unknown-type"),
    (b'{"type":"hello","protocol":2,"creator":"luna"}', "bad-protocol"),
    (b'{"type":"hello","protocol":1,"creator":"nobody"}', "unknown-creator"),
]


@pytest.mark.parametrize("frame, problem", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_frame_gets_its_problem(hostile_lab, frame, problem):
    luna = hostile_lab.creator("luna")
    luna.raw(frame)
    answer = luna.receive()
    assert answer["problem"] == problem, answer
    is_up_for(hostile_lab, "shop")


@pytest.fixture(scope="module")
def hostile_lab():
    with Lab() as made:
        yield made.start()


BAD_ORDERS = [
    ({"items": [{"product": "tea", "quantity": 1}]}, "unknown-product", "/orders/0/items/0/product"),
    ({"items": [{"product": "tee", "quantity": 1}]}, "unknown-option", "/orders/0/items/0/options/ink"),
    ({"items": [{"product": "tee", "options": {"ink": "light", "design": "a b"}, "quantity": 1}]}, "unknown-option",
     "/orders/0/items/0/options/design"),
    (order("x", quantity=0), "bad-quantity", "/orders/0/items/0/quantity"),
    (order("x", quantity=10001), "bad-quantity", "/orders/0/items/0/quantity"),
    (order("x", quantity=2 ** 53), "bad-message", "/orders/0/items/0/quantity"),
    (order("x", quantity=1.0), "bad-message", "/orders/0/items/0/quantity"),
    (order("x", recipient={"name": "Mei"}), "bad-recipient", "/orders/0/recipient/address"),
    (order("x", recipient=person("M\u202eei")), "bad-recipient", "/orders/0/recipient/name"),
    (order("x", recipient=person("M\nei")), "bad-recipient", "/orders/0/recipient/name"),
    (order("x", shipping={"service": "by dragon"}), "unknown-service", "/orders/0/shipping/service"),
    (order("x", campaign="winter-drop"), "unknown-campaign", "/orders/0/campaign"),
    (order("\u2066x"), "bad-message", "/orders/0/order_ref"),
]


@pytest.mark.parametrize("bad, problem, at", BAD_ORDERS, ids=range(len(BAD_ORDERS)))
def test_a_bad_order_is_refused_with_its_place_and_the_next_is_taken(hostile_lab, bad, problem, at):
    luna = hostile_lab.creator("luna")
    answer = luna.ask("orders", orders=[{"order_ref": "bad", **bad}, order(f"good-{BAD_ORDERS.index((bad, problem, at))}")])
    assert (answer["accepted"], answer["refused"]) == (1, 1), answer
    row = answer["results"][0]
    assert (row["problem"], row["at"]) == (problem, at), row


def test_a_wish_in_the_past_is_taken(hostile_lab):
    luna = hostile_lab.creator("luna")
    assert luna.ask("orders", orders=[order("past", shipping={"deliver_by": "2001-01-01"})])["accepted"] == 1


def test_several_frames_end_the_session(hostile_lab):
    luna = hostile_lab.creator("luna")
    luna.raw('{"type":"ping","id":"1"}', '{"type":"ping","id":"2"}')
    assert luna.receive()["problem"] == "bad-message"
    assert luna.ask("ping")["problem"] == "no-session"
    is_up_for(hostile_lab, "shop")


def test_frames_beyond_the_limit_only_cut_their_own_connection(hostile_lab):
    luna, shop = hostile_lab.creator("luna"), hostile_lab.creator("shop")
    luna.raw(b" " * (4 << 20))
    assert shop.ask("ping")["type"] == "pong"
    wait_until(lambda: luna.ask("ping").get("problem") == "no-session", what="a new connection")
    assert shop.ask("ping")["type"] == "pong"


def test_a_routing_id_of_ones_own_is_not_heard(hostile_lab):
    own = zmq.Context.instance().socket(zmq.DEALER)
    own.setsockopt(zmq.LINGER, 0)
    own.setsockopt(zmq.ROUTING_ID, b"luna")
    own.connect(hostile_lab.endpoint("orders"))
    own.send_json({"type": "hello", "protocol": 1, "creator": "luna"})
    for _ in range(3):
        is_up_for(hostile_lab, "shop")
    assert not own.poll(0)
    own.close(0)


def test_who_never_reads_hurts_nobody(hostile_lab):
    deaf = zmq.Context.instance().socket(zmq.DEALER)
    deaf.setsockopt(zmq.LINGER, 0)
    deaf.setsockopt(zmq.RCVHWM, 1)
    deaf.setsockopt(zmq.SNDHWM, 0)  # once it is cut it finds that out only by reading
    deaf.connect(hostile_lab.endpoint("orders"))
    deaf.send_json({"type": "hello", "protocol": 1, "creator": "luna"})
    shop = hostile_lab.creator("shop")
    for _ in range(20):
        for _ in range(2000):
            deaf.send_json({"type": "ping", "id": "p" * 64})
        assert shop.ask("ping")["type"] == "pong"
    assert hostile_lab.alive()
    deaf.close(0)


def test_a_subscriber_that_never_reads_gets_a_window_and_hurts_nobody(lab):
    refs = [f"S-{i}" for i in range(1500)]
    deaf = lab.creator("luna")
    window = deaf.welcome["window"]
    deaf.send(type="subscribe", id="deaf", after=0)
    luna = lab.creator("luna")
    for part in range(0, 1500, 500):
        luna.ask("orders", orders=[order(r) for r in refs[part:part + 500]])
        assert all(r["outcome"] == "cancelled" for r in luna.ask("cancel", order_refs=refs[part:part + 500])["results"])
    luna.ask("subscribe", after=0)
    while sum(e["event"] == "order.cancelled" for e in luna.events) < 1500:
        luna.send(type="seen", cursor=luna.events[-1]["cursor"] if luna.events else 0)
        assert luna.ask("ping")["type"] == "pong"
    deaf.ask("ping")
    assert len(deaf.events) == window
    is_up_for(lab, "shop")


def test_connections_that_never_shake_hands_hurt_nobody(hostile_lab):
    silent = []
    for _ in range(200):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.connect(hostile_lab.path("orders.sock"))
        silent.append(s)
    for s in silent[::2]:
        s.send(b"GET / HTTP/1.1\r\n\r\n")
    is_up_for(hostile_lab, "shop")
    for s in silent:
        s.close()
    is_up_for(hostile_lab, "shop")


@pytest.mark.parametrize("kind", ["orders", "amend", "cancel", "quote", "status", "subscribe", "seen", "ping", "nonsense"])
def test_before_a_hello_nothing_else_is_answered(hostile_lab, kind):
    assert hostile_lab.peer("orders").ask(kind, cursor=1)["problem"] == "no-session"


def test_minus_zero_is_a_number_and_no_quantity(hostile_lab):
    luna = hostile_lab.creator("luna")
    luna.raw('{"type":"orders","id":"z","orders":[{"order_ref":"Z","items":[{"product":"tee","options":{"ink":"light",'
             '"design":"d1"},"quantity":-0}]}]}')
    assert refused(luna.receive()) == ["bad-quantity"]


def shake_hands(lab):
    """ZMTP 3.0 by hand (RFC 23): greeting, and READY as a DEALER; what is left to say is the caller's."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(lab.path("orders.sock"))
    s.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32))
    ready = b"\x05READY" + b"\x0bSocket-Type" + (6).to_bytes(4, "big") + b"DEALER"
    s.sendall(b"\x04" + bytes([len(ready)]) + ready)
    return s


@pytest.mark.parametrize("frame", [
    b"\x00\xff{\"type\":",                                   # cut off
    b"\x02" + (1 << 62).to_bytes(8, "big") + b"x" * 1000,     # announces more than there is
    b"\x02" + (3 << 20).to_bytes(8, "big") + b"x" * 1000,     # more than a frame may have
    b"\x01\x01a" * 20000,                                     # frames without end
    b"\xf8\x00" * 100,                                        # flags that mean nothing
    b"\x04\x05ERROR" * 10,
], ids=["cut off", "2^62 bytes", "3 MiB", "endless", "bad flags", "commands"])
def test_frames_that_break_the_transport_hurt_nobody(hostile_lab, frame):
    s = shake_hands(hostile_lab)
    try:
        s.sendall(frame)
    except (BrokenPipeError, ConnectionResetError):
        pass  # cut off already
    is_up_for(hostile_lab, "shop")
    s.close()
    is_up_for(hostile_lab, "shop")


# ---- fairness ----

def test_ten_connections_that_flood_and_never_read_delay_no_other(lab):
    """Not even one of the same creator: it waits for a round of them, not for all that they have sent."""
    luna, band = lab.creator("luna"), lab.creator("band")
    luna.ask("orders", orders=[order("F-1")])
    request = b'{"type":"status","id":"s","order_refs":["F-1"]}'
    flood = [lab.creator("luna") for _ in range(10)]
    for peer in flood:
        peer.socket.setsockopt(zmq.SNDHWM, 0)
    for peer in flood:
        for _ in range(20000):
            peer.socket.send(request)
    slowest = 0
    for i in range(20):
        for one in (luna, band):
            begin = time.monotonic()
            assert one.ask("status", order_refs=["F-1"])["type"] == "statuses"
            slowest = max(slowest, time.monotonic() - begin)
    print(f"the slowest answer took {slowest:.3f} s")
    assert band.ask("orders", orders=[order("F-2")])["accepted"] == 1
    assert luna.ask("orders", orders=[order("F-3")])["accepted"] == 1


# ---- never open to others ----

def test_an_endpoint_that_others_can_reach_is_not_opened_without_keys():
    with Lab() as lab:
        lab.plant["listen"]["orders"] = "tcp://*:7710"
        lab.write_plant()
        done = subprocess.run([f"{BUILD}/taktd", "plant.yaml"], cwd=lab.folder, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 78, done.stderr
        assert "7710" in done.stderr and "127.0.0.1" in done.stderr, done.stderr
        assert not os.path.exists(lab.path("takt.db"))


def test_more_connections_of_ipc_than_descriptors_are_turned_away_and_the_rest_is_served():
    with Lab() as lab:
        lab.start(files=600)
        luna = lab.creator("luna")
        crowd = []
        try:
            for _ in range(900):
                crowd.append(socket.socket(socket.AF_UNIX))
                crowd[-1].setblocking(False)
                crowd[-1].connect_ex(lab.path("orders.sock"))
            assert luna.ask("orders", orders=[order("D-1")])["accepted"] == 1
        finally:
            for s in crowd:
                s.close()
        wait_until(lambda: lab.alive() and lab.creator("band").ask("orders", orders=[order("D-2")])["accepted"] == 1)
