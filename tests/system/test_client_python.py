# SPDX-License-Identifier: Apache-2.0
"""What is the Python client's own, beside the conformance scenarios, and takt-feed."""
import asyncio
import csv
import json
import os
import subprocess
import sys
import threading

import pytest

from taktlab import ROOT, Lab, order, wait_until

sys.path.insert(0, f"{ROOT}/clients/python")
import takt  # noqa: E402
import takt.aio  # noqa: E402
from takt.session import Session, batches  # noqa: E402
from takt.wire import decode  # noqa: E402


@pytest.fixture
def lab():
    with Lab() as made:
        yield made.start()


def test_what_is_refused_is_typed(lab):
    with takt.Plant(lab.endpoint("orders"), creator="luna") as plant:
        plant.push([order("A-1")])
        bad = order("A-2")
        bad["items"][0]["product"] = "tea"
        receipt = plant.push([bad, order("A-1", quantity=2)])
        assert isinstance(receipt.refused[1].problem, takt.Conflict)
        assert "tee" in receipt.refused[0].problem.detail and receipt.refused[0].problem.at.endswith("/product")


def test_an_outbox_has_one_process(tmp_path):
    path = str(tmp_path / "outbox")
    first = takt.Outbox(path)
    with pytest.raises(RuntimeError):
        takt.Outbox(path)
    first.close()
    assert takt.Outbox(path).orders == {}


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
