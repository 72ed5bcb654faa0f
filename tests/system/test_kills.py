# SPDX-License-Identifier: Apache-2.0
"""What was accepted is there once, and shipped at most once, however often the daemon is killed: the short form of `make soak`."""
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("TAKT_BUILD", f"{ROOT}/build"))
sys.path.insert(0, f"{ROOT}/demo")
from feed import make  # noqa: E402  (the demo's folder comes first)
from link import stamp  # noqa: E402

import database  # noqa: E402
from taktlab import STORE  # noqa: E402


def write_feed(path, scale):
    rows = [(row["at"], creator, row) for creator, feed in make(11, scale).items() for row in feed if "amend" not in row]
    with open(path, "w", encoding="utf-8") as f:
        for at, creator, row in sorted(rows, key=lambda r: r[0]):
            act = {"order": row["order"]} if "order" in row else {"cancel": row["cancel"]}
            f.write(json.dumps({"at": stamp(at), "creator": creator, **act}) + "\n")


def test_accepted_orders_survive_kills_at_random_moments_exactly_once(tmp_path):
    write_feed(tmp_path / "feed.jsonl", 0.2)
    store = ["--store", database.shared().create("kills")] if STORE == "postgresql" else []
    done = subprocess.run([sys.executable, f"{ROOT}/tests/soak/kills.py", "--plant", f"{ROOT}/config/examples/demo.yaml", "--feed",
                           str(tmp_path / "feed.jsonl"), "--consumer", "dock", "--days", "4", "--kills", "6", "--speed", "20000", "--build", BUILD, *store],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["kills"] == 6 and figures["accepted"] == figures["stored"] > 300, figures
    assert figures["shipped"] > 0, figures
