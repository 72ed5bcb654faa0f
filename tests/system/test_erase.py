# SPDX-License-Identifier: Apache-2.0
"""Erasing a recipient: nothing of a person is left where takt keeps orders, and a copy that is put back does not bring it back."""
import glob
import json
import shutil
import sqlite3
import subprocess

from test_dispatch import act, quick_plant, shipment
from taktlab import BUILD, WAIT_S, Lab, order, person, wait_until

NAMES = [b"Xanthippe", b"Zwetschgenweg", b"xan@example.org", b"TRACK-4711", b"fuer Xan"]


def xan(**more):
    return {**person("Xanthippe", "Zwetschgenweg 7"), "email": "xan@example.org", **more}


def found_in(lab):
    """Which of the names stand in any file that takt keeps beside its store."""
    text = b"".join(open(name, "rb").read() for name in glob.glob(lab.path("takt.db*")))
    return [name for name in NAMES if name in text]


def lab_of():
    """Everything that is ordered packs by itself, soon."""
    return Lab(**quick_plant(store="sqlite:takt.db"))


def begin(lab):
    lab.start(speed=3600)
    one = order("X-1", recipient=xan(), metadata={"note": "fuer Xan"})
    assert lab.creator("luna").ask("orders", orders=[one, order("O-1")])["accepted"] == 2


def ship(lab):
    """Both parcels, with a tracking number each."""
    dock = lab.consumer()
    for _ in range(2):
        got = shipment(dock)
        act(dock, "shipped", got["shipment_id"], carrier="mail", tracking="TRACK-4711" if got["order_refs"] == ["X-1"] else "other")
    wait_until(lambda: all(o["state"] == "shipped" for o in lab.ctl("orders")["orders"]), what="both shipped")


def erase(lab, *arguments):
    return lab.ctl("erase", "--creator", "luna", *arguments)["orders"]


def test_what_has_shipped_is_erased_from_every_file_and_what_is_left_can_be_counted():
    with lab_of() as lab:
        begin(lab)
        ship(lab)
        assert found_in(lab) == NAMES
        rows = erase(lab, "--recipient", "email=XAN@example.org")
        assert [row["order_ref"] for row in rows] == ["X-1"] and "erased_at" in rows[0]
        assert found_in(lab) == []
        assert erase(lab, "--recipient", "email=xan@example.org") == []
        assert erase(lab, "--order", "X-1")[0]["erased_at"] == rows[0]["erased_at"]
        lab.restart()
        assert found_in(lab) == []
        story = lab.ctl("order", "luna/X-1")
        assert story["order"]["state"] == "shipped"
        peer = lab.creator("luna")
        assert peer.ask("orders", orders=[order("X-1", recipient=xan(), metadata={"note": "fuer Xan"})])["duplicates"] == 1
        log = subprocess.run([f"{BUILD}/taktctl", "audit", "show", "sqlite:takt.db"], cwd=lab.folder, capture_output=True, text=True,
                             timeout=WAIT_S, check=True).stdout
        assert "erased 1" in log
        assert "Xan" not in log and "Xan" not in lab.log()


def test_what_is_still_to_be_shipped_keeps_its_address_and_is_erased_when_it_has_shipped():
    with lab_of() as lab:
        begin(lab)
        rows = erase(lab, "--recipient", "name=xanthippe")
        assert [row["order_ref"] for row in rows] == ["X-1"] and "erased_at" not in rows[0]
        dock = lab.consumer()
        shipments = [shipment(dock) for _ in range(2)]
        mine = next(s for s in shipments if s["order_refs"] == ["X-1"])
        assert mine["recipient"]["name"] == "Xanthippe"
        act(dock, "shipped", mine["shipment_id"], carrier="mail", tracking="TRACK-4711")
        assert wait_until(lambda: "erased_at" in erase(lab, "--order", "X-1")[0], what="erased")
        assert found_in(lab) == []


def test_an_old_copy_that_is_put_back_is_erased_again_at_the_start():
    with lab_of() as lab:
        begin(lab)
        ship(lab)
        lab.stop()
        shutil.copy(lab.path("takt.db"), lab.path("copy"))
        lab.start()
        erase(lab, "--order", "X-1")
        lab.stop()
        shutil.copy(lab.path("copy"), lab.path("takt.db"))
        assert found_in(lab) == NAMES
        lab.start("--force")
        assert found_in(lab) == []
        with sqlite3.connect(lab.path("takt.db")) as db:
            assert db.execute("SELECT count(*) FROM body").fetchone() == (1,)
        db.close()
        lab.stop()


def test_a_dump_that_is_restored_over_the_store_is_erased_again():
    with lab_of() as lab:
        begin(lab)
        assert lab.creator("luna").ask("cancel", order_refs=["X-1"])["type"] == "cancelled"
        lab.stop()

        def store(*arguments):
            subprocess.run([f"{BUILD}/taktctl", "store", *arguments], cwd=lab.folder, check=True, capture_output=True, timeout=WAIT_S)
        store("dump", "sqlite:takt.db", "a.dump")
        lab.start()
        state = lab.ctl("order", "luna/X-1")["order"]["state"]
        row = erase(lab, "--order", "X-1")[0]
        assert ("erased_at" in row) == (state == "cancelled")
        lab.stop()
        store("restore", "--force", "a.dump", "sqlite:takt.db")
        lab.start()
        assert erase(lab, "--order", "X-1")[0].keys() == row.keys()
        if state == "cancelled":
            assert found_in(lab) == []


def test_erase_says_what_it_needs():
    with Lab() as lab:
        lab.start()
        for arguments, status in [(["--creator", "luna"], 64), (["--recipient", "name=x"], 64), (["--creator", "luna", "--recipient", "x"], 64),
                                  (["--creator", "luna", "--recipient", "shoe=x"], 65), (["--creator", "luna", "--order", "none"], 66)]:
            done = subprocess.run([f"{BUILD}/taktctl", "--socket", lab.endpoint("control"), "erase", *arguments], cwd=lab.folder,
                                  capture_output=True, text=True, timeout=WAIT_S, check=False)
            assert done.returncode == status, (arguments, done.stderr)
        assert json.loads(json.dumps(erase(lab, "--recipient", "name=Nobody"))) == []
