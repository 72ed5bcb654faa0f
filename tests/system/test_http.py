# SPDX-License-Identifier: Apache-2.0
"""The HTTP port of the real daemon: what it shows, to whom, and that it shows only."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess

from taktlab import BUILD, PLANT, Lab, free_port, order, wait_until

TOKEN = "0123456789abcdef0123"


class Board(Lab):
    """A lab with a port."""

    def __init__(self, host="127.0.0.1", **changes):
        self.port = free_port()
        super().__init__(listen={**PLANT["listen"], "http": f"{host}:{self.port}"}, **changes)

    def get(self, path, method="GET", body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        text = reply.read().decode()
        connection.close()
        return reply, text

    def start(self, *arguments, **settings):
        super().start(*arguments, **settings)
        wait_until(self.is_open, what="the port")
        return self

    def is_open(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0


def test_the_board_and_its_parts_are_served_with_headers_that_keep_others_out():
    with Board().start() as lab:
        for path, kind in (("/", "text/html"), ("/board.js", "text/javascript"), ("/gantt.js", "text/javascript"),
                           ("/words.js", "text/javascript"), ("/why.js", "text/javascript"), ("/board.css", "text/css"), ("/icon.svg", "image/svg+xml")):
            reply, text = lab.get(path)
            assert reply.status == 200 and reply.getheader("Content-Type").startswith(kind) and "SPDX" in text
            assert "default-src 'none'" in reply.getheader("Content-Security-Policy")
            assert reply.getheader("X-Content-Type-Options") == "nosniff"


def test_the_board_is_told_what_taktctl_is_told():
    with Board().start() as lab:
        lab.creator("luna").ask("orders", orders=[order("A-1"), order("A-2", quantity=3)])
        wait_until(lambda: lab.ctl("status")["plan"]["tasks_open"] > 0, what="a plan")
        reply, text = lab.get("/api/status")
        status, told = json.loads(text), lab.ctl("status")
        assert reply.status == 200 and status["plant"] == told["plant"] and status["orders"] == told["orders"]
        plan = json.loads(lab.get("/api/plan?limit=1")[1])
        assert len(plan["tasks"]) == 1 and plan["next"] == 1
        assert json.loads(lab.get("/api/order?order=luna/A-2")[1])["order"]["items"][0]["quantity"] == 3
        assert json.loads(lab.get("/api/why?order=A-1")[1])["sentence"]
        assert {c["creator"] for c in json.loads(lab.get("/api/creators")[1])["creators"]} == {"luna", "band", "shop"}


def test_orders_that_will_be_late_are_listed_the_worst_first():
    with Board().start() as lab:
        luna = lab.creator("luna")
        luna.ask("orders", orders=[order(f"A-{i}", quantity=20, ink=("light", "dark")[i % 2], shipping={"deliver_by": "2026-11-25"}) for i in range(4)])
        wait_until(lambda: lab.ctl("status")["orders"]["planned"] == 4, what="promises")
        lab.ctl("report", "down", "--line", "sew-1.1", "--until", "2026-11-27T06:00:00Z", "--reason", "needle")
        lab.ctl("report", "down", "--line", "sew-1.2", "--until", "2026-11-27T06:00:00Z", "--reason", "needle")
        wait_until(lambda: lab.ctl("status")["plan"]["late_wish"] == 4 and lab.ctl("status")["promises"]["repromised"] == 4,
                   what="late orders that were told so")
        answer = json.loads(lab.get("/api/late?limit=3")[1])
        late = answer["orders"]
        assert 3 * 86400 < answer["flow_s"] < 6 * 86400, "the lines are down for four days"
        spare = [o["spare_s"] for o in late]
        assert len(late) == 3 and spare == sorted(spare)
        assert all(o["creator"] == "luna" and o["expected_packed"] for o in late)
        assert lab.ctl("late", "3")["orders"] == late
        rows = subprocess.run([f"{BUILD}/taktctl", "--socket", f"ipc://{lab.path('control.sock')}", "late"], capture_output=True, text=True,
                              check=True).stdout.splitlines()
        assert len(rows) == 4 and all(row.startswith("luna\tA-") and row.endswith(" min") for row in rows)


def test_metrics_are_openmetrics_and_name_no_order_and_no_creator():
    with Board().start() as lab:
        lab.creator("luna").ask("orders", orders=[order("SECRET-REF")])
        reply, text = lab.get("/metrics")
        assert reply.getheader("Content-Type").startswith("application/openmetrics-text") and text.endswith("# EOF\n")
        declared = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
        samples = re.findall(r"^([a-z_]+)(\{[^}]*\})? (-?[0-9.]+)$", text, re.M)
        assert len(samples) == len([line for line in text.splitlines() if not line.startswith("#")])
        for name, _, _ in samples:
            base = re.sub(r"_(total|info)$", "", name)
            assert base in declared or name in declared, name
        values = {name + labels: float(value) for name, labels, value in samples}
        wait_until(lambda: 'takt_orders{state="planned"} 1\n' in lab.get("/metrics")[1], what="the order in the figures")
        assert values["takt_store_up"] == 1 and values["takt_resident_memory_bytes"] > 1e6 and values["takt_open_descriptors"] > 5
        assert "SECRET" not in text and "luna" not in text


def test_health_says_alive_and_ready_with_reasons():
    with Board().start() as lab:
        for path, said in (("/livez", "alive\n"), ("/readyz", "ready\n")):
            reply, text = lab.get(path)
            assert (reply.status, text) == (200, said)


def test_who_asks_wrongly_is_told_what_is_wrong():
    with Board().start() as lab:
        for path, status, part in (("/nope", 404, "the board is at /"), ("/api/plan?limit=x", 400, "whole number"),
                                   ("/api/plan?kind=x", 400, "takes no 'kind'"), ("/api/plan?line=nope", 404, "no line 'nope'"),
                                   ("/api/why?order=nope", 404, "no order 'nope'"), ("/api/why", 400, "order"),
                                   ("/api/plan?limit=0", 400, "limit"), ("/api/why?order=%ff", 400, "")):
            reply, text = lab.get(path)
            assert reply.status == status and part in text, (path, reply.status, text)
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            reply, text = lab.get("/api/status", method, "x" * 100000)
            assert reply.status == 405 and reply.getheader("Allow") == "GET, HEAD", (method, text)
        assert lab.get("/api/status", "HEAD")[1] == ""
        assert lab.alive()


def test_a_page_of_elsewhere_cannot_read_the_board_through_a_browser_here():
    with Board().start() as lab:
        assert lab.get("/api/status", Host="evil.example")[0].status == 403
        assert lab.get("/api/status", Host=f"localhost:{lab.port}")[0].status == 200
        assert lab.get("/api/status")[0].getheader("Access-Control-Allow-Origin") is None


def test_beyond_this_machine_it_opens_with_a_token_only():
    with Board(host="*") as lab:
        lab.spawn()
        assert lab.process.wait(60) == 78
        lab.process = None
        assert "http-token" in lab.log()
        with open(lab.path("http-token"), "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(TOKEN + "\n")
        lab.start()
        assert lab.get("/api/status")[0].status == 401 and lab.get("/")[0].status == 401
        assert lab.get("/api/status", Authorization=f"Bearer {TOKEN}x")[0].status == 401
        assert lab.get("/api/status", Authorization=f"Bearer {TOKEN}")[0].status == 200
        assert lab.get("/?token=wrong")[0].status == 401
        reply, _ = lab.get(f"/?token={TOKEN}")
        cookie = reply.getheader("Set-Cookie")
        assert reply.status == 303 and reply.getheader("Location") == "/" and "HttpOnly" in cookie and "SameSite=Strict" in cookie
        assert lab.get("/api/status", Cookie=cookie.split(";")[0])[0].status == 200
        assert lab.get("/livez")[0].status == 200 and lab.get("/metrics")[0].status == 200
        assert TOKEN not in lab.log()


def test_who_watches_is_told_of_each_change_and_the_daemon_ends_in_time_all_the_same():
    with Board().start() as lab:
        with socket.create_connection(("127.0.0.1", lab.port), timeout=60) as watcher:
            watcher.sendall(b"GET /api/changes HTTP/1.1\r\nHost: localhost\r\n\r\n")
            stream = watcher.makefile("rb")

            def next_change():
                while stream.readline().strip() != b"event: changed":
                    pass
                return True
            assert next_change()
            lab.creator("luna").ask("orders", orders=[order("A-1")])
            assert next_change()
            lab.stop()
            assert b"event" not in stream.read()


def test_a_port_in_use_is_said_and_tried_again_while_orders_are_taken():
    with Board() as lab:
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", lab.port))
            other.listen()
            Lab.start(lab)
            wait_until(lambda: f"err http: cannot listen on '127.0.0.1:{lab.port}'" in lab.log(), what="the complaint")
            assert lab.creator("luna").ask("orders", orders=[order("A-1")])["accepted"] == 1
        wait_until(lambda: "the board is served" in lab.log(), what="the board")
        assert lab.get("/livez")[0].status == 200
        assert lab.log().count("cannot listen") == 1


def test_more_watchers_and_connections_than_there_may_be_harm_nobody_else():
    with Board().start() as lab:
        held = []
        try:
            for _ in range(160):
                s = socket.create_connection(("127.0.0.1", lab.port), timeout=60)
                s.sendall(b"GET /api/changes HTTP/1.1\r\nHost: localhost\r\n\r\n")
                held.append(s)
            assert lab.creator("luna").ask("orders", orders=[order("A-1")])["accepted"] == 1
            assert lab.ctl("status")["orders"]
        finally:
            for s in held:
                s.close()
        wait_until(lambda: lab.is_open() and lab.get("/livez")[0].status == 200, what="the port to be free again")


def test_a_question_that_the_store_cannot_answer_ends_all_the_same():
    with Board().start() as lab:
        os.kill(lab.process.pid, signal.SIGSTOP)
        connection = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=60)
        connection.request("GET", "/api/status")
        os.kill(lab.process.pid, signal.SIGCONT)
        assert connection.getresponse().status == 200


def refused(lab, outcome):
    return int(re.search(f'takt_http_tokens_refused_total{{outcome="{outcome}"}} (\\d+)', lab.get("/metrics")[1])[1])


def with_token(lab):
    with open(lab.path("http-token"), "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(TOKEN + "\n")
    return lab.start()


def test_who_guesses_at_tokens_waits_and_learns_nothing_meanwhile():
    with with_token(Board()) as lab:
        for guess in range(5):
            assert lab.get("/api/status", Authorization=f"Bearer {TOKEN}{guess}")[0].status == 401
        assert lab.get(f"/?token={TOKEN}5", Authorization=f"Bearer {TOKEN}6", Cookie=f"takt={TOKEN}7")[0].status == 401
        for offer in ({"Authorization": f"Bearer {TOKEN}"}, {"Cookie": f"takt={TOKEN}"}, {"Authorization": "Bearer x"}):
            reply, text = lab.get("/api/status", **offer)
            assert reply.status == 429 and 1 <= int(reply.getheader("Retry-After")) <= 60 and "wait" in text
        assert lab.get(f"/?token={TOKEN}")[0].status == 429
        assert lab.get("/api/floor", "POST", "{}", Authorization="Bearer x")[0].status == 429
        assert lab.get("/api/status")[0].status == 401, "who offers nothing is told what is missing"
        assert lab.get("/livez", Authorization="Bearer x")[0].status == lab.get("/metrics")[0].status == 200
        assert (refused(lab, "guess"), refused(lab, "again"), refused(lab, "early")) == (8, 0, 5)
        assert "'127.0.0.1' has offered 8 wrong tokens, it must wait 4 s" in lab.log()
        wait_until(lambda: lab.get("/api/status", Authorization=f"Bearer {TOKEN}")[0].status == 200, what="the wait to end")


def test_one_old_token_may_ask_as_often_as_it_likes_and_one_good_one_opens_no_way_to_another():
    with with_token(Board()) as lab:
        for _ in range(20):
            assert lab.get("/api/status", Cookie="takt=of-last-year-0123")[0].status == 401
        assert lab.get("/api/status", Authorization=f"Bearer {TOKEN}")[0].status == 200
        assert (refused(lab, "guess"), refused(lab, "again"), refused(lab, "early")) == (1, 19, 0)
        for guess in range(5):
            assert lab.get("/api/status", Cookie=f"takt={TOKEN}", Authorization=f"Bearer terminal-{guess}-0123456789")[0].status == 200
        assert lab.get("/api/status", Cookie=f"takt={TOKEN}")[0].status == 429
