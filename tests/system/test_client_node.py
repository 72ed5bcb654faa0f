# SPDX-License-Identifier: Apache-2.0
"""What is the Node client's own, beside the conformance scenarios."""
import json
import os
import subprocess

import pytest

from taktlab import ROOT, Lab, order

NODE = f"{ROOT}/build/node"


def run(program, *arguments):
    """A module that imports the client as a program would that has installed it."""
    return subprocess.run(["node", "--input-type=module", "-e", program, "-", *arguments], cwd=NODE, capture_output=True, text=True,
                          timeout=60, check=False)


@pytest.fixture
def lab():
    with Lab() as made:
        yield made.start()


def test_any_number_of_calls_may_wait_at_a_time(lab):
    done = run("""
        import { Plant } from 'takt-client';
        const plant = new Plant(process.argv[2], { creator: 'luna' });
        const orders = JSON.parse(process.argv[3]);
        const receipts = await Promise.all(orders.map((order) => plant.push([order])));
        console.log(receipts.reduce((sum, receipt) => sum + receipt.accepted, 0), typeof await plant.ping());
        await plant.close();
    """, lab.endpoint("orders"), json.dumps([order(f"P-{i}") for i in range(50)]))
    assert done.stdout == "50 string\n", done.stderr


def test_what_is_refused_is_typed(lab):
    done = run("""
        import { Conflict, NotAllowed, Plant, Problem } from 'takt-client';
        const plant = new Plant(process.argv[2], { creator: 'luna' }), order = JSON.parse(process.argv[3]);
        await plant.push([order]);
        order.items[0].quantity = 2;
        const { refused: [{ problem }] } = await plant.push([order]);
        console.log(problem instanceof Conflict, problem instanceof Problem, problem instanceof Error, problem.message);
        await plant.push([{}]).catch((error) => console.log(error instanceof TypeError));
        await plant.close();
        const stranger = new Plant(process.argv[2], { creator: 'nobody' });
        await stranger.ping().catch((error) => console.log(error instanceof NotAllowed));
        await stranger.close();
    """, lab.endpoint("orders"), json.dumps(order("A-1")))
    assert done.stdout.splitlines() == ["true true true conflict: the first one stands (at /orders/0)", "true", "true"], done.stderr


def test_who_waits_is_told_that_the_connection_was_closed(tmp_path):
    done = run("""
        import { Plant } from 'takt-client';
        const plant = new Plant(process.argv[2], { creator: 'luna' });
        const late = plant.ping().catch((error) => console.log(error.message));
        setTimeout(() => plant.close(), 50);
        await late;
        await plant.ping().catch((error) => console.log(error.message));
    """, f"ipc://{tmp_path}/none.sock")
    assert done.stdout == "the connection is closed\n" * 2, done.stderr


def test_an_outbox_has_one_process_and_is_taken_over_from_one_that_was_killed(tmp_path):
    program = """
        import { Plant } from 'takt-client';
        const plant = new Plant('ipc://none.sock', { creator: 'luna', outbox: process.argv[2], timeoutMs: 20 });
        await plant.flush().then(() => console.log('mine')).catch((error) => console.log(error.message));
    """
    path = str(tmp_path / "outbox")
    argv = ["node", "--input-type=module", "-e", program, "-", path]
    with subprocess.Popen(argv, cwd=NODE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "mine\n"  # and goes on until it is killed
        assert run(program + "await plant.close();", path).stdout == f"another process has the outbox '{path}'\n"
        first.kill()
    assert run(program + "await plant.close();", path).stdout == "mine\n"
    assert sorted(os.listdir(tmp_path)) == ["outbox"]


def test_a_key_that_others_can_read_is_not_taken(tmp_path):
    key = tmp_path / "luna.key"
    key.write_text("curve\n    public-key = \"%s\"\n    secret-key = \"%s\"\n" % ("p" * 40, "s" * 40))
    os.chmod(key, 0o644)
    done = run("""
        import { Plant } from 'takt-client';
        const plant = new Plant('ipc://none.sock', { key: process.argv[2], plantKey: 'x'.repeat(40) });
        await plant.ping().catch((error) => console.log(error.message));
        await plant.close();
        try { new Plant('ipc://none.sock', { key: process.argv[2] }); } catch (error) { console.log(error.message); }
    """, str(key))
    assert done.stdout == f"'{key}' is open to others: chmod 600\na key needs the plant's public key, and the other way round\n", done.stderr
