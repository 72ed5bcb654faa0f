# SPDX-License-Identifier: Apache-2.0
"""A real daemon in a folder of its own, and clients that know nothing but the protocol.

    with Lab() as lab:
        lab.start()
        luna = lab.creator("luna")
        luna.ask("orders", orders=[order("A-1")])

Everything is awaited, nothing is slept for. What a daemon wrote to stderr is in `lab.log()`; a test fails if it was killed by
a signal that nobody sent, or if a sanitizer had something to say.
"""
import copy
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import zmq
import zmq.auth

import database

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("TAKT_BUILD", f"{ROOT}/build"))
STORE = os.environ.get("TAKT_STORE", "sqlite")  # or postgresql: where labs keep their orders
WAIT_S = 60  # for what takes milliseconds: only a machine that is busy with other things comes near

# The plant of most tests: one product, two operations, everything open day and night, all endpoints in the folder. A lot waits
# longer than tasks are frozen, and is large, so that what was just ordered can still be cancelled.
PLANT = {
    "takt": 1,
    "plant": {"id": "lab-01", "name": "Lab", "time_zone": "UTC"},
    "lines": {"print-1": {"calendar": "always"}, "sew-1": {"calendar": "always", "count": 2}},
    "products": {
        "tee": {
            "options": {"ink": ["light", "dark"], "design": "any"},
            "weight": "180 g",
            "lot": {"like": ["ink"], "max": 2000, "wait": "6h"},
            "route": [{"op": "print", "lines": {"print-1": "60/h"}, "family": "{ink}"},
                      {"op": "sew", "lines": {"sew-1": "30/h"}}],
        },
    },
    "packing": {"lines": {"pack-1": {"calendar": "always", "rate": "60/h"}}},
    "creators": {"luna": {}, "band": {"max_open": 5}, "shop": {}},
    "consumers": {"dock": {}},
    "terminals": {"hall": {"lines": ["print-1", "sew-1"]}},
    "shipping": {
        "carriers": {"mail": {"cutoff": "18:00", "days": "mon-sun", "transit": {"DE": "1d", "else": "5d"}}},
        "services": {"standard": {"carrier": "mail"}, "express": {"carrier": "mail", "weight": 5}},
    },
    "planning": {"scheduler": "edd", "threads": 1, "think": "1s", "frozen": "10m"},
    "store": "sqlite:takt.db",
    "listen": {"orders": "ipc://orders.sock", "shipments": "ipc://shipments.sock", "floor": "ipc://floor.sock",
               "control": "ipc://control.sock", "http": "off"},
    "security": "none",
}
START = "2026-11-23T06:00:00Z"


def wait_until(condition, timeout_s=WAIT_S, what=""):
    """What the condition gives as soon as it is something."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s} s in vain for {what or condition}")
        time.sleep(0.01)


GIVEN = set()


def free_port():
    """A port that nobody has, and was not given before; below those that the kernel gives to outgoing connections, so that none of
    these can take it before the daemon does."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        end = max(int(file.read().split()[0]), 10500)
    while True:
        port = random.randrange(10000, end)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("0.0.0.0", port))
            except OSError:
                continue
        if port not in GIVEN:
            GIVEN.add(port)
            return port


def order(ref, quantity=1, ink="light", recipient=None, **more):
    return {"order_ref": ref, "items": [{"product": "tee", "options": {"ink": ink, "design": "d1"}, "quantity": quantity}],
            "recipient": recipient or person(), **more}


def person(name="Mei", line1="Markt 1"):
    return {"name": name, "address": {"country": "DE", "city": "Jena", "line1": line1, "postal_code": "07743"}}


class Peer:
    """A bare DEALER of one endpoint. Answers are found by their id, or in order; events wait in `events`."""

    def __init__(self, endpoint, hello=None, keys=None):
        """keys: (public, secret, the plant's public)."""
        self.context = zmq.Context.instance()
        self.socket = self.context.socket(zmq.DEALER)
        if keys:
            self.socket.curve_publickey, self.socket.curve_secretkey, self.socket.curve_serverkey = keys
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RECONNECT_IVL, 10)
        self.socket.connect(endpoint)
        self.hello, self.count, self.events, self.others = hello, 0, [], []
        self.welcome = self.greet() if hello else None

    def greet(self):
        self.send(type="hello", protocol=1, **self.hello)
        return self.answer(lambda m: m["type"] == "welcome" or m["type"] == "problem")

    def send(self, **message):
        self.socket.send_json(message)

    def receive(self, timeout_s=WAIT_S):
        """The next message, or None."""
        return self.socket.recv_json() if self.socket.poll(timeout_s * 1000) else None

    def answer(self, wanted, timeout_s=WAIT_S):
        for i, message in enumerate(self.others):
            if wanted(message):
                return self.others.pop(i)
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            message = self.receive(0.1)
            if message is None:
                continue
            if message["type"] == "event":
                self.events.append(message)
            elif wanted(message):
                return message
            else:
                self.others.append(message)
        raise AssertionError(f"no answer; got {self.others}")

    def ask(self, type, **members):
        """One message and the answer to it."""
        self.count += 1
        ident = members.pop("id", f"r{self.count}")
        self.send(type=type, id=ident, **members)
        return self.answer(lambda m: m.get("id") == ident)

    def greet_later(self):
        """A hello whose answer nobody waits for: the plant may have been started anew."""
        self.send(type="hello", protocol=1, **self.hello)

    def hear_of(self, ident, timeout_s):
        """The answer with that id, or None; what else comes is dropped."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            message = self.receive(0.1)
            if message and message.get("id") == ident:
                return message
        return None

    def raw(self, *frames):
        self.socket.send_multipart([f if isinstance(f, bytes) else f.encode() for f in frames])

    def event(self, wanted, timeout_s=WAIT_S):
        """The first event, past or to come, that is wanted; it is taken out of `events` with all before it."""
        end = time.monotonic() + timeout_s
        seen = 0
        while True:
            for i in range(seen, len(self.events)):
                if wanted(self.events[i]):
                    found = self.events[i]
                    del self.events[:i + 1]
                    return found
            seen = len(self.events)
            if time.monotonic() > end:
                raise AssertionError(f"no such event; had {self.events}")
            message = self.receive(0.1)
            if message is not None:
                (self.events if message["type"] == "event" else self.others).append(message)

    def close(self):
        self.socket.close(0)


class Lab:
    """A folder, a plant in it, and at most one daemon at a time."""

    def __init__(self, **changes):
        self.folder = tempfile.mkdtemp(prefix="takt-lab-")  # short: an ipc path has 107 bytes
        self.plant = copy.deepcopy(PLANT)
        self.plant.update(copy.deepcopy(changes))
        self.process, self.status, self.peers, self.keys = None, None, [], {}
        self.within = []  # what a daemon is put behind: network.within, strace
        self.database = self.make_database() if STORE == "postgresql" and "store" not in changes else None
        if self.plant["security"] == "curve":
            self.make_keys()

    def make_database(self):
        name = os.path.basename(self.folder)
        self.plant["store"] = database.shared().create(name)
        return name

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for peer in self.peers:
            peer.close()
        if self.process is not None:
            self.stop() if kind is None else self.kill()
        log = self.log()
        if self.database:
            database.shared().drop(self.database)
        shutil.rmtree(self.folder, ignore_errors=True)
        if kind is not None:
            print(log)
        elif "Sanitizer" in log or "runtime error" in log:
            raise AssertionError(log)

    # ---- keys ----

    def make_key(self, name):
        """A key as taktctl makes it, for `keys`; its public half."""
        done = subprocess.run([f"{BUILD}/taktctl", "key", "new", name], cwd=self.folder, capture_output=True, text=True, check=True)
        public, secret = zmq.auth.load_certificate(self.path(f"{name}.key"))
        assert done.stdout.strip().encode() == public
        self.keys[name] = (public, secret)
        return public.decode()

    def make_keys(self):
        """One for the plant, and one for each who may connect."""
        self.make_key("plant")
        for section in ("creators", "consumers", "terminals"):
            for name, one in self.plant[section].items():
                one["keys"] = [self.make_key(name)]

    def take_keys(self, other):
        """Is the plant that the other is, on another machine."""
        self.keys = other.keys
        shutil.copy(other.path("plant.key"), self.path("plant.key"))
        for section in ("creators", "consumers", "terminals"):
            self.plant[section] = other.plant[section]
        return self

    def bearer(self, name):
        return (*self.keys[name], self.keys["plant"][0]) if name in self.keys else None

    # ---- the daemon ----

    def path(self, name):
        return os.path.join(self.folder, name)

    def endpoint(self, name):
        address = self.plant["listen"][name]
        return f"ipc://{self.path(name)}.sock" if address.startswith("ipc:") else address.replace("*", "127.0.0.1")

    def write_plant(self):
        with open(self.path("plant.yaml"), "w", encoding="utf-8") as f:
            json.dump(self.plant, f)  # JSON is YAML

    def spawn(self, *arguments, speed=None, start=START, env=None, files=None):
        """files: how many it may have open."""
        self.write_plant()
        argv = [*self.within, *(["prlimit", f"--nofile={files}:{files}"] if files else []), f"{BUILD}/taktd", *(["--speed", str(speed)] if speed else []), *(["--start", start] if start else []),
                *arguments, "plant.yaml"]
        with open(self.path("taktd.log"), "ab") as log:
            self.process = subprocess.Popen(argv, cwd=self.folder, stdout=log, stderr=log, env={**os.environ, **(env or {})})
        return self.process

    def start(self, *arguments, **settings):
        """Starts it and waits until it says that it is ready."""
        path = self.path("notify")
        if os.path.exists(path):
            os.unlink(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(0.05)
            self.spawn(*arguments, env={"NOTIFY_SOCKET": path, **settings.pop("env", {})}, **settings)
            wait_until(lambda: self.heard_ready(notify), what="READY=1")
        return self

    def heard_ready(self, notify):
        if self.process.poll() is not None:
            raise AssertionError(f"taktd ended with status {self.process.returncode}:\n{self.log()}")
        try:
            return b"READY=1" in notify.recv(4096).split(b"\n")
        except socket.timeout:
            return False

    def stop(self):
        """SIGTERM; it must end by itself and well."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(WAIT_S)
        self.process = None
        assert status == 0, f"taktd ended with status {status}:\n{self.log()}"

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self, **settings):
        self.kill()
        return self.start(**settings)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        try:
            with open(self.path("taktd.log"), encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def ctl(self, *arguments):
        """What taktctl says, as JSON."""
        done = subprocess.run([f"{BUILD}/taktctl", "--socket", self.endpoint("control"), "-o", "json", *arguments],
                              cwd=self.folder, capture_output=True, text=True, timeout=WAIT_S, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    # ---- clients ----

    def peer(self, name, hello=None, keys=None):
        if keys is None and hello:
            keys = self.bearer(next((v for k, v in hello.items() if k in ("creator", "consumer", "terminal")), None))
        peer = Peer(self.endpoint(name), hello, keys)
        self.peers.append(peer)
        return peer

    def creator(self, name):
        return self.peer("orders", {"creator": name})

    def consumer(self, name="dock", credit=100):
        return self.peer("shipments", {"consumer": name, "credit": credit})

    def terminal(self, name="hall"):
        return self.peer("floor", {"terminal": name})
