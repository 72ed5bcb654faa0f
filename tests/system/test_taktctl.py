# SPDX-License-Identifier: Apache-2.0
"""taktctl against a real daemon: every command, good and wrong, as JSON and as people read it."""
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios

import pytest

from taktlab import BUILD, WAIT_S, Lab, order, wait_until

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Shell(Lab):
    """A lab with a plant in the Far East, some orders in it, and a shell before it."""

    def __init__(self):
        super().__init__(plant={"id": "lab-01", "name": "Lab", "time_zone": "Asia/Shanghai"},
                         materials={"jersey": {"unit": "m", "on_hand": 500, "lead_time": "2d"}})
        self.plant["products"]["tee"]["materials"] = {"jersey": "1.5 m"}
        self.plant["products"]["tee"]["lot"]["wait"] = "5m"

    def run(self, *arguments, **settings):
        env = {**os.environ, "TAKT_CONTROL": self.endpoint("control"), "LC_ALL": "C.UTF-8"}
        return subprocess.run([f"{BUILD}/taktctl", *arguments], cwd=self.folder, capture_output=True, text=True, timeout=WAIT_S,
                              check=False, env=env, **settings)

    def good(self, *arguments):
        done = self.run(*arguments)
        assert done.returncode == 0 and done.stderr == "", done.stderr
        return done.stdout

    def terminal_says(self, *arguments, width=100):
        """What a person with a terminal of that width sees."""
        main, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        env = {**os.environ, "TAKT_CONTROL": self.endpoint("control"), "LC_ALL": "C.UTF-8"}
        env.pop("NO_COLOR", None)
        env.pop("COLUMNS", None)
        process = subprocess.Popen([f"{BUILD}/taktctl", *arguments], cwd=self.folder, stdout=other, stderr=other, env=env)
        os.close(other)
        chunks = []
        while True:
            try:
                chunk = os.read(main, 65536)
            except OSError:
                break
            if not chunk:
                break
            chunks.append(chunk)
        os.close(main)
        assert process.wait(WAIT_S) == 0
        return b"".join(chunks).decode()

    def fill(self, count=10):
        luna = self.creator("luna")
        orders = [order(f"A-{i:04}", quantity=2, ink="dark" if i % 2 else "light") for i in range(count)]
        for at in range(0, count, 500):
            assert luna.ask("orders", orders=orders[at:at + 500])["accepted"] == len(orders[at:at + 500])
        wait_until(lambda: all(row["state"] != "accepted" and row.get("ship_by") for row in self.ctl("orders")["orders"]), what="promises")
        return luna


@pytest.fixture(scope="module")
def shell():
    with Shell() as lab:
        lab.start(speed=60)
        lab.fill()
        yield lab


# ---- what it shows ----

def test_status_tells_how_the_plant_stands(shell):
    status = shell.ctl("status")
    assert status["plant"] == {"id": "lab-01", "name": "Lab", "time_zone": "Asia/Shanghai"}
    assert status["plan"]["version"] >= 1 and status["plan"]["orders_open"] >= 10 and status["speed"] == 60
    assert [line["line"] for line in status["lines"]] == ["print-1", "sew-1.1", "sew-1.2"]
    assert status["promises"]["given"] >= 10 and "trouble" not in status["store"]
    assert "Asia/Shanghai" in shell.good("status")


def test_orders_are_listed_and_filtered(shell):
    assert len(shell.ctl("orders")["orders"]) >= 10
    assert shell.ctl("orders", "--creator", "band")["orders"] == []
    assert len(shell.ctl("orders", "--state=open")["orders"]) >= 10
    assert shell.ctl("orders", "--state", "cancelled")["orders"] == []
    rows = [line.split("\t") for line in shell.good("orders").splitlines()]
    assert rows[0][:2] == ["luna", "A-0000"] and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", rows[0][4])


def test_an_order_tells_its_whole_story(shell):
    for ref in ("A-0003", "luna/A-0003"):
        story = shell.ctl("order", ref)
        assert story["order"]["creator"] == "luna" and story["order"]["items"][0]["options"] == {"design": "d1", "ink": "dark"}
        assert story["promises"] and story["units"][0]["lot"].startswith("L") and story["lots"] and story["tasks"]
        assert [e["event"] for e in story["events"]][0] == "order.promised"
    assert "recipient" not in json.dumps(story) and "Mei" not in json.dumps(story)
    text = shell.good("order", "A-0003")
    assert "luna/A-0003" in text and "L" in text


def test_lots_plan_and_lines_agree(shell):
    lots = {lot["lot"] for lot in shell.ctl("lots")["lots"]}
    plan = shell.ctl("plan")
    assert {task["lot"] for task in plan["tasks"]} <= lots and plan["version"] >= 1
    of_line = shell.ctl("plan", "--line", "print-1")["tasks"]
    assert of_line and {task["line"] for task in of_line} == {"print-1"}
    one = plan["tasks"][0]["lot"]
    assert {task["lot"] for task in shell.ctl("plan", "--lot", one)["tasks"]} == {one}
    assert shell.ctl("plan", "--from", "2027-06-01")["tasks"] == []
    nexts = shell.ctl("line", "print-1", "next", "1")["tasks"]
    assert len(nexts) == 1 and nexts[0]["variants"][0]["quantity"] >= 1
    assert nexts[0]["task"] in shell.good("line", "print-1", "next")


def test_creators_and_stock_and_config(shell):
    creators = {row["creator"]: row for row in shell.ctl("creators")["creators"]}
    assert set(creators) == {"luna", "band", "shop"} and sum(creators["luna"]["orders"].values()) >= 10
    material = shell.ctl("stock")["materials"][0]
    assert material["material"] == "jersey" and material["unit"] == "m" and material["on_hand"] <= 500
    options = {row["option"]: row for row in shell.ctl("config", "planning.")["options"]}
    assert options["planning.scheduler"]["value"] == "edd" and options["planning.scheduler"]["default"] == "auto"
    assert all(path.startswith("planning.") for path in options)
    assert "planning.scheduler\tedd\tauto" in shell.good("config", "planning.scheduler")


def test_why_gives_a_chain_and_a_sentence(shell):
    why = shell.ctl("why", "luna/A-0001")
    assert why["steps"] and all(step["text"] for step in why["steps"]) and why["sentence"]
    assert why["sentence"] in shell.good("why", "luna/A-0001")


def test_a_reload_is_waited_for(shell):
    shell.write_plant()
    assert shell.ctl("reload")["reload"]["outcome"] == "in-force"
    assert shell.good("reload") == ""


# ---- terminals ----

def test_a_gantt_chart_fits_the_terminal_and_marks_now(shell):
    for width in (60, 100, 160):
        seen = shell.terminal_says("plan", "--gantt", width=width)
        lines = [COLOUR.sub("", line) for line in seen.splitlines()]
        bars = [line for line in lines if line.startswith(("print-1", "sew-1."))]
        assert len(bars) == 3 and all(len(line) == width for line in bars), seen
        assert any("│" in line for line in bars) and "Asia/Shanghai" in lines[0]
        assert "\x1b[" in seen and "now" in lines[-1]


def test_tables_have_headers_colours_and_the_zone_on_a_terminal_and_none_of_them_in_a_pipe(shell):
    seen = shell.terminal_says("orders")
    assert "\x1b[1mcreator" in seen and "times in Asia/Shanghai" in seen
    piped = shell.good("orders")
    assert "creator" not in piped and "times in" not in piped and "\x1b" not in piped
    assert all(len(COLOUR.sub("", line)) <= 70 for line in shell.terminal_says("plan", width=70).splitlines())


# ---- what it tells the daemon ----

def test_reports_of_every_kind_take_effect():
    with Shell() as lab:
        lab.start(speed=60)
        lab.fill(4)
        task = wait_until(lambda: lab.ctl("line", "print-1", "next", "1")["tasks"])[0]["task"]
        quantity = lab.ctl("line", "print-1", "next", "1")["tasks"][0]["quantity"]
        assert lab.run("report", "setup", "--line", "print-1", "--family", "light").returncode == 0
        assert lab.run("report", "stock", "--material", "jersey", "--quantity", "123.5").returncode == 0
        assert lab.ctl("stock")["materials"][0]["on_hand"] == 123.5
        assert lab.run("report", "receipt", "--material", "jersey", "--quantity", "10").returncode == 0
        assert lab.ctl("stock")["materials"][0]["on_hand"] == 133.5
        assert lab.run("report", "started", "--task", task, "--line", "print-1").returncode == 0
        assert [t["state"] for t in lab.ctl("plan", "--line", "print-1")["tasks"] if t["task"] == task] == ["started"]
        assert lab.run("report", "progress", "--task", task, "--good", "1").returncode == 0
        assert lab.run("report", "scrapped", "--task", task, "--scrap", "1", "--reason", "smudged").returncode == 0
        assert lab.run("report", "finished", "--task", task, "--good", str(quantity - 1)).returncode == 0
        assert lab.run("report", "down", "--line", "print-1", "--until", "+2h", "--reason", "belt").returncode == 0
        status = {line["line"]: line for line in lab.ctl("status")["lines"]}
        assert status["print-1"]["down"] and status["print-1"]["reason"] == "belt"
        assert lab.run("report", "up", "--line", "print-1").returncode == 0
        assert not {line["line"]: line for line in lab.ctl("status")["lines"]}["print-1"]["down"]


def test_a_report_with_the_same_reference_counts_once_and_other_content_is_refused(shell):
    quantity = shell.ctl("stock")["materials"][0]["on_hand"]
    for _ in range(2):
        assert shell.run("report", "receipt", "--material", "jersey", "--quantity", "7", "--ref", "truck-1").returncode == 0
    assert abs(shell.ctl("stock")["materials"][0]["on_hand"] - quantity - 7) < 300
    done = shell.run("report", "receipt", "--material", "jersey", "--quantity", "8", "--ref", "truck-1")
    assert done.returncode == 65 and "conflict" in done.stderr


def test_a_shipment_set_aside_is_released_by_the_operator():
    with Shell() as lab:
        lab.plant["lines"] = {"print-1": {"calendar": "always", "reports": "planned"},
                              "sew-1": {"calendar": "always", "count": 2, "reports": "planned"}}
        lab.start(speed=3600)
        lab.fill(1)
        dock = lab.consumer()
        shipment = dock.answer(lambda m: m["type"] == "shipment")
        dock.ask("refused", shipment_id=shipment["shipment_id"], reason="torn")
        aside = wait_until(lambda: lab.ctl("shipments", "--state", "aside")["shipments"])
        assert aside[0]["shipment"] == shipment["shipment_id"] and aside[0]["reason"] == "torn"
        assert lab.ctl("order", "luna/A-0000")["shipment"]["state"] == "aside"
        assert lab.good("shipments", "release", shipment["shipment_id"]) == ""
        again = dock.answer(lambda m: m["type"] == "shipment")
        assert again["shipment_id"] == shipment["shipment_id"]
        done = lab.run("shipments", "release", "lab-01-999")
        assert done.returncode == 66 and "unknown-shipment" in done.stderr


def test_long_lists_are_paged_through_whole():
    with Shell() as lab:
        lab.start()
        lab.fill(4500)
        refs = [row["order_ref"] for row in lab.ctl("orders")["orders"]]
        assert len(refs) == len(set(refs)) == 4500
        assert len(lab.good("orders").splitlines()) == 4500


# ---- what goes wrong ----

@pytest.mark.parametrize("arguments, status, said", [
    ([], 64, "there is no command"),
    (["statsu"], 64, "did you mean 'status'"),
    (["orders", "--sate", "open"], 64, "did you mean '--state'"),
    (["orders", "--state"], 64, "needs a value"),
    (["orders", "--state", "opne"], 65, "did you mean 'open'"),
    (["orders", "--creator", "nobody"], 66, "nobody"),
    (["orders", "more"], 64, "usage"),
    (["order"], 64, "usage is: taktctl order REF"),
    (["order", "nowhere"], 66, "unknown-order"),
    (["why", "luna/nowhere"], 66, "unknown-order"),
    (["plan", "--line", "print-9"], 66, "unknown-line"),
    (["plan", "--lot", "12x"], 64, "--lot"),
    (["plan", "--from", "noon"], 64, "--from"),
    (["line", "print-1", "last"], 64, "next"),
    (["line", "print-9", "next"], 66, "print-9"),
    (["line", "print-1", "next", "0"], 64, "1 to 100"),
    (["late", "0"], 64, "1 to 200"),
    (["report", "finnished"], 64, "did you mean 'finished'"),
    (["report", "started"], 64, "'started' needs --task TASK"),
    (["report", "down"], 64, "'down' needs --line LINE"),
    (["report", "packed"], 64, "'packed' needs --order CREATOR/ORDER_REF"),
    (["report", "receipt", "--material", "jersey"], 64, "'receipt' needs --quantity N"),
    (["report", "started", "--task", "L999-print"], 66, "L999-print"),
    (["report", "progress", "--task", "L1-print", "--good", "-3"], 64, "--good"),
    (["report", "stock", "--material", "silk", "--quantity", "3"], 66, "silk"),
    (["report", "stock", "--material", "jersey", "--quantity", "1.2345"], 64, "--quantity"),
    (["report", "down", "--line", "print-1", "--until", "soon"], 64, "--until"),
    (["report", "packed", "--order", "A-1"], 64, "CREATOR/ORDER_REF"),
    (["config", "listn"], 66, "no option begins with 'listn'"),
    (["shipments", "relaese", "x"], 64, "release"),
    (["shipments", "release"], 64, "ID"),
    (["-o", "xml", "status"], 64, "table or json"),
    (["--timeout", "never", "status"], 64, "--timeout"),
    (["--gantt", "plan"], 64, "--gantt"),
])
def test_what_is_wrong_is_said_with_a_status_of_its_own(shell, arguments, status, said):
    done = shell.run(*arguments)
    assert done.returncode == status and said in done.stderr and done.stdout == "", done.stderr


def test_without_a_daemon_it_says_so_at_once(tmp_path):
    for endpoint in (f"ipc://{tmp_path}/nothing.sock", f"ipc://{tmp_path}/{'x' * 120}"):
        done = subprocess.run([f"{BUILD}/taktctl", "--socket", endpoint, "status"], capture_output=True, text=True, timeout=WAIT_S,
                              check=False)
        assert done.returncode == 69 and "taktctl: " in done.stderr
    os.close(os.open(tmp_path / "dead.sock", os.O_CREAT))
    done = subprocess.run([f"{BUILD}/taktctl", "--socket", f"ipc://{tmp_path}/dead.sock", "status"], capture_output=True, text=True,
                          timeout=WAIT_S, check=False)
    assert done.returncode == 69


def test_a_daemon_that_does_not_answer_is_waited_for_only_so_long(tmp_path):
    import zmq
    silent = zmq.Context.instance().socket(zmq.ROUTER)
    silent.bind(f"ipc://{tmp_path}/silent.sock")
    done = subprocess.run([f"{BUILD}/taktctl", "--socket", f"ipc://{tmp_path}/silent.sock", "--timeout", "0.2", "status"],
                          capture_output=True, text=True, timeout=WAIT_S, check=False)
    silent.close(0)
    assert done.returncode == 75 and "no answer" in done.stderr and "0.2 s" in done.stderr


def test_help_and_version_need_no_daemon_and_every_command_has_its_own():
    whole = subprocess.run([f"{BUILD}/taktctl", "--help"], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"^  ([a-z]+)", whole, re.M)
    assert {"status", "orders", "late", "order", "lots", "plan", "line", "report", "shipments", "creators", "stock", "why", "reload",
            "config"} <= set(names)
    for name in names:
        text = subprocess.run([f"{BUILD}/taktctl", name, "--help"], capture_output=True, text=True, check=True).stdout
        assert text.startswith(f"usage: taktctl {name}")
    assert subprocess.run([f"{BUILD}/taktctl", "--version"], capture_output=True, text=True, check=True).stdout.startswith("taktctl ")


def test_hostile_messages_on_the_control_endpoint_are_answered_with_problems(shell):
    peer = shell.peer("control")
    for frame in (b"", b"{", b"[]", b'{"type": 1}', b'{"type": "orders", "id": "x", "limit": "many"}', b'{"type":"nope"}',
                  b'{"type":"plan","from":"noon"}', b'{"type":"order"}', b'{"type":"hello","protocol":2}', b"\xff\xfe"):
        peer.raw(frame)
        assert peer.receive()["type"] == "problem", frame
    peer.raw(b"{}", b"{}")
    assert peer.receive()["problem"] == "bad-message"
    assert shell.ctl("status")["plan"]["version"] >= 1
