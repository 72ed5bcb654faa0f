# SPDX-License-Identifier: Apache-2.0
"""A throw-away Debian with a systemd that has booted, in a second: systemd-nspawn on an overlay, so that the tree below it is made
once and never written to.

    with Box("bookworm") as box:
        box.run("systemctl", "start", "taktd")
        box.path("/run/takt/orders.sock")          # the same file, seen from here

Programs of this machine reach a box's network by `box.here(...)`: with this machine's files, in the box's network.
Needs root, mmdebstrap and systemd-nspawn; `why_not()` says what is missing.
"""
import glob
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time

PACKAGES = ["systemd", "systemd-sysv", "dbus", "procps", "iproute2", "tzdata", "zlib1g", "libzmq5", "libyaml-0-2", "libsqlite3-0", "libjansson4",
            "libsystemd0", "libsodium23", "libmicrohttpd12", "libpq5", "libqrencode4", "python3-minimal", "python3-zmq"]
NAMES = {"trixie": {"libmicrohttpd12": "libmicrohttpd12t64"}}  # what a suite calls otherwise
TREES = os.environ.get("TAKT_BOX_TREES", "/var/tmp")
# The one hierarchy of cgroups, or the named one of version 1 with that of version 2 beside it.
HIERARCHIES = ["/sys/fs/cgroup"] if os.path.exists("/sys/fs/cgroup/cgroup.procs") else \
    [h for h in ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified") if os.path.isdir(h)]
WAIT_S = 90


def why_not():
    """What this machine lacks, or ""."""
    if os.geteuid() != 0:
        return "it needs root"
    for tool in ("systemd-nspawn", "mmdebstrap", "nsenter"):
        if not shutil.which(tool):
            return f"there is no {tool} (packaging/install-packages box)"
    layers = "mount -t tmpfs none /mnt && cd /mnt && mkdir a b c d && mount -t overlay none -o lowerdir=a,upperdir=b,workdir=c d"
    tried = subprocess.run(["unshare", "--mount", "--pid", "--fork", "sh", "-c", layers], capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"no namespace with an overlay can be made here ({tried.stderr.strip()})"
    try:
        for h in HIERARCHIES:
            os.mkdir(f"{h}/takt-{os.getpid()}")
            os.rmdir(f"{h}/takt-{os.getpid()}")
    except OSError as why:
        return f"no cgroup can be made here ({why})"
    return "" if HIERARCHIES else "there are no cgroups here"


def tree(suite):
    """The tree of a suite, made on the first call on this machine."""
    packages = [NAMES.get(suite, {}).get(p, p) for p in PACKAGES]
    name = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:8]
    path = os.path.join(TREES, f"takt-box-{suite}-{name}")
    if not os.path.isdir(path):
        new = tempfile.mkdtemp(prefix="takt-box-new-", dir=TREES)
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}", suite, new], check=True)
        os.chmod(new, 0o755)
        os.rename(new, path)
    return path


def await_(condition, what, timeout_s=WAIT_S):
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout_s} s in vain for {what}")
        time.sleep(0.02)


class Box:
    def __init__(self, suite):
        self.suite, self.name = suite, f"takt-{suite}-{os.getpid()}"
        self.work = tempfile.mkdtemp(prefix="takt-box-", dir="/var/tmp")
        self.root, self.nspawn, self.init, self.guests = f"{self.work}/root", None, None, []

    def __enter__(self):
        try:
            base = tree(self.suite)
            self.mount("-t", "tmpfs", "-o", "size=2g", "takt-box", self.work)
            for name in ("upper", "work", "root"):
                os.mkdir(f"{self.work}/{name}")
            self.mount("-t", "overlay", "overlay", "-o", f"lowerdir={base},upperdir={self.work}/upper,workdir={self.work}/work", self.root)
            self.mask_timers()
            self.boot()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def mask_timers(self):
        """Debian's own: at midnight, say, dpkg's writes a backup of its lists, which a test would take for something that we left."""
        for timer in glob.glob(f"{self.root}/usr/lib/systemd/system/*.timer"):
            os.symlink("/dev/null", f"{self.root}/etc/systemd/system/{os.path.basename(timer)}")

    @staticmethod
    def mount(*arguments):
        subprocess.run(["mount", *arguments], check=True)

    def boot(self):
        """In a cgroup of its own, so that it does not meet the host's. systemd 256 and later want version 2."""
        for h in HIERARCHIES:
            os.makedirs(f"{h}/{self.name}", exist_ok=True)
        into = "; ".join(f"echo $$ >{h}/{self.name}/cgroup.procs" for h in HIERARCHIES) or ":"
        argv = ["systemd-nspawn", "-q", "-D", self.root, "--boot", "--register=no", "--keep-unit", "--private-network", f"--machine={self.name}",
                "--console=pipe"]
        env = dict(os.environ) if self.suite == "bookworm" else {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        with open(f"{self.work}/console", "wb") as console:
            self.nspawn = subprocess.Popen(["sh", "-c", f'{into}; exec "$@"', "sh", *argv], stdin=subprocess.DEVNULL, stdout=console,
                                           stderr=subprocess.STDOUT, env=env)
        await_(self.is_up, f"{self.suite} to boot")
        self.run("ip", "link", "set", "lo", "up")

    def is_up(self):
        if self.nspawn.poll() is not None:
            with open(f"{self.work}/console", encoding="utf-8", errors="replace") as f:
                raise AssertionError(f"the box did not boot:\n{f.read()}")
        if self.init is None:
            self.init = self.first_process()
        return self.init is not None and self.run("systemctl", "is-system-running", status=None).stdout.strip() in ("running", "degraded")

    def first_process(self):
        """nspawn's child that is process 1 within; it has others for moments, while it sets the box up."""
        for child in subprocess.run(["pgrep", "-P", str(self.nspawn.pid)], capture_output=True, text=True, check=False).stdout.split():
            try:
                with open(f"/proc/{child}/status", encoding="utf-8") as f:
                    numbers = next(line.split()[1:] for line in f if line.startswith("NSpid:"))
            except (FileNotFoundError, ProcessLookupError):
                continue
            if len(numbers) > 1 and numbers[-1] == "1":
                return int(child)
        return None

    def __exit__(self, *_):
        for guest in self.guests:
            if guest.poll() is None:
                guest.kill()
        if self.init:
            try:
                os.kill(self.init, signal.SIGRTMIN + 4)  # power off
                self.nspawn.wait(20)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass
        if self.nspawn and self.nspawn.poll() is None:
            self.nspawn.kill()
            self.nspawn.wait()
        for mounted in (self.root, self.work):
            if subprocess.run(["umount", mounted], capture_output=True, check=False).returncode:
                subprocess.run(["umount", "-l", mounted], capture_output=True, check=False)
        shutil.rmtree(self.work, ignore_errors=True)
        for h in HIERARCHIES:
            subprocess.run(["find", f"{h}/{self.name}", "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"], capture_output=True, check=False)

    # ---- inside ----

    def run(self, *argv, status=0, timeout_s=WAIT_S):
        """status: what it must end with; None: whatever."""
        done = subprocess.run(["nsenter", "-t", str(self.init), "-a", "--", *argv], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout_s, check=False)
        if status is not None and done.returncode != status:
            raise AssertionError(f"{' '.join(argv)} ended with {done.returncode}, not {status}:\n{done.stdout}{done.stderr}")
        return done

    def here(self, *argv, **settings):
        """A program of this machine in the box's network."""
        guest = subprocess.Popen(["nsenter", "-t", str(self.init), "-n", "--", *argv], **settings)
        self.guests.append(guest)
        return guest

    def path(self, path):
        """Seen from here, what is mounted there included."""
        return f"/proc/{self.init}/root{path}"

    def property(self, name, unit="taktd"):
        return self.run("systemctl", "show", "-P", name, unit).stdout.strip()

    def pid(self, unit="taktd"):
        """The number that the main process has on this machine."""
        within = self.property("MainPID", unit)
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                with open(f"/proc/{entry}/status", encoding="utf-8") as f:
                    numbers = next(line.split()[1:] for line in f if line.startswith("NSpid:"))
                if numbers[-1] == within and os.stat(f"/proc/{entry}/ns/pid").st_ino == os.stat(f"/proc/{self.init}/ns/pid").st_ino:
                    return int(entry)
            except (FileNotFoundError, ProcessLookupError):
                continue
        raise AssertionError(f"{unit} has no main process ({within})")

    def journal(self, *more, unit="taktd"):
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", unit, *more).stdout
