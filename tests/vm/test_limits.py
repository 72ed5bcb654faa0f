# SPDX-License-Identifier: Apache-2.0
"""The bounds of the units where a kernel enforces them: memory, tasks, addresses, and what the daemon may not do at all.

    python3 -m pytest -s tests/vm           -s: with what was seen
"""
import json
import os
import re
from contextlib import contextmanager

from box import await_

CONTAINER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../container")
CGROUP, STORE = "/sys/fs/cgroup/system.slice/taktd.service", "sqlite:/var/lib/takt/takt.db"
DROP_IN = "/etc/systemd/system/taktd.service.d/bed.conf"
# A machine all in software, on one that has other things to do.
SLOW_S = 900


def say(*what):
    print("   ", *what, flush=True)


def bound(vm, name):
    return vm.text("cat", f"{CGROUP}/{name}")


def counted(vm, name, key):
    return int(re.search(rf"^{key} (\d+)$", bound(vm, name), re.M)[1])


def is_up(vm):
    return vm.property("ActiveState") == "active"


def orders_in_store(vm):
    return json.loads(vm.text("taktctl", "-o", "json", "store", "stats", STORE))["rows"]["orders"]


class Load:
    """tests/container/load.py in the machine, while it is entered; `counts` afterwards."""

    def __init__(self, vm):
        self.vm, self.counts = vm, None

    def __enter__(self):
        for name in ("load.py", "order.json"):
            with open(f"{CONTAINER}/{name}", "rb") as f:
                self.vm.put(f"/root/{name}", f.read())
        self.vm.run("rm", "-rf", "/root/load.out", "/root/outbox")
        self.vm.run("systemd-run", "--unit=load", "--property=StandardOutput=file:/root/load.out", "/usr/bin/python3", "/root/load.py",
                    "ipc:///run/takt/orders.sock", "luna", "/root/outbox", "/root/order.json")
        self.more(20)
        return self

    def accepted(self):
        lines = self.vm.run("tail", "-n", "1", "/root/load.out", status=None).stdout.split()
        return int(lines[0]) if lines else 0

    def more(self, n):
        wanted = self.accepted() + n
        await_(lambda: self.accepted() >= wanted, f"{n} more orders to be accepted", SLOW_S)

    def __exit__(self, kind, *_):
        self.vm.run("systemctl", "stop", "load", status=0 if kind is None else None)
        if kind is None:
            self.counts = json.loads(self.vm.text("tail", "-n", "1", "/root/load.out"))


@contextmanager
def drop_in(vm, text):
    vm.run("mkdir", "-p", os.path.dirname(DROP_IN))
    vm.put(DROP_IN, text.encode())
    vm.run("systemctl", "daemon-reload")
    vm.run("systemctl", "restart", "taktd")
    yield
    vm.run("rm", DROP_IN)
    vm.run("systemctl", "daemon-reload")
    vm.run("systemctl", "restart", "taktd")


def test_the_bounds_of_the_unit_are_the_kernels(vm):
    assert is_up(vm) and "mcr-01" in vm.text("taktctl", "status")
    assert (bound(vm, "memory.max"), bound(vm, "pids.max")) == (str(4 << 30), "512")
    say("at rest:", bound(vm, "memory.current"), "bytes of", bound(vm, "memory.max") + ",", bound(vm, "pids.current"), "tasks of", bound(vm, "pids.max"))


def test_beyond_its_memory_it_is_killed_and_started_again_and_nothing_is_lost(vm):
    before, restarts = orders_in_store(vm), int(vm.property("NRestarts"))
    with Load(vm) as load:
        pid = vm.property("MainPID")
        held = counted(vm, "memory.stat", "anon")
        vm.run("systemctl", "set-property", "--runtime", "taktd", f"MemoryMax={held // 2}")
        await_(lambda: "oom-kill" in vm.journal("-n", "50"), "it to be killed", SLOW_S)
        vm.run("systemctl", "set-property", "--runtime", "taktd", "MemoryMax=4G")
        await_(lambda: is_up(vm) and vm.property("MainPID") not in (pid, "0"), "it to be started again", SLOW_S)
        load.more(50)
    said = vm.journal("-n", "200")
    say(f"MemoryMax={held // 2}, half of what it held:", next(line for line in said.splitlines() if "result 'oom-kill'" in line))
    assert "killed by the OOM killer" in said and int(vm.property("NRestarts")) > restarts
    assert load.counts["accepted"] == load.counts["pushed"] == orders_in_store(vm) - before
    assert "is whole" in vm.text("taktctl", "store", "check", STORE)
    say(f"started again {int(vm.property('NRestarts')) - restarts} times;", load.counts)


# In the unit's own group of processes: threads, until there may be no more.
CROWD = f"""
import os
import threading
with open("{CGROUP}/cgroup.procs", "w") as f:
    f.write(str(os.getpid()))
end, made = threading.Event(), 0
try:
    while made < 2000:
        threading.Thread(target=end.wait, daemon=True).start()
        made += 1
except RuntimeError as why:
    print(made, open("{CGROUP}/pids.current").read().strip(), why, flush=True)
os._exit(0)
"""


def test_beyond_its_tasks_there_are_no_more_and_it_goes_on(vm):
    pid, hit = vm.property("MainPID"), counted(vm, "pids.events", "max")
    vm.put("/root/crowd.py", CROWD.encode())
    said = vm.text("python3", "/root/crowd.py")
    say("threads made, tasks in the unit:", said)
    assert said.split()[1] == "512" and counted(vm, "pids.events", "max") > hit
    assert "mcr-01" in vm.text("taktctl", "status") and vm.property("MainPID") == pid


ASK = "import http.client as h; c = h.HTTPConnection('{to}', 7780, 5, ('{of}', 0)); c.request('GET', '/livez'); print(c.getresponse().status)"


def ask(vm, of):
    return vm.run("python3", "-c", ASK.format(to="10.9.0.1", of=of), status=None).stdout.strip()


def test_only_from_allowed_addresses_can_it_be_reached(vm):
    for address in ("10.9.0.1", "10.9.0.2", "10.9.1.1"):
        vm.run("ip", "address", "add", f"{address}/32", "dev", "lo")
    vm.run("sed", "-i", 's|http: 127.0.0.1:7780|http: "*:7780"|', "/etc/takt/taktd.yaml")
    vm.run("sh", "-c", "umask 077; echo 0123456789abcdef0123 >/etc/takt/credentials/http-token")
    with drop_in(vm, "[Service]\n"):
        assert [ask(vm, of) for of in ("10.9.0.2", "10.9.1.1")] == ["200", "200"]
    with drop_in(vm, "[Service]\nIPAddressDeny=any\nIPAddressAllow=localhost 10.9.0.0/24\n"):
        assert [ask(vm, of) for of in ("10.9.0.2", "10.9.1.1")] == ["200", ""]
        say("IPAddressDeny=any, IPAddressAllow=10.9.0.0/24: 10.9.0.2 is answered, 10.9.1.1 is not")


# As the daemon's user in its folder; each prints its name if it can be done.
PROBES = {
    "write-executable-memory": 'python3 -c "import mmap; mmap.mmap(-1, 4096, prot=7)"',
    "packet-socket": "python3 -c \"import socket, errno\ntry: socket.socket(socket.AF_PACKET)\nexcept OSError as e: assert e.errno != errno.EAFNOSUPPORT\"",
    "user-namespace": "unshare --user true",
    "set-user-id": "cp /bin/true probe && chmod u+s probe",
    "other-processes": "ls /proc/1",
    "home": "ls /home",
    "disk": "test -e /dev/vda",
    "temporary-files-of-others": "test -e /tmp/of-others",
    "kernel-settings": "ls /proc/sys",
}
SANDBOXED = ("taktd.service", "takt-backup.service")


def test_what_the_same_user_could_do_neither_unit_may(vm):
    script = "cd /var/lib/takt\n" + "".join(f"({commands}) >/dev/null 2>&1 && echo {name}\n" for name, commands in PROBES.items()) + "rm -f probe\ntrue\n"
    vm.put("/opt/probes", script.encode())
    vm.run("touch", "/tmp/of-others")
    assert vm.text("runuser", "-u", "takt", "--", "sh", "/opt/probes").split() == list(PROBES)
    for unit in SANDBOXED:
        lines = vm.text("cat", f"/usr/lib/systemd/system/{unit}").splitlines()
        kept = [line for line in lines if not re.match("Exec|Type=|NotifyAccess|Restart|Watchdog|Condition", line)]
        kept.insert(kept.index("[Service]") + 1, "Type=oneshot\nStandardOutput=file:/run/probed\nExecStart=/bin/sh /opt/probes")
        vm.put("/run/systemd/system/probe.service", "\n".join(kept).encode())
        vm.run("systemctl", "daemon-reload")
        vm.run("systemctl", "start", "probe")
        assert vm.text("cat", "/run/probed") == "", unit
        say(f"of {len(PROBES)} things that the user takt can do, {unit} may do none")
