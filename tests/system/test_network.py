# SPDX-License-Identifier: Apache-2.0
"""The database, two planners and an intake on machines of their own, with the cable between them pulled and put back: what was
accepted is there once, nothing else is claimed to be, and nothing is shipped twice."""
import contextlib
import time

import pytest

import database
import network
from taktlab import PLANT, WAIT_S, Lab, order, wait_until
from test_dispatch import quick_plant
from traffic import Carrier, Feed

pytestmark = [pytest.mark.skipif(database.programs() is None, reason="PostgreSQL is not installed"),
              pytest.mark.skipif(network.reason() is not None, reason=str(network.reason()))]
SPEED = 3600
TEE = PLANT["products"]["tee"]
QUICK = {  # so that what is ordered in a test is shipped in it
    "products": {"tee": {**TEE, "lot": {"like": ["ink"], "max": 50, "wait": "1m"},
                         "route": [{"op": "print", "lines": {"print-1": "9000/h"}, "family": "{ink}"}, {"op": "sew", "lines": {"sew-1": "9000/h"}}]}},
    "packing": {"lines": {"pack-1": {"calendar": "always", "rate": "9000/h"}}},
}


class Site:
    """Who is where, and what they were told."""

    def __init__(self, stack):
        self.net = stack.enter_context(network.Network("db", "one", "two", "door"))
        self.cluster = database.Cluster({"listen_addresses": self.net.address("db")}, within=self.net.within("db"))
        stack.callback(self.cluster.remove)
        self.cluster.make()
        self.cluster.let_in("10.79.0.0/24")
        self.cluster.start().create("plant")
        self.stack, self.keys_of = stack, None
        self.active, self.waiting = self.process("one", "planner"), self.process("two", "planner")
        self.intake = self.process("door", "intake")
        self.feed = Feed(self.intake, size=5, pause_s=0.05)
        self.carrier = Carrier(self.active, self.waiting)
        self.carrier.start()
        stack.callback(self.carrier.stop)

    def process(self, place, role):
        listen = {**PLANT["listen"], "planner": f"tcp://{self.net.address(place)}:7712"}
        lab = self.stack.enter_context(Lab(**{**quick_plant(listen=listen, security="curve", store=f"postgresql://takt@{self.net.address('db')}/plant"), **QUICK}))
        if self.keys_of:
            lab.take_keys(self.keys_of)
        self.keys_of = self.keys_of or lab
        lab.within = self.net.within(place)
        return lab.start("--role", role, speed=SPEED)

    def ask(self, sql):
        return self.cluster.ask("plant", sql)

    def shipped(self):
        return int(self.ask("SELECT coalesce(sum(shipped), 0) FROM takt.creator"))

    def quoted(self):
        return self.feed.peer.ask("quote", items=order("Q")["items"])["type"] == "quoted"

    def push_more(self, batches):
        goal = self.feed.sent + batches
        self.feed.push_until(lambda: self.feed.sent >= goal)

    def judge(self):
        wait_until(lambda: self.shipped() == self.feed.sent * self.feed.size, what="everything to be shipped")
        self.feed.judge(self.ask)
        wait_until(lambda: len(self.carrier.shipments) == self.feed.sent * self.feed.size, what="the carrier to have it all")
        self.carrier.judge(self.ask)


@pytest.fixture(name="site")
def fixture_site():
    with contextlib.ExitStack() as stack:
        yield Site(stack)


def test_a_planner_that_is_cut_off_is_followed_within_ten_seconds_and_is_fenced_when_it_is_back(site):
    site.push_more(5)
    wait_until(lambda: site.shipped() > 0, what="something to be shipped")
    with site.net.cut("one"):
        begin = time.monotonic()
        site.feed.push_until(lambda: "is served" in site.waiting.log())
        print(f"taken over after {time.monotonic() - begin:.1f} s")
        site.push_more(2)
        wait_until(site.quoted, what="a quote of the new one")
    assert site.active.process.wait(WAIT_S) == 75, site.active.log()
    site.active.process = None
    site.push_more(2)
    site.judge()


def test_an_intake_without_the_planner_takes_orders_and_without_the_database_says_busy(site):
    wait_until(site.quoted, what="a quote")
    with site.net.cut("door", "one", "two"):
        wait_until(lambda: not site.quoted(), what="the quotes to stop")
        site.push_more(3)
        assert site.feed.busy == 0
    wait_until(site.quoted, what="a quote again")
    with site.net.cut("door", "db"):
        site.feed.push_until(lambda: site.feed.busy >= 2)
    site.push_more(3)
    site.judge()


def test_a_planner_without_the_database_for_a_moment_is_not_followed_and_goes_on(site):
    site.push_more(3)
    with site.net.cut("one", "db"):
        site.push_more(2)
    site.push_more(2)
    site.judge()
    assert site.active.alive() and "is served" not in site.waiting.log()
