# SPDX-License-Identifier: Apache-2.0
"""What the tests in boxes share: the packages, made once, and a box of each suite with them in its /root."""
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile

import pytest

import box as boxes

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SUITES = os.environ.get("TAKT_BOX_SUITES", "bookworm trixie").split()


def pytest_configure():
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("told to end", 1))  # a box must not be left


def pytest_collection_modifyitems(items):
    why = boxes.why_not()
    if why:
        print(f"\n*** NOT RUN: no box with systemd can be booted on this machine: {why} ***\n")
        for item in items:
            item.add_marker(pytest.mark.skip(reason=f"no box with systemd can be booted here: {why}"))


def edit(path, old, new):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    assert old in text, f"{path} has no {old!r}"
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new, 1))


def make_next(folder):
    """The version after this one, with another schema of the store: a copy of what is committed, changed."""
    subprocess.run(["git", "clone", "-q", ROOT, folder], check=True)
    with open(f"{folder}/daemon/store/schema.h", encoding="utf-8") as f:
        schema = int(re.search(r"SCHEMA_VERSION = (\d+)", f.read())[1])
    name = f"daemon/store/schema/{schema + 1:04}_next.sql"
    with open(f"{folder}/{name}", "w", encoding="utf-8") as f:
        f.write("CREATE TABLE later (plant smallint NOT NULL, text text NOT NULL);\n")
    edit(f"{folder}/daemon/store/schema.h", f"SCHEMA_VERSION = {schema} ", f"SCHEMA_VERSION = {schema + 1} ")
    edit(f"{folder}/daemon/store/schema.c", "static const char *const migrations", f'EMBED(schema_next, "{name}");\n\nstatic const char *const migrations')
    edit(f"{folder}/daemon/store/schema.c", f"schema_{schema:04}}};", f"schema_{schema:04}, schema_next}};")
    edit(f"{folder}/packaging/debian/changelog", f"({version_of(folder)})", f"({version_of(folder)}+next)")
    edit(f"{folder}/VERSION", open(f"{folder}/VERSION", encoding="utf-8").read().strip(), version_of(folder))
    subprocess.run(["git", "-C", folder, "add", "-A"], check=True)
    subprocess.run(["git", "-C", folder, "-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-qm", "next"], check=True)


def version_of(folder):
    with open(f"{folder}/packaging/debian/changelog", encoding="utf-8") as f:
        return re.match(r"takt \((.*)\)", f.read())[1]


class Packages:
    def __init__(self, folder):
        self.folder, self.old, self.new = folder, f"{folder}/old", f"{folder}/new"
        self.version = version_of(ROOT)
        self.next = self.version + "+next"
        if not glob.glob(f"{self.new}/takt_*.deb"):
            subprocess.run([f"{ROOT}/packaging/build-deb", self.old], check=True, stdout=subprocess.DEVNULL)
            make_next(f"{folder}/source")
            quick = {"DEB_BUILD_OPTIONS": "noautodbgsym", "DEB_CFLAGS_APPEND": "-O0 -g0", "DEB_CPPFLAGS_APPEND": "-U_FORTIFY_SOURCE"}
            subprocess.run([f"{folder}/source/packaging/build-deb", self.new], check=True, stdout=subprocess.DEVNULL, env={**os.environ, **quick})

    def all(self):
        return [p for f in (self.old, self.new) for p in glob.glob(f"{f}/*.deb") if "dbgsym" not in p]


@pytest.fixture(scope="session")
def packages():
    """TAKT_DEBS: a folder in which they stay, and are found again."""
    keep = os.environ.get("TAKT_DEBS")
    folder = keep or tempfile.mkdtemp(prefix="takt-debs-", dir="/var/tmp")
    os.makedirs(folder, exist_ok=True)
    yield Packages(folder)
    if not keep:
        shutil.rmtree(folder)


@pytest.fixture(scope="module", params=SUITES)
def box(request, packages):
    with boxes.Box(request.param) as one:
        for path in packages.all():
            shutil.copy(path, one.path("/root/"))
        print(f"\n{request.param}: {one.run('systemctl', '--version').stdout.splitlines()[0]}")
        yield one
