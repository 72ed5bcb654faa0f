# SPDX-License-Identifier: Apache-2.0
"""docs/operations.md lists what the daemon measures and says; catalogue, alerts and dashboard know the same, and no more.

TAKT_REGENERATE=1 writes its tables anew."""
import json
import os
import re
import shutil
import subprocess

import pytest
import yaml

from taktlab import ROOT, order, wait_until
from test_http import Board

PREFIX = "0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b"


def read(path):
    with open(f"{ROOT}/{path}", encoding="utf-8") as f:
        return f.read()


def hold(title, table):
    """The table under that heading of docs/operations.md is this one."""
    text = read("docs/operations.md")
    before, rest = text.split(f"\n## {title}\n", 1)
    found = re.search(r"(?:^\|.*\n)+", rest, re.M)
    if os.environ.get("TAKT_REGENERATE"):
        with open(f"{ROOT}/docs/operations.md", "w", encoding="utf-8") as f:
            f.write(f"{before}\n## {title}\n{rest[:found.start()]}{table}{rest[found.end():]}")
        return
    assert found.group(0) == table, f"'{title}' in docs/operations.md is old: run this test with TAKT_REGENERATE=1"


@pytest.fixture(scope="module", name="metrics")
def what_a_plant_measures():
    """Families by name: type, help, names of labels; and the names of samples."""
    with Board().start() as lab:
        lab.creator("luna").ask("orders", orders=[order("A-1"), order("A-1"), order("A-2", ink="pink")])
        wait_until(lambda: 'takt_orders{state="planned"} 1\n' in lab.get("/metrics")[1], what="the plan")
        lab.ctl("report", "down", "--line", "print-1")
        wait_until(lambda: 'takt_line_down{line="print-1"} 1\n' in lab.get("/metrics")[1], what="the line in the figures")
        text = lab.get("/metrics")[1]
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    helps = dict(re.findall(r"^# HELP (\S+) (.+)$", text, re.M))
    samples = re.findall(r"^([a-z_]+)(?:\{([^}]*)\})? (\S+)$", text, re.M)
    families = {}
    for name, labels, _ in samples:
        base = name if name in types else re.sub("_(total|info)$", "", name)
        families.setdefault(base, [types[base], helps[base], re.findall(r'(\w+)="', labels), name])
    assert set(families) == set(types) == set(helps)
    families["samples"] = {name + ("{" + labels + "}" if labels else ""): float(value) for name, labels, value in samples}
    return families


def test_every_metric_is_in_the_table_of_metrics(metrics):
    rows = [f"| `{metrics[name][3]}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {text} |\n"
            for name, (kind, text, labels, _) in sorted((k, v) for k, v in metrics.items() if k != "samples")]
    hold("Every metric", "| metric | type | labels | what it is |\n|---|---|---|---|\n" + "".join(rows))


def test_figures_of_intake_store_and_endpoints_are_measured(metrics):
    samples = metrics["samples"]
    assert samples['takt_intake_orders_total{outcome="accepted"}'] == 1
    assert samples['takt_intake_orders_total{outcome="duplicate"}'] + samples['takt_intake_orders_total{outcome="refused"}'] == 2
    assert samples["takt_intake_messages_total"] >= 2 and samples["takt_intake_sessions"] == 1 and samples["takt_intake_pending_orders"] == 0
    assert samples["takt_store_accepts_total"] >= 1 and samples["takt_store_accept_seconds_total"] > 0
    assert samples["takt_store_publishes_total"] >= 2 and samples["takt_store_failures_total"] == 0
    assert samples['takt_endpoint_frames_total{endpoint="orders",outcome="received"}'] >= 2
    assert samples['takt_endpoint_frames_total{endpoint="control",outcome="sent"}'] >= 1
    assert samples["takt_watchdog_idle_seconds"] < 60 and samples["takt_cpu_seconds_total"] > 0


def names_in(expression):
    return set(re.findall(r"takt_[a-z_]+", re.sub(r'"[^"]*"', "", expression)))


def test_alerts_and_dashboard_ask_for_metrics_that_there_are(metrics):
    there = {name[3] for key, name in metrics.items() if key != "samples"}
    rules = yaml.safe_load(read("packaging/prometheus/takt.rules.yml"))["groups"][0]["rules"]
    for rule in rules:
        assert names_in(rule["expr"]) <= there, rule["alert"]
    board = json.loads(read("packaging/grafana/takt.json"))
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    assert len(asked) > 30 and len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for expression in asked:
        assert names_in(expression) and names_in(expression) <= there, expression


def test_every_alert_says_what_to_do():
    rules = yaml.safe_load(read("packaging/prometheus/takt.rules.yml"))["groups"][0]["rules"]
    chapter = read("docs/operations.md").split("\n## Every alert\n", 1)[1].split("\n## ", 1)[0]
    told = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", chapter, re.M))
    assert told == {rule["alert"]: rule["labels"]["severity"] for rule in rules}
    assert all(rule["annotations"]["summary"] for rule in rules)


# ---- messages ----

def messages():
    """MESSAGE_ID → (name, what), as in the code."""
    return {ident: (name, what) for name, ident, what in re.findall(r'X\((\w+), "([0-9a-f]{32})",\s*"([^"]+)"\)', read("daemon/operate/log.h"))}


def catalogue(path):
    entries = {}
    for part in re.split(r"^-- ", read(path), flags=re.M)[1:]:
        head, body = part.split("\n\n", 1)
        entries[head[:32]] = (re.search(r"^Subject: (.+)$", head, re.M).group(1), body.strip())
    return entries


def sources():
    for folder, _, files in os.walk(f"{ROOT}/daemon"):
        for name in files:
            if name.endswith(".c") and name != "log.c":
                with open(f"{folder}/{name}", encoding="utf-8") as f:
                    yield f.read()


def test_every_message_is_explained_in_both_languages_and_listed():
    known, english, chinese = messages(), catalogue("packaging/catalog/takt.catalog"), catalogue("packaging/catalog/takt.zh_CN.catalog")
    assert len(known) > 25 and all(ident.startswith(PREFIX) for ident in known)
    assert set(english) == set(chinese) == set(known)
    for ident in known:
        assert sorted(re.findall(r"@(\w+)@", english[ident][0])) == sorted(re.findall(r"@(\w+)@", chinese[ident][0])), ident
        assert re.search("[\u4e00-\u9fff]", chinese[ident][0]) and re.search("[\u4e00-\u9fff]", chinese[ident][1])
    rows = [f"| `{ident}` | {what} | {' '.join(english[ident][1].split(chr(10) + chr(10))[-1].split())} |\n" for ident, (_, what) in sorted(known.items())]
    hold("Every message", "| MESSAGE_ID | what happened | what to do |\n|---|---|---|\n" + "".join(rows))


def test_every_message_is_said_somewhere_with_the_fields_that_its_explanation_names():
    known, english, code = messages(), catalogue("packaging/catalog/takt.catalog"), list(sources())
    for ident, (name, _) in known.items():
        if name == "LEFT_OUT":
            continue  # log.c itself says it
        users = [text for text in code if f"LOG_MESSAGE_{name}" in text]
        assert users, f"nobody says {name}"
        for field in set(re.findall(r"@(\w+)@", " ".join(english[ident]))):
            assert any(f'"{field}"' in text for text in users), (name, field)


def test_no_field_of_the_journal_names_an_order_or_a_person():
    fields = {field for text in sources() for field in re.findall(r'\{"(TAKT_\w+)"', text)}
    assert fields <= {"TAKT_ACTOR", "TAKT_ADDRESS", "TAKT_CREATOR", "TAKT_KEY", "TAKT_LINE", "TAKT_LOT", "TAKT_PLAN_VERSION", "TAKT_PLANT",
                      "TAKT_SHIPMENT", "TAKT_TASK"}, "order_refs and personal data stay out of the journal"


def test_journalctl_takes_the_catalogue(tmp_path):
    if not shutil.which("journalctl"):
        pytest.skip("there is no journalctl")
    folder = tmp_path / "usr/lib/systemd/catalog"
    folder.mkdir(parents=True)
    (tmp_path / "var/lib/systemd/catalog").mkdir(parents=True)
    for name in ("takt.catalog", "takt.zh_CN.catalog"):
        shutil.copy(f"{ROOT}/packaging/catalog/{name}", folder)
    done = subprocess.run(["journalctl", f"--root={tmp_path}", "--update-catalog"], capture_output=True, text=True, check=True)
    assert "ignoring" not in done.stderr.lower() and "invalid" not in done.stderr.lower(), done.stderr
    shown = subprocess.run(["journalctl", f"--root={tmp_path}", "--dump-catalog"], capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^-- ([0-9a-f]{32})", shown, re.M)) == set(messages())
