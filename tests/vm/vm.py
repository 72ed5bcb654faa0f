# SPDX-License-Identifier: Apache-2.0
"""A throw-away Debian on a kernel of its own: qemu, its processor all in software (TCG), so that it needs no KVM. In it holds what a container here has not: version 2 of cgroups as process 1 has it, with memory, tasks and
addresses bounded by the kernel.

    with Vm("bookworm") as vm:
        vm.put("/root/takt.deb", data)
        vm.run("apt-get", "install", "-y", "/root/takt.deb")

Its root is the tree of a box (tests/container/box.py) with an agent in it (agent.py), which does what comes through a virtual
console. It is made once, and never written to: what a machine writes goes with it. All in it is ten times slower and more;
nothing is measured here.
"""
import base64
import glob
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from types import SimpleNamespace

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../container"))
import box  # noqa: E402

KERNEL = "linux-image-cloud-amd64"
MODULES = ["virtio_pci", "virtio_blk", "virtio_console"]
TOOLS = ["qemu-system-x86_64", "mmdebstrap", "mke2fs", "cpio", "modprobe", "depmod", "busybox", "apt-get", "dpkg-deb"]
BOOT_S, COMMAND_S = 900, 600  # against a hang; a machine with much else to do is slow
# What the first process of all does: the modules, then the root.
INIT = """#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev
for module in @modules@; do $b insmod /lib/$module; done
until [ -b /dev/vda ]; do $b sleep 0.02; done
$b mount -t ext4 -o rw /dev/vda /new
$b mount --move /dev /new/dev
exec $b switch_root /new /sbin/init
"""
AGENT = """[Unit]
Description=the agent of the test bed
DefaultDependencies=no
After=basic.target
[Service]
ExecStart=/usr/bin/python3 /opt/agent.py
OOMScoreAdjust=-1000
[Install]
WantedBy=multi-user.target
"""


def why_not():
    """What this machine lacks, or ""."""
    for tool in TOOLS:
        if not shutil.which(tool) and not os.path.exists(f"/usr/sbin/{tool}"):
            return f"there is no {tool} (packaging/install-packages vm)"
    return "" if os.geteuid() == 0 else "to make its files needs root"


def run(*argv, **settings):
    return subprocess.run(argv, check=True, **settings)


def fetch_kernel(folder):
    """Debian's kernel for clouds unpacked into the folder, with the order of its modules."""
    depends = run("apt-cache", "depends", "--important", KERNEL, capture_output=True, text=True).stdout
    package = next(line.split()[1] for line in depends.splitlines() if "linux-image-" in line and "Depends:" in line)
    run("apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package, cwd=folder)
    run("dpkg-deb", "-x", *glob.glob(f"{folder}/*.deb"), f"{folder}/kernel")
    (version,) = os.listdir(f"{folder}/kernel/lib/modules")
    run("depmod", "-b", f"{folder}/kernel", version)
    return version


def modules_of(folder, version):
    """Paths, in the order in which they are put in."""
    order = []
    for module in MODULES:
        shown = run("modprobe", "-d", f"{folder}/kernel", "-S", version, "--show-depends", module, capture_output=True, text=True).stdout
        order += [p for p in (line.split()[1] for line in shown.splitlines() if line.startswith("insmod")) if p not in order]
    return order


def make_initrd(folder, modules):
    tree = f"{folder}/initrd"
    for name in ("bin", "dev", "new", "lib"):
        os.makedirs(f"{tree}/{name}")
    shutil.copy(shutil.which("busybox"), f"{tree}/bin/busybox")
    for path in modules:
        shutil.copy(path, f"{tree}/lib/")
    with open(f"{tree}/init", "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o755)) as f:
        f.write(INIT.replace("@modules@", " ".join(os.path.basename(p) for p in modules)))
    run("sh", "-c", "find . | cpio -o -H newc --quiet >../initrd.cpio", cwd=tree)


def make_root(folder, suite):
    tree = f"{folder}/tree"
    run("cp", "-a", box.tree(suite), tree)
    os.makedirs(f"{tree}/opt", exist_ok=True)
    shutil.copy(f"{HERE}/agent.py", f"{tree}/opt/agent.py")
    with open(f"{tree}/etc/systemd/system/agent.service", "w", encoding="utf-8") as f:
        f.write(AGENT)
    wants = f"{tree}/etc/systemd/system/multi-user.target.wants"
    os.makedirs(wants, exist_ok=True)
    os.symlink("../agent.service", f"{wants}/agent.service")
    run("mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, f"{folder}/root.img", "2G", stdout=subprocess.DEVNULL)


def files(suite):
    """The folder with kernel, initrd.cpio and root.img, made on the first call on this machine."""
    with open(f"{HERE}/agent.py", encoding="utf-8") as f:
        made_of = "".join([INIT, AGENT, f.read(), *MODULES, os.path.basename(box.tree(suite))])
    path = os.path.join(box.TREES, f"takt-vm-{suite}-{hashlib.sha256(made_of.encode()).hexdigest()[:8]}")
    if not os.path.isdir(path):
        new = tempfile.mkdtemp(prefix="takt-vm-new-", dir=box.TREES)
        make_initrd(new, modules_of(new, fetch_kernel(new)))
        make_root(new, suite)
        for name in ("tree", "initrd"):
            shutil.rmtree(f"{new}/{name}")
        os.rename(new, path)
    return path


class Vm:
    def __init__(self, suite):
        self.suite, self.qemu, self.line, self.rest = suite, None, None, b""
        self.work = tempfile.mkdtemp(prefix="takt-vm-", dir="/var/tmp")

    def __enter__(self):
        try:
            self.boot(files(self.suite))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def boot(self, folder):
        (kernel,) = glob.glob(f"{folder}/kernel/boot/vmlinuz-*")
        console = f"{self.work}/agent.sock"
        words = ["console=ttyS0", "root=/dev/vda", "rw", "quiet", "panic=-1", "systemd.show_status=0", "systemd.machine_id=" + 16 * "7a",
                 "systemd.mask=serial-getty@ttyS0.service", "systemd.mask=getty.target"]
        argv = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "qemu64,+rdrand", "-smp", "2", "-m", "1024", "-nodefaults",
                "-no-reboot", "-display", "none", "-serial", f"file:{self.work}/console", "-kernel", kernel, "-initrd", f"{folder}/initrd.cpio",
                "-append", " ".join(words), "-drive", f"id=root,file={folder}/root.img,format=raw,if=none,snapshot=on",
                "-device", "virtio-blk-pci,drive=root", "-chardev", f"socket,id=agent,path={console},server=off",
                "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=agent,name=agent"]
        with socket.socket(socket.AF_UNIX) as listener, open(f"{self.work}/qemu", "wb") as said:
            listener.bind(console)
            listener.listen()
            listener.settimeout(0.2)
            self.qemu = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env={**os.environ, "TMPDIR": self.work})
            self.line = box.await_(lambda: self.caller(listener), "qemu to start")
        try:
            self.hear(BOOT_S)
        except (OSError, AssertionError) as why:
            raise AssertionError(f"the machine did not boot: {why}\n{self.said('qemu')}{self.said('console')}") from why
        self.run("sh", "-c", "systemctl is-system-running --wait || true")

    def caller(self, listener):
        """The line to qemu, as soon as it has called."""
        if self.qemu.poll() is not None:
            raise AssertionError(f"qemu did not start: {self.said('qemu')}")
        try:
            return listener.accept()[0]
        except TimeoutError:
            return None

    def said(self, name):
        try:
            with open(f"{self.work}/{name}", encoding="utf-8", errors="replace") as f:
                return f.read()[-4000:]
        except FileNotFoundError:
            return ""

    def hear(self, timeout_s):
        end = time.monotonic() + timeout_s
        while b"\n" not in self.rest:
            self.line.settimeout(max(0.01, end - time.monotonic()))
            got = self.line.recv(65536)
            if not got:
                raise AssertionError("qemu has ended")
            self.rest += got
        reply, self.rest = self.rest.split(b"\n", 1)
        return json.loads(reply)

    def ask(self, request, timeout_s):
        self.line.settimeout(timeout_s)
        self.line.sendall(json.dumps(request).encode() + b"\n")
        return SimpleNamespace(**self.hear(timeout_s))

    def __exit__(self, *_):
        if self.line:
            self.line.close()
        if self.qemu and self.qemu.poll() is None:
            self.qemu.send_signal(signal.SIGKILL)  # its root is a snapshot
        if self.qemu:
            self.qemu.wait()
        shutil.rmtree(self.work, ignore_errors=True)

    # ---- inside ----

    def run(self, *argv, status=0, timeout_s=COMMAND_S):
        """status: what it must end with; None: whatever."""
        done = self.ask({"argv": argv, "timeout_s": timeout_s}, timeout_s + 10)
        if status is not None and done.status != status:
            raise AssertionError(f"{' '.join(argv)} ended with {done.status}, not {status}:\n{done.stdout}{done.stderr}")
        return done

    def text(self, *argv):
        return self.run(*argv).stdout.strip()

    def put(self, path, data):
        self.ask({"path": path, "bytes": base64.b64encode(data).decode()}, COMMAND_S)

    def property(self, name, unit="taktd"):
        return self.text("systemctl", "show", "-P", name, unit)

    def journal(self, *more, unit="taktd"):
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", unit, *more).stdout
