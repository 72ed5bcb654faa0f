# SPDX-License-Identifier: Apache-2.0
"""Pushes orders from a CSV file, a file of JSON lines, or a folder of JSON files to a plant.

    takt-feed tcp://plant.example.com:7710 --key luna.key --plant-key '…' --mapping shop.json orders.csv

The mapping says where an order's members stand in the CSV: JSON in the shape of an order, whose texts are names of columns.
{"column": "SKU", "map": {"TS-01": "tee"}} translates values, {"const": "standard"} stands for itself. Rows that follow each other
with the same order_ref are items of one order; an empty cell leaves its member out.

    {"order_ref": "Name",
     "items": {"product": {"column": "Lineitem sku", "map": {"TS-01": "tee"}}, "quantity": "Lineitem quantity",
               "options": {"size": "Size", "ink": {"const": "dark"}}},
     "recipient": {"name": "Shipping Name", "address": {"country": "Shipping Country", "city": "Shipping City",
                   "line1": "Shipping Street", "postal_code": "Shipping Zip"}}}

What the plant refuses is written with its reason to a file of the same form (--refused), to be corrected and pushed again; what
it has accepted before is a duplicate, so pushing a file twice is harmless. Exit status: 0 all is taken; 1 some was refused;
69 no plant answered in time, and what it has not taken is to be pushed again; 64 wrong usage; 65 a source cannot be read.
"""
from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from typing import Any, Callable, Iterable, Iterator, Optional

from .errors import Problem, Unreachable
from .plant import Plant

BATCH = 500
LOOK_S = 0.3  # between looks at a source that is followed
Row = dict[str, str]
Order = dict[str, Any]


class Entry:
    """An order and what it was made of, for the file of the refused."""

    def __init__(self, order: Order, rows: list[Row]):
        self.order, self.rows = order, rows


# ---- CSV ----

def value_of(leaf: Any, row: Row) -> Any:
    if isinstance(leaf, str):
        leaf = {"column": leaf}
    if "const" in leaf:
        return leaf["const"]
    text = (row.get(leaf["column"]) or "").strip()
    return leaf.get("map", {}).get(text, text) or None


def is_leaf(node: Any) -> bool:
    return isinstance(node, str) or isinstance(node, dict) and ("const" in node or "column" in node)


def shape(node: Any, row: Row) -> Any:
    """The mapping with the row's values; what is empty is left out."""
    if is_leaf(node):
        return value_of(node, row)
    filled = {name: shape(child, row) for name, child in node.items()}
    return {name: value for name, value in filled.items() if value not in (None, {})} or None


def item_of(mapping: Order, row: Row) -> Order:
    item = shape(mapping["items"], row) or {}
    text = str(item.get("quantity", "1"))
    item["quantity"] = int(text) if text.isdigit() else text  # what is no number is for the plant to refuse
    return item


def check_mapping(mapping: Any, columns: Iterable[str]) -> None:
    if not isinstance(mapping, dict) or not is_leaf(mapping.get("order_ref")) or not isinstance(mapping.get("items"), dict):
        raise ValueError("a mapping has order_ref and items")
    known, stack = set(columns), [mapping]
    while stack:
        node = stack.pop()
        column = node if isinstance(node, str) else node.get("column") if is_leaf(node) else None
        if column is not None and column not in known:
            raise ValueError(f"there is no column '{column}'; there are {', '.join(sorted(known))}")
        if not is_leaf(node):
            stack.extend(node.values())


def orders_of(rows: Iterable[Optional[Row]], mapping: Order) -> Iterator[Optional[Entry]]:
    """None: nothing more for now, so the order before it is whole."""
    entry: Optional[Entry] = None
    head = {name: node for name, node in mapping.items() if name != "items"}
    for row in rows:
        ref = value_of(mapping["order_ref"], row) if row is not None else None
        if entry is not None and (row is None or ref != entry.order.get("order_ref")):
            yield entry
            entry = None
        if row is None:
            yield None
        elif entry is None:
            entry = Entry({**(shape(head, row) or {}), "items": [item_of(mapping, row)]}, [row])
        else:
            entry.order["items"].append(item_of(mapping, row))
            entry.rows.append(row)
    if entry is not None:
        yield entry


def lines_of(path: str, follow: bool) -> Iterator[Optional[str]]:
    """Whole lines; None when there is none for now."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        part = ""
        while True:
            line = file.readline()
            part += line
            if part.endswith("\n") or (part and not line and not follow):
                yield part
                part = ""
            elif not line:
                if not follow:
                    return
                yield None
                time.sleep(LOOK_S)


class Lines:
    """Lines for csv.reader, which knows no pause: it ends there, and goes on with a new reader."""

    def __init__(self, lines: Iterator[Optional[str]]):
        self.lines, self.paused, self.ended = lines, False, False

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            if line is None:
                self.paused = True
                return
            yield line
        self.ended = True


def csv_rows(lines: Lines, columns: list[str]) -> Iterator[Optional[Row]]:
    while not lines.ended:
        lines.paused = False
        for cells in csv.reader(lines):
            if any(cells):
                yield dict(zip(columns, cells))
        if lines.paused:
            yield None


def read_csv(path: str, mapping_path: Optional[str], follow: bool) -> tuple[list[str], Iterator[Optional[Entry]]]:
    if mapping_path is None:
        raise ValueError("a CSV needs --mapping")
    with open(mapping_path, encoding="utf-8") as file:
        mapping = json.load(file)
    lines = Lines(lines_of(path, follow))
    columns: list[str] = []
    while not columns and not lines.ended:
        columns = next(csv.reader(lines), [])
    check_mapping(mapping, columns)
    return columns, orders_of(csv_rows(lines, columns), mapping)


# ---- JSON ----

def entry_of(order: Any, where: str) -> Entry:
    if not isinstance(order, dict):
        raise ValueError(f"{where}: an order is a JSON object")
    order.pop("_refused", None)
    return Entry(order, [])


def read_jsonl(path: str, follow: bool) -> Iterator[Optional[Entry]]:
    for line in lines_of(path, follow):
        if line is None:
            yield None
        elif line.strip():
            yield entry_of(json.loads(line), path)


def read_folder(path: str, follow: bool) -> Iterator[Optional[Entry]]:
    """Files *.json in order of their names; each holds an order or a list of them."""
    done: set[str] = set()
    while True:
        for name in sorted(set(os.listdir(path)) - done):
            if not name.endswith(".json"):
                continue
            done.add(name)
            with open(os.path.join(path, name), encoding="utf-8") as file:
                found = json.load(file)
            for order in found if isinstance(found, list) else [found]:
                yield entry_of(order, name)
        if not follow:
            return
        yield None
        time.sleep(LOOK_S)


# ---- pushing ----

class Refused:
    """The file of what was refused, made when the first one is."""

    def __init__(self, path: str, columns: Optional[list[str]]):
        self.path, self.count, self._file, self._csv = path, 0, None, None
        self._columns = None if columns is None else [c for c in columns if c not in ("problem", "detail")] + ["problem", "detail"]

    def write(self, entry: Entry, problem: Problem) -> None:
        if self._file is None:
            self._file = open(self.path, "w", encoding="utf-8", newline="")
            if self._columns is not None:
                self._csv = csv.DictWriter(self._file, self._columns, extrasaction="ignore")
                self._csv.writeheader()
        self.count += 1
        if self._csv is not None:
            for row in entry.rows:
                self._csv.writerow({**row, "problem": problem.name, "detail": f"{problem.detail or problem.title} {problem.at}".strip()})
        else:
            reason = {"problem": problem.name, "detail": problem.detail, "at": problem.at}
            self._file.write(json.dumps({**entry.order, "_refused": reason}, ensure_ascii=False) + "\n")
        self._file.flush()


class Progress:
    """A bar on a terminal; else nothing until the end."""

    def __init__(self, total: Callable[[], Optional[int]]):
        self.taken = self.again = 0
        self._total, self._shown = total, sys.stderr.isatty()

    def show(self, refused: int, last: bool = False) -> None:
        done, total = self.taken + self.again + refused, self._total()
        text = f"{self.taken} accepted, {self.again} known already, {refused} refused"
        if self._shown:
            width = 30
            bar = "" if not total else "[" + "█" * (width * min(done, total) // total) + "·" * (width - width * min(done, total) // total) + "] "
            sys.stderr.write(f"\r{bar}{text}\x1b[K" + ("\n" if last else ""))
            sys.stderr.flush()
        elif last:
            print(text, file=sys.stderr)


def push(plant: Plant, batch: list[Entry], refused: Refused, progress: Progress) -> None:
    by_ref: dict[str, Entry] = {}
    for entry in batch:
        ref = entry.order.get("order_ref")
        if isinstance(ref, str):
            by_ref[ref] = entry
        else:
            refused.write(entry, Problem("bad-message", "there is no order_ref", "/order_ref"))
    receipt = plant.push([entry.order for entry in by_ref.values()])
    progress.taken += receipt.accepted
    progress.again += receipt.duplicates
    for refusal in receipt.refused:
        refused.write(by_ref[refusal.order_ref], refusal.problem)
    progress.show(refused.count)


def feed(plant: Plant, entries: Iterable[Optional[Entry]], refused: Refused, progress: Progress) -> None:
    batch: list[Entry] = []
    for entry in entries:
        if entry is not None:
            batch.append(entry)
        if batch and (entry is None or len(batch) >= BATCH):
            push(plant, batch, refused, progress)
            batch = []
    if batch:
        push(plant, batch, refused, progress)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="takt-feed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("endpoints", metavar="ENDPOINT[,ENDPOINT…]", help="where the plant listens for orders")
    parser.add_argument("source", metavar="SOURCE", help="a .csv, a .jsonl, or a folder of .json files")
    parser.add_argument("--key", help="your key file, made by `taktctl key new`")
    parser.add_argument("--plant-key", help="the plant's public key")
    parser.add_argument("--creator", help="who you are, where the plant asks for no keys")
    parser.add_argument("--mapping", help="of a CSV: where an order's members stand")
    parser.add_argument("--refused", help="where to write what was refused (SOURCE.refused.csv or .jsonl)")
    parser.add_argument("--outbox", help="keep orders in this file until they are accepted")
    parser.add_argument("--follow", action="store_true", help="go on as the source grows")
    parser.add_argument("--timeout", type=float, default=60, help="seconds to wait for an answer (60)")
    return parser


def open_source(args: argparse.Namespace) -> tuple[Optional[list[str]], Iterator[Optional[Entry]]]:
    if os.path.isdir(args.source):
        return None, read_folder(args.source, args.follow)
    if args.source.endswith(".jsonl"):
        return None, read_jsonl(args.source, args.follow)
    return read_csv(args.source, args.mapping, args.follow)


def count(args: argparse.Namespace) -> Optional[int]:
    """How many orders there are, for the bar; None: that cannot be said before."""
    if args.follow or not sys.stderr.isatty():
        return None
    return sum(1 for entry in open_source(args)[1] if entry is not None)


def main(argv: Optional[list[str]] = None) -> int:
    args = arguments().parse_args(argv)
    try:
        total = count(args)
        columns, entries = open_source(args)
        refused = Refused(args.refused or f"{args.source.rstrip('/')}.refused.{'jsonl' if columns is None else 'csv'}", columns)
        progress = Progress(lambda: total)
        with Plant(args.endpoints.split(","), key=args.key, plant_key=args.plant_key, creator=args.creator, outbox=args.outbox,
                   timeout_s=args.timeout, client="takt-feed") as plant:
            left = plant.flush()  # of an earlier run
            progress.taken, progress.again = left.accepted, left.duplicates
            feed(plant, entries, refused, progress)
    except KeyboardInterrupt:
        return 130
    except Unreachable as error:
        print(f"takt-feed: {error}; push the source again", file=sys.stderr)
        return 69
    except Problem as error:
        print(f"takt-feed: {error}", file=sys.stderr)
        return 65
    except (OSError, ValueError, RuntimeError) as error:
        print(f"takt-feed: {error}", file=sys.stderr)
        return 65
    progress.show(refused.count, last=True)
    if refused.count:
        print(f"takt-feed: see {refused.path}", file=sys.stderr)
    return 1 if refused.count else 0


if __name__ == "__main__":
    sys.exit(main())
