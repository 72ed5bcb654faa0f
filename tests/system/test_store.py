# SPDX-License-Identifier: Apache-2.0
"""`taktctl store`: what a person does to a store itself: check, measure, back up, bring back, move to another database."""
import gzip
import json
import os
import sqlite3
import subprocess

import pytest

import database
from taktlab import BUILD, WAIT_S, Lab, order, wait_until

NASTY = "A \\N 'ü' \\x00 \\. %s \" 木"


def store(lab, *arguments, status=0):
    done = subprocess.run([f"{BUILD}/taktctl", "store", *arguments], cwd=lab.folder, capture_output=True, text=True, timeout=WAIT_S,
                          check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def stats(lab, url):
    return json.loads(store(lab, "stats", "-o", "json", url))


def read(lab, name):
    with (gzip.open if name.endswith(".gz") else open)(lab.path(name), "rt", encoding="utf-8") as f:
        return f.read()


def parted(places):
    """The tasks of a row of lot_plan: [(op, start, end, line)]."""
    words = [line.split(" ", 3) for line in places.splitlines()]
    return [(int(op), *(None if time == "-" else int(time) for time in times), line) for op, *times, line in words]


def plan(lab, name):
    with sqlite3.connect(lab.path(name)) as db:
        rows = db.execute("SELECT lot, places FROM lot_plan ORDER BY lot").fetchall()
    db.close()
    assert rows
    return rows


@pytest.fixture(name="lab")
def fixture_lab():
    """A plant that has planned orders, some of them cancelled, in an SQLite store; the daemon runs."""
    with Lab(store="sqlite:takt.db") as lab:
        lab.start()
        luna, band = lab.creator("luna"), lab.creator("band")
        luna.ask("orders", orders=[order(f"A-{i}", quantity=i + 1) for i in range(30)])
        odd = order("B-1", recipient={"name": NASTY, "address": {"country": "DE", "city": "Jena", "line1": "x"}})
        assert band.ask("orders", orders=[odd])["accepted"] == 1
        luna.ask("cancel", order_refs=["A-3", "A-4"])
        wait_until(lambda: all(row["state"] != "accepted" for row in lab.ctl("orders")["orders"]), what="a plan")
        yield lab


@pytest.fixture(name="url")
def fixture_url(request):
    if database.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    name = request.node.name[:60].lower()
    yield database.shared().create(name)
    database.shared().drop(name)


def test_a_store_at_work_is_measured_and_found_whole(lab):
    found = stats(lab, "sqlite:takt.db")
    assert found["plant"] == "lab-01" and found["rows"]["orders"] == 31 and found["open_orders"] == 29
    assert found["rows"]["event"] == found["event"] > 0
    assert "is whole" in store(lab, "check", "sqlite:takt.db")


@pytest.mark.parametrize("harm, fault", [
    ("DELETE FROM order_key WHERE order_ref = 'A-1'", "an order without its key"),
    ("DELETE FROM body WHERE no = (SELECT no FROM orders WHERE order_ref = 'A-1')", "without its body"),
    ("UPDATE creator SET planned = planned + 1 WHERE creator = 'luna'", "count of orders"),
    ("DELETE FROM lot", "a lot that is not there"),
    ("UPDATE state SET cursor = 1", "a number that was not given"),
    ("DELETE FROM lot_plan", "a place in the plan"),
    ("UPDATE lot_plan SET places = substr(places, instr(places, char(10)) + 1)", "a place in the plan"),
    ("UPDATE lot_plan SET places = '0 soon' || substr(places, 2)", "cannot be read"),
    ("INSERT INTO lot_plan (lot, places) VALUES (999999, '0 - - cut-1' || char(10))", "places in the plan of a lot that is not there"),
])
def test_harm_to_a_store_is_found(lab, harm, fault):
    lab.stop()
    with sqlite3.connect(lab.path("takt.db")) as db:
        db.execute(harm)
    db.close()
    assert fault in store(lab, "check", "sqlite:takt.db", status=65)


def test_a_plant_does_not_go_on_from_a_lot_whose_places_are_gone(lab):
    lab.stop()
    with sqlite3.connect(lab.path("takt.db")) as db:
        db.execute("DELETE FROM lot_plan WHERE lot = 1")
        before = db.execute("SELECT * FROM task ORDER BY lot, op").fetchall()
    done = subprocess.run([f"{BUILD}/taktd", "plant.yaml"], cwd=lab.folder, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert done.returncode != 0 and "the place of a task" in done.stdout + done.stderr
    assert db.execute("SELECT * FROM task ORDER BY lot, op").fetchall() == before
    db.close()


def test_a_dump_of_a_store_at_work_holds_every_table_and_only_its_owner_may_read_it(lab):
    store(lab, "dump", "sqlite:takt.db", "a.dump")
    lines = [json.loads(line) for line in read(lab, "a.dump").splitlines()]
    tables = {line["table"] for line in lines if isinstance(line, dict) and "table" in line}
    with sqlite3.connect(lab.path("takt.db")) as db:
        there = {name for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")}
    db.close()
    assert tables == there - {"plant", "process"}
    assert os.stat(lab.path("a.dump")).st_mode & 0o777 == 0o600
    assert lines[-1]["rows"] == sum(isinstance(line, list) for line in lines)
    assert "--force" in store(lab, "dump", "sqlite:takt.db", "a.dump", status=73)


def test_a_backup_is_a_dump_of_what_the_plant_names_and_only_its_oldest_ones_go(lab):
    os.mkdir(lab.path("kept"))
    other = ["lab-01-20260101T000000Z.dump", "lab-012-20260101T000000Z.dump.gz", "lab-01-notes.dump.gz", "lab-01-2026010XT000000Z.dump.gz"]
    old = [f"lab-01-2026010{i}T000000Z.dump.gz" for i in range(1, 5)]
    for name in other + old:
        open(lab.path(f"kept/{name}"), "w", encoding="utf-8").close()
    made = json.loads(store(lab, "backup", "-o", "json", "plant.yaml", "kept", "--keep", "3"))
    assert made["removed"] == 2 and os.stat(lab.path(made["file"])).st_mode & 0o777 == 0o600
    assert sorted(os.listdir(lab.path("kept"))) == sorted(other + old[2:] + [os.path.basename(made["file"])])
    store(lab, "restore", made["file"], "sqlite:again.db")
    assert stats(lab, "sqlite:again.db")["open_orders"] == stats(lab, "sqlite:takt.db")["open_orders"]


def test_a_backup_that_fails_removes_nothing(lab):
    os.mkdir(lab.path("kept"))
    open(lab.path("kept/lab-01-20260101T000000Z.dump.gz"), "w", encoding="utf-8").close()
    with open(lab.path("elsewhere.yaml"), "w", encoding="utf-8") as f:
        json.dump({**lab.plant, "store": "sqlite:nowhere.db"}, f)
    assert "nowhere.db" in store(lab, "backup", "elsewhere.yaml", "kept", "--keep", "1", status=66)
    assert "--keep" in store(lab, "backup", "plant.yaml", "kept", "--keep", "0", status=64)
    with open(lab.path("broken.yaml"), "w", encoding="utf-8") as f:
        f.write("takt: 1\n")
    store(lab, "backup", "broken.yaml", "kept", status=78)
    assert os.listdir(lab.path("kept")) == ["lab-01-20260101T000000Z.dump.gz"]


def test_a_restored_store_goes_on_where_the_dump_was_taken_and_gives_no_number_twice(lab):
    store(lab, "dump", "sqlite:takt.db", "a.dump.gz")
    luna = lab.creator("luna")
    assert luna.ask("orders", orders=[order("LATE-1")])["accepted"] == 1  # which the dump does not know
    seen = luna.ask("subscribe", after="now")["cursor"]
    before = stats(lab, "sqlite:takt.db")
    lab.stop()
    assert "is newer" in store(lab, "restore", "a.dump.gz", "sqlite:takt.db", status=73)
    store(lab, "restore", "a.dump.gz", "sqlite:takt.db", "--force")
    assert "is whole" in store(lab, "check", "sqlite:takt.db")
    lab.start()
    luna = lab.creator("luna")
    assert luna.ask("subscribe", after=seen)["cursor"] <= seen
    answer = luna.ask("orders", orders=[order("A-1", quantity=2), order("LATE-1"), order("NEW-1")])
    assert answer["accepted"] == 2 and answer["duplicates"] == 1, answer
    event = luna.event(lambda e: e["order_ref"] == "NEW-1")
    assert event["cursor"] > before["event"] + 1000
    wait_until(lambda: all(row["state"] != "accepted" for row in lab.ctl("orders")["orders"]), what="a plan")


def test_a_store_that_is_an_old_copy_is_noticed_when_a_creator_has_seen_more(lab):
    luna = lab.creator("luna")
    for _ in range(2):
        assert luna.ask("subscribe", after=10**6)["problem"] == "contradiction"
    wait_until(lambda: "older copy" in lab.log(), what="the log")
    assert lab.log().count("older copy") == 1


def test_a_dump_of_an_older_takt_is_restored(lab):
    """Of before the audit log: without its tables, and without the state's columns for it; the plan a row for each task."""
    store(lab, "dump", "sqlite:takt.db", "a.dump")
    lab.stop()
    new = {"audit", "audit_a", "audit_b", "audit_c", "audit_d", "configured", "erasures_due", "generation", "parent", "parted", "taken"}
    lines, table, places, rows = [], "", [], 0
    for line in map(json.loads, read(lab, "a.dump").splitlines()):
        if isinstance(line, dict) and "table" in line:
            table = line["table"]
            places = [i for i, name in enumerate(line["columns"]) if name not in new]
            line["columns"] = [line["columns"][i] for i in places]
        elif isinstance(line, list):
            line = [line[i] for i in places]
        if table in ("audit", "erasure", "publication") and "rows" not in line:
            continue
        if table == "lot_plan" and "table" in line:
            line = {"table": "task_plan", "columns": ["line", "lot", "op", "start_s", "end_s"]}
        elif table == "lot_plan" and "rows" not in line:
            tasks = [[name, line[0], op, start_s, end_s] for op, start_s, end_s, name in parted(line[1])]
            rows += len(tasks) - 1
            lines += tasks[:-1]
            line = tasks[-1]
        rows += isinstance(line, list)
        lines.append(line)
    lines[0]["schema"], lines[-1]["rows"] = 1, rows
    with open(lab.path("old.dump"), "w", encoding="utf-8") as f:
        f.writelines(json.dumps(line) + "\n" for line in lines)
    store(lab, "restore", "old.dump", "sqlite:back.db")
    assert "is whole" in store(lab, "check", "sqlite:back.db")
    assert stats(lab, "sqlite:back.db")["rows"]["orders"] == 31
    assert plan(lab, "back.db") == plan(lab, "takt.db")


def make_old(db):
    """A store as it was before the plan was kept by lot (schema 5). db: runs SQL, gives back rows."""
    db("CREATE TABLE task_plan (plant smallint NOT NULL DEFAULT 1, lot bigint NOT NULL, op integer NOT NULL, line text NOT NULL, "
       "start_s bigint, end_s bigint, PRIMARY KEY (plant, lot, op))")
    for plant, lot, places in db("SELECT plant, lot, places FROM lot_plan ORDER BY lot DESC"):
        for op, start_s, end_s, line in reversed(parted(places)):
            number = [("NULL" if time is None else str(time)) for time in (start_s, end_s)]
            db(f"INSERT INTO task_plan VALUES ({plant}, {lot}, {op}, '{line}', {number[0]}, {number[1]})")
    db("DROP TABLE lot_plan")


def test_an_older_store_is_migrated_without_a_difference(lab, url):
    lab.stop()
    with sqlite3.connect(lab.path("takt.db")) as db:  # one that waits for a place
        db.execute("UPDATE lot_plan SET places = '0 - - ' || char(10) || substr(places, instr(places, char(10)) + 1) WHERE lot = 1")
    db.close()
    store(lab, "dump", "sqlite:takt.db", "a")
    assert "\"0 - - \\n1 " in read(lab, "a")
    store(lab, "move", "sqlite:takt.db", url)
    with sqlite3.connect(lab.path("takt.db")) as db:
        make_old(lambda sql: db.execute(sql).fetchall())
        db.execute("PRAGMA user_version = 5")
    db.close()
    name = url.split("/")[3].split("?")[0]

    def ask(sql):
        said = database.shared().ask(name, "SET search_path = takt; " + (f"SELECT json_agg(json_build_array(plant, lot, places)) FROM ({sql}) t" if sql.startswith("SELECT") else sql))
        return json.loads(said) if sql.startswith("SELECT") else None

    make_old(ask)
    ask("DELETE FROM schema_version WHERE version = 6")
    for source in ("sqlite:takt.db", url):
        assert "migrate" in store(lab, "check", source, status=65)
    store(lab, "dump", "sqlite:takt.db", "old")  # as it is, for the takt of then
    assert '"task_plan"' in read(lab, "old") and '"lot_plan"' not in read(lab, "old")
    store(lab, "restore", "old", "sqlite:from-dump.db")
    store(lab, "move", "sqlite:takt.db", "sqlite:from-old.db")
    store(lab, "move", url, "sqlite:from-server.db")
    store(lab, "migrate", "sqlite:takt.db", "--plant", "lab-01")
    epoch = int(database.shared().ask(name, "SELECT epoch FROM takt.state"))
    store(lab, "migrate", url, "--plant", "lab-01")
    assert int(database.shared().ask(name, "SELECT epoch FROM takt.state")) == epoch + 1  # planners of before are fenced
    ask("UPDATE state SET epoch = epoch - 1")
    for source, names in (("sqlite:takt.db", "b"), (url, "c"), ("sqlite:from-old.db", "d"), ("sqlite:from-server.db", "e")):
        store(lab, "dump", source, names)
        assert "is whole" in store(lab, "check", source)
        assert read(lab, names) == read(lab, "a")
    assert plan(lab, "from-dump.db") == plan(lab, "takt.db")


def test_a_migration_waits_for_a_publication_however_long_it_takes_and_loses_nothing_of_it(lab, url):
    lab.stop()
    store(lab, "move", "sqlite:takt.db", url)
    cluster, name = database.shared(), url.split("/")[3].split("?")[0]

    def ask(sql):
        said = cluster.ask(name, "SET search_path = takt; " + (f"SELECT json_agg(json_build_array(plant, lot, places)) FROM ({sql}) t" if sql.startswith("SELECT") else sql))
        return json.loads(said) if sql.startswith("SELECT") else None

    make_old(ask)
    ask("DELETE FROM schema_version WHERE version = 6")
    planner = subprocess.Popen([f"{cluster.bin}/psql", "-Xq", "-h", cluster.folder, "-U", cluster.owner, "-d", name], stdin=subprocess.PIPE, text=True)
    planner.stdin.write("BEGIN; UPDATE takt.state SET publish_no = publish_no; "
                        "INSERT INTO takt.task_plan SELECT plant, 999, 0, 'cut-1', 7, 8 FROM takt.plant;\n")
    planner.stdin.flush()
    waits = "SELECT count(*) FROM pg_locks WHERE relation = 'takt.task_plan'::regclass"
    wait_until(lambda: cluster.ask(name, waits) != "0", what="the publication under way")
    with subprocess.Popen([f"{BUILD}/taktctl", "store", "migrate", url, "--plant", "lab-01"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as migration:
        late = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND now() - query_start > interval '5.5 s'"
        wait_until(lambda: cluster.ask(name, late) != "0" or migration.poll() is not None, what="a migration that waits longer than for an answer")
        planner.communicate("COMMIT;\n")
        assert migration.wait(WAIT_S) == 0, migration.stdout.read()
    assert cluster.ask(name, "SELECT places FROM takt.lot_plan WHERE lot = 999") == "0 7 8 cut-1"


def test_nobody_moves_or_restores_a_store_that_a_daemon_works_on(lab):
    store(lab, "dump", "sqlite:takt.db", "a.dump")
    assert "in use" in store(lab, "move", "sqlite:takt.db", "sqlite:b.db", status=75)
    assert "in use" in store(lab, "restore", "a.dump", "sqlite:takt.db", "--force", status=75)


def test_a_store_moves_to_postgresql_and_back_without_a_difference(lab, url):
    lab.stop()
    store(lab, "move", "sqlite:takt.db", url)
    store(lab, "move", url, "sqlite:back.db")
    for name, source in (("a", "sqlite:takt.db"), ("b", url), ("c", "sqlite:back.db")):
        store(lab, "dump", source, name)
        assert "is whole" in store(lab, "check", source)
    assert read(lab, "a") == read(lab, "b") == read(lab, "c")
    assert NASTY in [json.loads(row[-1])["recipient"]["name"] for row in map(json.loads, read(lab, "b").splitlines())
                     if isinstance(row, list) and isinstance(row[-1], str) and row[-1].startswith('{"recipient"')]
    lab.plant["store"] = url
    lab.start()
    luna = lab.creator("luna")
    answer = luna.ask("orders", orders=[order("A-1", quantity=2), order("NEW-1")])
    assert answer["accepted"] == 1 and answer["duplicates"] == 1
    assert "a daemon works with this database" in store(lab, "move", url, "sqlite:d.db", status=75)
    assert not os.path.exists(lab.path("d.db")) or stats(lab, "sqlite:d.db")["rows"]["orders"] == 0
    store(lab, "dump", url, "e")
    assert '"NEW-1"' in read(lab, "e")


@pytest.mark.parametrize("harm", ["cut", "row", "json", "table"])
def test_a_dump_that_is_not_whole_brings_nothing_back(lab, harm):
    store(lab, "dump", "sqlite:takt.db", "a.dump")
    lines = read(lab, "a.dump").splitlines(keepends=True)
    if harm == "cut":
        lines = lines[:-1]
    elif harm == "row":
        del lines[10]
    elif harm == "json":
        lines[10] = lines[10][:-5] + "\n"
    else:
        lines.insert(-1, '{"table":"novelty","columns":["x"]}\n')
    with open(lab.path("a.dump"), "w", encoding="utf-8") as f:
        f.writelines(lines)
    assert "no whole dump" in store(lab, "restore", "a.dump", "sqlite:new.db", status=65)
    assert stats(lab, "sqlite:new.db")["rows"]["orders"] == 0


def test_what_is_no_store_is_said_to_be_none(lab):
    assert "sqlite:PATH" in store(lab, "check", "takt.db", status=64)
    store(lab, "check", "sqlite:nowhere.db", status=66)
    with open(lab.path("text.db"), "w", encoding="utf-8") as f:
        f.write("This is a text and nothing else, but it is long enough to be read as the head of a file." * 40)
    store(lab, "check", "sqlite:text.db", status=65)
    assert "plant" in store(lab, "check", "sqlite:takt.db", "--plant", "other", status=66)
    assert "nothing to do" in store(lab, "polish", "sqlite:takt.db", status=64)
