# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of the tests' own, reached by a socket in a folder under /tmp. It dies with the tests.

    with Cluster() as cluster:
        url = cluster.create("lab")          # a database, and its URL
        cluster.ask("lab", "SELECT 1")

Where the tests are root it is `nobody`'s, because PostgreSQL will not be root's. `TAKT_STORE=postgresql` makes every Lab keep its
orders in a database of its own in one server for all of them: `shared()`.
"""
import atexit
import functools
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time

USER = "nobody" if os.getuid() == 0 else None
SETTINGS = {"listen_addresses": "", "shared_buffers": "32MB", "max_connections": "60", "fsync": "off", "log_checkpoints": "off"}


def programs():
    """Where PostgreSQL's programs lie, or None: the newest that is installed."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"), key=lambda p: int(p.split("/")[4]))
    return os.path.dirname(found[-1]) if found else None


class Cluster:
    def __init__(self, settings=None, primary=None, within=(), log_folder=None, owner="takt"):
        """owner: the role that may do everything. primary: the cluster whose streaming standby this one shall be. within: what the server is put behind (network.within).
        log_folder: a new one for the write-ahead log, which then is in small segments."""
        self.within, self.owner = list(within), owner
        self.log_words = ["--waldir", log_folder, "--wal-segsize=1"] if log_folder else []
        self.bin, self.folder = programs(), tempfile.mkdtemp(prefix="takt-pg-")
        self.settings, self.process, self.primary = {**SETTINGS, **(settings or {})}, None, primary
        self.data = f"{self.folder}/data"
        if USER:
            shutil.chown(self.folder, USER)

    def __enter__(self):
        try:
            self.make()
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, *_):
        self.remove()

    def command(self, program, *arguments):
        """As the server's user; the child dies with the tests."""
        drop = ["--reuid", USER, "--regid", "nogroup", "--clear-groups"] if USER else []
        return ["setpriv", "--pdeathsig", "QUIT", *drop, program if "/" in program else f"{self.bin}/{program}", *arguments]

    def run(self, program, *arguments, env=None):
        done = subprocess.run(self.command(program, *arguments), cwd="/", capture_output=True, text=True, check=False,
                              env={**os.environ, "LC_ALL": "C", **(env or {})})
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"
        return done.stdout

    def make(self):
        if self.primary:
            self.run("pg_basebackup", "-D", self.data, "-h", self.primary.folder, "-U", "takt", "--write-recovery-conf", "--no-sync",
                     "--checkpoint=fast")
        else:
            self.run("initdb", "-D", self.data, "-U", self.owner, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
                     *self.log_words)

    def let_in(self, network):
        """Connections from there, such as 10.79.0.0/24. Before it is started."""
        with open(f"{self.data}/pg_hba.conf", "a", encoding="utf-8") as f:
            f.write(f"host all all {network} trust\n")

    def start(self):
        settings = {**self.settings, "unix_socket_directories": self.folder}
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        end = time.monotonic() + 60
        while subprocess.run([f"{self.bin}/pg_isready", "-q", "-h", self.folder, "-p", str(self.port())], check=False).returncode != 0:
            assert time.monotonic() < end, self.log()
            if self.process is None or self.process.poll() is not None:  # again where one that was killed is not quite gone
                with open(f"{self.folder}/log", "ab") as log:
                    self.process = subprocess.Popen(self.within + self.command("postgres", "-D", self.data, *arguments), cwd="/", stdout=log,
                                                    stderr=log, env={**os.environ, "LC_ALL": "C"})
            time.sleep(0.02)
        return self

    def signal_all(self, number):
        """To every process of the server."""
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False)
        for pid in [self.process.pid, *map(int, listed.stdout.split())]:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def stop(self, number=signal.SIGINT):
        """SIGINT: at once and in order; SIGKILL: as when the power fails."""
        if self.process is not None:
            # killed alone, the first of its processes would leave the others at work
            self.signal_all(number) if number == signal.SIGKILL else self.process.send_signal(number)
            self.process.wait(60)
            self.process = None

    def promote(self):
        self.run("pg_ctl", "promote", "-D", self.data)

    def remove(self):
        if self.process is not None:
            self.signal_all(signal.SIGCONT)
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as f:
            return f.read()

    def url(self, name, host=None):
        """host: over TCP, where it listens there; else by the socket in the folder."""
        return f"postgresql://takt@{host}:{self.port()}/{name}" if host else f"postgresql://takt@/{name}?host={self.folder}"

    def port(self):
        return self.settings.get("port", 5432)

    def create(self, name):
        self.ask("postgres", f'CREATE DATABASE "{name}"')
        return self.url(name)

    def drop(self, name):
        self.ask("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')

    def ask(self, name, sql):
        """What psql says, a line a row."""
        done = subprocess.run([f"{self.bin}/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port()), "-U", self.owner, "-d", name, "-c", sql],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@functools.lru_cache(maxsize=1)
def shared():
    """The one of all tests of this process."""
    cluster = Cluster()
    atexit.register(cluster.remove)
    cluster.make()
    return cluster.start()
