# SPDX-License-Identifier: Apache-2.0
"""taktd --check, from outside: what it prints, what it returns, and that it agrees with the JSON Schema.

The schema knows what one value can be. The loader knows that too, and what values mean together. So whatever the schema
refuses the loader must refuse, and where only the loader refuses, each fault must be about meaning.
"""
import copy
import json
import os
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("TAKT_BUILD", f"{ROOT}/build"))
EXAMPLES = ["garments", "ceramics", "electronics", "demo"]
FAULT = re.compile(r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<text>.+)$")

# How a fault about meaning begins or what is in it: references, ranges of values with a unit, sense.
MEANING = re.compile(
    "there is no |has no option |out of range: |never open|takes a lot of|is above lot.max|is a batch line|is counted in|"
    "is in the route twice|before it begins|security is none|are the same|nothing could ever|is here twice|overlap is |it needs |"
    "a line already|two lines are called|whole calendar days|takes longer than any line|here twice|defined twice|"
    "decided by a socket's permissions|to itself no changeover|neither a rate nor a fixed time"
)


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it: 2026-12-01 and off are text."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("null", r"^(|~|null|Null|NULL)$", ["~", "n", "N", ""]),
    ("bool", r"^(true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?[0-9]+$", list("-+0123456789")),
    ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", list("-+0123456789.")),
]:
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)


def check(path):
    """The status, the faults' texts and the whole of what was printed."""
    done = subprocess.run([f"{BUILD}/taktd", "--check", str(path)], capture_output=True, text=True, timeout=60)
    faults = [m for m in map(FAULT.match, done.stderr.splitlines()) if m and not m["text"].startswith("note: ")]
    return done.returncode, [m["text"] for m in faults], done


@pytest.fixture(scope="module")
def schema():
    with open(f"{ROOT}/config/schema/plant.schema.json", encoding="utf-8") as f:
        loaded = json.load(f)
    jsonschema.Draft202012Validator.check_schema(loaded)
    return jsonschema.Draft202012Validator(loaded)


def example(name):
    with open(f"{ROOT}/config/examples/{name}.yaml", encoding="utf-8") as f:
        return yaml.load(f, Core)


# What is printed.


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_good_and_summed_up(name, schema):
    status, faults, done = check(f"{ROOT}/config/examples/{name}.yaml")
    assert (status, faults) == (0, []), done.stderr
    assert re.fullmatch(r"ok: \d+ lines, \d+ products?, \d+ packing lines?, \d+ creators?; lines work .* h a week\n", done.stdout)
    assert list(schema.iter_errors(example(name))) == []


def test_every_mistake_is_printed_and_78_returned(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("takt: 1\nplant: {id: x, time_zone: Nowhere}\nlines: {a: {calendar: b}}\n")
    status, faults, done = check(path)
    assert status == 78
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert all(FAULT.match(line) for line in lines), done.stderr
    assert any(line.startswith(f"{path}:3:23: there is no calendar 'b'") for line in lines)
    assert len(faults) == 5, done.stderr


def test_a_file_that_is_not_there_returns_66(tmp_path):
    status, faults, done = check(tmp_path / "none.yaml")
    assert (status, faults) == (66, [])
    assert "No such file" in done.stderr


def test_notes_do_not_make_a_plant_wrong(tmp_path):
    plant = example("garments")
    plant["materials"]["silk"] = {"unit": "m"}
    path = tmp_path / "p.yaml"
    path.write_text(json.dumps(plant))
    status, _, done = check(path)
    assert status == 0
    assert "note: nothing uses the material 'silk'" in done.stderr


def test_drop_ins_are_read_and_their_faults_are_theirs(tmp_path):
    (tmp_path / "p.yaml").write_text(json.dumps(example("garments")))
    (tmp_path / "taktd.d").mkdir()
    (tmp_path / "taktd.d" / "more.yaml").write_text("creators:\n  ada: {share: many}\n")
    status, _, done = check(tmp_path / "p.yaml")
    assert status == 78
    assert f"{tmp_path}/taktd.d/more.yaml:2:16: share: 'many' is wrong" in done.stderr


# The schema and the loader.


def places(node, path=()):
    """Every place in a document."""
    yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from places(child, path + (key,))


def at(node, path):
    for key in path:
        node = node[key]
    return node


WRONG = [None, True, 0, 1, -1, 1.5, 10**12, "", "x", "5m", "2 words", "1.2 m", "10%", "06:00", "2026-12-01", "a\nb", [], {}, ["x"], {"x": 1}, [[]]]


def mutations(plant, seed, count):
    """(what was done, the document), some of which are still good."""
    rng = random.Random(seed)
    everywhere = [p for p in places(plant) if p]
    for _ in range(count):
        path = rng.choice(everywhere)
        mutant = copy.deepcopy(plant)
        parent, key = at(mutant, path[:-1]), path[-1]
        what = rng.choice(["replace", "replace", "replace", "remove", "add", "rename"])
        if what == "replace":
            parent[key] = rng.choice(WRONG)
        elif what == "remove":
            del parent[key]
        elif what == "add" and isinstance(parent[key], dict):
            parent[key]["zz"] = rng.choice(WRONG)
        elif what == "add" and isinstance(parent[key], list):
            parent[key].append(rng.choice(WRONG))
        elif what == "rename" and isinstance(parent, dict):
            parent[str(key) + "x"] = parent.pop(key)
        yield f"{what} at {'.'.join(map(str, path))}", mutant


def judge(schema, folder, number, mutant):
    """What is wrong with how the two judge it, or None."""
    path = folder / f"{number}.yaml"
    path.write_text(json.dumps(mutant))
    status, faults, done = check(path)
    errors = [f"{e.json_path}: {e.message}" for e in schema.iter_errors(mutant)]
    path.unlink()
    if status not in (0, 78) or (status == 78) != bool(faults):
        return f"status {status}: {done.stderr}"
    if errors and not faults:
        return f"only the schema refuses: {errors}"
    shape = [text for text in faults if not MEANING.search(text)]
    if shape and not errors:
        return f"only the loader refuses: {shape}"
    return None


@pytest.mark.parametrize("name,seed,count", [("garments", 1, 250), ("ceramics", 2, 250), ("electronics", 3, 250), ("demo", 4, 150)])
def test_the_schema_and_the_loader_agree_on_mutated_plants(name, seed, count, schema, tmp_path):
    mutants = list(mutations(example(name), seed, count))
    with ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(lambda n: judge(schema, tmp_path, n, mutants[n][1]), range(count)))
    disagreements = [f"{what}: {verdict}" for (what, _), verdict in zip(mutants, verdicts) if verdict]
    assert disagreements == []


def test_mutations_are_of_all_sorts(schema):
    """The test above would show nothing if all mutants were good, or all of them bad."""
    bad = [bool(list(schema.iter_errors(mutant))) for _, mutant in mutations(example("garments"), 1, 250)]
    assert 50 < sum(bad) < 240
