# SPDX-License-Identifier: Apache-2.0
"""What the daemon does when its PostgreSQL is stopped, killed, slow, full, read-only, or becomes another machine's."""
import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest

import database
from taktlab import BUILD, Lab, wait_until
from traffic import Feed

pytestmark = pytest.mark.skipif(database.programs() is None, reason="PostgreSQL is not installed")


@pytest.fixture(scope="module")
def cluster():
    with database.Cluster() as c:
        yield c


@pytest.fixture(name="url")
def fixture_url(cluster, request):
    if cluster.process is None:
        cluster.start()
    return cluster.create(request.node.name[:60].lower())


def trouble(lab):
    return lab.ctl("status")["store"].get("trouble", "")


def test_a_killed_server_is_told_as_stopped_and_nothing_is_lost_or_twice(cluster, url, request):
    name = request.node.name[:60].lower()
    with Lab(store=url) as lab:
        feed, pid = Feed(lab.start()), lab.process.pid
        feed.push_until(lambda: feed.sent >= 5)
        killer = threading.Timer(0.1, cluster.stop, [signal.SIGKILL])
        killer.start()
        feed.push_until(lambda: feed.busy >= 3)
        killer.join()
        assert "is stopped" in trouble(lab)
        assert lab.creator("shop").welcome["credit"] < feed.credit / 2
        cluster.start()
        goal = feed.sent + 5
        feed.push_until(lambda: feed.sent >= goal)
        wait_until(lambda: trouble(lab) == "", what="it to be well again")
        assert lab.process.pid == pid and "works again" in lab.log()
        feed.judge(lambda sql: cluster.ask(name, sql))


def test_a_server_that_stands_still_is_told_as_slow(cluster, url, request):
    name = request.node.name[:60].lower()
    with Lab(store=url) as lab:
        feed = Feed(lab.start())
        feed.push_until(lambda: feed.sent >= 2)
        cluster.signal_all(signal.SIGSTOP)
        try:
            feed.push_until(lambda: feed.busy >= 1)
            assert "slow" in trouble(lab) or "no answer" in trouble(lab)
        finally:
            cluster.signal_all(signal.SIGCONT)
        feed.push_until(lambda: feed.sent >= 4)
        wait_until(lambda: trouble(lab) == "", what="it to be well again")
        feed.judge(lambda sql: cluster.ask(name, sql))


def test_a_read_only_database_is_told_and_left_as_soon_as_it_can_be_written(cluster, url, request):
    name = request.node.name[:60].lower()
    others = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    with Lab(store=url) as lab:
        feed = Feed(lab.start())
        feed.push()
        cluster.ask("postgres", f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        cluster.ask("postgres", others)
        feed.push_until(lambda: feed.busy >= 2)
        wait_until(lambda: "read-only" in trouble(lab), what="status")
        cluster.ask("postgres", f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        feed.push_until(lambda: feed.sent >= 3)
        wait_until(lambda: trouble(lab) == "", what="it to be well again")
        feed.judge(lambda sql: cluster.ask(name, sql))


def test_a_full_disk_of_the_server_is_told_and_overcome(cluster, request):
    name, folder = request.node.name[:60].lower(), f"{cluster.folder}/small"
    os.mkdir(folder)
    if cluster.process is None:
        cluster.start()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=24m,mode=0700,uid={os.stat(cluster.folder).st_uid}", "tmpfs", folder], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        cluster.ask("postgres", f"CREATE TABLESPACE small LOCATION '{folder}'")
        cluster.ask("postgres", f'CREATE DATABASE "{name}" TABLESPACE small')
        with Lab(store=cluster.url(name)) as lab:
            feed = Feed(lab.start(), size=500)
            with open(f"{folder}/ballast", "wb") as ballast:
                ballast.write(bytes(8 << 20))
            feed.push_until(lambda: feed.busy >= 2 and "no space" in trouble(lab))  # what is small may find room for a moment
            os.unlink(f"{folder}/ballast")
            goal = feed.sent + 2
            feed.push_until(lambda: feed.sent >= goal)
            wait_until(lambda: trouble(lab) == "", what="it to be well again")
            feed.judge(lambda sql: cluster.ask(name, sql))
            assert_told_once_each_time(lab.log(), "no space left")
    finally:
        cluster.drop(name)  # its files are gone with the disk: no other test may find it
        cluster.ask("postgres", "DROP TABLESPACE small")
        subprocess.run(["umount", folder], check=False)


def assert_told_once_each_time(log, what):
    """A state is told when it begins and when it ends, not at each refusal. What is small may find room on a full disk, so it may begin again."""
    told = ["begins" if what in line else "ends" for line in log.splitlines() if what in line or "store: works again" in line]
    assert told and told == ["begins", "ends"] * (len(told) // 2), told


def test_a_full_disk_of_the_servers_own_log_stops_it_and_nothing_is_lost():
    disk = tempfile.mkdtemp(prefix="takt-wal-")
    server = database.Cluster({"max_wal_size": "4MB", "min_wal_size": "2MB"}, log_folder=f"{disk}/wal")
    owner = f"uid={os.stat(server.folder).st_uid}"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=16m,mode=0700,{owner}", "tmpfs", disk], capture_output=True, check=False).returncode:
        server.remove()
        os.rmdir(disk)
        pytest.skip("nothing can be mounted here")
    try:
        server.make()
        with Lab(store=server.start().create("plant")) as lab:
            feed, pid = Feed(lab.start(), size=200), lab.process.pid
            feed.push_until(lambda: feed.sent >= 2)
            with open(f"{disk}/ballast", "wb") as ballast, contextlib.suppress(OSError):
                while True:
                    ballast.write(bytes(1 << 16))
                    ballast.flush()
            feed.push_until(lambda: feed.busy >= 3)
            assert "no space left" in server.log().lower()
            os.unlink(f"{disk}/ballast")
            server.start()  # it may have ended, as it does when it cannot write its log
            goal = feed.sent + 3
            feed.push_until(lambda: feed.sent >= goal)
            wait_until(lambda: trouble(lab) == "", what="it to be well again")
            assert lab.process.pid == pid
            feed.judge(lambda sql: server.ask("plant", sql))
    finally:
        server.remove()
        subprocess.run(["umount", disk], check=False)
        os.rmdir(disk)


def test_under_load_a_synchronous_standby_takes_over_without_losing_an_accepted_order():
    with database.Cluster() as primary:
        primary.create("plant")
        with database.Cluster(primary=primary) as standby:
            primary.ask("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'")
            primary.ask("postgres", "SELECT pg_reload_conf()")
            wait_until(lambda: primary.ask("postgres", "SELECT sync_state FROM pg_stat_replication") == "sync", what="the standby")
            with Lab(store=f"postgresql://takt@/plant?host={primary.folder},{standby.folder}") as lab:
                feed, pid = Feed(lab.start()), lab.process.pid
                feed.push_until(lambda: feed.sent >= 5)

                def fail_over():
                    primary.stop(signal.SIGKILL)
                    time.sleep(0.3)  # as long as a watchman takes to notice
                    standby.promote()

                watchman = threading.Timer(0.1, fail_over)
                watchman.start()
                feed.push_until(lambda: not watchman.is_alive())  # some waited for the other, some were told busy
                goal = feed.sent + 5
                feed.push_until(lambda: feed.sent >= goal)
                wait_until(lambda: trouble(lab) == "", what="it to be well again")
                assert lab.process.pid == pid
                feed.judge(lambda sql: standby.ask("plant", sql))


def test_a_daemon_that_starts_before_its_database_waits_for_it(cluster, url):
    with Lab(store=url) as lab:
        cluster.stop()
        lab.spawn()
        wait_until(lambda: "is stopped" in lab.log(), what="the daemon to say so")
        assert lab.alive()
        cluster.start()
        feed = Feed(lab)
        feed.push()
        assert feed.sent == 1


def test_a_daemon_that_waits_for_its_database_ends_when_told_to(cluster, url):
    with Lab(store=url) as lab:
        cluster.stop()
        try:
            process = lab.spawn()
            wait_until(lambda: "is stopped" in lab.log(), what="the daemon to say so")
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
            lab.process = None
        finally:
            cluster.start()


def test_what_is_wrong_with_the_url_does_not_show_the_password():
    with Lab(store="postgresql://takt:geheim@127.0.0.1:1/plant") as lab:
        process = lab.spawn()
        wait_until(lambda: "is stopped" in lab.log(), what="the daemon to say so")
        process.kill()
        process.wait()
        lab.process = None
        assert "geheim" not in lab.log()
        done = subprocess.run([f"{BUILD}/taktd", "--check", "plant.yaml"], cwd=lab.folder, capture_output=True, text=True, check=False)
        assert "geheim" not in done.stdout + done.stderr


def test_a_database_is_reached_over_tcp():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with database.Cluster({"listen_addresses": "127.0.0.1", "port": str(port)}) as server:
        server.create("plant")
        with Lab(store=server.url("plant", "127.0.0.1")) as lab:
            feed = Feed(lab.start())
            feed.push()
            feed.judge(lambda sql: server.ask("plant", sql))
