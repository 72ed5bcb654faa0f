# SPDX-License-Identifier: Apache-2.0
"""An older copy of a store that is put in its place is noticed, and not worked with unless somebody says so."""
import json
import os
import shutil
import subprocess

import pytest

import database
from taktlab import BUILD, WAIT_S, Lab, order, wait_until


def taktctl(lab, *arguments, status=0):
    done = subprocess.run([f"{BUILD}/taktctl", *arguments], cwd=lab.folder, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def refused(lab, *words):
    """It ends with 78 at once, and says why and what can be done."""
    before = len(lab.log())
    assert lab.spawn().wait(WAIT_S) == 78
    lab.process = None
    said = lab.log()[before:]
    assert all(word in said for word in (*words, "--force")), said


def give(lab, *refs):
    peer = lab.creator("luna")
    assert peer.ask("orders", orders=[order(ref) for ref in refs])["accepted"] == len(refs)
    return peer


def changes(lab):
    return json.loads(taktctl(lab, "store", "stats", "-o", "json", lab.plant["store"]))["change"]


@pytest.fixture(name="lab")
def fixture_lab():
    """A store with an older copy of it beside it."""
    with Lab(store="sqlite:takt.db") as lab:
        lab.start()
        give(lab, "A-1")
        lab.stop()
        shutil.copy(lab.path("takt.db"), lab.path("copy"))
        lab.start()
        give(lab, "A-2", "A-3")
        lab.stop()
        yield lab


def test_a_store_that_is_as_it_was_left_is_taken_without_a_word(lab):
    lab.start()
    give(lab, "A-4")
    lab.kill()
    lab.start()
    assert "copy" not in lab.log()


def test_an_older_copy_of_the_file_is_refused_and_goes_on_further_when_it_is_forced(lab):
    last = changes(lab)
    shutil.copy(lab.path("copy"), lab.path("takt.db"))
    refused(lab, "older copy")
    lab.start("--force")
    give(lab, "A-2")
    lab.restart()
    lab.stop()
    assert changes(lab) > last + 900000
    assert "restored" in taktctl(lab, "audit", "show", "sqlite:takt.db")
    taktctl(lab, "audit", "verify", "sqlite:takt.db")
    taktctl(lab, "store", "check", "sqlite:takt.db")


def test_a_store_that_is_gone_is_not_silently_made_anew(lab):
    os.unlink(lab.path("takt.db"))
    refused(lab, "empty")
    lab.start("--force")


def test_a_copy_that_went_on_elsewhere_is_refused(lab):
    os.rename(lab.path("takt.db.mark"), lab.path("mark"))
    shutil.copy(lab.path("copy"), lab.path("takt.db"))
    lab.start()
    give(lab, "B-1", "B-2", "B-3", "B-4")
    lab.stop()
    os.rename(lab.path("mark"), lab.path("takt.db.mark"))
    refused(lab, "another copy")


def test_a_restored_dump_is_taken_when_nothing_is_missing_or_it_was_forced_and_else_refused(lab):
    taktctl(lab, "store", "dump", "sqlite:copy", "old.dump")
    taktctl(lab, "store", "dump", "sqlite:takt.db", "new.dump")
    for dump, flags, good in [("new.dump", [], True), ("old.dump", [], False), ("old.dump", ["--force"], True)]:
        mark = open(lab.path("takt.db.mark"), "rb").read()
        if not flags:
            os.unlink(lab.path("takt.db"))
        taktctl(lab, "store", "restore", *flags, dump, "sqlite:takt.db")
        if good:
            lab.start()
            lab.stop()
        else:
            refused(lab, "older copy", "not in it")
        with open(lab.path("takt.db.mark"), "wb") as f:
            f.write(mark)


@pytest.fixture(name="base")
def fixture_base():
    """A plant in a database, and how to ask the database."""
    if database.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    cluster, name = database.shared(), "oldcopy"
    with Lab(store=cluster.create(name)) as lab:
        lab.ask = lambda sql: cluster.ask(name, sql)
        lab.start()
        yield lab
    cluster.drop(name)


def mark(lab):
    with open(lab.path("lab-01.mark"), encoding="utf-8") as f:
        return json.load(f)


def test_a_dump_of_a_database_is_refused_unless_it_was_restored_with_force(base):
    url = base.plant["store"]
    give(base, "A-1")
    base.stop()
    taktctl(base, "store", "dump", url, "a.dump")
    base.start()
    give(base, "A-2")
    base.stop()
    seen = mark(base)
    taktctl(base, "store", "restore", "--force", "a.dump", url)
    base.start()
    base.stop()
    assert mark(base)["generation"] != seen["generation"]
    base.ask("UPDATE takt.state SET taken = 0")
    with open(base.path("lab-01.mark"), "w", encoding="utf-8") as f:
        json.dump(seen, f)
    refused(base, "older copy")
    base.start("--force")


def test_a_database_that_goes_back_under_a_running_daemon_is_noticed_then_and_at_the_next_start(base):
    luna = give(base, *(f"A-{i}" for i in range(9)))
    wait_until(lambda: mark(base)["change"] >= 9, what="the mark")
    base.ask("UPDATE takt.state SET change = 4")
    luna.ask("cancel", order_refs=["A-1"])
    wait_until(lambda: "the store has gone back" in base.log(), what="it is noticed")
    base.kill()
    refused(base, "older copy")
    base.process = None
