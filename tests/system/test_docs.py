# SPDX-License-Identifier: Apache-2.0
"""Every command and every program in the README and docs/ does what it says."""
import glob
import os
import re
import signal
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("TAKT_BUILD", f"{ROOT}/build"))


# Job control as a person has it; what a script leaves running ends with it.
SHELL = "set -me\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"


def blocks(language):
    for path in [f"{ROOT}/README.md", *sorted(glob.glob(f"{ROOT}/docs/*.md"))]:
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for n, body in enumerate(re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)):
            yield pytest.param(body, id=f"{os.path.relpath(path, ROOT)}-{n + 1}")


@pytest.fixture
def scratch(tmp_path):
    """A folder that looks like the checkout to whoever stands in it, but for what programs write there."""
    for name in ("config", "demo", "docs", "bench", "tests", "packaging"):
        os.symlink(f"{ROOT}/{name}", tmp_path / name)
    os.symlink(BUILD, tmp_path / "build")
    return tmp_path


def run(argv, cwd, **kw):
    kw.setdefault("env", {**os.environ, "PYTHONPATH": f"{ROOT}/clients/python"})  # as if it were installed
    process = subprocess.Popen(argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, **kw)
    try:
        output, _ = process.communicate(timeout=120)
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)  # daemons that a failed script left behind
        except ProcessLookupError:
            pass
    return process.returncode, output


@pytest.mark.parametrize("script", blocks("sh"))
def test_every_shell_command_in_the_documents_succeeds(script, scratch):
    lines = [line for line in script.splitlines() if not re.match(r"\s*(make\b|bench/|tests/soak/|(sudo )?apt-get |npm install |python3 -m venv |\. )", line)]
    if not any(line.strip() for line in lines):
        return  # `make` and the long benchmarks are run by CI and by hand
    script = "\n".join(lines)
    if "taktctl" in script and "build/taktd " not in script:  # a document's reader has a plant with an order by then
        with open(scratch / "program.py", "w", encoding="utf-8") as f:
            f.write(next(iter(blocks("python"))).values[0])
        script = f"build/taktd config/examples/demo.yaml &\n{sys.executable} program.py\n{script}"
    code, output = run(["bash", "-c", SHELL + wait_for_sockets(script)], scratch)
    assert code == 0, output


def wait_for_sockets(script):
    """A person waits a moment after starting a daemon; the script waits for its control socket."""
    return re.sub(r"^(build/taktd .*&.*)$", r"\1\nfor _ in $(seq 500); do build/taktctl --socket ipc://control.sock status >/dev/null 2>&1 && break; sleep 0.02; done",
                  script, flags=re.M)


@pytest.mark.parametrize("program", blocks("c"))
def test_every_c_program_in_the_documents_compiles_and_runs_against_the_real_daemon(program, scratch):
    with open(scratch / "program.c", "w", encoding="utf-8") as f:
        f.write(program)
    flags = "-fsanitize=address,undefined" if "asan" in BUILD else "-fsanitize=thread" if "tsan" in BUILD else ""
    script = (f"gcc -std=c11 -Wall -Werror {flags} -I{ROOT}/clients/c -o program program.c -Lbuild -ltakt -Wl,-rpath,{BUILD}\n"
              "build/taktd config/examples/demo.yaml &\n./program\nkill %1\nwait %1")
    code, output = run(["bash", "-c", SHELL + wait_for_sockets(script)], scratch)
    assert code == 0 and "is durable" in output and "order.promised" in output, output


@pytest.mark.parametrize("program", blocks("js"))
def test_every_node_program_in_the_documents_runs_against_the_real_daemon(program, scratch):
    os.symlink(f"{ROOT}/build/node/node_modules", scratch / "node_modules")  # as if it were installed
    with open(scratch / "program.mjs", "w", encoding="utf-8") as f:
        f.write(program)
    code, output = run(["bash", "-c", SHELL + wait_for_sockets("build/taktd config/examples/demo.yaml &\nnode program.mjs\nkill %1\nwait %1")], scratch)
    assert code == 0 and "ships by" in output, output


@pytest.mark.parametrize("program", blocks("python"))
def test_every_python_program_in_the_documents_runs_against_the_real_daemon(program, scratch):
    with open(scratch / "program.py", "w", encoding="utf-8") as f:
        f.write(program)
    script = "set -me\nbuild/taktd config/examples/demo.yaml &\n" + f"{sys.executable} program.py\nkill %1\nwait %1"
    code, output = run(["bash", "-c", wait_for_sockets(script)], scratch)
    assert code == 0, output
    assert "ships by" in output


def test_every_program_that_the_documents_name_can_be_run():
    named = set()
    for path in [f"{ROOT}/README.md", *glob.glob(f"{ROOT}/docs/*.md")]:
        with open(path, encoding="utf-8") as file:
            named |= set(re.findall(r"`((?:bench|tests|demo|packaging|\.ci)/[\w./-]*)", file.read()))
    programs = []
    for name in named:
        if os.path.isfile(f"{ROOT}/{name}"):
            with open(f"{ROOT}/{name}", "rb") as file:
                programs += [name] if file.read(2) == b"#!" else []
    assert "bench/solver.py" in programs
    assert [name for name in programs if not os.access(f"{ROOT}/{name}", os.X_OK)] == []
