# SPDX-License-Identifier: Apache-2.0
"""Creators that send until they are answered, and carriers that ship what they get: what each was told is held against the store.

What was accepted is there, once; what is there was sent; no order is in two shipments. The same parcel twice under one
shipment_id is no fault: delivery is at least once.
"""
import collections
import threading
import time

import zmq

from taktlab import Peer, order


class Feed:
    """Sends numbered batches of a creator, each again until it is accepted, as creators do."""

    def __init__(self, lab, name="luna", size=20, pause_s=0):
        """pause_s: after each batch."""
        self.peer, self.size, self.pause_s, self.sent, self.busy = lab.creator(name), size, pause_s, 0, 0
        self.credit = self.peer.welcome["credit"]

    def push(self):
        """One batch; the refusal if it is refused."""
        refs = [f"B-{self.sent}-{i}" for i in range(self.size)]
        answer = self.peer.ask("orders", orders=[order(ref) for ref in refs])
        if answer["type"] == "problem":
            assert answer["problem"] == "busy", answer
            self.busy += 1
            return answer
        assert answer["accepted"] + answer["duplicates"] == self.size, answer
        self.sent += 1
        return None

    def push_again(self):
        """The batch again and again for two minutes, with a new hello each time: its intake may be gone, and the store with it."""
        refs = [f"B-{self.sent}-{i}" for i in range(self.size)]
        ident, end, wait_s = f"p{self.sent}", time.monotonic() + 120, 5
        while time.monotonic() < end:
            self.peer.greet_later()
            self.peer.send(type="orders", id=ident, orders=[order(ref) for ref in refs])
            answer = self.peer.hear_of(ident, wait_s)
            if answer and answer["type"] == "accepted":
                assert answer["accepted"] + answer["duplicates"] == self.size, answer
                self.sent += 1
                return
            assert not answer or answer["problem"] in ("busy", "no-session", "over-credit"), answer
            self.busy += 1
            wait_s = wait_s if answer else min(2 * wait_s, 30)
            time.sleep(0.2)
        raise AssertionError("nobody takes orders for two minutes")

    def try_once(self, wait_s=1):
        """The batch once; whether it was answered, whatever the answer."""
        refs = [f"B-{self.sent}-{i}" for i in range(self.size)]
        ident = f"t{self.sent}"
        self.peer.send(type="orders", id=ident, orders=[order(ref) for ref in refs])
        answer = self.peer.hear_of(ident, wait_s)
        self.sent += bool(answer) and answer["type"] == "accepted"
        return answer is not None

    def push_until(self, done, timeout_s=180):
        end = time.monotonic() + timeout_s
        while not done():
            time.sleep(0.02 if self.push() else self.pause_s)
            assert time.monotonic() < end, "it goes on for too long"

    def judge(self, ask):
        """Every order that was accepted is there, and once."""
        rows = ask("SELECT order_ref, count(*) FROM takt.orders GROUP BY 1").splitlines()
        assert sorted(rows) == sorted(f"B-{batch}-{i}|1" for batch in range(self.sent) for i in range(self.size))
        keys = ask("SELECT count(*), count(DISTINCT no) FROM takt.order_key")
        assert keys == f"{self.sent * self.size}|{self.sent * self.size}"


class Carrier(threading.Thread):
    """One consumer at every planner at once, as a dock that has both addresses: takes what comes, and ships it."""

    def __init__(self, *labs, name="dock"):
        super().__init__(daemon=True)
        self.doors = [(lab.endpoint("shipments"), lab.bearer(name)) for lab in labs]
        self.consumer, self.ending = name, threading.Event()
        self.parcels = {}                            # shipment_id: orders
        self.shipments = collections.defaultdict(set)  # (creator, order_ref): shipment_ids
        self.shipped = set()                         # shipment_ids of which that was confirmed

    def run(self):
        peers = [Peer(endpoint, keys=keys) for endpoint, keys in self.doors]
        poller, hello_at = zmq.Poller(), 0
        for peer in peers:
            poller.register(peer.socket, zmq.POLLIN)
        while not self.ending.is_set():
            if time.monotonic() > hello_at:  # again and again: a planner that was started anew knows nobody
                hello_at = time.monotonic() + 0.5
                for peer in peers:
                    self.say(peer, type="hello", protocol=1, consumer=self.consumer, credit=100)
            ready = dict(poller.poll(50))
            for peer in peers:
                if peer.socket in ready:
                    self.hear(peer, peer.socket.recv_json())
        for peer in peers:
            peer.close()

    @staticmethod
    def say(peer, **message):
        try:
            peer.socket.send_json(message, zmq.DONTWAIT)
        except zmq.Again:
            pass

    def hear(self, peer, message):
        ident = message.get("shipment_id")
        if message["type"] == "shipment":
            self.parcels[ident] = message["order_refs"]
            for ref in message["order_refs"]:
                self.shipments[message["creator"], ref].add(ident)
            self.say(peer, type="taken", shipment_id=ident)
            self.say(peer, type="shipped", id=ident, shipment_id=ident, carrier="mail", tracking=ident)
        elif message["type"] == "confirmed" and message.get("id"):
            self.shipped.add(ident)

    def stop(self):
        self.ending.set()
        self.join(10)

    def judge(self, ask):
        """No order in two shipments, neither here nor in the store; and what was confirmed as shipped stands there so."""
        twice = {ref: ids for ref, ids in self.shipments.items() if len(ids) > 1}
        assert not twice, twice
        stored = dict(row.split("|") for row in ask("SELECT shipment, state FROM takt.shipment").splitlines())
        assert not {ident for ident in self.shipped if stored.get(ident) != "2"}, "confirmed as shipped, and not so in the store"
        assert not set(self.parcels) - set(stored), "sent to a carrier, and not in the store"
        orders = ask("SELECT string_agg(trim(orders), ' ') FROM takt.shipment").split()
        assert len(orders) == len(set(orders)), "an order is in two shipments"
