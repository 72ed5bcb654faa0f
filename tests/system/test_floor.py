# SPDX-License-Identifier: Apache-2.0
"""Terminals and a real daemon: lines get their work, and what they report counts once and in order."""
import pytest

from taktlab import PLANT, Lab, order, wait_until


@pytest.fixture
def lab():
    # print-1 and the stations of sew-1 are reported; orders are packed when the packing line says so.
    terminals = {"hall": {"lines": ["print-1", "sew-1"]}, "printer": {"lines": ["print-1"]}, "packer": {"lines": ["pack-1"]}}
    product = {**PLANT["products"]["tee"], "lot": {"like": ["ink"], "max": 50, "wait": "1m"}}
    with Lab(terminals=terminals, products={"tee": product},
             shipping={**PLANT["shipping"], "consolidate": "0h"}) as made:
        yield made.start(speed=600)


def next_tasks(terminal, line, limit=10):
    answer = terminal.ask("next", line=line, limit=limit)
    assert answer["type"] == "tasks", answer
    return answer["tasks"]


def await_task(terminal, line, wanted=lambda task: True):
    return wait_until(lambda: next((t for t in next_tasks(terminal, line) if wanted(t)), None), what=f"a task on {line}")


def report(terminal, ref, event, **members):
    return terminal.ask("report", report_ref=ref, event=event, **members)


def reported(terminal, ref, event, **members):
    answer = report(terminal, ref, event, **members)
    assert answer["type"] == "reported", answer
    assert answer["report_ref"] == ref


def make(terminal, prefix, **last):
    """Both operations of the one lot there is, by reports."""
    task = await_task(terminal, "print-1")
    reported(terminal, f"{prefix}1", "started", task=task["task"], line="print-1")
    reported(terminal, f"{prefix}2", "finished", task=task["task"], good=task["quantity"])
    sewing = await_task(terminal, "sew-1")
    reported(terminal, f"{prefix}3", "started", task=sewing["task"], line=sewing["line"])
    reported(terminal, f"{prefix}4", "finished", task=sewing["task"], good=sewing["quantity"])
    return task, sewing


def state_of(creator, ref):
    return creator.ask("status", order_refs=[ref])["orders"][0]["state"]


def test_a_line_is_told_what_to_make_with_its_personalisation(lab):
    luna = lab.creator("luna")
    mine = order("A-1", quantity=2)
    mine["items"].append({"product": "tee", "options": {"ink": "light", "design": "d7"}, "quantity": 1,
                          "personalization": {"text": "für Mei", "artwork": "https://example.org/a.svg"}})
    luna.ask("orders", orders=[mine])
    hall = lab.terminal()
    assert hall.welcome["plant"] == "lab-01"
    task = await_task(hall, "print-1", lambda t: t["units"])
    assert (task["product"], task["operation"], task["line"], task["family"]) == ("tee", "print", "print-1", "light")
    assert task["task"] == f"{task['lot']}-print" and task["start"] < task["end"]
    assert task["state"] == "planned" and isinstance(task["frozen"], bool)
    [unit] = task["units"]
    assert (unit["unit"], unit["count"]) == ("luna/A-1/2/1", 1)
    assert unit["personalization"] == {"text": "für Mei", "artwork": "https://example.org/a.svg"}
    assert unit["options"] == {"ink": "light", "design": "d7"}
    lots = [t for t in next_tasks(hall, "print-1") if t["operation"] == "print"]
    assert sum(v["quantity"] for t in lots for v in t["variants"]) + sum(u["count"] for t in lots for u in t["units"]) >= 3


def test_reports_carry_an_order_from_the_first_task_to_its_parcel(lab):
    luna, hall, packer, dock = lab.creator("luna"), lab.terminal(), lab.terminal("packer"), lab.consumer()
    luna.ask("orders", orders=[order("A-1", quantity=3)])
    task, sewing = make(hall, "r")
    assert sewing["line"] in ("sew-1.1", "sew-1.2") and sewing["lot"] == task["lot"]
    wait_until(lambda: state_of(luna, "A-1") == "made", what="A-1 made")
    reported(packer, "p1", "packed", creator="luna", order_ref="A-1")
    got = dock.answer(lambda m: m["type"] == "shipment")
    assert got["order_refs"] == ["A-1"]


def test_a_report_said_again_is_reported_again_and_counts_once(lab):
    luna, hall = lab.creator("luna"), lab.terminal()
    luna.ask("orders", orders=[order("A-1", quantity=5)])
    task = await_task(hall, "print-1")["task"]
    reported(hall, "r1", "started", task=task)
    scrapped = {"task": task, "scrap": 2, "reason": "smudged"}
    reported(hall, "r2", "scrapped", **scrapped)
    reported(hall, "r2", "scrapped", **scrapped)
    assert report(hall, "r2", "scrapped", **{**scrapped, "scrap": 1})["problem"] == "conflict"
    lab.restart(speed=600)
    hall.greet()
    reported(hall, "r2", "scrapped", **scrapped)
    running = await_task(hall, "print-1", lambda t: t["task"] == task)
    assert (running["state"], running["scrap"]) == ("started", 2)
    again = await_task(hall, "print-1", lambda t: t["task"] != task)
    assert again["quantity"] == 2  # what was scrapped is made anew, once


def test_many_copies_of_a_report_at_once_count_once(lab):
    luna, peers = lab.creator("luna"), [lab.terminal() for _ in range(10)]
    luna.ask("orders", orders=[order("A-1", quantity=40)])
    task = await_task(peers[0], "print-1")["task"]
    reported(peers[0], "start", "started", task=task)
    for peer in peers:
        for _ in range(5):
            peer.send(type="report", id="x", report_ref="one", event="scrapped", task=task, scrap=1)
    for peer in peers:
        for _ in range(5):
            assert peer.answer(lambda m: m.get("id") == "x")["type"] == "reported"
    assert await_task(peers[0], "print-1", lambda t: t["task"] == task)["scrap"] == 1


def test_a_contradictory_report_is_a_problem_and_changes_nothing(lab):
    luna, hall = lab.creator("luna"), lab.terminal()
    luna.ask("orders", orders=[order("A-1", quantity=5)])
    task = await_task(hall, "print-1")["task"]
    lot = task.split("-")[0]
    assert report(hall, "c1", "finished", task=task)["problem"] == "contradiction"
    assert report(hall, "c2", "started", task=f"{lot}-sew")["problem"] == "contradiction"
    assert report(hall, "c3", "started", task=task, line="sew-1.1")["problem"] == "contradiction"
    assert report(hall, "c4", "started", task="L999-print")["problem"] == "unknown-task"
    reported(hall, "r1", "started", task=task)
    assert report(hall, "c5", "progress", task=task, good=500)["problem"] == "contradiction"
    assert await_task(hall, "print-1", lambda t: t["task"] == task)["good"] == 0
    assert report(hall, "c6", "scrapped", task=task, units=["luna/A-1/1/6"])["problem"] == "contradiction"
    assert report(hall, "c7", "scrapped", task=task, units=["luna/B-1/1/1"])["problem"] == "unknown-order"
    reported(hall, "r2", "finished", task=task, good=5)
    assert report(hall, "c8", "started", task=task)["problem"] == "contradiction"


def test_a_scrapped_unit_is_made_anew_as_the_one_it_was(lab):
    luna, hall = lab.creator("luna"), lab.terminal()
    mine = order("A-1", quantity=1)
    mine["items"][0]["personalization"] = {"text": "one"}
    luna.ask("orders", orders=[mine])
    task = await_task(hall, "print-1")["task"]
    reported(hall, "r1", "started", task=task)
    reported(hall, "r2", "scrapped", task=task, units=["luna/A-1/1/1"])
    again = await_task(hall, "print-1", lambda t: t["task"] != task)
    assert [u["unit"] for u in again["units"]] == ["luna/A-1/1/1"]
    assert again["units"][0]["personalization"] == {"text": "one"}


def test_a_terminal_reports_and_sees_only_its_lines(lab):
    luna, printer, packer = lab.creator("luna"), lab.terminal("printer"), lab.terminal("packer")
    luna.ask("orders", orders=[order("A-1")])
    task = await_task(printer, "print-1")["task"]
    assert printer.ask("next", line="sew-1", limit=1)["problem"] == "not-allowed"
    assert report(printer, "n1", "down", line="sew-1.1")["problem"] == "not-allowed"
    assert report(printer, "n2", "packed", creator="luna", order_ref="A-1")["problem"] == "not-allowed"
    assert report(packer, "n3", "started", task=task)["problem"] == "not-allowed"
    assert report(packer, "n4", "started", task=task, line="print-1")["problem"] == "not-allowed"
    reported(printer, "r1", "started", task=task)
    stranger = lab.peer("floor")
    assert stranger.ask("next", line="print-1", limit=1)["problem"] == "no-session"
    stranger.send(type="hello", protocol=1, terminal="hal")
    assert stranger.receive()["problem"] == "not-allowed"


def test_a_breakdown_moves_work_to_the_other_station(lab):
    luna, hall = lab.creator("luna"), lab.terminal()
    luna.ask("orders", orders=[order("A-1", quantity=5)])
    sewing = await_task(hall, "sew-1")
    other = {"sew-1.1": "sew-1.2", "sew-1.2": "sew-1.1"}[sewing["line"]]
    task = await_task(hall, "print-1")["task"]
    reported(hall, "r1", "started", task=task)
    reported(hall, "d1", "down", line=sewing["line"], reason="belt")
    assert await_task(hall, other)["task"] == sewing["task"]
    reported(hall, "u1", "up", line=sewing["line"])


def test_the_operator_reports_from_the_control_endpoint(lab):
    luna, hall, control = lab.creator("luna"), lab.terminal(), lab.peer("control")
    luna.ask("orders", orders=[order("A-1")])
    task = await_task(hall, "print-1")["task"]
    tasks = control.ask("next", line="print-1", limit=5)["tasks"]
    assert [t["task"] for t in tasks] == [task]
    assert control.ask("report", report_ref="o1", event="started", task=task)["type"] == "reported"
    assert await_task(hall, "print-1")["state"] == "started"


def test_lines_with_planned_reports_need_no_terminal():
    lines = {name: {**line, "reports": "planned"} for name, line in PLANT["lines"].items()}
    product = {**PLANT["products"]["tee"], "lot": {"like": ["ink"], "max": 50, "wait": "1m"}}
    with Lab(lines=lines, products={"tee": product}) as lab:
        lab.start(speed=3600)
        luna = lab.creator("luna")
        luna.ask("orders", orders=[order("A-1", quantity=3)])
        wait_until(lambda: state_of(luna, "A-1") == "packed", what="A-1 packed by the plan alone")


def test_hostile_terminals_are_answered_and_the_others_served(lab):
    hall = lab.terminal()
    for text in ("", "7", '{"type": "next"}', '{"type": "next", "id": "1", "line": 7}',
                 '{"type": "report", "id": "1", "report_ref": "x", "event": "danced"}',
                 '{"type": "report", "id": "1", "report_ref": "x", "event": "scrapped", "task": "L1-print", "units": ["a"]}'):
        hall.raw(text)
        assert hall.receive()["type"] == "problem"
    hall.raw("{}", "{}")
    assert hall.receive()["problem"] == "bad-message"
    assert next_tasks(hall, "print-1") == []
