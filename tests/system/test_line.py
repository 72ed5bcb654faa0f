# SPDX-License-Identifier: Apache-2.0
"""What a line's page asks and reports over HTTP: with a terminal's token, as that terminal, and each report once."""
import hashlib
import json
import os
import re

import pytest

from taktlab import PLANT, order, wait_until
from test_http import Board

HALL, PRINTER = "a-token-of-the-hall-0123", "a-token-of-the-printer-0123"


def digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


def line_board(**changes):
    product = {**PLANT["products"]["tee"], "lot": {"like": ["ink"], "max": 50, "wait": "1m"}}
    terminals = {"hall": {"lines": ["print-1", "sew-1"], "tokens": [digest(HALL).upper()]},
                 "printer": {"lines": ["print-1"], "tokens": [digest(PRINTER), digest(PRINTER + "-old")]}}
    return Board(products={"tee": product}, **{"terminals": terminals, **changes})


@pytest.fixture(name="lab")
def a_plant_with_a_task():
    with line_board().start(speed=600) as lab:
        mine = order("A-1", quantity=4)
        mine["items"][0]["personalization"] = {"text": "für Mei"}
        lab.creator("luna").ask("orders", orders=[mine])
        yield lab


def post(lab, message, token=HALL, **headers):
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {}), **headers}
    body = message if isinstance(message, (bytes, str)) else json.dumps({"id": "1", **message})
    reply, text = lab.get("/api/floor", "POST", body, **{name.replace("_", "-"): value for name, value in headers.items()})
    return reply.status, json.loads(text) if text.startswith("{") else text


def task_of(lab, line="print-1"):
    def first():
        status, answer = post(lab, {"type": "next", "line": line})
        assert status == 200, answer
        return next((t for t in answer["tasks"] if t["units"]), None)
    return wait_until(first, what=f"a task on {line}")


def test_a_line_is_told_over_http_what_it_is_told_over_its_terminal(lab):
    task = task_of(lab)
    told = lab.terminal().ask("next", line="print-1")["tasks"]
    assert task["task"] in {t["task"] for t in told}
    assert task["units"][0]["personalization"] == {"text": "für Mei"} and task["quantity"] == 4


def test_a_report_counts_once_however_often_it_is_posted(lab):
    task = task_of(lab)["task"]
    started = {"type": "report", "report_ref": "w1", "event": "started", "task": task}
    for _ in range(3):
        assert post(lab, started) == (200, {"type": "reported", "id": "1", "report_ref": "w1"})
    assert post(lab, {"type": "report", "report_ref": "w2", "event": "progress", "task": task, "good": 2})[0] == 200
    scrapped = {"type": "report", "report_ref": "w3", "event": "scrapped", "task": task, "scrap": 1, "units": ["luna/A-1/1/1"]}
    assert [post(lab, scrapped)[0] for _ in range(3)] == [200] * 3
    task = task_of(lab)
    assert (task["state"], task["good"], task["scrap"]) == ("started", 2, 1)
    status, answer = post(lab, {**started, "event": "finished"})
    assert (status, answer["problem"]) == (409, "conflict")
    status, answer = post(lab, {"type": "report", "report_ref": "w4", "event": "progress", "task": task["task"], "good": 99})
    assert (status, answer["problem"]) == (409, "contradiction")


def test_a_token_opens_its_terminals_lines_and_no_others(lab):
    task_of(lab)
    assert post(lab, {"type": "next", "line": "print-1"}, PRINTER)[0] == 200
    assert post(lab, {"type": "next", "line": "print-1"}, PRINTER + "-old")[0] == 200
    status, answer = post(lab, {"type": "next", "line": "sew-1"}, PRINTER)
    assert status == 403 and answer["problem"] == "not-allowed"
    assert post(lab, {"type": "report", "report_ref": "d", "event": "down", "line": "sew-1.1"}, PRINTER)[0] == 403
    assert not any(line["down"] for line in lab.ctl("status")["lines"])


def test_nobody_reports_without_a_token_in_the_header_or_from_a_page_of_elsewhere(lab):
    message = {"type": "report", "report_ref": "x", "event": "down", "line": "print-1"}
    assert post(lab, message, None)[0] == 401
    for token in ("", "short", HALL + "x", digest(HALL)):
        assert post(lab, message, token)[0] == 401
    assert post(lab, message, None, Cookie=f"takt={HALL}")[0] == 401
    assert post(lab, message, Origin="https://evil.example")[0] == 403
    assert post(lab, message, Origin="null")[0] == 403
    assert post(lab, message, Host="evil.example", Origin="http://evil.example")[0] == 403
    assert post(lab, message, Content_Type="text/plain")[0] == 415
    assert post(lab, message, Content_Type="application/x-www-form-urlencoded")[0] == 415
    for method in ("GET", "PUT", "OPTIONS"):
        reply, _ = lab.get("/api/floor", method, Authorization=f"Bearer {HALL}")
        assert reply.status == 405 and reply.getheader("Allow") == "POST" and reply.getheader("Access-Control-Allow-Origin") is None
    assert not any(line["down"] for line in lab.ctl("status")["lines"])
    assert post(lab, message, Origin=f"http://127.0.0.1:{lab.port}")[0] == 200
    assert [line["line"] for line in lab.ctl("status")["lines"] if line["down"]] == ["print-1"]


def test_what_is_no_message_of_the_floor_is_refused_and_harms_nobody(lab):
    for message, expected in ((b"", 400), (b"{", 400), (b"[]", 400), (b"\xff", 400), ({"type": "reload"}, 404), ({"type": "hello", "protocol": 1}, 404),
                              ({"type": "release", "shipment": "x"}, 404), ({"type": "report"}, 400), ({"type": "next"}, 400),
                              ({"type": "next", "line": "nope"}, 404), ({"type": "next", "line": "print-1", "pad": "x" * 70000}, 413)):
        status, answer = post(lab, message)
        assert status == expected, (message if len(str(message)) < 99 else "long", status, answer)
    assert lab.alive() and post(lab, {"type": "next", "line": "print-1"})[0] == 200


def test_tokens_come_and_go_with_a_reload():
    with line_board() as lab:
        lab.start()
        assert post(lab, {"type": "next", "line": "print-1"})[0] == 200
        lab.plant["terminals"]["hall"]["tokens"] = [digest("another-token-of-the-hall")]
        lab.write_plant()
        assert lab.ctl("reload")["reload"]["outcome"] == "in-force"
        assert post(lab, {"type": "next", "line": "print-1"})[0] == 401
        assert post(lab, {"type": "next", "line": "print-1"}, "another-token-of-the-hall")[0] == 200
        assert HALL not in lab.log() and digest(HALL) not in lab.log().lower()


def test_a_line_is_told_how_it_stands_and_when_its_shift_ends(lab):
    reply, text = lab.get("/api/line?line=sew-1")
    view = json.loads(text)
    assert reply.status == 200 and [line["line"] for line in view["lines"]] == ["sew-1.1", "sew-1.2"]
    assert view["plant"]["time_zone"] == "UTC" and view["shift"]["from"] < view["shift"]["to"]
    assert lab.get("/api/line?line=sew-9")[0].status == 404
    for path, kind in (("/line/print-1", "text/html"), ("/line.js", "text/javascript"), ("/reports.js", "text/javascript"),
                       ("/paper.js", "text/javascript"), ("/line-words.js", "text/javascript"), ("/line.css", "text/css")):
        reply, text = lab.get(path)
        assert reply.status == 200 and reply.getheader("Content-Type").startswith(kind) and "SPDX" in text
    assert lab.get("/line/")[0].status == 404


def modules(svg):
    """The rows of a code's modules, True for dark, without the quiet zone."""
    side = int(re.search(r'viewBox="0 0 (\d+)', svg).group(1))
    rows = [[False] * side for _ in range(side)]
    for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1", svg):
        for k in range(int(run)):
            rows[int(y)][int(x) + k] = True
    assert not any(rows[0] + rows[3] + rows[-1]) and not any(row[3] for row in rows), "the quiet zone is quiet"
    return [row[4:-4] for row in rows[4:-4]]


def read_code(rows):
    """The text of a small QR code (version 1 or 2, bytes, one block), without its error correction."""
    side = len(rows)
    taken = [[(r < 9 and (c < 9 or c >= side - 8)) or (r >= side - 8 and c < 9) or r == 6 or c == 6 or
              (side > 21 and abs(r - side + 7) <= 2 and abs(c - side + 7) <= 2) for c in range(side)] for r in range(side)]
    form = 0
    for r, c in [(8, 0), (8, 1), (8, 2), (8, 3), (8, 4)]:
        form = form << 1 | rows[r][c]
    mask = [lambda r, c: (r + c) % 2, lambda r, c: r % 2, lambda r, c: c % 3, lambda r, c: (r + c) % 3, lambda r, c: (r // 2 + c // 3) % 2,
            lambda r, c: r * c % 2 + r * c % 3, lambda r, c: (r * c % 2 + r * c % 3) % 2, lambda r, c: ((r + c) % 2 + r * c % 3) % 2][(form ^ 0b10101) & 7]
    bits, column, up = [], side - 1, True
    while column > 0:
        column -= column == 6
        for r in range(side - 1, -1, -1) if up else range(side):
            bits += [rows[r][c] ^ (mask(r, c) == 0) for c in (column, column - 1) if not taken[r][c]]
        column, up = column - 2, not up

    def number(at, count):
        return int("".join("01"[b] for b in bits[at:at + count]), 2)
    assert number(0, 4) == 4, "bytes"
    return bytes(number(12 + 8 * i, 8) for i in range(number(4, 8))).decode()


@pytest.mark.parametrize("text", ["L12", "L4711-print", "L123456-decorate-2"])
def test_a_code_says_what_it_was_made_of(lab, text):
    reply, svg = lab.get(f"/code.svg?text={text}")
    assert reply.status == 200 and reply.getheader("Content-Type") == "image/svg+xml"
    assert read_code(modules(svg)) == text


def test_a_code_of_nothing_or_of_too_much_is_refused(lab):
    for query in ("", "?text=", "?text=%00", "?text=%C3%BC", "?text=" + "x" * 200):
        assert lab.get("/code.svg" + query)[0].status == 400, query


def test_beyond_this_machine_a_terminal_sees_the_plan_and_not_the_board():
    with line_board() as lab:
        with open(lab.path("http-token"), "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write("the-token-of-the-board\n")
        lab.start()
        bearer = {"Authorization": f"Bearer {HALL}"}
        for path, status in (("/api/line?line=print-1", 200), ("/api/plan", 200), ("/api/orders", 401), ("/api/status", 401), ("/api/why?order=x", 401)):
            assert lab.get(path, **bearer)[0].status == status, path
            assert lab.get(path)[0].status == 401
        assert lab.get("/line/print-1")[0].status == 200
        assert post(lab, {"type": "next", "line": "print-1"}, "the-token-of-the-board")[0] == 401
