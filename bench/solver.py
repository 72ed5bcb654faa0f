#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure takt-solve on published benchmarks and on factory problems, and write the table into docs/benchmarks.md.

    bench/solver.py --data DIR --work DIR [--build build] [--scale 1.0] [--sample 2] [--seeds 2] [--factory-seeds 1]
                    [--only NAME,…] [--peer PYTHON] [--again] [--table] [--write docs/benchmarks.md]

DIR of --data holds `instances` (families with best.csv), and `problems` (generate.py, convert.py, verify.py, peers.py). Every
schedule in the table has been judged by verify.py. --scale shortens all times (0.1 for a smoke test); --sample is the number
of instances of a family, spread evenly. --peer is a Python with OR-Tools: CP-SAT then runs on the factory problems beside us.
`make build/bench/quotes` must have been run. Everything at its defaults takes about an hour and a quarter on a quiet machine, --sample 6 --factory-seeds 3 a night.

Each run's result is kept in WORK/results.json as soon as it is there, and what is there is not run again (but with --again):
a table can be measured in parts (--only), be broken off and gone on with, and be given more instances and seeds. The
yardsticks' results are kept for ever, since they do not change with takt. --table measures nothing: it shows what is there.
"""
import argparse, csv, hashlib, json, math, os, statistics, subprocess, sys, tempfile, time

# name, families, seconds, what is measured, must, proud
PUBLISHED = [
    ("fjsp-brandimarte, fjsp-hurink-*", ["fjsp-brandimarte", "fjsp-hurink-edata", "fjsp-hurink-rdata", "fjsp-hurink-vdata"], 30, "gap", "1.0 %", "0.5 %"),
    ("fjsp-dauzere", ["fjsp-dauzere"], 60, "gap", "1.5 %", "0.8 %"),
    ("jsp-taillard", ["jsp-taillard"], 60, "gap", "2.0 %", "1.5 %"),
    ("jsp-large-tai 10,000", ["jsp-large-tai"], 60, "gap", "10 %", "5 %"),
    ("jsp-large-tai 100,000", ["jsp-large-tai"], 60, "gap", "6 %", "4 %"),
    ("hfsp-ruiz", ["hfsp-ruiz"], 60, "gap", "6 %", "3 %"),
    ("wtsds", ["wtsds"], 10, "sum", "1.5 %", "0.5 %"),
    ("wt40, wt50, wt100", ["wt40", "wt50", "wt100"], 5, "hits", "99 %", "all"),
    ("jsp-twt", ["jsp-twt"], 10, "hits", "85 %", "97 %"),
    ("upmsp-sdst", ["upmsp-sdst"], 30, "gap", "3 %", "1 %"),
]
SIZES = {"jsp-large-tai 10,000": 10000, "jsp-large-tai 100,000": 100000}  # tasks; families without: all sizes
# name, options of generate.py, tasks, seconds, yardstick, must, proud
FACTORY = [(f"{plant} {tasks:,}{' ' + ' '.join(extra) if extra else ''}", ["--plant", plant, *extra], tasks, 60, yard, must, proud)
           for extra, sizes in (((), ((500, "cpsat", "10 %", "30 %"), (1000, "peer", "55 %", "75 %"), (10000, "peer", "35 %", "60 %"))),
                                (("--orders",), ((1000, "peer", "20 %", "35 %"), (10000, "peer", "20 %", "35 %"))),
                                (("--shifts",), ((1000, "atcs", "40 %", "60 %"), (10000, "atcs", "40 %", "60 %"))))
           for tasks, yard, must, proud in sizes for plant in ("garment", "ceramics", "electronics")]
FACTORY += [(f"{plant} 100,000", ["--plant", plant], 100000, 60, "peer", "20 %", "40 %") for plant in ("garment", "ceramics", "electronics")]
FACTORY += [(f"{plant} {tasks:,} {option}", ["--plant", plant, option], tasks, 60, "atcs", "40 %", "60 %")
            for plant, option in (("ceramics", "--batch"), ("garment", "--overlap")) for tasks in (1000, 10000)]


# name, tasks of a garment problem, what is measured, unit, must, proud
SPEEDS = [(f"first plan of {tasks:,} tasks", tasks, "first", "ms", must, proud)
          for tasks, must, proud in ((1000, 5, 2), (10000, 50, 20), (100000, 1000, 400))]
SPEEDS += [(f"quote {kind}, 99 % of them, {tasks:,} tasks", tasks, f"{kind.lower()}_p99", "ms", must, proud)
           for kind, limits in (("A", ((10000, 0.2, 0.05), (100000, 1, 0.2))), ("B", ((10000, 5, 2), (100000, 20, 10))))
           for tasks, must, proud in limits]
SPEEDS += [("memory, 100,000 tasks", 100000, "memory", "MiB", 256, 100)]
FIRST_RUNS = 5


class Results:
    """What was measured, in a file that is whole at any time."""

    def __init__(self, path):
        self.path = path
        self.rows = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                self.rows = json.load(f)

    def put(self, key, value):
        self.rows[key] = value
        with open(self.path + ".new", "w", encoding="utf-8") as out:
            json.dump(self.rows, out, indent=1)
        os.replace(self.path + ".new", self.path)


class Missing(Exception):
    """--table, and it has not been measured."""


class Infeasible(Exception):
    """takt-solve says that there is no schedule: a kiln that may not pause fits into no shift, say."""


class Bench:
    def __init__(self, options):
        self.o = options
        self.solver = os.path.join(options.build, "takt-solve")
        self.instances = os.path.join(options.data, "instances")
        self.problems = os.path.join(options.data, "problems")
        os.makedirs(options.work, exist_ok=True)
        self.results = Results(os.path.join(options.work, "results.json"))
        self.yardsticks = Results(os.path.join(options.work, "yardsticks.json"))
        self.fresh = set()
        with open(self.solver, "rb") as f:
            self.build = hashlib.sha256(f.read()).hexdigest()[:12]
        sys.path.insert(0, self.problems)
        import verify
        self.verify = verify

    def once(self, results, key, measure):
        """What the key stands for, measured now if it is not there."""
        again = self.o.again and results is self.results and key not in self.fresh
        if self.o.table and key not in results.rows:
            raise Missing
        if not self.o.table and (again or key not in results.rows):
            results.put(key, measure())
            self.fresh.add(key)
        return results.rows[key]

    def tool(self, name, *arguments, python="/usr/bin/python3"):
        return subprocess.run([python, os.path.join(self.problems, name), *arguments], check=True, capture_output=True, text=True).stdout

    def problem(self, key, make):
        """The path of a problem file, made once."""
        path = os.path.join(self.o.work, key.replace("/", "-").replace(" ", "") + ".json")
        if not os.path.exists(path) and not self.o.table:
            text = make()
            with open(path + ".new", "w") as out:
                out.write(text)
            os.replace(path + ".new", path)
        return path

    def generated(self, name, options, tasks):
        return self.problem(name, lambda: self.tool("generate.py", *options, "--tasks", str(tasks), "--seed", "1"))

    def judge(self, path, schedule):
        with open(path) as f:
            problem = json.load(f)
        faults, figures = self.verify.check(problem, schedule)
        if faults:
            sys.exit(f"bench: {path}: infeasible: {faults[:3]}")
        return figures["objective"]

    def run_solver(self, path, seconds, seed, scheduler):
        """The verified objective, when the first plan was there, and the memory that it took."""
        with tempfile.NamedTemporaryFile(mode="r", suffix=".json") as out, tempfile.TemporaryFile(mode="w+") as said:
            run = subprocess.Popen([self.solver, "--scheduler", scheduler, "--time", str(seconds), "--threads", "2", "--seed", str(seed),
                                    "--stats", "-o", out.name, path], stdin=subprocess.DEVNULL, stderr=said)
            _, status, used = os.wait4(run.pid, 0)
            said.seek(0)
            text, code = said.read().strip(), os.waitstatus_to_exitcode(status)
            if code == 65:
                return {"infeasible": text.split(": ", 2)[-1]}
            if code != 0:
                sys.exit(f"bench: {path}: {text}")
            stats = json.loads(text.splitlines()[-1])
            return {"objective": self.judge(path, json.load(out)), "first_s": stats["first_s"], "memory_mib": used.ru_maxrss / 1024,
                    "cpu_s": round(used.ru_utime + used.ru_stime, 1), "build": self.build}

    def solve(self, path, seconds, seed, scheduler="auto"):
        name = os.path.basename(path)[:-5]
        seconds *= self.o.scale
        key = f"{name} {scheduler} {seconds:g} s seed {seed}"
        known = self.once(self.results, key, lambda: self.run_solver(path, seconds, seed, scheduler))
        if "infeasible" in known:
            raise Infeasible(known["infeasible"])
        return known

    def peer(self, path, name, seconds):
        python = self.o.peer if name == "cpsat" else "/usr/bin/python3"
        key = f"{os.path.basename(path)[:-5]} {name}" + (f" {seconds:g} s" if name == "cpsat" else "")
        return self.once(self.yardsticks, key, lambda: self.judge(path, json.loads(
            self.tool("peers.py", "--peer", name, "--time", str(seconds), "--workers", "2", path, python=python))))

    def sample(self, name, families):
        with open(os.path.join(self.instances, "best.csv")) as f:
            rows = [r for r in csv.DictReader(f) if r["family"] in families and r["upper_bound"]]
        rows = [r for r in rows if name not in SIZES or math.prod(map(int, r["instance"].split(".")[0].split("_")[1:3])) == SIZES[name]]
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
                value = self.solve(path, seconds, seed)["objective"]
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
        path = self.generated(name, options, tasks)
        runs = [self.solve(path, seconds, seed) for seed in range(1, self.o.factory_seeds + 1)]
        ours = statistics.median(run["objective"] for run in runs)
        if yard == "cpsat" and not self.o.peer:
            yard = "peer"
        if yard == "atcs":
            other, called = self.solve(path, seconds, 1, "atcs")["objective"], "our atcs"
        elif yard == "peer":
            other, called = self.peer(path, "atcs", seconds), "the yardstick's atcs"
        else:
            other, called = self.peer(path, "cpsat", seconds * self.o.scale), "CP-SAT"
        below = (other - ours) / other * 100 if other else 0
        processor = statistics.median(run["cpu_s"] for run in runs)
        note = f"ours {ours:.0f}, {called} {other}; {len(runs)} runs, {processor:.0f} s of processor time each"
        return f"| {name} | {seconds * self.o.scale:g} s | {must} | {proud} | **{below:.0f} % below** | {note} |"

    def speed(self, name, tasks, what, unit, must, proud):
        path = self.generated(f"garment {tasks:,}", ["--plant", "garment"], tasks)
        note = ""
        if what == "first":
            runs = [self.once(self.results, f"{name} {k}", lambda: self.run_solver(path, 60, 1, "atcs")) for k in range(FIRST_RUNS)]
            times = [run["first_s"] * 1000 for run in runs]
            value, note = min(times), f"by the clock, the least of {FIRST_RUNS} runs; the median is {statistics.median(times):.0f} ms"
        elif what == "memory":
            value, note = self.solve(path, 60, 1)["memory_mib"], "the most that the process ever held, the text of the problem included"
        else:
            told = self.once(self.results, f"quotes {tasks}", lambda: json.loads(subprocess.run(
                [os.path.join(self.o.build, "bench", "quotes"), path], check=True, capture_output=True, text=True).stdout))
            value, note = told[f"{what}_us"] / 1000, f"{told['asked']} quotes, processor time"
        return f"| {name} | | {must} {unit} | {proud} {unit} | **{value:.3g} {unit}** | {note} |"


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
    a.add_argument("--build", default="build", help="where takt-solve and bench/quotes are")
    a.add_argument("--scale", type=float, default=1.0)
    a.add_argument("--sample", type=int, default=2)
    a.add_argument("--seeds", type=int, default=2)
    a.add_argument("--factory-seeds", type=int, default=1)
    a.add_argument("--again", action="store_true", help="measure even what has been measured")
    a.add_argument("--table", action="store_true", help="only show what has been measured")
    a.add_argument("--only", help="rows whose name contains one of these")
    a.add_argument("--peer", help="a Python that has OR-Tools")
    a.add_argument("--write", help="the document that gets the table")
    o = a.parse_args()
    bench, began = Bench(o), time.time()
    wanted = lambda name: not o.only or any(part in name for part in o.only.split(","))
    lines = [f"`bench/solver.py --scale {o.scale:g} --sample {o.sample} --seeds {o.seeds} --factory-seeds {o.factory_seeds}`, "
             f"2 threads on {os.cpu_count()} cores.", "",
             "| work | time | must | proud | measured | |", "|---|---|---|---|---|---|"]
    for rows, run in ((PUBLISHED, bench.published), (FACTORY, bench.factory), (SPEEDS, bench.speed)):
        for row in rows:
            if wanted(row[0]):
                try:
                    line = run(*row)
                except Infeasible as why:
                    line = f"| {row[0]} | | | | no schedule | {why} |"
                except Missing:
                    line = f"| {row[0]} | | | | not measured | |"
                if line:
                    lines.append(line)
                    print(line, flush=True)
    print(f"{time.time() - began:.0f} s", file=sys.stderr)
    if o.write:
        write_section(o.write, lines)


if __name__ == "__main__":
    main()
