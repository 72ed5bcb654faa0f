# SPDX-License-Identifier: Apache-2.0
"""Every command for an administrator in docs/operations.md, in its order, on a machine that has nothing but the packages."""
import glob
import os
import re
import shutil

import pytest

import box as boxes

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def blocks():
    with open(f"{ROOT}/docs/operations.md", encoding="utf-8") as f:
        text = f.read()
    for found in re.finditer(r"^```shell\n(.*?)^```", text, re.M | re.S):
        chapter = re.findall(r"^## (.*)$", text[:found.start()], re.M)[-1]
        yield pytest.param(found.group(1), id=chapter.replace(" ", "-"))


@pytest.fixture(scope="module")
def machine(packages):
    with boxes.Box(os.environ.get("TAKT_BOX_SUITES", "bookworm").split()[0]) as one:
        for path in glob.glob(f"{packages.old}/takt_*.deb"):
            shutil.copy(path, one.path("/root/"))
        yield one


@pytest.mark.parametrize("commands", blocks())
def test_the_commands_of(machine, commands):
    machine.run("bash", "-c", f"set -e -o pipefail; cd /root; {commands}")
    assert machine.property("ActiveState") in ("active", "inactive")
    if "taktctl" in commands:
        assert machine.run("taktctl", "status", status=None).returncode == 0
