# SPDX-License-Identifier: Apache-2.0
"""Keys: who may connect, as whom, and how that ends. Each trap of libzmq that concerns keys has its test here."""
import contextlib
import os
import resource
import socket
import subprocess
import time

import pytest
import zmq
import zmq.auth
from zmq.utils.monitor import recv_monitor_message

from taktlab import BUILD, WAIT_S, Lab, Peer, free_port, order, wait_until


@pytest.fixture(name="lab")
def guarded_lab():
    """A plant whose endpoints are open to every machine, and ask for keys."""
    with Lab(security="curve") as made:
        for name in ("orders", "shipments", "floor"):
            made.plant["listen"][name] = f"tcp://*:{free_port()}"
        yield made.start()


def handshake(endpoint, keys=None, message=b'{"type":"hello","protocol":1,"creator":"luna"}'):
    """What becomes of one attempt: an answer, or the event of the monitor that says how it failed."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as s:
        s.linger = 0
        monitor = s.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                       zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_DISCONNECTED)
        if keys:
            s.curve_publickey, s.curve_secretkey, s.curve_serverkey = keys
        s.connect(endpoint)
        s.send(message)
        poller = zmq.Poller()
        poller.register(s, zmq.POLLIN)
        poller.register(monitor, zmq.POLLIN)
        ready = dict(poller.poll(20000))
        got = s.recv_json() if s in ready else recv_monitor_message(monitor)["event"] if ready else None
        s.disable_monitor()
        return got


REFUSED = (zmq.EVENT_HANDSHAKE_FAILED_AUTH, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL,
           zmq.EVENT_DISCONNECTED)


def refusals(lab):
    return lab.ctl("key", "list")["refused"]


def test_a_key_of_the_plant_says_who_is_there(lab):
    luna = lab.creator("luna")
    assert luna.welcome["type"] == "welcome"
    assert luna.ask("orders", orders=[order("A-1")])["accepted"] == 1
    nameless = Peer(lab.endpoint("orders"), {}, lab.bearer("band"))
    lab.peers.append(nameless)
    assert nameless.greet()["type"] == "welcome"
    assert nameless.ask("orders", orders=[order("A-1")])["accepted"] == 1  # band's own, not luna's duplicate
    assert lab.consumer().welcome["type"] == "welcome"
    assert lab.terminal().welcome["type"] == "welcome"


def test_a_key_cannot_speak_as_another(lab):
    for endpoint, hello, key in (("orders", {"creator": "band"}, "luna"), ("orders", {"creator": "nobody"}, "luna")):
        assert lab.peer(endpoint, hello, lab.bearer(key)).welcome["problem"] == "not-allowed"


def test_a_strangers_key_is_refused_and_counted(lab):
    public, secret = zmq.curve_keypair()
    assert handshake(lab.endpoint("orders"), (public, secret, lab.keys["plant"][0])) in REFUSED
    assert refusals(lab)["stranger's key"] >= 1
    assert "stranger's key" in lab.log()


def test_a_key_of_another_endpoint_is_refused(lab):
    assert handshake(lab.endpoint("orders"), lab.bearer("dock")) in REFUSED
    assert handshake(lab.endpoint("shipments"), lab.bearer("luna")) in REFUSED
    assert handshake(lab.endpoint("floor"), lab.bearer("luna")) in REFUSED
    assert refusals(lab)["key of another endpoint"] >= 3


def test_without_a_key_nothing_is_heard(lab):
    assert handshake(lab.endpoint("orders")) in REFUSED
    assert lab.ctl("status")["orders"] is not None


def test_who_takes_another_for_the_plant_gets_no_answer(lab):
    other, _ = zmq.curve_keypair()
    assert handshake(lab.endpoint("orders"), (*lab.keys["luna"], other)) in REFUSED


def test_a_revoked_key_is_refused_at_once_on_open_connections_too(lab):
    luna, band = lab.creator("luna"), lab.creator("band")
    key = lab.keys["luna"][0].decode()
    assert luna.ask("ping")["type"] == "pong"
    lab.ctl("key", "revoke", "--", key)
    luna.send(type="ping", id="late")
    assert luna.receive()["problem"] == "not-allowed"
    assert luna.receive(1) is None
    assert band.ask("ping")["type"] == "pong"
    assert handshake(lab.endpoint("orders"), lab.bearer("luna")) in REFUSED
    assert [k["state"] for k in lab.ctl("key", "list")["keys"] if k["key"] == key] == ["revoked"]
    wait_until(lambda: [k["connections"] for k in lab.ctl("key", "list")["keys"] if k["key"] == key] == [0])


def test_a_revocation_outlives_the_daemon_and_every_reload(lab):
    lab.ctl("key", "revoke", "--", lab.keys["luna"][0].decode())
    lab.ctl("reload")
    assert handshake(lab.endpoint("orders"), lab.bearer("luna")) in REFUSED
    lab.restart()
    assert handshake(lab.endpoint("orders"), lab.bearer("luna")) in REFUSED


def test_a_key_is_exchanged_without_a_gap(lab):
    luna = lab.creator("luna")
    old = lab.plant["creators"]["luna"]["keys"][0]
    first = lab.keys["luna"]
    os.unlink(lab.path("luna.key"))
    lab.plant["creators"]["luna"]["keys"].append(lab.make_key("luna"))
    lab.write_plant()
    lab.ctl("reload")
    assert luna.ask("ping")["type"] == "pong"
    assert lab.creator("luna").welcome["type"] == "welcome"  # with the new one
    lab.plant["creators"]["luna"]["keys"].remove(old)
    lab.write_plant()
    lab.ctl("reload")
    luna.send(type="ping", id="x")
    assert luna.receive()["problem"] == "not-allowed"
    assert handshake(lab.endpoint("orders"), (*first, lab.keys["plant"][0])) in REFUSED


def test_a_key_that_is_given_to_another_has_to_say_hello_again(lab):
    peer = lab.creator("luna")
    creators = lab.plant["creators"]
    creators["shop"]["keys"], creators["luna"]["keys"] = creators["luna"]["keys"], creators["shop"]["keys"]
    lab.write_plant()
    lab.ctl("reload")
    assert peer.ask("ping")["problem"] == "no-session"
    peer.hello = {"creator": "shop"}
    assert peer.greet()["type"] == "welcome"


def test_a_routing_id_of_ones_own_opens_nothing(lab):
    context = zmq.Context.instance()
    with context.socket(zmq.DEALER) as s:
        s.linger = 0
        s.routing_id = b"luna"
        s.curve_publickey, s.curve_secretkey, s.curve_serverkey = lab.bearer("band")
        s.connect(lab.endpoint("orders"))
        s.send_json({"type": "hello", "protocol": 1, "creator": "luna"})
        wait_until(lambda: "routing id" in lab.log())
        assert not s.poll(100)


def test_refused_handshakes_are_logged_at_a_bounded_rate(lab):
    public, secret = zmq.curve_keypair()
    for _ in range(30):
        handshake(lab.endpoint("orders"), (public, secret, lab.keys["plant"][0]))
    assert refusals(lab)["stranger's key"] >= 30
    assert lab.log().count("was refused") == 1


def test_ten_thousand_connections_that_never_shake_hands_leave_the_others_alone(lab):
    """As many as this process may have open, up to ten thousand; the daemon closes them by itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    port = int(lab.endpoint("orders").rsplit(":", 1)[1])
    luna = lab.creator("luna")
    silent = []
    try:
        for _ in range(min(10000, hard - 500)):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", port))
            silent.append(s)
        assert luna.ask("orders", orders=[order("S-1")])["accepted"] == 1
        assert lab.creator("band").ask("ping")["type"] == "pong"
    finally:
        for s in silent:
            s.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert lab.alive()


GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"CURVE".ljust(20, b"\0") + bytes(32)  # ZMTP 3.0, RFC 23
HALVES = [b"", GREETING[:1], GREETING[:20], GREETING, GREETING + b"\x04", GREETING + b"\x04\xc8\x05HELLO" + b"\x01" * 50]


def test_half_open_connections_are_closed_and_hurt_nobody(lab):
    """Handshakes that were begun and left at each of their steps; their sender neither goes on nor goes away."""
    port = int(lab.endpoint("orders").rsplit(":", 1)[1])
    luna = lab.creator("luna")
    halves = []
    for said in HALVES * 20:
        halves.append(socket.create_connection(("127.0.0.1", port)))
        halves[-1].sendall(said)
    assert luna.ask("orders", orders=[order("H-1")])["accepted"] == 1
    assert lab.creator("band").ask("ping")["type"] == "pong"
    for s in halves:
        s.settimeout(WAIT_S)
        with contextlib.suppress(ConnectionResetError):
            while s.recv(4096):
                pass
        s.close()
    assert luna.ask("ping")["type"] == "pong"


def test_some_descriptors_are_kept_for_the_store_and_the_log(lab):
    lab.stop()
    lab.start(files=600)
    luna = lab.creator("luna")
    port = int(lab.endpoint("orders").rsplit(":", 1)[1])
    crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(900)]
    answer = luna.ask("orders", orders=[order("D-1")])
    assert answer.get("accepted") == 1, answer
    lab.ctl("reload")  # which opens files
    assert len(os.listdir(f"/proc/{lab.process.pid}/fd")) <= 600 - 32
    for s in crowd:
        s.close()
    assert lab.creator("band").ask("ping")["type"] == "pong"


def test_the_plants_secret_must_not_be_open_to_others(lab):
    lab.stop()
    os.chmod(lab.path("plant.key"), 0o640)
    status = lab.spawn().wait(60)
    assert status == 78 and "chmod 600" in lab.log()
    lab.process = None


def test_the_plants_secret_may_come_from_systemds_credentials(lab):
    lab.stop()
    folder = lab.path("credentials")
    os.mkdir(folder)
    with open(f"{folder}/plant.key", "wb") as f:
        f.write(lab.keys["plant"][1])  # the bare secret, as systemd-creds would hold it
    os.unlink(lab.path("plant.key"))
    lab.start(env={"CREDENTIALS_DIRECTORY": folder})
    assert lab.creator("luna").ask("ping")["type"] == "pong"


def test_without_its_secret_the_plant_does_not_start(lab):
    lab.stop()
    os.unlink(lab.path("plant.key"))
    status = lab.spawn().wait(60)
    assert status == 78 and "taktctl key new plant" in lab.log()
    lab.process = None


def test_a_new_key_is_readable_by_its_owner_alone_and_never_overwritten(tmp_path):
    argv = [f"{BUILD}/taktctl", "key", "new", "luna"]
    made = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert os.stat(tmp_path / "luna.key").st_mode & 0o777 == 0o600
    public, secret = zmq.auth.load_certificate(str(tmp_path / "luna.key"))
    assert made.stdout.strip() == public.decode() and zmq.curve_public(secret) == public
    assert secret.decode() not in made.stdout + made.stderr
    again = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 73 and "never overwritten" in again.stderr
    assert zmq.auth.load_certificate(str(tmp_path / "luna.key"))[1] == secret


def test_one_key_cannot_fill_the_plant_with_handshakes(lab):
    """Put off, not shut out: its client tries again by itself and comes in."""
    contexts, sockets = zmq.Context(), []
    begin = time.monotonic()
    for _ in range(160):
        s = contexts.socket(zmq.DEALER)
        s.linger = 0
        s.curve_publickey, s.curve_secretkey, s.curve_serverkey = lab.bearer("luna")
        s.connect(lab.endpoint("orders"))
        s.send_json({"type": "hello", "protocol": 1})
        sockets.append(s)
    assert lab.creator("band").ask("ping")["type"] == "pong"
    for s in sockets:
        assert s.poll(30000) and s.recv_json()["type"] == "welcome"
    assert time.monotonic() - begin < 30
    assert refusals(lab)["too many a second"] > 0
    for s in sockets:
        s.close()
    contexts.term()
