#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A creator who never stops pushing orders, and somebody who knocks every few milliseconds; at SIGTERM, what became of both as JSON.

    load.py ENDPOINT CREATOR OUTBOX ORDER.json

`accepted`: orders of which the plant said that they are durable, each once; `refused`: connections that were; `knocks`: all.
"""
import json
import os
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../clients/python"))
import takt  # noqa: E402


def address_of(endpoint):
    if endpoint.startswith("ipc://"):
        return socket.AF_UNIX, endpoint[len("ipc://"):]
    host, port = endpoint[len("tcp://"):].rsplit(":", 1)
    return socket.AF_INET, (host, int(port))


def knock(endpoint, stop, counts):
    family, address = address_of(endpoint)
    while not stop.is_set():
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.settimeout(30)
            counts["knocks"] += 1
            try:
                one.connect(address)
            except (ConnectionRefusedError, FileNotFoundError):
                counts["refused"] += 1
            except OSError as other:
                counts["others"].append(str(other))
        time.sleep(0.003)


def push(endpoint, creator, outbox, order, stop, counts):
    prefix = f"{creator}-{os.getpid()}"
    with takt.Plant(endpoint, creator=creator, outbox=outbox, timeout_s=120) as plant:
        while not stop.is_set():
            orders = [{**order, "order_ref": f"{prefix}-{counts['pushed'] + i}"} for i in range(5)]
            counts["pushed"] += len(orders)
            receipt = plant.push(orders)
            counts["accepted"] += receipt.accepted + receipt.duplicates
            print(counts["accepted"], flush=True)
            time.sleep(0.01)


def main():
    endpoint, creator, outbox, path = sys.argv[1:]
    with open(path, encoding="utf-8") as f:
        order = json.load(f)
    stop, counts = threading.Event(), {"pushed": 0, "accepted": 0, "knocks": 0, "refused": 0, "others": []}
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    visitor = threading.Thread(target=knock, args=(endpoint, stop, counts))
    visitor.start()
    try:
        push(endpoint, creator, outbox, order, stop, counts)
    finally:
        stop.set()
        visitor.join()
        print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    main()
