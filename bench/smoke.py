#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Whether the solver can be measured at all: every rule and the search on small problems of each kind, judged here, and
bench/solver.py on one instance of two families where the published ones are there. No figure is asserted.

    bench/smoke.py [--build build] [--shared ../shared]
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import tiny


def solve(program, path, scheduler, seed):
    run = subprocess.run([program, "--scheduler", scheduler, "--iterations", "4000", "--threads", "2", "--seed", str(seed), "--stats", path],
                         capture_output=True, text=True, check=False, timeout=300)
    if run.returncode != 0:
        sys.exit(f"smoke: {path}, {scheduler}: exit {run.returncode}: {run.stderr}")
    return json.loads(run.stdout), json.loads(run.stderr)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--build", default="build")
    a.add_argument("--shared", default="../shared", help="published instances, if they are there")
    o = a.parse_args()
    program = os.path.abspath(os.path.join(o.build, "takt-solve"))
    with tempfile.TemporaryDirectory() as work:
        for name, make in tiny.PROBLEMS.items():
            problem, costs = make(), []
            path = os.path.join(work, "problem.json")
            with open(path, "w", encoding="utf-8") as out:
                json.dump(problem, out)
            for scheduler in ("fifo", "edd", "spt", "atcs", "auto"):
                schedule, stats = solve(program, path, scheduler, 1)
                cost = tiny.judge(problem, schedule)
                if cost != stats["objective"] or cost < stats["bound"]:
                    sys.exit(f"smoke: {name}, {scheduler}: it costs {cost}, not {stats['objective']} (bound {stats['bound']})")
                costs.append(f"{scheduler} {cost}")
            print(f"{name}: {', '.join(costs)}", flush=True)
        if not os.path.exists(os.path.join(o.shared, "instances", "best.csv")):
            print(f"left out: published instances, there are none in {o.shared}")
            return
        subprocess.run([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "solver.py"), "--data", o.shared,
                        "--work", work, "--build", o.build, "--scale", "0.02", "--sample", "1", "--seeds", "1", "--only", "wtsds,upmsp"],
                       check=True, timeout=300)


if __name__ == "__main__":
    main()
