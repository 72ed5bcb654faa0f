# SPDX-License-Identifier: Apache-2.0
"""The life of an installation under a systemd that has booted, from apt install to apt purge. The tests of a box follow each other:
each finds the plant of the package's example running, and leaves it so.

    python3 -m pytest -s tests/container           -s: with scores, exit statuses and how long what took
"""
import ctypes
import glob
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

from box import await_

HERE = os.path.dirname(os.path.abspath(__file__))
SOCKET, STORE = "/run/takt/orders.sock", "sqlite:/var/lib/takt/takt.db"
PLANT = "/etc/takt/taktd.yaml"
PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 0x4206, 0x4207, 0x40000000
# What comes with any package, or with any service that runs.
NOT_OURS = ("/var/lib/dpkg", "/var/log", "/var/cache", "/var/lib/apt", "/var/lib/systemd", "/var/tmp", "/tmp", "/root", "/run", "/proc", "/sys",
            "/dev", "/etc/passwd-", "/etc/shadow-", "/etc/group-", "/etc/gshadow-", "/etc/.pwd.lock", "/etc/ld.so.cache", "/etc/subuid-", "/etc/subgid-",
            "/usr/lib/python3", "/var/lib/dbus")


def say(*what):
    print("   ", *what, flush=True)


def files(box):
    done = box.run("find", "/", "-xdev", "-not", "-type", "d")
    return {line for line in done.stdout.splitlines() if not line.startswith(NOT_OURS)}


def active(box, unit="taktd"):
    return box.property("ActiveState", unit) == "active"


def schema(box):
    return json.loads(box.run("taktctl", "-o", "json", "store", "stats", STORE).stdout)["schema"]


def orders_in_store(box):
    return json.loads(box.run("taktctl", "-o", "json", "store", "stats", STORE).stdout)["rows"]["orders"]


class Load:
    """load.py against the box, while it is entered; `counts` afterwards."""

    def __init__(self, box, endpoint=None):
        self.box, self.counts, self.accepted = box, None, 0
        outbox = f"{box.work}/outbox-{time.monotonic_ns()}"
        self.argv = [sys.executable, f"{HERE}/load.py", endpoint or f"ipc://{box.path(SOCKET)}", "luna", outbox, f"{HERE}/order.json"]

    def __enter__(self):
        self.process = self.box.here(*self.argv, stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        self.more(20)
        return self

    def read(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                self.counts = json.loads(line)
            else:
                self.accepted = int(line)

    def more(self, n):
        """Waits until so many more are accepted."""
        wanted = self.accepted + n
        await_(lambda: self.accepted >= wanted or self.process.poll() is not None, f"{n} more orders to be accepted")
        assert self.process.poll() is None

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGTERM if kind is None else signal.SIGKILL)
        self.process.wait(120)
        self.reader.join()
        if kind is None:
            assert self.process.returncode == 0 and self.counts["others"] == [], self.counts


@contextmanager
def changed_plant(box, *pairs):
    with open(box.path(PLANT), encoding="utf-8") as f:
        before = f.read()
    text = before
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    with open(box.path(PLANT), "w", encoding="utf-8") as f:
        f.write(text)
    yield
    with open(box.path(PLANT), "w", encoding="utf-8") as f:
        f.write(before)


def test_lintian_finds_nothing(packages):
    (changes,) = glob.glob(f"{packages.old}/*.changes")
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning,info", "-I", changes], capture_output=True, text=True, check=False)
    say("lintian -I:", done.returncode, (done.stdout + done.stderr).strip() or "(nothing)")
    assert done.returncode == 0, done.stdout + done.stderr


def test_apt_installs_it_and_its_example_starts(box, packages):
    box.before = files(box)
    box.run("apt-get", "install", "-y", f"/root/takt_{packages.version}_amd64.deb", "/root/takt-clients-python_%s_all.deb" % packages.version,
            f"/root/libtakt1_{packages.version}_amd64.deb", f"/root/libtakt-dev_{packages.version}_amd64.deb")
    assert active(box) and box.run("systemctl", "is-enabled", "taktd").stdout.strip() == "enabled"
    assert box.run("ps", "-o", "user=", "-p", box.property("MainPID")).stdout.strip() == "takt"
    assert "mcr-01" in box.run("taktctl", "status").stdout
    assert box.run("stat", "-c", "%a %U", "/etc/takt/credentials", "/var/lib/takt").stdout.split() == ["700", "root", "750", "takt"]
    await_(lambda: "orders open" in box.property("StatusText"), "STATUS")
    assert "is served" in box.journal("MESSAGE_ID=0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b01")
    assert "usage" in box.run("takt-feed", "--help").stdout
    say("installed and started:", box.property("StatusText"))


def test_systemd_finds_no_fault_with_the_units_and_little_exposure(box):
    units = ["taktd.service", "taktd.socket", "taktd@one.service", "taktd@one.socket", "takt-backup.service", "takt-backup.timer",
             "takt-backup@one.service", "takt-backup@one.timer"]
    done = box.run("systemd-analyze", "verify", "--man=no", *units, status=None)
    say("systemd-analyze verify:", done.returncode, done.stderr.strip() or "(nothing)")
    assert done.returncode == 0 and done.stderr.strip() == ""
    for unit in ("taktd.service", "takt-backup.service"):
        shown = box.run("systemd-analyze", "security", "--no-pager", unit).stdout
        score = float(re.search(r"exposure level for .*: ([0-9.]+)", shown)[1])
        say("systemd-analyze security", unit, score)
        assert score <= 1.5


def test_killed_it_is_started_again_and_nothing_is_lost(box):
    before, restarts = orders_in_store(box), int(box.property("NRestarts"))
    with Load(box) as load:
        pid = box.property("MainPID")
        box.run("kill", "-9", pid)
        begin = time.monotonic()
        await_(lambda: active(box) and box.property("MainPID") not in (pid, "0"), "it to be started again")
        say(f"started again {time.monotonic() - begin:.1f} s after SIGKILL")
        load.more(50)
    assert int(box.property("NRestarts")) == restarts + 1
    assert load.counts["accepted"] == load.counts["pushed"] == orders_in_store(box) - before
    say(load.counts)


def freeze(thread):
    """Stops one thread of a process until the process ends, and takes note of its end."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    assert libc.ptrace(PTRACE_SEIZE, thread, None, None) == 0 and libc.ptrace(PTRACE_INTERRUPT, thread, None, None) == 0
    os.waitpid(thread, WALL)
    os.waitpid(thread, WALL)


def thread_of(pid, name):
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm", encoding="utf-8") as f:
            if f.read().strip() == name:
                return int(task)
    raise AssertionError(f"no thread {name}")


def test_one_part_that_hangs_is_found_by_the_watchdog_and_mended_by_a_restart(box):
    folder = box.path("/run/systemd/system/taktd.service.d")
    os.makedirs(folder)
    with open(f"{folder}/test.conf", "w", encoding="utf-8") as f:
        f.write("[Service]\nWatchdogSec=3s\n")
    box.run("systemctl", "daemon-reload")
    box.run("systemctl", "restart", "taktd")
    pid, restarts, begin = box.pid(), int(box.property("NRestarts")), time.monotonic()
    frozen = threading.Thread(target=freeze, args=(thread_of(pid, "planner"),))
    frozen.start()
    await_(lambda: int(box.property("NRestarts")) == restarts + 1 and active(box), "the watchdog to start it again")
    frozen.join(10)
    say(f"served again {time.monotonic() - begin:.1f} s after the planner hung (WatchdogSec=3s)")
    journal = box.journal("-n", "60")
    assert "'planner' makes no progress" in journal and "watchdog" in journal.lower()
    assert box.run("taktctl", "status").returncode == 0
    os.unlink(f"{folder}/test.conf")
    os.rmdir(folder)
    box.run("systemctl", "daemon-reload")
    box.run("systemctl", "restart", "taktd")


def test_a_reload_returns_when_it_is_in_force_and_fails_if_it_is_refused(box):
    with changed_plant(box, ("{op: cut,     lines: {cut-1: 260/h}", "{op: cut,     lines: {cut-1: 250/h}")):
        done = box.run("systemctl", "reload", "taktd", status=None)
        say("systemctl reload, a good file: exit status", done.returncode)
        assert done.returncode == 0
        assert "is read again and in force" in box.journal("-n", "5")
    with changed_plant(box, ("lines:\n", "linse:\n")):
        done = box.run("systemctl", "reload", "taktd", status=None)
        say("systemctl reload, a broken file: exit status", done.returncode, done.stderr.strip().splitlines()[0])
        assert done.returncode != 0 and active(box)
        assert "old plant stays in force" in box.journal("MESSAGE_ID=0d4e3f5b9a6c4c2f8f0b1d7a5e2c9b05")
        await_(lambda: "reload refused" in box.property("StatusText"), "STATUS")
    box.run("systemctl", "reload", "taktd")


def test_a_start_with_a_broken_file_fails_at_once_says_every_mistake_and_is_not_tried_again(box):
    begin = time.monotonic()
    box.run("systemctl", "stop", "taktd")
    say(f"stopped within {time.monotonic() - begin:.1f} s")
    assert box.property("Result") == "success"
    with changed_plant(box, ("lines:\n", "linse:\n"), ("time_zone: Europe/London", "time_zone: Nowhere/Land")):
        assert box.run("systemctl", "start", "taktd", status=None).returncode != 0
        assert box.property("ActiveState") == "failed" and box.property("NRestarts") == "0"
        journal = box.journal("-n", "40")
        assert "linse" in journal and "Nowhere/Land" in journal
    box.run("systemctl", "start", "taktd")


def restart_under_load(box, times, endpoint=None):
    before = orders_in_store(box)
    with Load(box, endpoint) as load:
        for _ in range(times):
            box.run("systemctl", "restart", "taktd")
            load.more(30)
    assert load.counts["accepted"] == load.counts["pushed"] == orders_in_store(box) - before
    say(f"{times} restarts:", load.counts)
    return load.counts


def test_without_the_socket_unit_a_restart_refuses_connections_and_loses_nothing(box):
    assert restart_under_load(box, 2)["refused"] > 0


def test_with_the_socket_unit_no_client_sees_a_refused_connection(box):
    box.run("systemctl", "stop", "taktd")
    box.run("systemctl", "enable", "--now", "taktd.socket")
    box.run("systemctl", "start", "taktd")
    counts = restart_under_load(box, 3)
    assert counts["refused"] == 0 and counts["knocks"] > 100
    box.run("systemctl", "restart", "taktd.socket", status=None)
    box.run("systemctl", "disable", "--now", "taktd.socket")


def test_with_the_socket_unit_over_tcp_likewise(box):
    folder = box.path("/etc/systemd/system/taktd.socket.d")
    os.makedirs(folder)
    with open(f"{folder}/tcp.conf", "w", encoding="utf-8") as f:
        f.write("[Socket]\nListenStream=\nListenStream=127.0.0.1:7710\nListenStream=127.0.0.1:7780\n")
    box.run("systemctl", "daemon-reload")
    box.run("systemctl", "stop", "taktd")
    with changed_plant(box, ("orders: ipc:///run/takt/orders.sock", 'orders: "tcp://127.0.0.1:7710"')):
        box.run("systemctl", "start", "taktd.socket", "taktd")
        counts = restart_under_load(box, 3, "tcp://127.0.0.1:7710")
        assert counts["refused"] == 0 and counts["knocks"] > 100
        box.run("systemctl", "stop", "taktd.socket", "taktd")
    os.unlink(f"{folder}/tcp.conf")
    os.rmdir(folder)
    box.run("systemctl", "daemon-reload")
    box.run("systemctl", "start", "taktd")


def test_the_backup_unit_dumps_what_can_be_restored(box):
    box.run("systemctl", "start", "takt-backup.service")
    names = sorted(os.listdir(box.path("/var/lib/takt/backup")))  # one, or two where the night's comes just now
    assert names and all(re.fullmatch(r"mcr-01-\d{8}T\d{6}Z\.dump\.gz", name) for name in names)
    box.run("taktctl", "store", "restore", f"/var/lib/takt/backup/{names[-1]}", "sqlite:/root/again.db")
    assert "is whole" in box.run("taktctl", "store", "check", "sqlite:/root/again.db").stdout
    assert box.property("ActiveState", "takt-backup.timer") == "active"


def test_secrets_are_handed_over_from_the_folder_of_credentials(box):
    secret = box.path("/etc/takt/credentials/http-token")
    with changed_plant(box, ("http: 127.0.0.1:7780", 'http: "*:7780"')):
        with open(secret, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write("0123456789abcdef0123\n")
        box.run("systemctl", "restart", "taktd")
        ask = ("import urllib.request as u; r = u.Request('http://127.0.0.1:7780/', headers={'Authorization': 'Bearer 0123456789abcdef0123'}); "
               "print(u.urlopen(r).status)")
        done = box.here(sys.executable, "-c", ask, stdout=subprocess.PIPE, text=True)
        assert done.communicate()[0].strip() == "200"
        os.unlink(secret)
    box.run("systemctl", "restart", "taktd")


def test_a_second_plant_runs_beside_the_first(box):
    with open(box.path(PLANT), encoding="utf-8") as f:
        text = f.read().replace("/run/takt/", "/run/takt/south/").replace("/var/lib/takt/", "/var/lib/takt/south/").replace("mcr-01", "south-01")
    with open(box.path("/etc/takt/south.yaml"), "w", encoding="utf-8") as f:
        f.write(text.replace("http: 127.0.0.1:7780", "http: off"))
    box.run("install", "-d", "-m", "700", "/etc/takt/credentials/south")
    box.run("systemctl", "start", "taktd@south")
    assert "south-01" in box.run("taktctl", "--socket", "ipc:///run/takt/south/control.sock", "status").stdout
    box.run("systemctl", "reload", "taktd@south")
    box.run("systemctl", "start", "takt-backup@south")
    assert os.listdir(box.path("/var/lib/takt/south/backup"))
    box.run("systemctl", "stop", "taktd@south")
    assert "mcr-01" in box.run("taktctl", "status").stdout


def test_an_upgrade_under_load_dumps_and_migrates_the_store_and_loses_nothing(box, packages):
    before, was = orders_in_store(box), schema(box)
    with Load(box) as load:
        begin = time.monotonic()
        box.run("apt-get", "install", "-y", f"/root/takt_{packages.next}_amd64.deb")
        say(f"apt install of the next version under load: {time.monotonic() - begin:.1f} s")
        load.more(50)
    assert active(box) and schema(box) == was + 1
    assert load.counts["accepted"] == load.counts["pushed"] == orders_in_store(box) - before
    say(load.counts)
    (dump,) = glob.glob(box.path(f"/var/lib/takt/backup/before-upgrade-from-{packages.version}.dump.gz"))
    assert os.stat(dump).st_mode & 0o777 == 0o600


def test_a_downgrade_is_refused_with_a_way_back_that_works(box, packages):
    done = box.run("apt-get", "install", "-y", "--allow-downgrades", f"/root/takt_{packages.version}_amd64.deb", status=None)
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "Nothing has been changed. The way back:" in said
    assert active(box) and schema(box) == json.loads(box.run("taktctl", "-o", "json", "store", "stats", STORE).stdout)["schema"]
    assert box.run("dpkg-query", "-W", "-f", "${Version} ${db:Status-Status}", "takt").stdout == f"{packages.next} installed"
    commands = re.findall(r"^    (\S.*?)(?: +#.*)?$", said, re.M)
    say(*(f"\n        {c}" for c in commands))
    assert len(commands) == 6
    for command in commands:
        command = command.replace("apt install", "apt-get install -y --allow-downgrades")
        box.run("sh", "-c", f"cd /root && {command}")
    assert box.run("dpkg-query", "-W", "-f", "${Version}", "takt").stdout == packages.version
    assert active(box) and "mcr-01" in box.run("taktctl", "status").stdout


def test_purge_asks_nothing_and_leaves_nothing(box):
    box.run("apt-get", "purge", "-y", "takt", "libtakt1", "libtakt-dev", "takt-clients-python")
    left = files(box) - box.before
    say("left by purge:", sorted(left) or "nothing")
    assert left == set()
    assert box.run("find", "/var/lib/takt", "/run/takt", "/etc/takt", status=None).stdout == ""
    assert "takt" not in box.run("getent", "passwd").stdout + box.run("getent", "group").stdout
    assert "takt" not in box.run("systemctl", "list-unit-files", "--no-legend").stdout
