# SPDX-License-Identifier: Apache-2.0
"""The commands of docs/operations.md about databases and several machines, as they stand there: only names of machines, folders and
ports are those of the tests. Its blocks marked `shell` are run in a box (tests/container/test_operations.py), `sql` in test_months.py."""
import re
import shlex
import signal
import subprocess

import pytest
import yaml

import database
from taktlab import BUILD, PLANT, ROOT, WAIT_S, Lab, free_port, order, person, wait_until

pytestmark = pytest.mark.skipif(database.programs() is None, reason="PostgreSQL is not installed")
URL = "postgresql://takt@db-1,db-2/plant"
RUN_HERE = {"PostgreSQL with a standby": 2, "Several machines": 1, "Erase a person's data": 1, "Who decided what: the audit log": 1,
            "Move to another database": 1}


def text():
    with open(f"{ROOT}/docs/operations.md", encoding="utf-8") as f:
        return f.read()


def blocks(chapter, language):
    section = text().split(f"\n## {chapter}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.M | re.S)


def here(script, **changes):
    """As on this machine: each of them must stand in it."""
    for there, ours in changes.values():
        assert there in script, f"{script!r} has no {there!r}"
        script = script.replace(there, ours)
    return script


def test_every_block_of_commands_is_run_by_some_test():
    languages = re.findall(r"^```(\w*)\n.*?^```$", text(), re.M | re.S)
    assert set(languages) == {"shell", "bash", "sql", "yaml", "conf", "ini", "text"}
    assert languages.count("bash") == sum(RUN_HERE.values()) and languages.count("sql") == 2
    for chapter, count in RUN_HERE.items():
        assert len(blocks(chapter, "bash")) == count, chapter


# ---- a primary, its standby, and a plant on several machines ----

class Documented(database.Cluster):
    """The standby of the document."""

    def make(self):
        script = here(blocks("PostgreSQL with a standby", "bash")[1], data=("/var/lib/postgresql/15/main", self.data), host=("db-1", self.primary.folder))
        self.run("/bin/bash", "-e", "-c", f"PATH={self.bin}:$PATH\n{script}")


def settings():
    """What the document puts into postgresql.conf."""
    (lines,) = blocks("PostgreSQL with a standby", "conf")
    return dict(re.findall(r"^(\w+) = '?([^'#\s]+)'?", lines, re.M))


@pytest.fixture(name="servers", scope="module")
def primary_and_standby():
    with database.Cluster(owner="postgres") as primary:
        script = blocks("PostgreSQL with a standby", "bash")[0]
        primary.run("/bin/bash", "-e", "-c", f"PATH={primary.bin}:$PATH\n{script}", env={"PGHOST": primary.folder, "PGUSER": "postgres"})
        primary.stop()
        primary.settings.update(settings())
        primary.start()
        with Documented(primary=primary, owner="postgres") as standby:
            wait_until(lambda: primary.ask("postgres", "SELECT sync_state FROM pg_stat_replication") == "sync", what="the standby")
            yield primary, standby


def url_of(servers):
    (line,) = (b for b in blocks("PostgreSQL with a standby", "yaml"))
    assert yaml.safe_load(line) == {"store": URL}
    return f"postgresql://takt@/plant?host={','.join(s.folder for s in servers)}"


def test_several_machines_on_a_primary_and_its_standby_and_what_is_accepted_outlives_the_primary(servers):
    primary, standby = servers
    (commands,), (planner_yaml,) = blocks("Several machines", "bash"), blocks("Several machines", "yaml")
    listen = yaml.safe_load(here(planner_yaml, port=("7712", str(free_port()))))["listen"]
    roles = [shlex.split(line, comments=True) for line in commands.splitlines()]
    assert [words[0] for words in roles] == ["taktd", "taktd"] and all(words[-1] == "taktd.yaml" for words in roles)
    common = {"store": url_of(servers), "security": "curve"}
    with Lab(listen={**PLANT["listen"], **listen}, **common) as planner, Lab(**common) as intake:
        planner.start(*roles[0][1:-1])
        intake.take_keys(planner)
        intake.start(*roles[1][1:-1])
        luna = intake.creator("luna")
        assert luna.ask("orders", orders=[order("A-1")])["accepted"] == 1
        wait_until(lambda: planner.ctl("status")["orders"]["planned"] == 1, what="a plan")
        assert standby.ask("plant", "SELECT count(*) FROM takt.orders") == "1", "what is accepted is on both"
        primary.stop(signal.SIGKILL)
        standby.promote()
        wait_until(lambda: luna.ask("orders", orders=[order("A-2")]).get("accepted") == 1, what="orders to be taken again")
        of_status = lambda: planner.ctl("status").get("orders", {})  # nothing while its store is away
        wait_until(lambda: of_status().get("planned") == 2, what="a plan by the one that is left")


# ---- a store of one machine ----

def in_shell(lab, script):
    """With taktctl as it speaks to that daemon."""
    tool = f"taktctl() {{ if [ $1 = store ] || [ $1 = audit ]; then {BUILD}/taktctl \"$@\"; else {BUILD}/taktctl --socket {lab.endpoint('control')} \"$@\"; fi; }}\n"
    done = subprocess.run(["bash", "-e", "-c", tool + script], cwd=lab.folder, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(name="lab")
def plant_with_two_orders():
    with Lab(store="sqlite:takt.db") as lab:
        lab.start()
        mei = {**person("Mei"), "email": "mei@example.org"}
        orders = [order("LUNA-000123"), order("LUNA-000124", recipient=mei)]
        assert lab.creator("luna").ask("orders", orders=orders)["accepted"] == 2
        wait_until(lambda: lab.ctl("status")["orders"]["planned"] == 2, what="a plan")
        yield lab


def test_a_person_is_erased_and_the_chain_of_decisions_holds(lab):
    said = in_shell(lab, blocks("Erase a person's data", "bash")[0])
    assert said.index("LUNA-000124") < said.index("LUNA-000123")
    said = in_shell(lab, here(blocks("Who decided what: the audit log", "bash")[0], store=("/var/lib/takt", lab.folder), after=("1200", "0")))
    assert "is whole" in said and "to erase 1" in said


def test_the_store_moves_to_the_servers_with_all_that_is_in_it(lab):
    name = "moved"
    url = database.shared().create(name)
    script = here(blocks("Move to another database", "bash")[0], folder=("/var/lib/takt", lab.folder), url=(URL, url))
    begin, middle = script.split("systemctl stop taktd\n")
    assert begin == ""
    middle, end = middle.split("systemctl start taktd\n")
    store = yaml.safe_load(re.search(r"^# (store: .*)$", middle, re.M)[1])["store"]
    lab.stop()
    assert "is whole" in in_shell(lab, middle)
    lab.plant["store"] = store
    lab.start()
    in_shell(lab, end)
    assert lab.ctl("status")["orders"]["planned"] == 2
    luna = lab.creator("luna")
    assert luna.ask("orders", orders=[order("LUNA-000123")])["duplicates"] == 1 and luna.ask("orders", orders=[order("LUNA-000125")])["accepted"] == 1
    lab.stop()
    database.shared().drop(name)
