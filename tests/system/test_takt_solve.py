# SPDX-License-Identifier: Apache-2.0
"""takt-solve from the shell: what it reads, writes, says and returns."""
import json
import os
import subprocess
import xml.etree.ElementTree

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOLVE = os.path.join(os.path.abspath(os.environ.get("TAKT_BUILD", f"{ROOT}/build")), "takt-solve")
CORPUS = os.path.join(ROOT, "tests", "fuzz", "corpus", "problem")


def solve(*arguments, text=None):
    return subprocess.run([SOLVE, *map(str, arguments)], input=text, capture_output=True, text=True, timeout=120, check=False)


def problem(jobs=12):
    """Three lines with changeovers and a pool, jobs of two tasks with tight dues."""
    tasks = [[{"id": "cut", "lines": {"a": 3 + k % 4, "b": 4 + k % 3}, "family": f"f{k % 3}"},
              {"id": "sew", "lines": {"c": 2 + k % 5}, "pools": {"crew": 1}}] for k in range(jobs)]
    return {"format": "takt.problem/1", "objective": {"tardiness": 10, "changeover": 1},
            "lines": [{"id": "a", "changeover": "t"}, {"id": "b", "changeover": "t"}, {"id": "c"}],
            "pools": [{"id": "crew", "capacity": 1}], "changeovers": {"t": {"default": 5}},
            "jobs": [{"id": f"L{k}", "due": 10 + 2 * k, "weight": 1 + k % 2, "tasks": tasks[k]} for k in range(jobs)]}


@pytest.fixture(name="path")
def fixture_path(tmp_path):
    path = tmp_path / "p.json"
    path.write_text(json.dumps(problem()))
    return path


def test_a_schedule_places_every_task_on_one_of_its_lines(path):
    run = solve("--iterations", 500, path)
    assert run.returncode == 0, run.stderr
    rows = json.loads(run.stdout)["tasks"]
    wanted = {(j["id"], t["id"]): t["lines"] for j in problem()["jobs"] for t in j["tasks"]}
    assert {(r["job"], r["task"]) for r in rows} == set(wanted) and len(rows) == len(wanted)
    for r in rows:
        assert r["end"] - r["start"] == wanted[r["job"], r["task"]][r["line"]]


def test_stats_are_one_line_of_json_with_a_bound_below_the_objective(path):
    run = solve("--iterations", 500, "--stats", "-o", os.devnull, path)
    stats = json.loads(run.stderr)
    assert run.stdout == "" and run.stderr.count("\n") == 1
    assert stats["bound"] <= stats["objective"] == 10 * stats["tardiness"] + stats["changeover"]


def test_the_same_seed_lanes_and_iterations_give_the_same_bytes_on_any_threads(path):
    runs = [solve("--iterations", 3000, "--lanes", 3, "--threads", threads, "--seed", 7, path).stdout for threads in (1, 2, 3)]
    assert runs[0] and runs[0] == runs[1] == runs[2]


def test_a_start_schedule_is_never_made_worse(path, tmp_path):
    first, again = tmp_path / "1.json", tmp_path / "2.json"
    best = json.loads(solve("--iterations", 20000, "--stats", "-o", first, path).stderr)["objective"]
    after = json.loads(solve("--iterations", 10, "--start", first, "--stats", "-o", again, path).stderr)["objective"]
    assert after <= best


@pytest.mark.parametrize("scheduler", ["fifo", "edd", "spt", "atcs", "search", "auto"])
def test_every_scheduler_can_be_named(path, scheduler):
    assert solve("--scheduler", scheduler, "--iterations", 20, path).returncode == 0


def test_job_shop_texts_are_told_apart_and_solved_to_the_optimum():
    for name in ("jsp.txt", "flexible.fjs"):
        run = solve("--iterations", 200, "--stats", "-o", os.devnull, os.path.join(CORPUS, name))
        stats = json.loads(run.stderr)
        assert run.returncode == 0 and stats["makespan"] == stats["objective"] == stats["bound"]


def test_standard_input_is_a_problem_too():
    assert solve("--iterations", 10, "-", text=json.dumps(problem())).returncode == 0


def test_the_chart_is_xml_with_a_box_for_every_task(path, tmp_path):
    chart = tmp_path / "c.svg"
    assert solve("--iterations", 10, "--chart", chart, "-o", os.devnull, path).returncode == 0
    titles = xml.etree.ElementTree.parse(chart).getroot().iter("{http://www.w3.org/2000/svg}title")
    assert sum(1 for _ in titles) == 24


@pytest.mark.parametrize("name, says", [
    ("cut.txt", "line 2"), ("huge.txt", "99999999999"), ("cut.json", "line"), ("cycle.json", "wait for each other"),
    ("negative.json", "'lines' cannot be -4"),
])
def test_bad_files_are_refused_with_one_line_that_says_where_and_what(name, says):
    run = solve("--iterations", 10, os.path.join(CORPUS, name))
    assert run.returncode == 65 and run.stdout == ""
    assert run.stderr.count("\n") == 1 and name in run.stderr and says in run.stderr


def test_hours_too_short_for_the_work_are_refused_with_the_task():
    short = problem()
    short["lines"][2]["open"] = [[0, 4]]
    run = solve("--iterations", 10, "-", text=json.dumps(short))
    assert run.returncode == 65 and "task 'sew' of job" in run.stderr


def test_a_file_that_is_not_there_is_66():
    assert solve("/nonexistent.json").returncode == 66


@pytest.mark.parametrize("arguments", [[], ["--scheduler", "magic", "x"], ["--time", "soon", "x"], ["--threads", "0", "x"], ["a", "b"], ["--what"]])
def test_wrong_usage_is_64(arguments):
    assert solve(*arguments).returncode == 64


def test_help_names_every_scheduler_and_option():
    text = solve("--help").stdout
    for word in ("fifo", "edd", "spt", "atcs", "search", "auto", "--time", "--iterations", "--threads", "--lanes", "--seed",
                 "--start", "--format", "--stats", "--chart", "-o"):
        assert word in text


def line_of_two(due):
    """One line, L0 of ten ticks with that due date, L1 of five."""
    jobs = [{"id": f"L{k}", "due": due if k == 0 else 20, "tasks": [{"id": "cut", "lines": {"a": 10 - 5 * k}}]} for k in range(2)]
    return {"format": "takt.problem/1", "objective": {"tardiness": 1}, "lines": [{"id": "a"}], "jobs": jobs}


@pytest.mark.parametrize("due, answer", [(15, {"end": 5, "end_alone": 15, "moved": 1}), (14, {"end": 15, "end_alone": 15, "moved": 0})])
def test_a_quote_says_what_moving_others_would_help_while_none_gets_late(tmp_path, due, answer):
    path, plan, quoted = tmp_path / "p.json", tmp_path / "plan.json", tmp_path / "quoted.json"
    path.write_text(json.dumps(line_of_two(due)))
    plan.write_text(json.dumps({"format": "takt.schedule/1", "tasks": [{"job": "L0", "task": "cut", "line": "a", "start": 0, "end": 10}]}))
    run = solve("--quote", "L1", "--start", plan, "-o", quoted, path)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == answer
    ends = {r["job"]: r["end"] for r in json.loads(quoted.read_text())["tasks"]}
    assert ends["L1"] == answer["end"] and ends["L0"] <= due


def test_a_quote_needs_a_plan_that_does_not_hold_the_job(path, tmp_path):
    assert solve("--quote", "L1", path).returncode == 64
    plan = tmp_path / "plan.json"
    assert solve("--iterations", 10, "-o", plan, path).returncode == 0
    run = solve("--quote", "L1", "--start", plan, path)
    assert run.returncode == 65 and "already" in run.stderr
    assert solve("--quote", "none", "--start", plan, path).returncode == 64
