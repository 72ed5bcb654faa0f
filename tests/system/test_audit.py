# SPDX-License-Identifier: Apache-2.0
"""The log of decisions: `taktctl audit` finds whatever was changed in a store after it was decided."""
import json
import shutil
import sqlite3
import subprocess

import pytest

from taktlab import BUILD, WAIT_S, Lab, order, wait_until


def audit(lab, *arguments, status=0):
    done = subprocess.run([f"{BUILD}/taktctl", "audit", *arguments], cwd=lab.folder, capture_output=True, text=True, timeout=WAIT_S,
                          check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def links(lab):
    return json.loads(audit(lab, "show", "-o", "json", lab.plant["store"]))["links"]


def decide(lab):
    """Six links of two orders each, then promises, one cancellation."""
    lab.start()
    luna = lab.creator("luna")
    for i in range(6):
        luna.ask("orders", orders=[order(f"A-{2 * i}"), order(f"A-{2 * i + 1}")])
    luna.ask("cancel", order_refs=["A-3"])
    wait_until(lambda: all(row["state"] != "accepted" for row in lab.ctl("orders")["orders"]), what="a plan")


@pytest.fixture(name="lab")
def fixture_lab():
    with Lab() as lab:
        decide(lab)
        yield lab


def test_the_log_of_a_daemon_at_work_is_whole_and_lists_what_was_decided(lab):
    found = json.loads(audit(lab, "verify", "-o", "json", lab.plant["store"]))
    assert found["whole"] and found["orders"] == 12 and found["promises"] >= 11 and found["not_covered"] == 0
    rows = links(lab)
    assert [row["link"] for row in rows] == list(range(1, len(rows) + 1))
    assert sum(row["accepted"] for row in rows) == 12
    assert sum(row["promised"] for row in rows) >= 11
    assert sum("cancelled" in row["detail"] for row in rows) == 1
    assert found["links"] <= len(rows)
    assert "Mei" not in json.dumps(rows)


def test_the_log_goes_on_after_a_restart(lab):
    before = links(lab)
    lab.kill()
    lab.start()
    lab.creator("luna").ask("orders", orders=[order("B-1")])
    rows = links(lab)
    assert rows[:len(before)] == before and sum(row["accepted"] for row in rows) == 13
    audit(lab, "verify", lab.plant["store"])


HARMS = [
    ("UPDATE audit SET accepted = accepted + 1 WHERE link = 2", 2, "changed"),
    ("UPDATE audit SET detail = 'cancelled 1' WHERE link = 3", 3, "changed"),
    ("DELETE FROM audit WHERE link = 4", 4, "missing"),
    ("DELETE FROM audit WHERE link > 5", 6, "cut off"),
    ("UPDATE order_key SET hash = zeroblob(32) WHERE order_ref = 'A-4'", None, "orders accepted"),
    ("DELETE FROM order_key WHERE order_ref = 'A-4'", None, "orders accepted"),
    ("UPDATE orders SET state = 1 WHERE state = 7", None, "not cancelled"),
    ("UPDATE promise SET ship_by_s = ship_by_s + 86400", None, "promises"),
]


def test_whatever_was_changed_afterwards_is_found_and_the_first_broken_link_named():
    with Lab(store="sqlite:takt.db") as lab:
        decide(lab)
        lab.stop()
        for harm, link, why in HARMS:
            shutil.copy(lab.path("takt.db"), lab.path("harmed.db"))
            with sqlite3.connect(lab.path("harmed.db")) as db:
                assert db.execute(harm).rowcount > 0, harm
            db.close()
            said = audit(lab, "verify", "sqlite:harmed.db", status=65)
            assert why in said and (link is None or f"link {link}:" in said), (harm, said)


def test_a_dump_that_is_brought_back_has_the_log_whole(lab):
    for arguments in (["dump", lab.plant["store"], "a.dump"], ["restore", "a.dump", "sqlite:back.db"]):
        subprocess.run([f"{BUILD}/taktctl", "store", *arguments], cwd=lab.folder, check=True, capture_output=True, timeout=WAIT_S)
    assert audit(lab, "verify", "sqlite:back.db").splitlines()[-1] == audit(lab, "verify", lab.plant["store"]).splitlines()[-1]
