#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure takt-solve on published benchmarks and on factory problems, and write the table into docs/benchmarks.md.

    bench/solver.py --data DIR --work DIR [--solver build/takt-solve] [--scale 1.0] [--sample 6] [--seeds 2]
                    [--only NAME,…] [--peer PYTHON] [--write docs/benchmarks.md]

DIR of --data holds `instances` (families with best.csv), and `problems` (generate.py, convert.py, verify.py, peers.py). Every
schedule in the table has been judged by verify.py. --scale shortens all times (0.1 for a smoke test); --sample is the number
of instances of a family, spread evenly. --peer is a Python with OR-Tools: CP-SAT then runs on the factory problems beside us.
"""
import argparse, csv, gzip, json, math, os, statistics, subprocess, sys, tempfile, time

# name, families, seconds, what is measured, must, proud
PUBLISHED = [
    ("fjsp-brandimarte, fjsp-hurink-*", ["fjsp-brandimarte", "fjsp-hurink-edata", "fjsp-hurink-rdata", "fjsp-hurink-vdata"], 30, "gap", "1.0 %", "0.5 %"),
    ("fjsp-dauzere", ["fjsp-dauzere"], 60, "gap", "1.5 %", "0.8 %"),
    ("jsp-taillard", ["jsp-taillard"], 60, "gap", "2.0 %", "1.5 %"),
    ("jsp-large-tai 10,000", ["jsp-large-tai"], 60, "gap", "10 %", "5 %"),
    ("hfsp-ruiz", ["hfsp-ruiz"], 60, "gap", "6 %", "3 %"),
    ("wtsds", ["wtsds"], 10, "sum", "1.5 %", "0.5 %"),
    ("wt40, wt50, wt100", ["wt40", "wt50", "wt100"], 5, "hits", "99 %", "all"),
    ("jsp-twt", ["jsp-twt"], 10, "hits", "85 %", "97 %"),
    ("upmsp-sdst", ["upmsp-sdst"], 30, "gap", "3 %", "1 %"),
]
SIZES = {"jsp-large-tai 10,000": lambda name: math.prod(map(int, name.split(".")[0].split("_")[1:3])) == 10000}
# name, options of generate.py, tasks, seconds, yardstick, must, proud
FACTORY = [(f"{plant} {tasks:,}{' ' + ' '.join(extra) if extra else ''}", ["--plant", plant, *extra], tasks, 60, yard, must, proud)
           for extra, sizes in (((), ((500, "cpsat", "10 %", "30 %"), (1000, "peer", "55 %", "75 %"), (10000, "peer", "35 %", "60 %"))),
                                (("--orders",), ((1000, "peer", "20 %", "35 %"), (10000, "peer", "20 %", "35 %"))),
                                (("--shifts",), ((1000, "atcs", "40 %", "60 %"), (10000, "atcs", "40 %", "60 %"))))
           for tasks, yard, must, proud in sizes for plant in ("garment", "ceramics", "electronics")]
FACTORY += [("garment 100,000", ["--plant", "garment"], 100000, 60, "peer", "20 %", "40 %")]
FACTORY += [(f"{plant} {tasks:,} {option}", ["--plant", plant, option], tasks, 60, "atcs", "40 %", "60 %")
            for plant, option in (("ceramics", "--batch"), ("garment", "--overlap")) for tasks in (1000, 10000)]


class Infeasible(Exception):
    """takt-solve says that there is no schedule: a kiln that may not pause fits into no shift, say."""


class Bench:
    def __init__(self, options):
        self.o = options
        self.instances = os.path.join(options.data, "instances")
        self.problems = os.path.join(options.data, "problems")
        os.makedirs(options.work, exist_ok=True)
        sys.path.insert(0, self.problems)
        import verify
        self.verify = verify

    def tool(self, name, *arguments, python="/usr/bin/python3"):
        return subprocess.run([python, os.path.join(self.problems, name), *arguments], check=True, capture_output=True, text=True).stdout

    def problem(self, key, make):
        """The path of a problem file, made once."""
        path = os.path.join(self.o.work, key.replace("/", "-").replace(" ", "") + ".json")
        if not os.path.exists(path):
            text = make()
            with open(path, "w") as out:
                out.write(text)
        return path

    def judge(self, path, schedule):
        with open(path) as f:
            problem = json.load(f)
        faults, figures = self.verify.check(problem, schedule)
        if faults:
            sys.exit(f"bench: {path}: infeasible: {faults[:3]}")
        return figures["objective"]

    def solve(self, path, seconds, seed, scheduler="auto"):
        """The verified objective, and the statistics."""
        with tempfile.NamedTemporaryFile(mode="r", suffix=".json") as out:
            run = subprocess.run([self.o.solver, "--scheduler", scheduler, "--time", str(seconds * self.o.scale), "--threads", "2", "--seed", str(seed),
                                  "--stats", "-o", out.name, path], capture_output=True, text=True)
            if run.returncode == 65:
                raise Infeasible(run.stderr.strip().split(": ", 2)[-1])
            if run.returncode != 0:
                sys.exit(f"bench: {path}: {run.stderr.strip()}")
            stats = json.loads(run.stderr.strip().splitlines()[-1])
            return self.judge(path, json.load(out)), stats

    def peer(self, path, name, seconds):
        python = self.o.peer if name == "cpsat" else "/usr/bin/python3"
        return self.judge(path, json.loads(self.tool("peers.py", "--peer", name, "--time", str(seconds), "--workers", "2", path, python=python)))

    def sample(self, name, families):
        with open(os.path.join(self.instances, "best.csv")) as f:
            rows = [r for r in csv.DictReader(f) if r["family"] in families and r["upper_bound"]]
        rows = [r for r in rows if name not in SIZES or SIZES[name](r["instance"])]
        per = max(1, self.o.sample if len(families) == 1 else self.o.sample // 2)
        for family in families:
            own = [r for r in rows if r["family"] == family]
            step = max(1.0, len(own) / per)
            for k in range(min(per, len(own))):
                row = own[min(len(own) - 1, int(k * step + step / 2))]
                path = self.problem(f"{family}-{row['instance']}", lambda: self.tool(
                    "convert.py", family, os.path.join(self.instances, family, row["instance"])))
                yield row, path

    def published(self, name, families, seconds, kind, must, proud):
        gaps, found, best = [], 0, 0
        for row, path in self.sample(name, families):
            for seed in range(1, self.o.seeds + 1):
                value, _ = self.solve(path, seconds, seed)
                bound = int(row["upper_bound"])
                found, best = found + value, best + bound
                gaps.append((value - bound) / max(bound, 1) * 100)
                print(f"  {row['family']}/{row['instance']} seed {seed}: {value} of {bound}", file=sys.stderr, flush=True)
        if not gaps:
            return None
        if kind == "hits":
            result = f"{sum(g <= 0 for g in gaps) / len(gaps) * 100:.0f} % reached"
        elif kind == "sum":
            result = f"{(found - best) / best * 100:.2f} % above"
        else:
            result = f"{statistics.mean(gaps):.2f} %"
        return f"| {name} | {seconds * self.o.scale:g} s | {must} | {proud} | **{result}** | worst {max(gaps):.1f} %, best {min(gaps):.1f} %, {len(gaps)} runs |"

    def factory(self, name, options, tasks, seconds, yard, must, proud):
        path = self.problem(name, lambda: self.tool("generate.py", *options, "--tasks", str(tasks), "--seed", "1"))
        runs = [self.solve(path, seconds, seed) for seed in range(1, self.o.seeds + 1)]
        ours = statistics.median(value for value, _ in runs)
        notes = [f"ours {ours:.0f}, first after {max(s['first_s'] for _, s in runs) * 1000:.0f} ms"]
        if yard == "cpsat" and not self.o.peer:
            yard = "peer"
        if yard == "atcs":
            other, called = self.solve(path, seconds, 1, "atcs")[0], "our atcs"
        elif yard == "peer":
            other, called = self.peer(path, "atcs", seconds), "the yardstick's atcs"
        else:
            other, called = self.peer(path, "cpsat", seconds * self.o.scale), "CP-SAT"
        notes.append(f"{called} {other}")
        below = (other - ours) / other * 100 if other else 0
        return f"| {name} | {seconds * self.o.scale:g} s | {must} | {proud} | **{below:.0f} % below** | {'; '.join(notes)} |"


def write_section(path, lines):
    """Replaces what stands between the two marks, or adds it at the end."""
    begin, end = "<!-- solver: begin -->", "<!-- solver: end -->"
    text = open(path).read() if os.path.exists(path) else "# Benchmarks\n\n"
    block = "\n".join([begin, *lines, end])
    if begin in text:
        text = text[:text.index(begin)] + block + text[text.index(end) + len(end):]
    else:
        text += "\n## How near the solver comes to the best known plans\n\n" + block + "\n"
    with open(path, "w") as out:
        out.write(text)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--data", required=True)
    a.add_argument("--work", required=True)
    a.add_argument("--solver", default="build/takt-solve")
    a.add_argument("--scale", type=float, default=1.0)
    a.add_argument("--sample", type=int, default=6)
    a.add_argument("--seeds", type=int, default=2)
    a.add_argument("--only", help="rows whose name contains one of these")
    a.add_argument("--peer", help="a Python that has OR-Tools")
    a.add_argument("--write", help="the document that gets the table")
    o = a.parse_args()
    bench, began = Bench(o), time.time()
    wanted = lambda name: not o.only or any(part in name for part in o.only.split(","))
    lines = [f"`bench/solver.py --scale {o.scale:g} --sample {o.sample} --seeds {o.seeds}`, 2 threads on {os.cpu_count()} cores.", "",
             "| work | time | must | proud | measured | |", "|---|---|---|---|---|---|"]
    for rows, run in ((PUBLISHED, bench.published), (FACTORY, bench.factory)):
        for row in rows:
            if wanted(row[0]):
                try:
                    line = run(*row)
                except Infeasible as why:
                    line = f"| {row[0]} | | | | no schedule | {why} |"
                if line:
                    lines.append(line)
                    print(line, flush=True)
    print(f"{time.time() - began:.0f} s", file=sys.stderr)
    if o.write:
        write_section(o.write, lines)


if __name__ == "__main__":
    main()
