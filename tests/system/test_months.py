# SPDX-License-Identifier: Apache-2.0
"""Old months of bodies and events in PostgreSQL are taken away as docs/operations.md says, and nothing that must last goes with them."""
import json
import os
import re
import subprocess

import pytest

import database
from taktlab import BUILD, ROOT, WAIT_S, Lab, order, wait_until
from test_dispatch import act, quick_plant, shipment

pytestmark = pytest.mark.skipif(database.programs() is None, reason="PostgreSQL is not installed")


@pytest.fixture(name="lab")
def fixture_lab(request):
    name = request.node.name[:60].lower()
    with Lab(**quick_plant(store=database.shared().create(name))) as lab:
        lab.ask = lambda sql: database.shared().ask(name, sql)
        yield lab
    database.shared().drop(name)


def documented():
    """The statements of the section about old months."""
    with open(f"{ROOT}/docs/operations.md", encoding="utf-8") as f:
        section = f.read().split("## Old months", 1)[1].split("\n## ", 1)[0]
    return [line for block in re.findall(r"```sql\n(.*?)```", section, re.S) for line in block.splitlines() if line]


def give_and_ship(lab, ref):
    assert lab.creator("luna").ask("orders", orders=[order(ref)])["accepted"] == 1
    dock = lab.consumer()
    act(dock, "shipped", shipment(dock)["shipment_id"], carrier="mail")
    wait_until(lambda: all(o["state"] == "shipped" for o in lab.ctl("orders")["orders"]), what="shipped")


def check(lab, *arguments):
    done = subprocess.run([f"{BUILD}/taktctl", *arguments, lab.plant["store"]], cwd=lab.folder, capture_output=True, text=True,
                          timeout=WAIT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_month_that_is_over_is_detached_while_the_daemon_runs_and_its_keys_stay(lab):
    lab.start(speed=3600)
    give_and_ship(lab, "A-1")
    oldest, *detach = documented()
    assert lab.ask(oldest) == ""  # no order is open: every month that is over may go
    month = lab.ask("SELECT relname FROM pg_class WHERE relname ~ '^body_[0-9]{4}_[0-9]{2}$' ORDER BY 1 LIMIT 1")[5:]
    assert lab.ask(f"SELECT count(*) FROM takt.body_{month}") == "1"
    for statement in detach:
        lab.ask(statement.replace("2026_01", month))
    assert lab.ask("SELECT count(*) FROM takt.body") == "0"
    luna = lab.creator("luna")
    assert luna.ask("orders", orders=[order("A-1")])["duplicates"] == 1
    assert luna.ask("orders", orders=[order("A-1", quantity=2)])["results"][0]["problem"] == "conflict"
    give_and_ship(lab, "A-2")  # of the same month, perhaps
    lab.restart(speed=3600)
    assert lab.ctl("order", "luna/A-1")["order"]["state"] == "shipped"
    assert "is whole" in check(lab, "store", "check")
    assert "is whole" in check(lab, "audit", "verify")
    assert json.loads(check(lab, "store", "stats", "-o", "json"))["rows"]["order_key"] == 2
    assert not os.path.exists(lab.path("core"))
