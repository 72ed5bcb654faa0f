# SPDX-License-Identifier: Apache-2.0
"""Small problems of each kind that the search knows, made here, and a judge of their schedules; for smoke.py and moves.py."""
import random


def changeovers(dice, families):
    return {"families": families, "time": [[0 if a == b else dice.randint(5, 40) for b in families] for a in families]}


def line_problem(jobs=40, lines=1, makespan=False):
    """Jobs of one task on lines with changeovers: weighted tardiness, or the makespan."""
    dice = random.Random(jobs * 7 + lines)
    families = [f"f{k}" for k in range(12)]
    names = [f"line-{k}" for k in range(lines)]
    rows = [{"id": f"L{k}", "weight": dice.randint(1, 9), "due": dice.randint(0, 30 * jobs // lines),
             "tasks": [{"id": "do", "family": dice.choice(families), "lines": {n: dice.randint(10, 100) for n in names}}]} for k in range(jobs)]
    return {"format": "takt.problem/1", "objective": {"makespan": 1} if makespan else {"tardiness": 1},
            "lines": [{"id": n, "changeover": f"t-{n}"} for n in names],
            "changeovers": {f"t-{n}": changeovers(dice, families) for n in names}, "jobs": rows}


def shop_problem(jobs=10, lines=6, makespan=True):
    """A job shop: each job visits all lines in an order of its own."""
    dice = random.Random(jobs * 11 + lines)
    rows = []
    for k in range(jobs):
        route = dice.sample(range(lines), lines)
        rows.append({"id": f"L{k}", "due": 60 * lines, "weight": dice.randint(1, 4),
                     "tasks": [{"id": str(n), "lines": {f"line-{m}": dice.randint(10, 99)}} for n, m in enumerate(route)]})
    return {"format": "takt.problem/1", "objective": {"makespan": 1} if makespan else {"tardiness": 1},
            "lines": [{"id": f"line-{m}"} for m in range(lines)], "jobs": rows}


def plant_problem(jobs=60):
    """Three steps with two lines each, changeovers at the first and a crew at the last."""
    dice = random.Random(jobs)
    families = [f"f{k}" for k in range(5)]
    rows = [{"id": f"L{k}", "release": dice.randint(0, 200), "due": dice.randint(300, 40 * jobs), "weight": dice.randint(1, 5),
             "tasks": [{"id": "cut", "family": dice.choice(families), "lines": {"cut-1": dice.randint(20, 60), "cut-2": dice.randint(20, 60)}},
                       {"id": "sew", "lines": {"sew-1": dice.randint(20, 80), "sew-2": dice.randint(20, 80)}},
                       {"id": "pack", "lines": {"pack-1": 15, "pack-2": 20}, "pools": {"crew": 1}}]} for k in range(jobs)]
    lines = [{"id": n, "changeover": "t"} if n.startswith("cut") else {"id": n} for n in ("cut-1", "cut-2", "sew-1", "sew-2", "pack-1", "pack-2")]
    return {"format": "takt.problem/1", "objective": {"tardiness": 10, "changeover": 1}, "lines": lines,
            "pools": [{"id": "crew", "capacity": 1}], "changeovers": {"t": changeovers(dice, families)}, "jobs": rows}


PROBLEMS = {
    "one line, tardiness": lambda: line_problem(),
    "lines, makespan": lambda: line_problem(60, 5, makespan=True),
    "job shop, makespan": lambda: shop_problem(),
    "job shop, tardiness": lambda: shop_problem(makespan=False),
    "plant": lambda: plant_problem(),
}


def judge(problem, schedule):
    """The objective of a schedule, read from the problem alone; AssertionError where it breaks a rule."""
    place = {(r["job"], r["task"]): r for r in schedule["tasks"]}
    by_line, crew, done, tardiness, changes = {}, [], {}, 0, 0
    for job in problem["jobs"]:
        ready = job.get("release", 0)
        for task in job["tasks"]:
            row = place.pop((job["id"], task["id"]))
            assert row["start"] >= ready and row["end"] - row["start"] == task["lines"][row["line"]], row
            ready = row["end"]
            by_line.setdefault(row["line"], []).append((row["start"], row["end"], task.get("family")))
            if task.get("pools"):
                crew.append((row["start"], row["end"]))
        done[job["id"]] = ready
        tardiness += job["weight"] * max(0, ready - job["due"])
    assert not place, place
    tables = {line["id"]: problem["changeovers"][line["changeover"]] for line in problem["lines"] if "changeover" in line}
    for line, rows in by_line.items():
        rows.sort()
        for a, b in zip(rows, rows[1:]):
            gap = 0
            if line in tables:
                names = tables[line]["families"]
                gap = tables[line]["time"][names.index(a[2])][names.index(b[2])]
            assert b[0] >= a[1] + gap, (line, a, b)
            changes += gap
    crew.sort()
    assert all(b[0] >= a[1] for a, b in zip(crew, crew[1:]))
    weight = problem["objective"]
    return weight.get("tardiness", 0) * tardiness + weight.get("changeover", 0) * changes + weight.get("makespan", 0) * max(done.values())
