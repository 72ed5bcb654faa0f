# SPDX-License-Identifier: Apache-2.0
"""Creators that are cut off in the middle of a session, as when their machine loses its power: no end of a connection is ever told.
What they had here comes free by itself, they harm nobody, and whoever comes back is served."""
import json
import os
import subprocess
import sys

import pytest

import network
from taktlab import Lab, free_port, wait_until

pytestmark = pytest.mark.skipif(network.reason() is not None, reason=str(network.reason()))
CROWD = 40
GONE_S = 90  # a heartbeat every 10 s and 30 s for its answer; TCP alone would need 120

# A creator on a machine of its own: says how many of its connections were greeted, and pushes the order of each line it is told,
# each over the next connection, until it is accepted.
CREATOR = """
import json, sys
from taktlab import Peer, order
told = json.loads(sys.argv[1])
peers = [Peer(told["endpoint"], {"creator": told["name"]}, [k.encode() for k in told["keys"]]) for _ in range(told["count"])]
print(json.dumps([p.welcome["type"] for p in peers].count("welcome")), flush=True)
for i, ref in enumerate(sys.stdin):
    peer, ref, answer = peers[i % len(peers)], ref.strip(), None
    while answer is None or answer["type"] == "problem":  # what was said into the cut is lost: hello, and again
        peer.greet_later()
        peer.send(type="orders", id=ref, orders=[order(ref)])
        answer = peer.hear_of(ref, 5)
    print(json.dumps(answer), flush=True)
"""


class Creator:
    def __init__(self, lab, within, address, name, count):
        told = {"endpoint": lab.endpoint("orders").replace("127.0.0.1", address), "name": name, "count": count,
                "keys": [k.decode() for k in lab.bearer(name)]}
        self.process = subprocess.Popen([*within, sys.executable, "-c", CREATOR, json.dumps(told)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, cwd=os.path.dirname(os.path.abspath(__file__)))
        self.greeted = json.loads(self.process.stdout.readline())

    def push(self, ref):
        """Until it is accepted."""
        self.process.stdin.write(ref + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["accepted"] + answer["duplicates"] == 1

    def close(self):
        self.process.kill()
        self.process.communicate()


def connections(lab, name):
    return sum(key["connections"] for key in lab.ctl("key", "list")["keys"] if key["owner"] == name)


def descriptors(lab):
    return len(os.listdir(f"/proc/{lab.process.pid}/fd"))


def test_creators_whose_cable_is_pulled_leave_nothing_behind():
    with network.Network("plant", "near", "far") as net, Lab(security="curve") as lab:
        lab.plant["listen"]["orders"] = f"tcp://*:{free_port()}"
        lab.within = net.within("plant")
        lab.start()
        address = net.address("plant")
        near = Creator(lab, net.within("near"), address, "luna", 1)
        assert near.push("N-0")  # so that the store has opened what it needs
        quiet = descriptors(lab)
        far = Creator(lab, net.within("far"), address, "shop", CROWD)
        try:
            assert (near.greeted, far.greeted) == (1, CROWD)
            assert connections(lab, "shop") == CROWD and descriptors(lab) >= quiet + CROWD
            assert far.push("F-1")
            with net.cut("far"):
                assert near.push("N-1")
                wait_until(lambda: connections(lab, "shop") == 0, GONE_S, "those who are cut off to be gone")
                wait_until(lambda: descriptors(lab) <= quiet + CROWD // 10, what="their descriptors to come free")
                assert connections(lab, "luna") == 1
                assert near.push("N-2")
            assert far.push("F-2")
        finally:
            near.close()
            far.close()
