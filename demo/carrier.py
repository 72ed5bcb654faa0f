# SPDX-License-Identifier: Apache-2.0
"""The carrier's desk: takes each shipment, labels it, and says that it has left.

    carrier.py DIR CONSUMER      appends every shipment it ended to DIR/shipped.jsonl
"""
import json
import sys

from link import Ending, Link


def run(folder, consumer):
    ending, link, number = Ending(), Link("ipc://shipments.sock", {"consumer": consumer, "credit": 50}), 0
    asked = 0    # seconds of silence in which the plant was asked whether it is still there
    labels = {}  # shipment_id → tracking number: a repeat gets the label it had
    with open(f"{folder}/shipped.jsonl", "w", encoding="utf-8") as log:
        while not ending:
            message = link.receive(20)
            if link.ready and link.silent_for() > asked + 1:  # a plant that has restarted answers `no-session`, and is greeted again
                asked += 1
                link.send({"type": "credit", "credit": 50})
            elif message is not None:
                asked = 0
            if message is None or message["type"] not in ("shipment", "confirmed"):
                continue
            name = message["shipment_id"]
            if message["type"] == "shipment" and name not in labels:
                link.send({"type": "taken", "shipment_id": name})
                number += 1
                labels[name] = f"TRK{number:06d}"
                log.write(json.dumps({"shipment_id": name, "creator": message["creator"], "order_refs": message["order_refs"],
                                      "city": message["recipient"]["address"]["city"]}) + "\n")
                log.flush()
            if message["type"] == "shipment":
                link.send({"type": "shipped", "shipment_id": name, "carrier": message["carrier"], "tracking": labels[name]})


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2])
