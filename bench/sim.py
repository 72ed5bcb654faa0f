#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lives a real order feed through with each scheduler and writes the figures into docs/benchmarks.md.

    bench/sim.py [--build build] [--shared ../shared] [--jobs 2] [--schedulers fifo,edd,spt,atcs] [--twice] [-n]

The table stands between two comments in the section "What the schedulers make of a real order book". --twice lives each life a
second time and fails unless all figures but those of the processor are the same. -n prints the table and writes nothing.
Exit: 0; 1 if an order stayed open or figures differ; 69 if the feed is not there.
"""
import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys

BEGIN, END = "<!-- bench/sim.py writes from here -->", "<!-- to here -->"
ROWS = [
    ("orders shipped", lambda f: f"{f['shipped']:,}"),
    ("late against the first promise", lambda f: f"{f['late_promise']:,} ({100 * f['late_promise'] / f['accepted']:.1f} %)"),
    ("late against the wish", lambda f: f"{f['late_wish']:,} ({100 * f['late_wish'] / f['accepted']:.2f} %)"),
    ("promise changes per 1,000 orders", lambda f: f"{f['changes_per_1000']}"),
    ("promised ahead, hours: median, 95 %", lambda f: f"{f['lead_promised_h']['median']}, {f['lead_promised_h']['p95']}"),
    ("order to shipment, days: mean, median, 95 %", lambda f: ", ".join(
        f"{f['flow_h'][k] / 24:.1f}" for k in ("mean", "median", "p95"))),
    ("flow factor: mean, 95 %", lambda f: f"{f['flow_factor']['mean']}, {f['flow_factor']['p95']}"),
    ("changeovers, hours", lambda f: f"{f['changeover_h']:,}"),
    ("in work, thousand unit days", lambda f: f"{f['wip_unit_days'] / 1000:,.0f}"),
    ("made and not shipped, thousand unit days", lambda f: f"{f['made_not_shipped_unit_days'] / 1000:,.0f}"),
    ("plans, moves in each", lambda f: f"{f['plans']:,}, {f['moves_per_plan']}"),
    ("a plan, ms: median, 99 %", lambda f: f"{f['cpu']['plan_ms']['p50']}, {f['cpu']['plan_ms']['p99']}"),
    ("the whole life, processor seconds", lambda f: f"{f['cpu']['total_s']:.0f}"),
]


def live(args, scheduler):
    orders = pathlib.Path(args.shared) / "orders"
    done = subprocess.run(
        [f"{args.build}/takt-sim", "--plant", orders / "plant.yaml", orders / "giftware/creators.yaml",
         "--feed", orders / "giftware/feed.jsonl.gz", "--scheduler", scheduler, "-o", "json"],
        stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def table(names, lives):
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    lines += [f"| {title} | " + " | ".join(show(lives[n]) for n in names) + " |" for title, show in ROWS]
    return "\n".join(lines)


def differing(first, second):
    return sorted(k for k in first if k != "cpu" and first[k] != second[k])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--shared", default="../shared")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--schedulers", default="fifo,edd,spt,atcs")
    parser.add_argument("--twice", action="store_true")
    parser.add_argument("-n", "--dry-run", action="store_true")
    args = parser.parse_args()
    if not (pathlib.Path(args.shared) / "orders/giftware/feed.jsonl.gz").exists():
        print(f"bench/sim.py: there is no order feed in {args.shared}", file=sys.stderr)
        return 69
    names, status = args.schedulers.split(","), 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        runs = list(pool.map(lambda n: live(args, n), names * (2 if args.twice else 1)))
    lives = dict(zip(names, runs))
    for name, again in zip(names, runs[len(names):]):
        if differing(lives[name], again):
            print(f"bench/sim.py: {name} gave other figures the second time: {differing(lives[name], again)}", file=sys.stderr)
            status = 1
    for name in names:
        if lives[name]["open"] > 0:
            print(f"bench/sim.py: {name} left {lives[name]['open']} orders open", file=sys.stderr)
            status = 1
    text = table(names, lives)
    print(text)
    if not args.dry_run:
        path = pathlib.Path(__file__).resolve().parent.parent / "docs/benchmarks.md"
        before, rest = path.read_text().split(BEGIN)
        path.write_text(before + BEGIN + "\n" + text + "\n" + END + rest.split(END)[1])
    return status


if __name__ == "__main__":
    sys.exit(main())
