# SPDX-License-Identifier: Apache-2.0
"""takt-load counts what the plant has."""
import json
import subprocess

from taktlab import BUILD, Lab, order


def load(lab, *more):
    with open(lab.path("order.json"), "w", encoding="utf-8") as f:
        json.dump(order("ignored"), f)
    return subprocess.run([f"{BUILD}/takt-load", *more, lab.endpoint("orders"), "order.json"], cwd=lab.folder, capture_output=True,
                          text=True, timeout=120, check=False)


def test_all_that_it_says_was_accepted_is_there():
    with Lab(security="curve") as lab:
        lab.start()
        done = load(lab, "--creators", "luna,shop", "--connections", "3", "--orders", "2000", "--keys", ".", "--plant-key",
                    lab.keys["plant"][0].decode(), "--prefix", "P")
        said = json.loads(done.stdout)
        assert done.returncode == 0 and said["orders"] == 2000 and said["refused"] == 0, (done.stdout, done.stderr)
        assert 0 < said["receipt_ms"]["p50"] <= said["receipt_ms"]["p99"] <= said["receipt_ms"]["most"]
        luna, shop = lab.creator("luna"), lab.creator("shop")
        known = [{row["order_ref"] for k in range(0, 2000, 500)
                  for row in one.ask("status", order_refs=[f"P-{i}" for i in range(k, k + 500)])["orders"] if "state" in row}
                 for one in (luna, shop)]
        assert len(known[0]) + len(known[1]) == 2000 and known[0] and known[1]


def test_what_is_refused_is_counted_and_a_rate_is_kept():
    with Lab() as lab:
        lab.start()
        done = load(lab, "--creators", "band", "--orders", "100", "--batch", "10", "--rate", "200")  # five may be open
        said = json.loads(done.stdout)
        assert done.returncode == 1 and (said["orders"], said["refused"]) == (5, 95)
        assert said["seconds"] > 0.4
        assert load(lab, "--creators", "nobody").returncode == 69
        assert load(lab, "--orders", "many").returncode == 64
