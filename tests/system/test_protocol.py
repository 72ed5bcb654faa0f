# SPDX-License-Identifier: Apache-2.0
"""docs/protocol/ against the daemon: every example in it is sent, and every answer is what it says.

Nothing here knows more of the protocol than those documents; the clients' scenarios are in test_conformance.py.
"""
import json
import subprocess

import jsonschema
import pytest
import yaml

from taktlab import ROOT, Lab, order, wait_until

with open(f"{ROOT}/docs/protocol/messages.schema.json", encoding="utf-8") as f:
    SCHEMA = json.load(f)
with open(f"{ROOT}/docs/protocol/asyncapi.yaml", encoding="utf-8") as f:
    ASYNCAPI = yaml.safe_load(f)
DEFS = SCHEMA["$defs"]


def check(name, message):
    """Against the message's schema; its own parts are found in the same file."""
    validator = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": DEFS},
                                                format_checker=jsonschema.FormatChecker())
    errors = [f"{list(e.absolute_path)}: {e.message}" for e in validator.iter_errors(message)]
    assert not errors, (name, message, errors)


def find(reference, document=None):
    node = ASYNCAPI if document is None else document
    for part in reference.lstrip("#/").split("/"):
        node = node[part]
    return node


def name_of(reference):
    return reference.rsplit("/", 1)[1]


def operations(channel, action="receive"):
    """(message, reply or None) in the order of the document."""
    for operation in ASYNCAPI["operations"].values():
        if name_of(operation["channel"]["$ref"]) == channel and operation["action"] == action:
            reply = operation.get("reply")
            yield name_of(operation["messages"][0]["$ref"]), name_of(reply["messages"][0]["$ref"]) if reply else None


@pytest.fixture
def lab():
    with Lab() as made:
        yield made.start()


def test_the_schemas_are_json_schemas_and_their_examples_valid():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for name, one in DEFS.items():
        for example in one.get("examples", []):
            check(name, example)


def test_every_reference_of_the_asyncapi_document_leads_somewhere():
    def walk(node):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            if key == "$ref":
                file, _, pointer = value.partition("#")
                assert find(pointer, SCHEMA if file else ASYNCAPI) is not None, value
            elif isinstance(value, (dict, list)):
                walk(value)
    assert ASYNCAPI["asyncapi"].startswith("3.")
    walk(ASYNCAPI)


def validated(*document):
    return subprocess.run(["node", "tests/conformance/validate-asyncapi.mjs", "build/node", *document], cwd=ROOT, capture_output=True,
                          text=True, timeout=120, check=False)


def test_asyncapis_own_parser_finds_the_document_valid(tmp_path):
    done = validated()
    assert done.returncode == 0 and "error" not in done.stdout, done.stdout + done.stderr
    broken = tmp_path / "asyncapi.yaml"
    broken.write_text(yaml.safe_dump({**ASYNCAPI, "operations": {"x": {"action": "shout", "channel": {"$ref": "#/channels/orders"}}}}))
    assert validated(str(broken)).returncode == 1


def test_the_node_clients_types_know_the_same_problems():
    with open(f"{ROOT}/clients/node/takt.d.ts", encoding="utf-8") as file:
        listed = file.read().split("export type ProblemName =")[1].split(";")[0]
    assert [name.strip().strip("'") for name in listed.split("|")] == DEFS["problem_name"]["enum"]


def test_the_problems_are_the_daemons_own():
    with open(f"{ROOT}/daemon/wire/refusal.h", encoding="utf-8") as file:
        text = file.read()
    names = [line.split('"')[1] for line in text.splitlines() if line.strip().startswith("X(") and line.split('"')[1]]
    assert DEFS["problem_name"]["enum"] == names


@pytest.mark.parametrize("channel", ["orders", "shipments", "floor"])
def test_every_example_that_a_client_may_send_gets_the_answer_that_is_written(lab, channel):
    peer = lab.peer(channel)
    refused = {"taken", "shipped", "refused"}  # their example's shipment is not there
    for name, reply in operations(channel):
        for example in DEFS[name]["examples"]:
            peer.send(**example)
            if reply is None:
                continue
            answer = peer.answer(lambda m: m["type"] in (DEFS[reply]["properties"]["type"]["const"], "problem"))
            check("problem" if name in refused else reply, answer)
            assert answer.get("id") == example.get("id")
    for event in peer.events:
        check("event", event)


def test_events_and_shipments_are_as_written(lab):
    lab.restart(speed=20000)
    luna = lab.creator("luna")
    luna.ask("orders", orders=[order("A-1")])
    check("subscribed", luna.ask("subscribe", after=0))
    check("event", luna.event(lambda e: e["event"] == "order.promised"))
    hall, dock = lab.terminal(), lab.consumer()

    def tasks(line):
        answer = hall.ask("next", line=line, limit=5)
        check("tasks", answer)
        return answer["tasks"]

    def do(line, ref):
        task = wait_until(lambda: tasks(line))[0]
        for event, more in (("started", {}), ("finished", {"good": task["quantity"]})):
            answer = hall.ask("report", report_ref=f"{ref}-{event}", event=event, task=task["task"], **more)
            check("reported", answer)
    do("print-1", "p")
    do(wait_until(lambda: next((line for line in ("sew-1.1", "sew-1.2") if tasks(line)), None)), "s")
    shipment = dock.answer(lambda m: m["type"] == "shipment")
    check("shipment", shipment)
    for kind in ("taken", "shipped"):
        dock.send(type=kind, shipment_id=shipment["shipment_id"])
        check("confirmed", dock.answer(lambda m: m["type"] in ("confirmed", "problem")))
    check("event", luna.event(lambda e: e["event"] == "order.shipped"))
    check("statuses", luna.ask("status", order_refs=["A-1"]))


@pytest.mark.parametrize("name", ["hello", "orders", "amend", "cancel", "quote", "status", "subscribe", "ping"])
def test_what_the_schema_demands_the_daemon_demands(lab, name):
    """Without a compulsory member, and with one of the wrong type, an example is refused by both."""
    luna = lab.creator("luna")
    example = DEFS[name]["examples"][0]
    for member in DEFS[name]["required"]:
        if member in ("type", "id"):
            continue
        for broken in ({k: v for k, v in example.items() if k != member}, {**example, member: {"wrong": 1}}):
            with pytest.raises(AssertionError):
                check(name, broken)
            luna.send(**broken)
            answer = luna.receive()
            assert answer["type"] == "problem" and answer["problem"] in ("bad-message", "bad-protocol"), (broken, answer)
            check("problem", answer)
