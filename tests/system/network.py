# SPDX-License-Identifier: Apache-2.0
"""Machines on a network of their own: network namespaces on one bridge. Needs root and iproute2; `reason()` says what is missing.

    with Network("db", "one", "two") as net:
        net.address("db")                   # 10.79.0.1
        net.within("one")                   # what a command is put behind to run there
        with net.cut("one", "db"):          # silence both ways between two, or around one
            …

A cut is silent, as when a cable is pulled: nobody is told, what is sent is lost.
"""
import contextlib
import functools
import os
import secrets
import shutil
import subprocess


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"


@functools.lru_cache(maxsize=1)
def reason():
    """Why there can be no network of our own here; None: there can."""
    if os.getuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "there is no ip (iproute2)"
    try:
        with Network("probe"):
            return None
    except AssertionError as e:
        return f"no network namespaces here: {e}"


class Network:
    def __init__(self, *names):
        self.tag, self.names = f"takt{secrets.token_hex(3)}", names
        self.switch = f"{self.tag}-switch"

    def __enter__(self):
        try:
            ip("netns", "add", self.switch)
            ip("-n", self.switch, "link", "add", "name", "br0", "type", "bridge")
            ip("-n", self.switch, "link", "set", "br0", "up")
            for number, name in enumerate(self.names):
                self.plug(name, number)
        except BaseException:
            self.__exit__()
            raise
        return self

    def plug(self, name, number):
        space, port = self.space(name), f"p{number}"
        ip("netns", "add", space)
        ip("-n", self.switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space)
        ip("-n", space, "link", "set", "eth0", "address", self.card(name))
        ip("-n", space, "addr", "add", f"{self.address(name)}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            ip("-n", space, "link", "set", device, "up")
        ip("-n", self.switch, "link", "set", port, "master", "br0", "up")

    def __exit__(self, *_):
        for name in (self.switch, *map(self.space, self.names)):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    def space(self, name):
        return f"{self.tag}-{name}"

    def address(self, name):
        return f"10.79.0.{self.names.index(name) + 1}"

    def card(self, name):
        return f"02:00:0a:4f:00:{self.names.index(name) + 1:02x}"

    def within(self, name):
        return ["ip", "netns", "exec", self.space(name)]

    def part(self, one, other):
        """What they send each other goes to a card that nobody has."""
        for here, there in ((one, other), (other, one)):
            ip("-n", self.space(here), "neigh", "replace", self.address(there), "lladdr", "02:ff:ff:ff:ff:ff", "dev", "eth0", "nud", "permanent")

    def join(self, one, other):
        for here, there in ((one, other), (other, one)):
            ip("-n", self.space(here), "neigh", "replace", self.address(there), "lladdr", self.card(there), "dev", "eth0", "nud", "permanent")

    @contextlib.contextmanager
    def cut(self, one, *others):
        """others: none means all."""
        others = others or [name for name in self.names if name != one]
        for other in others:
            self.part(one, other)
        try:
            yield
        finally:
            for other in others:
                self.join(one, other)
