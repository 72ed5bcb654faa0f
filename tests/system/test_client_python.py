# SPDX-License-Identifier: Apache-2.0
"""The Python client against the real daemon: the conformance scenarios, with and without asyncio, and takt-feed."""
import asyncio
import csv
import json
import os
import socket
import subprocess
import sys
import threading

import pytest

from taktlab import ROOT, Lab, order, person, wait_until

sys.path.insert(0, f"{ROOT}/clients/python")
import takt  # noqa: E402
import takt.aio  # noqa: E402
from takt.session import Session, batches  # noqa: E402
from takt.wire import decode  # noqa: E402


@pytest.fixture
def lab():
    with Lab() as made:
        yield made.start()


class Sync:
    """The client without asyncio."""

    def __init__(self, *args, **kw):
        self.plant = takt.Plant(*args, **kw)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.plant.close()

    def __getattr__(self, name):
        return getattr(self.plant, name)

    def first(self, after, wanted):
        return next(e for e in self.plant.events(after) if wanted(e))


class Async:
    """The client with asyncio, made to wait call by call."""

    def __init__(self, *args, **kw):
        self.loop = asyncio.new_event_loop()

        async def make():
            return await takt.aio.Plant(*args, **kw).__aenter__()
        self.plant = self.loop.run_until_complete(make())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.loop.run_until_complete(self.plant.close())
        self.loop.close()

    def __getattr__(self, name):
        call = getattr(self.plant, name)
        return lambda *a, **kw: self.loop.run_until_complete(call(*a, **kw))

    def first(self, after, wanted):
        async def find():
            async for event in self.plant.events(after):
                if wanted(event):
                    return event
        return self.loop.run_until_complete(find())


@pytest.fixture(params=[Sync, Async], ids=["sync", "asyncio"], name="client")
def either(request, lab):
    with request.param(lab.endpoint("orders"), creator="luna") as made:
        yield made


# ---- conformance ----

def test_what_is_pushed_is_durable_and_again_a_duplicate(lab, client):
    receipt = client.push([order(f"A-{i}") for i in range(1200)])  # more than a message holds
    assert (receipt.accepted, receipt.duplicates, receipt.refused) == (1200, 0, [])
    lab.restart()
    receipt = client.push([order(f"A-{i}") for i in range(1200)])  # says hello again by itself
    assert (receipt.accepted, receipt.duplicates) == (0, 1200)


def test_what_is_refused_says_which_and_why(client):
    client.push([order("A-1")])
    bad = order("A-2")
    bad["items"][0]["product"] = "tea"
    receipt = client.push([bad, order("A-1", quantity=2), order("A-3")])
    assert receipt.accepted == 1
    assert [r.order_ref for r in client.push([order("x" * 500)]).refused] == ["x" * 500]
    assert [(r.order_ref, r.problem.name) for r in receipt.refused] == [("A-2", "unknown-product"), ("A-1", "conflict")]
    assert isinstance(receipt.refused[1].problem, takt.Conflict)
    assert "tee" in receipt.refused[0].problem.detail and receipt.refused[0].problem.at.endswith("/product")


def test_a_promise_comes_as_an_event_and_stands_in_the_status(client):
    client.push([order("A-1")])
    event = client.first(0, lambda e: e.kind == "order.promised")
    assert event.order_ref == "A-1" and event.ship_by and event.deliver_by
    status, = client.status(["A-1", "unknown"])
    assert status.state in ("accepted", "planned", "in-production") and status.ship_by == event.ship_by


def test_quote_amend_cancel_ping(client):
    quote = client.quote(order("x")["items"], recipient={"address": {"country": "DE"}})
    assert quote.ship_by and quote.valid_until
    client.push([order("A-1"), order("A-2")])
    client.amend("A-1", recipient=person(name="Someone else"))
    assert client.cancel(["A-2", "nope"]) == {"A-2": "cancelled", "nope": "unknown"}
    assert client.ping().endswith("Z")
    with pytest.raises(takt.Problem) as caught:
        client.amend("nope", recipient=person())
    assert caught.value.name == "unknown-order"


def test_events_go_on_where_they_were_across_a_restart(lab, client):
    client.push([order("A-1")])
    first = client.first(0, lambda e: e.kind == "order.promised")
    lab.restart()
    client.push([order("A-2")])
    second = client.first(first.cursor, lambda e: e.kind == "order.promised")
    assert second.order_ref == "A-2" and second.cursor > first.cursor


def test_more_than_the_credit_is_sent_as_it_opens(client):
    receipt = client.push([order(f"C-{i}") for i in range(5000)])
    assert receipt.accepted == 5000


def test_who_may_not_enter_is_told(lab):
    with takt.Plant(lab.endpoint("orders"), creator="nobody") as plant, pytest.raises(takt.NotAllowed):
        plant.ping()


def test_no_plant_is_unreachable_in_time(tmp_path):
    with takt.Plant(f"ipc://{tmp_path}/none.sock", creator="luna", timeout_s=0.3) as plant, pytest.raises(takt.Unreachable):
        plant.ping()


def test_several_endpoints_are_tried_in_turn(lab, tmp_path, monkeypatch):
    monkeypatch.setattr("takt.session.PATIENCE_S", 0.5)
    with takt.Plant([f"ipc://{tmp_path}/none.sock", lab.endpoint("orders")], creator="luna") as plant:
        assert plant.push([order("A-1")]).accepted == 1


def test_the_outbox_keeps_what_has_no_receipt(lab, tmp_path):
    path = str(tmp_path / "outbox")
    with takt.Plant(f"ipc://{tmp_path}/none.sock", creator="luna", outbox=path, timeout_s=0.2) as plant:
        with pytest.raises(takt.Unreachable):
            plant.push([order("A-1"), order("A-2")])
    with open(path, "ab") as file:
        file.write(b'{"put": {"order_ref": "cut sho')  # as a crash leaves it
    with takt.Plant(lab.endpoint("orders"), creator="luna", outbox=path) as plant:
        with pytest.raises(RuntimeError):
            takt.Outbox(path)
        assert plant.flush().accepted == 2
        assert plant.flush().accepted == 0
    assert takt.Outbox(path).orders == {}


def test_keys_let_in_and_a_revoked_one_is_not_allowed():
    with Lab(security="curve") as lab:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            lab.plant["listen"]["orders"] = f"tcp://127.0.0.1:{s.getsockname()[1]}"
        lab.start()
        with takt.Plant(lab.endpoint("orders"), key=lab.path("luna.key"), plant_key=lab.keys["plant"][0].decode()) as plant:
            assert plant.push([order("A-1")]).accepted == 1
            lab.ctl("key", "revoke", "--", lab.keys["luna"][0].decode())
            with pytest.raises(takt.NotAllowed):
                plant.ping()


def test_many_calls_at_a_time_with_asyncio(lab):
    async def work():
        async with takt.aio.Plant(lab.endpoint("orders"), creator="luna") as plant:
            receipts = await asyncio.gather(*(plant.push([order(f"P-{i}")]) for i in range(50)))
            assert sum(r.accepted for r in receipts) == 50
    asyncio.run(work())


# ---- without a daemon ----

@pytest.mark.parametrize("frame", [b"", b"\xff", b"[]", b"{}", b'{"type":1}', b"[" * 100000, b'{"type":"x"', b"null", b"1e999"])
def test_what_is_not_of_the_protocol_is_passed_over(frame):
    assert decode(frame) is None


def test_busy_is_sent_again_after_a_pause_and_nothing_is_answered_twice():
    session = Session("luna")
    session.connected(0)
    assert session.receive({"type": "welcome", "credit": 1000}, 0) == []
    ident = session.request("orders", orders=[{"order_ref": "a"}])
    assert len(session.sendable(1)) == 1 and session.sendable(1) == []
    session.receive({"type": "problem", "problem": "busy", "id": ident}, 1)
    assert session.sendable(1.05) == [] and len(session.sendable(1.2)) == 1
    session.receive({"type": "problem", "problem": "busy", "id": ident}, 1.3)
    assert session.sendable(1.45) == [] and len(session.sendable(1.6)) == 1
    session.receive({"type": "accepted", "id": ident, "credit": 5}, 2)
    session.receive({"type": "accepted", "id": ident, "credit": 5}, 2)
    assert session.answers[ident]["type"] == "accepted" and session.credit == 5


def test_a_credit_that_has_sunk_below_a_message_does_not_stop_it():
    session = Session("luna")
    session.connected(0)
    session.receive({"type": "welcome", "credit": 100}, 0)
    session.request("orders", orders=[{}] * 500)
    session.request("orders", orders=[{}] * 500)
    assert len(session.sendable(1)) == 1


def test_batches_mind_number_and_size():
    assert [len(b) for b in batches([{"order_ref": "x"}] * 1100)] == [500, 500, 100]
    assert [len(b) for b in batches([{"text": "x" * 400_000}] * 5)] == [2, 2, 1]


# ---- takt-feed ----

MAPPING = {"order_ref": "Name",
           "items": {"product": {"column": "SKU", "map": {"TS-01": "tee"}}, "quantity": "Qty",
                     "options": {"ink": "Ink", "design": {"const": "d1"}}},
           "recipient": {"name": "Who", "address": {"country": "Country", "city": "City", "line1": "Street", "postal_code": "Zip"}}}
COLUMNS = ["Name", "SKU", "Qty", "Ink", "Who", "Country", "City", "Street", "Zip"]


def row(name, sku="TS-01", qty="1", ink="light"):
    return [name, sku, qty, ink, "Mei", "DE", "Jena", "Markt 1", "07743"]


def write_csv(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows([COLUMNS, *rows])


def run_feed(lab, source, *more, **kw):
    return subprocess.run([sys.executable, "-m", "takt.feed", lab.endpoint("orders"), str(source), "--creator", "luna", *more],
                          env={**os.environ, "PYTHONPATH": f"{ROOT}/clients/python"}, capture_output=True, text=True, timeout=60,
                          check=False, **kw)


def test_feed_pushes_a_csv_and_writes_what_was_refused_to_be_corrected(lab, tmp_path):
    source, mapping = tmp_path / "orders.csv", tmp_path / "mapping.json"
    mapping.write_text(json.dumps(MAPPING))
    write_csv(source, [row("#1"), row("#1", qty="2", ink="dark"), row("#2", sku="TX"), row("#3", qty="many"), row("#4")])
    done = run_feed(lab, source, "--mapping", str(mapping))
    assert done.returncode == 1, done.stderr
    assert "2 accepted, 0 known already, 2 refused" in done.stderr
    refused = tmp_path / "orders.csv.refused.csv"
    with open(refused, newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    assert [(r["Name"], r["problem"]) for r in rows] == [("#2", "unknown-product"), ("#3", "bad-message")]
    corrected = tmp_path / "corrected.csv"
    corrected.write_text(refused.read_text().replace("TX", "TS-01").replace("many", "3"))
    done = run_feed(lab, corrected, "--mapping", str(mapping))
    assert done.returncode == 0 and "2 accepted" in done.stderr, done.stderr
    assert "0 accepted, 2 known already" in run_feed(lab, corrected, "--mapping", str(mapping)).stderr
    assert len(lab.ctl("order", "luna/#1")["order"]["items"]) == 2


def test_feed_follows_a_file_as_it_grows(lab, tmp_path):
    source, mapping = tmp_path / "orders.csv", tmp_path / "mapping.json"
    mapping.write_text(json.dumps(MAPPING))
    write_csv(source, [row("#1")])
    process = subprocess.Popen([sys.executable, "-m", "takt.feed", lab.endpoint("orders"), str(source), "--creator", "luna",
                                "--mapping", str(mapping), "--follow"], env={**os.environ, "PYTHONPATH": f"{ROOT}/clients/python"})
    try:
        luna = lab.creator("luna")

        def known(ref):
            return "state" in luna.ask("status", order_refs=[ref])["orders"][0]
        wait_until(lambda: known("#1"))
        line = ",".join(row("#2"))
        with open(source, "a", encoding="utf-8") as f:
            f.write(line[:20])
            f.flush()
            f.write(line[20:] + "\n")
        wait_until(lambda: known("#2"))
    finally:
        process.terminate()
        process.wait(30)


def test_feed_pushes_a_folder_of_json_and_a_file_of_what_was_refused(lab, tmp_path):
    folder = tmp_path / "orders"
    folder.mkdir()
    bad = order("J-2")
    bad["items"][0]["quantity"] = 0
    (folder / "1.json").write_text(json.dumps(order("J-1")))
    (folder / "2.json").write_text(json.dumps([bad, order("J-3")]))
    done = run_feed(lab, folder)
    assert done.returncode == 1 and "2 accepted, 0 known already, 1 refused" in done.stderr, done.stderr
    refused = tmp_path / "orders.refused.jsonl"
    left = json.loads(refused.read_text())
    assert left["_refused"]["problem"] == "bad-quantity"
    left["items"][0]["quantity"] = 1
    refused.write_text(json.dumps(left) + "\n")
    assert run_feed(lab, refused).returncode == 0


def test_feed_says_what_it_cannot_read(lab, tmp_path):
    write_csv(tmp_path / "orders.csv", [row("#1")])
    (tmp_path / "mapping.json").write_text(json.dumps({**MAPPING, "order_ref": "Nome"}))
    done = run_feed(lab, tmp_path / "orders.csv", "--mapping", str(tmp_path / "mapping.json"))
    assert done.returncode == 65 and "no column 'Nome'" in done.stderr
    assert run_feed(lab, tmp_path / "orders.csv").returncode == 65
    assert run_feed(lab, tmp_path / "missing.csv", "--mapping", str(tmp_path / "mapping.json")).returncode == 65


def test_a_pushed_order_is_kept_while_the_plant_is_away(lab):
    with takt.Plant(lab.endpoint("orders"), creator="luna") as plant:
        plant.ping()
        lab.kill()
        back = threading.Timer(0.5, lab.start)
        back.start()
        assert plant.push([order("A-1")]).accepted == 1
        back.join()
