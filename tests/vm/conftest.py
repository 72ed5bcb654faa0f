# SPDX-License-Identifier: Apache-2.0
"""What the tests in virtual machines share: the packages, made once, and a machine of each suite on which they are installed."""
import glob
import os
import shutil
import signal
import subprocess
import tempfile

import pytest

import vm as machines

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SUITES = os.environ.get("TAKT_VM_SUITES", "bookworm").split()


def pytest_configure():
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("told to end", 1))  # a machine must not be left


def pytest_collection_modifyitems(items):
    why = machines.why_not()
    if why:
        print(f"\n*** NOT RUN: no virtual machine can be booted here: {why} ***\n")
        for item in items:
            item.add_marker(pytest.mark.skip(reason=f"no virtual machine can be booted here: {why}"))


@pytest.fixture(scope="session")
def packages():
    """TAKT_DEBS: a folder in which they are found, or stay."""
    keep = os.environ.get("TAKT_DEBS")
    folder = os.path.join(keep or tempfile.mkdtemp(prefix="takt-debs-", dir="/var/tmp"), "old")
    if not glob.glob(f"{folder}/takt_*.deb"):
        subprocess.run([f"{ROOT}/packaging/build-deb", folder], check=True, stdout=subprocess.DEVNULL)
    yield [path for name in ("takt", "takt-clients-python") for path in glob.glob(f"{folder}/{name}_*.deb")]
    if not keep:
        shutil.rmtree(os.path.dirname(folder))


@pytest.fixture(scope="module", params=SUITES)
def vm(request, packages):
    with machines.Vm(request.param) as one:
        print(f"\n{request.param}: {one.text('systemctl', '--version').splitlines()[0]}, Linux {one.text('uname', '-r')}")
        for path in packages:
            with open(path, "rb") as f:
                one.put(f"/root/{os.path.basename(path)}", f.read())
        one.run("sh", "-c", "dpkg --install /root/*.deb")  # apt would first read all its lists
        yield one
