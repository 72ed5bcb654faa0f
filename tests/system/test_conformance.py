# SPDX-License-Identifier: Apache-2.0
"""The conformance scenarios: one set, held against every client and a script of bare pyzmq calls, each by its driver in
tests/conformance/, with the real daemon. Most share a daemon and speak as a creator of their own orders."""
import json
import os
import shlex
import subprocess
import sys
import threading

import pytest
import zmq

from taktlab import BUILD, ROOT, WAIT_S, Lab, free_port, order, person, wait_until

DRIVERS = {
    "c": [f"{BUILD}/tests/conformance/client_c"],
    "python": [sys.executable, f"{ROOT}/tests/conformance/client_python.py"],
    "asyncio": [sys.executable, f"{ROOT}/tests/conformance/client_python.py", "--asyncio"],
    "node": ["node", f"{ROOT}/build/node/client_node.js"],
    "bare": [sys.executable, f"{ROOT}/tests/conformance/bare.py"],
}
if "TAKT_DRIVER" in os.environ:
    DRIVERS = {"mine": shlex.split(os.environ["TAKT_DRIVER"])}


class Refused(Exception):
    """What a driver was refused with: args[0] is the problem's name."""


class Unreachable(Exception):
    pass


class Driver:
    def __init__(self, argv, **settings):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.do("open", **{"timeout_s": WAIT_S, "patience_s": 10, **settings})

    def send(self, do, **members):
        self.process.stdin.write(json.dumps({"do": do, **members}) + "\n")
        self.process.stdin.flush()

    def receive(self):
        said = json.loads(self.process.stdout.readline())
        if said.get("unreachable"):
            raise Unreachable()
        if "ok" not in said:
            raise Refused(said.get("problem", said))
        return said["ok"]

    def do(self, do, **members):
        self.send(do, **members)
        return self.receive()

    def push(self, *orders):
        """(accepted, duplicates, {order_ref: problem})"""
        said = self.do("push", orders=orders)
        return said["accepted"], said["duplicates"], {row["order_ref"]: row["problem"] for row in said["refused"]}

    def promised(self, ref, after=0):
        """The events behind a cursor up to an order's promise."""
        return self.do("events", after=after, until={"event": "order.promised", "order_ref": ref})

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture(name="driver", params=DRIVERS)
def driver_of_each_client(request):
    """Starts a driver that is opened with what it is called with."""
    begun = []

    def start(**settings):
        begun.append(Driver(DRIVERS[request.param], **settings))
        return begun[-1]
    yield start
    for one in begun:
        one.kill()


@pytest.fixture(scope="module", name="shared")
def lab_of_all():
    with Lab() as made:
        made.plant["creators"]["few"] = {"max_open": 2}
        yield made.start()


@pytest.fixture
def lab():
    with Lab() as made:
        yield made.start()


@pytest.fixture(name="client")
def client_of_the_shared_lab(shared, driver):
    return driver(endpoints=[shared.endpoint("orders")], creator="luna")


@pytest.fixture(name="ref")
def fresh_refs(request):
    """order_refs that no other test uses."""
    return lambda name: f"{request.node.name[-40:]}-{name}"


# ---- orders ----

def test_a_welcome_says_what_there_is_to_know(client):
    welcome = client.do("connect")
    assert (welcome["protocol"], welcome["plant"]) == (1, "lab-01") and welcome["credit"] >= 1000 and welcome["max_orders"] >= 500


def test_what_is_pushed_is_durable_and_again_a_duplicate(lab, driver):
    client = driver(endpoints=[lab.endpoint("orders")], creator="luna")
    orders = [order(f"A-{i}") for i in range(700)]  # more than a message holds
    assert client.push(*orders) == (700, 0, {})
    lab.restart()
    assert client.push(*orders) == (0, 700, {})  # says hello again by itself


def test_the_same_ref_with_other_content_is_a_conflict_and_the_first_stands(client, ref):
    assert client.push(order(ref(1))) == (1, 0, {})
    assert client.push(order(ref(1), quantity=2), order(ref(1))) == (0, 1, {ref(1): "conflict"})


def test_what_is_refused_says_which_why_and_where(client, ref):
    bad, many = order(ref("tea")), order(ref("many"), quantity=10001)
    bad["items"][0]["product"] = "tea"
    said = client.do("push", orders=[order(ref("good")), bad, many, order("x" * 500), order(ref("late"), shipping={"service": "dragon"})])
    assert said["accepted"] == 1
    assert [(row["order_ref"], row["problem"], row["at"]) for row in said["refused"]] == [
        (ref("tea"), "unknown-product", "/orders/1/items/0/product"), (ref("many"), "bad-quantity", "/orders/2/items/0/quantity"),
        ("x" * 500, "bad-message", "/orders/3/order_ref"), (ref("late"), "unknown-service", "/orders/4/shipping/service")]


def test_names_of_all_scripts_arrive_as_they_were_sent(client, ref):
    assert client.push(order(ref(1), recipient=person("Mei 陈 Zoë \U0001F600"))) == (1, 0, {})
    assert client.push(order(ref(1), recipient=person("Mei 陈 Zoë \U0001F600"))) == (0, 1, {})


def test_more_than_the_credit_is_sent_as_it_opens(client, ref):
    assert client.push(*(order(ref(i)) for i in range(2500))) == (2500, 0, {})


def test_a_limit_refuses_what_is_beyond_it_alone(shared, driver, ref):
    few = driver(endpoints=[shared.endpoint("orders")], creator="few")
    accepted, _, refused = few.push(*(order(ref(i)) for i in range(4)))
    assert accepted + len(refused) == 4 and set(refused.values()) == {"over-limit"}
    few.do("cancel", order_refs=[ref(i) for i in range(4)])


# ---- what can be asked ----

def test_an_amendment_is_made_or_refused(client, ref):
    client.push(order(ref(1)))
    assert client.do("amend", order_ref=ref(1), recipient=person("Someone else")) is None
    assert client.do("amend", order_ref=ref(1), items=order("x", quantity=3)["items"]) is None
    for wrong, problem in (({"order_ref": ref("nope"), "recipient": person()}, "unknown-order"),
                           ({"order_ref": ref(1), "recipient": person(name="M\nei")}, "bad-recipient")):
        with pytest.raises(Refused, match=problem):
            client.do("amend", **wrong)


def test_what_is_cancelled_stays_so(client, ref):
    client.push(order(ref(1)), order(ref(2)))
    assert client.do("cancel", order_refs=[ref(1), ref("nope")]) == {ref(1): "cancelled", ref("nope"): "unknown"}
    states = client.do("status", order_refs=[ref(1), ref(2), ref("nope")])
    assert [row["order_ref"] for row in states] == [ref(1), ref(2)] and states[0]["state"] == "cancelled" != states[1]["state"]
    assert client.push(order(ref(1))) == (0, 1, {})


def test_a_quote_says_when_and_books_nothing(client, ref):
    quote = client.do("quote", items=order("x")["items"], recipient={"address": {"country": "DE"}})
    assert quote["ship_by"].endswith("Z") and quote["valid_until"] and len(quote["deliver_by"]) == 10
    assert "deliver_by" not in client.do("quote", items=order("x")["items"])
    with pytest.raises(Refused, match="unknown-product"):
        client.do("quote", items=[{"product": "tea", "quantity": 1}])
    assert client.do("ping").endswith("Z")


# ---- events ----

@pytest.fixture(name="shop")
def another_creator_with_few_orders(shared, driver):
    return driver(endpoints=[shared.endpoint("orders")], creator="shop")


def test_a_promise_comes_as_an_event_and_stands_in_the_status(shop, ref):
    shop.push(order(ref(1)))
    found = shop.promised(ref(1))
    status, = shop.do("status", order_refs=[ref(1)])
    assert status["ship_by"] == found[-1]["ship_by"] and found[-1]["deliver_by"]
    cursors = [event["cursor"] for event in found]
    assert cursors == sorted(set(cursors))


def test_events_go_on_behind_a_cursor_and_begin_anew_at_another(shop, ref):
    shop.push(order(ref(1)))
    first = shop.promised(ref(1))[-1]
    shop.push(order(ref(2)))
    behind = shop.promised(ref(2), after=first["cursor"])
    assert all(event["cursor"] > first["cursor"] for event in behind)
    again = shop.promised(ref(2), after=first["cursor"] - 1)
    assert [e["cursor"] for e in again if e["cursor"] == first["cursor"]] == [first["cursor"]]
    assert [e["cursor"] for e in again if e["cursor"] > first["cursor"]][:len(behind)] == [e["cursor"] for e in behind]


def test_more_events_than_the_window_come_all(lab, driver):
    client = driver(endpoints=[lab.endpoint("orders")], creator="luna")
    refs = [f"W-{i}" for i in range(1300)]
    client.push(*(order(ref) for ref in refs))
    for part in range(0, 1300, 500):
        client.do("cancel", order_refs=refs[part:part + 500])
    found = client.do("events", after=0, until={"event": "order.cancelled", "order_ref": refs[-1]})
    assert {e["order_ref"] for e in found if e["event"] == "order.cancelled"} == set(refs)


def test_events_go_on_where_they_were_while_the_plant_restarts(lab, driver):
    client = driver(endpoints=[lab.endpoint("orders")], creator="luna", patience_s=1)
    client.push(order("A-1"))
    cursor = client.promised("A-1")[-1]["cursor"]
    client.send("events", after=cursor, until={"event": "order.promised", "order_ref": "A-2"})
    lab.restart()
    lab.creator("luna").ask("orders", orders=[order("A-2")])
    assert [e["order_ref"] for e in client.receive() if e["event"] == "order.promised"] == ["A-2"]


# ---- when the plant is away ----

def test_what_was_pushed_while_the_plant_was_killed_is_there_once_it_is_back(lab, driver):
    client = driver(endpoints=[lab.endpoint("orders")], creator="luna", outbox=lab.path("outbox"), patience_s=2)
    other = lab.creator("luna")
    client.send("push", orders=[order(f"K-{i}") for i in range(1200)])
    wait_until(lambda: "state" in other.ask("status", order_refs=["K-0"])["orders"][0])
    lab.restart()
    said = client.receive()
    assert (said["accepted"] + said["duplicates"], said["refused"]) == (1200, [])
    other.greet()
    assert all("state" in row for row in other.ask("status", order_refs=[f"K-{i}" for i in range(800, 1200)])["orders"])
    assert client.do("flush") == {"accepted": 0, "duplicates": 0, "refused": []}


def test_an_outbox_keeps_orders_beyond_a_kill_of_the_client(lab, driver):
    settings = {"endpoints": [lab.endpoint("orders")], "creator": "luna", "outbox": lab.path("outbox")}
    lab.kill()
    first = driver(**settings, timeout_s=0.2)
    with pytest.raises(Unreachable):
        first.do("push", orders=[order("A-1"), order("A-2")])
    first.kill()
    with open(lab.path("outbox"), "a", encoding="utf-8") as file:
        file.write('+{"order_ref": "cut sho')  # as a crash leaves it
    lab.start()
    second = driver(**settings)
    assert second.do("flush") == {"accepted": 2, "duplicates": 0, "refused": []}
    second.do("close")
    assert driver(**settings).do("flush") == {"accepted": 0, "duplicates": 0, "refused": []}


def test_several_endpoints_are_tried_in_turn(lab, driver):
    client = driver(endpoints=[f"ipc://{lab.path('none.sock')}", lab.endpoint("orders")], creator="luna", patience_s=0.3)
    assert client.push(order("A-1")) == (1, 0, {})


def test_a_plant_that_moved_is_found_at_its_other_endpoint(lab, driver):
    other = f"ipc://{lab.path('other.sock')}"
    client = driver(endpoints=[lab.endpoint("orders"), other], creator="luna", patience_s=0.5)
    assert client.push(order("A-1")) == (1, 0, {})
    lab.kill()
    lab.plant["listen"]["orders"] = "ipc://other.sock"
    lab.start()
    assert client.push(order("A-1"), order("A-2")) == (1, 1, {})


def test_no_plant_is_unreachable_in_time(tmp_path, driver):
    client = driver(endpoints=[f"ipc://{tmp_path}/none.sock"], creator="luna", timeout_s=0.2)
    with pytest.raises(Unreachable):
        client.do("ping")


# ---- who may ----

def test_who_may_not_enter_is_told(shared, driver):
    client = driver(endpoints=[shared.endpoint("orders")], creator="nobody")
    with pytest.raises(Refused, match="unknown-creator"):
        client.do("ping")


def test_a_key_lets_in_until_it_is_revoked_and_a_strangers_does_not(driver):
    with Lab(security="curve") as lab:
        lab.plant["listen"]["orders"] = f"tcp://127.0.0.1:{free_port()}"
        lab.start()
        key = {"endpoints": [lab.endpoint("orders")], "key": lab.path("luna.key"), "plant_key": lab.keys["plant"][0].decode()}
        luna, band = driver(**key), driver(**{**key, "key": lab.path("band.key")})
        assert luna.push(order("A-1")) == (1, 0, {}) and band.push(order("A-1")) == (1, 0, {})
        lab.make_key("stranger")
        with pytest.raises(Unreachable):
            driver(**{**key, "key": lab.path("stranger.key")}, timeout_s=0.3).do("ping")
        lab.ctl("key", "revoke", "--", lab.keys["luna"][0].decode())
        with pytest.raises(Refused, match="not-allowed"):
            luna.do("ping")
        assert band.push(order("A-2")) == (1, 0, {})


# ---- a plant that misbehaves ----

def serve(endpoint, script, stop):
    """A ROUTER that answers each message by a script: message → frames of answers."""
    with zmq.Context() as context, context.socket(zmq.ROUTER) as plant:
        plant.linger = 0
        plant.bind(endpoint)
        while not stop.is_set():
            if plant.poll(20):
                peer, frame = plant.recv_multipart()
                for frames in script(json.loads(frame)):
                    plant.send_multipart([peer, *(f if isinstance(f, bytes) else json.dumps(f).encode() for f in frames)])


@pytest.fixture(name="plant")
def plant_by_script(tmp_path):
    """Serves a script; gives its endpoint."""
    stop, threads = threading.Event(), []

    def start(script):
        endpoint = f"ipc://{tmp_path}/script.sock"
        threads.append(threading.Thread(target=serve, args=(endpoint, script, stop)))
        threads[-1].start()
        return endpoint
    yield start
    stop.set()
    for thread in threads:
        thread.join()


WELCOME = {"type": "welcome", "protocol": 1, "plant": "script", "time": "2026-11-22T03:11:00Z", "credit": 1000, "max_message": 1 << 20,
           "max_orders": 500, "window": 1000}


def taken(message):
    return {"type": "accepted", "id": message["id"], "accepted": len(message["orders"]), "duplicates": 0, "refused": 0, "results": [],
            "credit": 1000}


def test_busy_and_over_credit_are_sent_again_until_they_are_taken(plant, driver):
    attempts = []

    def script(message):
        if message["type"] == "hello":
            return [[WELCOME]]
        attempts.append(message["type"])
        problem = {1: "busy", 2: "over-credit", 3: "busy"}.get(len(attempts))
        return [[{"type": "problem", "id": message["id"], "problem": problem, "title": problem} if problem else taken(message)]]
    client = driver(endpoints=[plant(script)], creator="luna")
    assert client.push(order("A-1")) == (1, 0, {}) and len(attempts) == 4


def test_a_plant_that_forgot_us_is_greeted_again(plant, driver):
    heard = []

    def script(message):
        heard.append(message["type"])
        if message["type"] == "hello":
            return [[WELCOME]]
        return [[taken(message) if heard.count("hello") > 1 else {"type": "problem", "problem": "no-session", "title": "hello first"}]]
    client = driver(endpoints=[plant(script)], creator="luna")
    assert client.push(order("A-1")) == (1, 0, {}) and heard.count("hello") == 2


NOTHING_OF_THE_PROTOCOL = [[b""], [b"\xff"], [b"[]"], [b"{}"], [b'{"type":1}'], [b"[" * 100000], [b'{"type":"accepted"'], [b"null"], [b"1e999"],
                           [b'{"type":"accepted"}', b"x"], [{"type": "accepted", "id": "4711", "accepted": 1}], [{"type": "news from later"}]]


def test_what_is_nothing_of_the_protocol_is_passed_over(plant, driver):
    def script(message):
        return [*NOTHING_OF_THE_PROTOCOL, [WELCOME if message["type"] == "hello" else taken(message)], *NOTHING_OF_THE_PROTOCOL]
    client = driver(endpoints=[plant(script)], creator="luna")
    assert client.push(order("A-1")) == (1, 0, {}) and client.push(order("A-2")) == (1, 0, {})
