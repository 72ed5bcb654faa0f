# SPDX-License-Identifier: Apache-2.0
"""Listening sockets that the service manager holds (taktd.socket): a daemon that ends and starts refuses nobody."""
import http.client
import os
import socket
import stat

from taktlab import BUILD, PLANT, START, Lab, order, wait_until


class Held(Lab):
    """A lab whose test holds the sockets, as a service manager does: orders over ipc, the floor and the HTTP port over TCP."""

    def __init__(self, **listen):
        self.floor, self.http = self.tcp(), self.tcp()
        super().__init__(listen={**PLANT["listen"], "floor": f"tcp://127.0.0.1:{self.floor.getsockname()[1]}",
                                 "http": f"localhost:{self.http.getsockname()[1]}", **listen})
        self.plant["listen"]["orders"] = f"ipc://{self.path('orders.sock')}"
        self.orders = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.orders.bind(self.path("orders.sock"))
        self.orders.listen(64)
        self.sockets = [self.orders, self.floor, self.http]

    @staticmethod
    def tcp():
        one = socket.socket()
        one.bind(("127.0.0.1", 0))
        one.listen(64)
        return one

    def __exit__(self, *how):
        super().__exit__(*how)
        for one in self.sockets:
            one.close()

    def spawn(self, *arguments, env=None, start=START, **settings):
        """As systemd does it: descriptors 3 and on, and the process's own number in its environment."""
        held = [os.dup(one.fileno()) for one in self.sockets]
        self.write_plant()
        argv = ["sh", "-c", f'cd {self.folder} && LISTEN_PID=$$ exec {BUILD}/taktd --start {start} plant.yaml']
        actions = [(os.POSIX_SPAWN_OPEN, 1, self.path("taktd.log"), os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600),
                   (os.POSIX_SPAWN_DUP2, 1, 2)]
        high = [os.dup2(fd, 100 + i) for i, fd in enumerate(held)]  # so that none is in the way of another
        actions += [(os.POSIX_SPAWN_DUP2, fd, 3 + i) for i, fd in enumerate(high)]
        pid = os.posix_spawnp("sh", argv, {**os.environ, "LISTEN_FDS": str(len(held)), "LISTEN_FDNAMES": ":".join(["taktd.socket"] * len(held)),
                                           **(env or {})}, file_actions=actions)
        for fd in held + high:
            os.close(fd)
        self.process = Child(pid)
        return self.process


class Child:
    """What the lab wants of a process, for one that was spawned."""

    def __init__(self, pid):
        self.pid, self.returncode = pid, None

    def poll(self):
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout=None):
        wait_until(lambda: self.poll() is not None, what="the end")
        return self.returncode

    def send_signal(self, sign):
        os.kill(self.pid, sign)

    def kill(self):
        if self.poll() is None:
            self.send_signal(9)


def test_who_connects_before_the_start_and_while_it_is_down_waits_and_is_served():
    with Held() as lab:
        waiting = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(3)]
        for one in waiting:
            one.connect(lab.path("orders.sock"))
        lab.start()
        assert all(one.recv(1) == b"\xff" for one in waiting)  # ZeroMQ's greeting
        luna = lab.creator("luna")
        assert luna.ask("orders", orders=[order("A-1")])["accepted"] == 1
        lab.kill()
        down = socket.create_connection(lab.floor.getsockname()), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        down[1].connect(lab.path("orders.sock"))
        lab.start()
        assert all(one.recv(1) == b"\xff" for one in down)
        assert [row["order_ref"] for row in lab.ctl("orders")["orders"]] == ["A-1"]
        for one in (*waiting, *down):
            one.close()


def test_the_http_port_is_held_too():
    with Held() as lab:
        page = http.client.HTTPConnection("127.0.0.1", lab.http.getsockname()[1], timeout=60)
        page.connect()
        lab.start()
        page.request("GET", "/livez")
        assert page.getresponse().status == 200
        page.close()


def test_a_socket_file_of_the_manager_stays_as_it_is():
    with Held() as lab:
        os.chmod(lab.path("orders.sock"), 0o600)
        lab.start()
        lab.stop()
        mode = os.stat(lab.path("orders.sock"))
        assert stat.S_ISSOCK(mode.st_mode) and mode.st_mode & 0o777 == 0o600
        lab.start()
        assert lab.creator("luna").welcome["type"] == "welcome"


def test_a_socket_of_no_endpoint_is_told_and_opens_nothing():
    with Held(floor="ipc://floor.sock") as lab:
        lab.start()
        address = "127.0.0.1:%d" % lab.floor.getsockname()[1]
        assert f"'{address}' from the service manager is not the address of an endpoint" in lab.log()
        with socket.create_connection(lab.floor.getsockname()) as nobody:
            nobody.setblocking(False)
            assert lab.creator("luna").ask("orders", orders=[order("A-1")])["accepted"] == 1
            try:
                assert nobody.recv(1) == b"", "somebody answers"
            except BlockingIOError:
                pass


def test_a_socket_that_only_bears_the_name_does_not_open_the_plant_to_others():
    with Held() as lab:
        world = socket.socket()
        world.bind(("0.0.0.0", 0))
        world.listen(1)
        lab.sockets.append(world)
        lab.start(env={"LISTEN_FDNAMES": "orders:floor:http:orders"})
        assert "'0.0.0.0:%d' from the service manager is not the address" % world.getsockname()[1] in lab.log()
