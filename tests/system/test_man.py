# SPDX-License-Identifier: Apache-2.0
"""Manual pages and completions say what the programs say."""
import os
import re
import subprocess
import sys

import pytest

from taktlab import BUILD, ROOT

sys.path.insert(0, f"{ROOT}/packaging/man")
import generate  # noqa: E402

PAGES = ["takt-load.1", "takt-protocol.7", "takt-sim.1", "takt-solve.1", "takt.yaml.5", "taktctl.1", "taktd.8"]


def test_the_pages_are_what_the_programs_and_the_schema_say():
    made = generate.pages(BUILD)
    assert sorted(made) == PAGES
    for name, text in made.items():
        with open(f"{ROOT}/packaging/man/{name}", encoding="utf-8") as f:
            assert f.read() == text, f"{name} is old: run packaging/man/generate.py"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound(name):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", f"{ROOT}/packaging/man/{name}"], capture_output=True, text=True, check=False)
    wrong = [line for line in (done.stdout + done.stderr).splitlines()
             if "referenced manual not found" not in line and "outdated mandoc.db" not in line]
    assert wrong == []


@pytest.mark.parametrize("program", ["taktd", "taktctl", "takt-solve", "takt-sim", "takt-load"])
def test_every_option_of_a_program_stands_in_its_page(program):
    section = {"taktd": 8}.get(program, 1)
    shown = subprocess.run(["mandoc", "-T", "ascii", f"{ROOT}/packaging/man/{program}.{section}"], capture_output=True, text=True, check=True).stdout
    shown = re.sub(r".\x08", "", shown)
    for option in set(re.findall(r"(?<![\w-])--[a-z][\w-]*", generate.help_of(BUILD, program))):
        assert option in shown, option


def complete(*words):
    """What bash offers for the last word."""
    script = ('source <("$0" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _taktctl; printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script, f"{BUILD}/taktctl", *words], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_bash_completes_commands_words_and_options():
    assert complete("taktctl", "pl") == ["plan"]
    assert complete("taktctl", "-o", "json", "why") == ["why"]
    assert complete("taktctl", "-o", "j") == ["json"]
    assert complete("taktctl", "plan", "--ga") == ["--gantt"]
    assert complete("taktctl", "key", "re") == ["revoke"]
    assert complete("taktctl", "line", "print-1", "n") == ["next"]
    assert complete("taktctl", "nonsense", "x") == []


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_are_told_of_every_command(shell):
    text = subprocess.run([f"{BUILD}/taktctl", "completion", shell], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"^  ([a-z]+)(?: |$)", generate.help_of(BUILD, "taktctl"), re.M)
    assert len(names) > 10
    for name in names:
        assert re.search(rf"(?:'|-a ){name}(?::| -d)", text), name
