# SPDX-License-Identifier: Apache-2.0
"""The daemon is killed at its n-th write, sync or message to the database, and these calls fail: what was accepted is there once,
and nothing else. tests/fault/test_store_sqlite.c does that for every call of the file layer; here it is the whole daemon, by
strace. TAKT_STEPS=40 goes through the first forty of each, as `make soak` does."""
import functools
import os
import shutil
import sqlite3
import subprocess

import pytest

import database
from taktlab import STORE, Lab, wait_until
from traffic import Feed

SPARSE = (1, 2, 5, 12)
STEPS = range(1, int(os.environ["TAKT_STEPS"]) + 1) if "TAKT_STEPS" in os.environ else SPARSE
# from where on it is one of the daemon's at work: before that it opens its files, or connects
CALLS = {"sqlite": ("fdatasync", "pwrite64"), "postgresql": ("sendto", "recvfrom")}[STORE]
ERRORS = ("fdatasync:error=EIO", "pwrite64:error=EIO", "pwrite64:error=ENOSPC")  # of files: a server's connections fail in test_database.py


@functools.lru_cache(maxsize=1)
def reason():
    if shutil.which("strace") is None:
        return "strace is not installed"
    done = subprocess.run(["strace", "-D", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "true"], capture_output=True, text=True, check=False)
    return f"strace may not trace here: {done.stderr.strip()}" if done.returncode else None


pytestmark = [pytest.mark.skipif(reason() is not None, reason=str(reason())),
              pytest.mark.skipif(STORE == "postgresql" and database.programs() is None, reason="PostgreSQL is not installed"),
              pytest.mark.skipif("san" in os.path.basename(os.environ.get("TAKT_BUILD", "")), reason="a sanitizer's daemon makes other calls")]


def stored(lab):
    if STORE == "postgresql":
        return database.shared().ask(lab.database, "SELECT order_ref FROM takt.order_key").splitlines()
    with sqlite3.connect(f"file:{lab.path('takt.db')}?mode=ro", uri=True) as db:
        return [row[0] for row in db.execute("SELECT order_ref FROM order_key")]


def judge(lab, feed):
    assert sorted(stored(lab)) == sorted(f"B-{batch}-{i}" for batch in range(feed.sent) for i in range(feed.size))


def begin(lab):
    """A daemon at work, and a creator of it."""
    feed = Feed(lab.start(), size=5)
    feed.push()
    return feed


def trace(lab, injection):
    """From now on, for every thread of the daemon; it lasts as long as that."""
    call = injection.split(":", 1)[0]
    tracer = subprocess.Popen(["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={injection}", "-p",
                               str(lab.process.pid)], stderr=subprocess.PIPE, text=True)
    assert "attached" in tracer.stderr.readline()
    return tracer


def test_killed_at_any_step_it_has_what_it_accepted_and_nothing_else():
    with Lab() as lab:
        feed = begin(lab)
        for call in CALLS:
            for n in STEPS:
                tracer = trace(lab, f"{call}:signal=SIGKILL:when={n}")
                while lab.process.poll() is None and feed.try_once():
                    pass
                wait_until(lambda: lab.process.poll() is not None, what=f"the kill at {call} {n}")
                tracer.wait()
                tracer.stderr.close()
                lab.process = None
                lab.start()
                feed.push_again()
                judge(lab, feed)


@pytest.mark.skipif(STORE != "sqlite", reason="the daemon itself writes no files then")
@pytest.mark.parametrize("error", ERRORS)
def test_calls_that_fail_lose_and_invent_nothing(error):
    with Lab() as lab:
        feed = begin(lab)
        for n in STEPS:
            tracer = trace(lab, f"{error}:when={n}..{n + 2}")
            for _ in range(3):
                feed.push_again()
            tracer.terminate()
            tracer.wait()
            tracer.stderr.close()
            assert lab.alive()
            judge(lab, feed)
