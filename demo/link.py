# SPDX-License-Identifier: Apache-2.0
"""What every process of the demo needs of the protocol: a connection that says hello again, and the plant's clock."""
import json
import os
import signal
import time

import zmq


class Clock:
    """Plant time as the daemon has it: anchor + speed × elapsed."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.__dict__.update(json.load(f))  # plant_s, wall_s, speed

    def now(self):
        return self.plant_s + (time.time() - self.wall_s) * self.speed

    def real(self, plant_seconds):
        return plant_seconds / self.speed


def stamp(plant_s):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(plant_s))


def seconds(text):
    return time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone


class Link:
    """A DEALER that connects anew, with hello, when the plant was away; `fresh` says that it has just done so."""

    def __init__(self, endpoint, hello):
        self.endpoint, self.hello = endpoint, {"type": "hello", "protocol": 1, **hello}
        self.context, self.socket, self.fresh, self.ready = zmq.Context.instance(), None, False, False
        self.welcome, self.heard = {}, time.monotonic()
        self.connect()

    def connect(self):
        if self.socket is not None:
            self.socket.close(0)
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.RECONNECT_IVL, 20)
        self.socket.connect(self.endpoint)
        self.socket.send_json(self.hello)
        self.ready, self.heard = False, time.monotonic()

    def send(self, message):
        self.socket.send_json(message)

    def receive(self, timeout_ms):
        """The next message, or None. A plant that has restarted is greeted again."""
        if not self.socket.poll(timeout_ms):
            if not self.ready and time.monotonic() - self.heard > 1:
                self.connect()
            return None
        message = self.socket.recv_json()
        self.heard = time.monotonic()
        if message["type"] == "welcome":
            self.ready = self.fresh = True
            self.welcome = message
            return None
        if message.get("problem") == "no-session":
            self.connect()
            return None
        return message

    def silent_for(self):
        return time.monotonic() - self.heard


def wait_any(links, timeout_ms):
    """Until one of them has something to say."""
    poller = zmq.Poller()
    for link in links:
        poller.register(link.socket, zmq.POLLIN)
    poller.poll(timeout_ms)


class Ending:
    """True once the process was asked to end."""

    def __init__(self):
        self.asked, self.parent = False, os.getppid()
        signal.signal(signal.SIGTERM, self.ask)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def ask(self, *_):
        self.asked = True

    def __bool__(self):
        return self.asked or os.getppid() != self.parent
