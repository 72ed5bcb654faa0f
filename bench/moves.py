#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Guards the search's hot loops: instructions per move under callgrind, as a multiple of a step of bench/reference.c that
was built and counted in the same run, against the multiples in bench/moves.json. Counts do not depend on how busy the
machine is, and little on the compiler. Exit 1: a move has become dearer by more than --tolerance.

    bench/moves.py [--build build] [--tolerance 1.3] [--store]      --store: what is measured now is what is right
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

import tiny

HERE = os.path.dirname(os.path.abspath(__file__))
STORED = os.path.join(HERE, "moves.json")
FEW, MANY = 5000, 20000


def instructions(work, *command):
    run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={work}/callgrind", *map(str, command)],
                         capture_output=True, text=True, check=False, timeout=600)
    if run.returncode != 0:
        sys.exit(f"moves: {command[0]}: exit {run.returncode}: {run.stderr[-500:]}")
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1)), run.stderr


def per_move(work, program, path):
    """What comes before the search falls out as the difference of two runs."""
    counted = []
    for iterations in (FEW, MANY):
        count, text = instructions(work, program, "--iterations", iterations, "--stats", "-o", os.devnull, path)
        counted.append((count, json.loads(re.search(r"^\{.*\}$", text, re.M).group(0))["tried"]))
    return (counted[1][0] - counted[0][0]) / (counted[1][1] - counted[0][1])


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--build", default="build")
    a.add_argument("--tolerance", type=float, default=1.3)
    a.add_argument("--store", action="store_true")
    o = a.parse_args()
    stored, now, dearer = {}, {}, []
    if os.path.exists(STORED):
        with open(STORED, encoding="utf-8") as f:
            stored = json.load(f)
    with tempfile.TemporaryDirectory() as work:
        reference = os.path.join(o.build, "bench", "reference")
        step = (instructions(work, reference, 200000)[0] - instructions(work, reference, 100000)[0]) / 100000
        for name, make in tiny.PROBLEMS.items():
            path = os.path.join(work, "problem.json")
            with open(path, "w", encoding="utf-8") as out:
                json.dump(make(), out)
            now[name] = round(per_move(work, os.path.join(o.build, "takt-solve"), path) / step, 1)
            print(f"{name}: a move takes {now[name]} steps of the reference, {stored.get(name, 'nothing')} is stored", flush=True)
            if now[name] > o.tolerance * stored.get(name, now[name]):
                dearer.append(name)
    if o.store:
        with open(STORED, "w", encoding="utf-8") as out:
            json.dump(now, out, indent=1)
            out.write("\n")
    elif dearer:
        sys.exit(f"moves: dearer than stored: {', '.join(dearer)}; if that is worth it, --store")


if __name__ == "__main__":
    main()
