# SPDX-License-Identifier: Apache-2.0
"""What is the C client's own, beside the conformance scenarios: its example, which is a poll loop around libtakt, and how it is
installed."""
import json
import os
import subprocess

import pytest

from taktlab import BUILD, ROOT, Lab, free_port, order, wait_until


@pytest.fixture
def lab():
    with Lab() as made:
        yield made.start()


def start(lab, *more, endpoints=None, creator="luna"):
    who = ["--creator", creator] if creator else []
    return subprocess.Popen([f"{BUILD}/takt-push", *who, *more, *(endpoints or [lab.endpoint("orders")])], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=lab.folder)


def push(lab, orders, *more, **kw):
    """(exit status, lines, complaints)."""
    process = start(lab, *more, **kw)
    out, err = process.communicate("".join(json.dumps(one) + "\n" for one in orders), timeout=60)
    return process.returncode, out.splitlines(), err


def test_what_is_no_order_is_told_at_once(lab):
    process = start(lab)
    _, err = process.communicate('{"order_ref": 1}\nnonsense\n{"a":1,"a":2}\n', timeout=60)
    assert process.returncode == 1 and err.count("takt-push:") == 3


def test_a_promise_comes_as_an_event(lab):
    status, lines, _ = push(lab, [order("A-1")], "--events", "1")
    event = json.loads(lines[-1].split(" ", 1)[1])
    assert status == 0 and event["event"] == "order.promised" and event["order_ref"] == "A-1"


def test_who_may_not_enter_is_told(lab):
    status, _, err = push(lab, [], "--events", "1", creator="nobody")
    assert status == 2 and "unknown-creator" in err


def test_orders_wait_while_the_plant_is_away_and_in_the_outbox_beyond(lab):
    lab.kill()
    process = start(lab, "--outbox", "c.outbox")
    process.stdin.write(json.dumps(order("A-1")) + "\n")
    process.stdin.close()
    wait_until(lambda: os.path.exists(lab.path("c.outbox")) and "A-1" in open(lab.path("c.outbox"), encoding="utf-8").read())
    second = start(lab, "--outbox", "c.outbox")
    assert second.wait(30) == 2 and "another process" in second.stderr.read()
    process.kill()
    process.wait()
    with open(lab.path("c.outbox"), "a", encoding="utf-8") as f:
        f.write('+{"order_ref": "cut sho')
    lab.start()
    assert push(lab, [order("A-2")], "--outbox", "c.outbox")[1] == ["accepted A-1", "accepted A-2"]
    assert push(lab, [], "--outbox", "c.outbox")[1] == []


def test_keys_let_in():
    with Lab(security="curve") as lab:
        lab.plant["listen"]["orders"] = f"tcp://127.0.0.1:{free_port()}"
        lab.start()
        keys = ["--key", "luna.key", "--plant-key", lab.keys["plant"][0].decode()]
        assert push(lab, [order("A-1")], *keys, creator=None)[1] == ["accepted A-1"]
        os.chmod(lab.path("luna.key"), 0o644)
        assert "chmod 600" in push(lab, [], *keys, creator=None)[2]


def test_the_library_shows_its_own_names_alone_and_pkg_config_finds_it(tmp_path):
    names = subprocess.run(["nm", "-D", "--defined-only", f"{BUILD}/libtakt.so"], capture_output=True, text=True, check=True).stdout
    assert all("takt_client_" in line or "__" in line or "_asan" in line or line.endswith(" A TAKT_1") for line in names.splitlines()), names
    assert "takt_client_new@@TAKT_1" in names
    subprocess.run(["make", "-C", ROOT, "-o", "all", "install", f"O={BUILD}", "prefix=/usr", f"DESTDIR={tmp_path}"], check=True, capture_output=True)
    found = subprocess.run(["pkg-config", "--cflags", "--libs", "takt"], capture_output=True, text=True, check=True,
                           env={**os.environ, "PKG_CONFIG_PATH": f"{tmp_path}/usr/lib/pkgconfig", "PKG_CONFIG_SYSROOT_DIR": str(tmp_path),
                                "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1", "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1"}).stdout
    assert "-ltakt" in found
    program = tmp_path / "program.c"
    program.write_text('#include <stdio.h>\n#include <takt.h>\nint main(void) { char error[99]; struct takt_options none = {0};\n'
                       'return takt_client_new(&none, error, sizeof error) ? 1 : !puts(error); }\n')
    flags = ["-fsanitize=address,undefined"] if "asan" in BUILD else ["-fsanitize=thread"] if "tsan" in BUILD else []
    subprocess.run(["gcc", *flags, "-o", tmp_path / "program", program, *found.split()], check=True)
    assert subprocess.run([tmp_path / "program"], env={**os.environ, "LD_LIBRARY_PATH": f"{tmp_path}/usr/lib"}, capture_output=True,
                          text=True, check=True).stdout == "no endpoint\n"
