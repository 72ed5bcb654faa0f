# SPDX-License-Identifier: Apache-2.0
"""Writes the manual pages beside it, in mdoc, from what the programs say of themselves (--help) and from the plant's schema.

    packaging/man/generate.py --build DIR

What is not in a program's help (what it is for, files, examples) stands below. A test holds the pages and the programs together.
"""
import argparse
import json
import os
import re
import subprocess
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DATE = "November 22, 2026"

EXITS = {
    "taktd": [("0", "It was asked to end and did."), ("64", "Wrong usage."), ("69", "A part of it could not go on."),
              ("71", "The system gives too little, such as file descriptors."), ("75", "Another process has the store or an endpoint."),
              ("78", "The plant's file is wrong, or the store is an older copy or another one (see --force).")],
    "taktctl": [("0", "Done."), ("64", "Wrong usage."), ("65", "Refused."), ("66", "There is no such order, line or the like."),
                ("69", "No daemon answers."), ("73", "A file could not be written."), ("75", "Busy, or no answer in time.")],
    "takt-solve": [("0", "A feasible schedule was written."), ("64", "Wrong usage."),
                   ("65", "The problem is malformed or has no feasible schedule."), ("66", "A file cannot be read."),
                   ("73", "A file cannot be written.")],
    "takt-sim": [("0", "The life was lived."), ("64", "Wrong arguments."), ("65", "A line of the feed is wrong."),
                 ("66", "A file is not there."), ("78", "The plant is wrong.")],
    "takt-load": [("0", "All were accepted."), ("1", "Some were refused."), ("64", "Wrong usage."), ("69", "There was no answer for 60 s.")],
}

PAGES = {
    "taktd": (8, "production scheduling daemon", """\
.Nm
plans and runs one plant.
It takes creators' orders over ZeroMQ, keeps each durably before it says that it is accepted, groups units into lots, schedules lots
on lines against capacity and deadlines, promises dates, replans when the world changes, and emits shipment jobs.
.Pp
The plant is read from
.Ar FILE ,
YAML as
.Xr takt.yaml 5
describes it.
Beside it, in
.Pa taktd.d ,
further files with names that end in
.Pa .yaml
may each define further sections.
.Pp
.Dv SIGHUP
or
.Ql taktctl reload
makes it read the files again; a broken one leaves the plant in force as it is.
.Dv SIGTERM
drains and ends it within five seconds.
Who offers wrong tokens at its HTTP port waits, up to a minute for each.
Under
.Xr systemd 1
it says when it is ready, reloading and stopping, and feeds the watchdog from the progress of all its parts.""",
              [("/etc/takt/taktd.yaml", "The plant, for the service."), ("/var/lib/takt", "The service's working directory, with the store."),
               ("/run/takt", "The service's sockets."),
               ("/etc/takt/credentials", "The service's secrets, each a file that only root can read: plant.key, http-token, database-password.")],
              "taktd --check /usr/share/takt/examples/garments.yaml",
              "Prints every mistake in the file with its line and column, or nothing.",
              ["taktctl 1", "takt-sim 1", "takt.yaml 5"]),
    "taktctl": (1, "ask and tell a takt daemon", """\
.Nm
shows how a plant stands and tells the daemon what happened on its floor.
Every command waits for the real result.
On a terminal, tables are coloured unless
.Ev NO_COLOR
is set; when its output goes elsewhere it is plain, and
.Fl o Cm json
is the same for programs.""",
                [("/run/takt/control.sock", "Where it looks for the daemon, unless told otherwise.")],
                "taktctl why luna/LUNA-RUSH",
                "Says what binds an order to its date, backwards to the first cause.",
                ["takt-sim 1", "taktd 8", "takt.yaml 5"]),
    "takt-solve": (1, "find a schedule for a problem", """\
.Nm
is takt's solver without the daemon: it reads a problem of lines, jobs, changeovers, pools and due dates, and writes the best schedule
it finds in the time it has.
A schedule that is written is feasible.
On a terminal each improvement is a line.""",
                   [],
                   "takt-solve --time 60 --threads 2 --stats --chart plan.svg -o plan.json problem.json",
                   "Searches for a minute with two threads and draws what it found.",
                   ["takt-sim 1", "taktd 8"]),
    "takt-sim": (1, "live a plant's season under a virtual clock", """\
.Nm
runs a whole feed of orders through the daemon's own planning, lot by lot and plan by plan, and says what became of it: how many orders
were late, what flow times and changeovers there were, how loaded each line was.
With it an operator tries a line more, another shift or another scheduler before buying it.""",
                 [],
                 "takt-sim --plant plant.yaml --feed season.jsonl.gz --scheduler atcs",
                 "What a season would have been with the ATCS rule.",
                 ["taktctl 1", "taktd 8", "takt.yaml 5"]),
    "takt-load": (1, "measure a plant with orders of your own", """\
.Nm
pushes orders like that in
.Pa ORDER.json
to a plant, each with an order_ref of its own, and prints how many a second were accepted and how long receipts took.
What it pushes is ordered: use a plant that is for trying.""",
                  [],
                  "takt-load --creators luna --orders 1000 ipc:///run/takt/orders.sock order.json",
                  "A thousand orders of one creator:",
                  ["takt-sim 1", "taktd 8"]),
}


def escape(text):
    """Plain text as mdoc: no line begins with a control character, and backslashes stay."""
    text = text.replace("\\", "\\e").replace("…", "...").replace("–", "\\(en").replace("→", "\\(->")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def head(name, section, about):
    return ['.\\" SPDX-License-Identifier: Apache-2.0', f'.\\" Written by packaging/man/generate.py', f".Dd {DATE}", f".Dt {name.upper()} {section}", ".Os",
            ".Sh NAME", f".Nm {name}", f".Nd {about}"]


def help_of(build, *words):
    return subprocess.run([f"{build}/{words[0]}", *words[1:], "--help"], capture_output=True, text=True, check=True).stdout


def options_of(text):
    """(letter, long option, value, meaning) of each row of a help text."""
    found = []
    for line in text.split("\n"):
        row = re.match(r"^ {2,6}(?:-(\w), )?(--[\w-]+)?(?:[ ]([A-Z][^ ]*(?:\|[^ ]+)*|[a-z]+\|[a-z]+))?(?:, --version)? {2,}(\S.*)$", line)
        short = re.match(r"^ {2}-(\w) ([A-Z]+) {2,}(\S.*)$", line)
        if short:
            found.append((short.group(1), None, short.group(2), short.group(3)))
        elif row and row.group(2):
            found.append(row.groups())
        elif found and re.match(r"^ {20,}\S", line):
            found[-1] = (*found[-1][:3], found[-1][3] + " " + line.strip())
    return found


def options(rows):
    lines = [".Bl -tag -width Ds"]
    for letter, long, value, meaning in rows:
        names = [f"Fl {letter}"] if letter else []
        names += [f"Fl -{long[2:]}"] if long else []
        given = f" Ar {value}" if value else ""
        lines.append(".It " + " , ".join(names) + given)
        meaning = meaning[0].upper() + meaning[1:]
        lines.append(escape(meaning if meaning.endswith(".") else meaning + "."))
    return lines + [".El"]


def commands(build):
    """taktctl's commands, each with its own options."""
    overall = help_of(build, "taktctl")
    common = {row[1] for row in options_of(overall)}
    lines = [".Ss Commands", ".Bl -tag -width Ds"]
    names = re.findall(r"^  ([a-z]+)(?: |$)", overall, re.M)
    for name in names:
        text = help_of(build, "taktctl", name)
        usage, body = text.split("\n\n", 1)
        words = usage.removeprefix(f"usage: taktctl {name}").replace("[OPTION …]", "").strip()
        lines.append(f".It Cm {name}" + (f" Ar {escape(words)}\\&" if words else ""))
        prose = body.split("\n\n")[0].split("\n")
        prose = [prose[0][0].upper() + prose[0][1:] + ".", *prose[1:]] if prose[0] else prose
        lines += [escape(line) for line in prose if line.strip() and not line.startswith("  ")]
        own = [row for row in options_of(text) if row[1] not in common]
        lines += options(own) if own else []
    return lines + [".El", ".Ss Options for all"] + options(options_of(overall))


def program(build, name):
    section, about, prose, files, example, meaning, also = PAGES[name]
    lines = head(name, section, about) + [".Sh SYNOPSIS", ".Nm"]
    operand = {"taktd": ["Ar FILE"], "taktctl": ["Ar COMMAND", "Op Ar WORD ..."], "takt-solve": ["Ar PROBLEM"],
               "takt-sim": ["Fl -plant Ar FILE ...", "Fl -feed Ar FEED"], "takt-load": ["Ar ENDPOINT", "Ar ORDER.json"]}[name]
    lines += [".Op Ar OPTION ..."] + ["." + word for word in operand] + [".Sh DESCRIPTION", prose]
    if name == "taktctl":
        lines += commands(build)
    else:
        text = help_of(build, name)
        lines += [".Pp", "The options are:"] + options(options_of(text))
        if "\nSchedulers:\n" in text:
            rows = re.findall(r"^  (\w+) +(\S.*)$", text.split("\nSchedulers:\n")[1], re.M)
            lines += [".Pp", "The schedulers are:", ".Bl -tag -width Ds"]
            lines += [part for word, what in rows for part in (f".It Cm {word}", escape(what[0].upper() + what[1:] + "."))] + [".El"]
    if name == "taktctl":
        lines += [".Sh ENVIRONMENT", ".Bl -tag -width Ds", ".It Ev TAKT_CONTROL", "The daemon's control endpoint.", ".It Ev NO_COLOR",
                  "No colours, even on a terminal.", ".El"]
    if files:
        lines += [".Sh FILES", ".Bl -tag -width Ds"] + [part for path, what in files for part in (f".It Pa {path}", what)] + [".El"]
    lines += [".Sh EXIT STATUS", ".Bl -tag -width Ds"] + [part for status, what in EXITS[name] for part in (f".It {status}", what)] + [".El"]
    lines += [".Sh EXAMPLES", meaning, f".Dl {example}", ".Sh SEE ALSO"]
    also = sorted(also, key=lambda page: page.split()[::-1])
    lines += [f".Xr {page}" + (" ," if i + 1 < len(also) else "") for i, page in enumerate(also)]
    return section, lines


def kind_of(schema):
    if "enum" in schema:
        return " or ".join(str(value) for value in schema["enum"])
    if "minimum" in schema and "maximum" in schema:
        return f"{schema['minimum']} to {schema['maximum']}"
    return ""


def walk(schema, path, lines):
    """Every option, with its path; NAME stands for a name of the operator's."""
    for name, row in sorted(schema.get("properties", {}).items()):
        described = row.get("description", "")
        if described:
            default = re.search(r" \(default: (.*)\)$", described)
            lines += [f".It Cm {path}{name}", escape((described[:default.start()] if default else described).strip().rstrip(".") + ".")]
            lines += [f"One of {kind_of(row)}." if "enum" in row else f"From {kind_of(row)}."] if kind_of(row) else []
            lines += [f"Default: {escape(default.group(1))}."] if default else []
        walk(row, f"{path}{name}.", lines)
    for below in ([schema["additionalProperties"]] if isinstance(schema.get("additionalProperties"), dict) else []):
        walk(below, f"{path}NAME.", lines)
    if isinstance(schema.get("items"), dict):
        walk(schema["items"], f"{path[:-1]}[].", lines)
    for one in schema.get("anyOf", []):
        walk(one, path, lines)


def plant():
    with open(f"{ROOT}/config/schema/plant.schema.json", encoding="utf-8") as f:
        schema = json.load(f)
    lines = head("takt.yaml", 5, "a plant for the takt daemon") + [".Sh DESCRIPTION", """\
A plant is one YAML file, with further files in
.Pa taktd.d
beside it, each of which may define sections that no other defines.
It says what lines there are and when they work, what products there are and how they are made, who may order, and how it is to be planned.
.Pp
.Ql taktd --check FILE
names every mistake in it, with line and column.
Examples stand in
.Pa /usr/share/takt/examples .
.Sh OPTIONS
In a path,
.Cm NAME
stands for a name of your choice and
.Cm []
for each element of a list.""", ".Bl -tag -width Ds"]
    walk(schema, "", lines)
    return 5, lines + [".El", ".Sh SEE ALSO", ".Xr taktctl 1 ,", ".Xr taktd 8"]


# Who says what on which endpoint; what is left of the schema's messages after that is a mistake.
ENDPOINTS = [
    ("Orders", "listen.orders", "A creator says",
     ["hello", "orders", "amend", "cancel", "quote", "status", "subscribe", "seen", "ping"], "and hears",
     ["welcome", "accepted", "amended", "cancelled", "quoted", "statuses", "subscribed", "event", "pong", "problem"]),
    ("Shipments", "listen.shipments", "A consumer says", ["consumer_hello", "taken", "shipped", "refused", "credit"], "and hears",
     ["shipment", "confirmed"]),
    ("The floor", "listen.floor", "A terminal says", ["terminal_hello", "next", "report"], "and hears", ["tasks", "reported"]),
]


def message(name, schema):
    kind, needed = schema["properties"]["type"]["const"], schema.get("required", [])
    lines = [f".It Cm {kind}"]
    described = schema.get("description", "")
    lines += [escape(described[0].upper() + described[1:].rstrip(".") + ".")] if described else []
    members = [member for member in schema["properties"] if member != "type"]
    for title, wanted in (("Members", True), ("Optional", False)):
        named = [member for member in members if (member in needed) == wanted]
        lines += [f"{title}: " + ", ".join(named) + "."] if named else []
    return lines


def protocol():
    with open(f"{ROOT}/docs/protocol/messages.schema.json", encoding="utf-8") as f:
        schemas = json.load(f)["$defs"]
    left = {name for name, one in schemas.items() if "const" in one.get("properties", {}).get("type", {})}
    lines = head("takt-protocol", 7, "what is said to and by the takt daemon") + [".Sh DESCRIPTION", """\
Each endpoint is a ROUTER of ZeroMQ; who speaks to it connects with a DEALER.
A message is one frame: a JSON object in UTF-8 with a member
.Cm type .
The first one is a hello.
A question carries an
.Cm id
of the sender's, and its answer the same.
Members that are not known are ignored.
.Pp
What is said to be accepted is on disk.
Whoever got no answer sends again: the same
.Cm order_ref ,
.Cm report_ref
or
.Cm shipment_id
changes nothing a second time.
Times are RFC 3339 in UTC, dates those of the plant's zone.
With
.Ql security: curve
a connection needs a key that the plant's file admits.
.Pp
The schema of every message, which clients may check against, is
.Pa /usr/share/doc/takt/protocol/messages.schema.json ."""]
    for title, option, sender, said, answer, heard in ENDPOINTS:
        lines += [f".Sh {title.upper()}", "On the endpoint", f".Cm {option} :"]
        for words, names in ((sender, said), (answer, heard)):
            lines += [".Pp", f"{words[0].upper()}{words[1:]}:", ".Bl -tag -width Ds"]
            lines += [line for name in names for line in message(name, schemas[name])] + [".El"]
            left -= set(names)
    assert not left, f"messages of no endpoint: {left}"
    lines += [".Sh PROBLEMS", "A refusal names one of these problems, with a title, a detail and where in the message it is:", ".Bd -ragged -offset indent",
              ", ".join(schemas["problem_name"]["enum"]) + ".", ".Ed"]
    return 7, lines + [".Sh SEE ALSO", ".Xr takt.yaml 5 ,", ".Xr taktd 8"]


def layout(lines):
    """As mdoc wants its source: a sentence begins a line, and no line of text is long."""
    out = []
    for line in "\n".join(lines).split("\n"):
        if line.startswith("."):
            out.append(line)
            continue
        for sentence in re.split(r"(?<=[.;:])  ?(?=[A-Z])", line):
            out += textwrap.wrap(sentence, 78, break_long_words=False, break_on_hyphens=False)
    return "\n".join(out) + "\n"


def pages(build):
    made = {}
    for name in PAGES:
        section, lines = program(build, name)
        made[f"{name}.{section}"] = layout(lines)
    for name, make in (("takt.yaml", plant), ("takt-protocol", protocol)):
        section, lines = make()
        made[f"{name}.{section}"] = layout(lines)
    return made


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=f"{ROOT}/build")
    for name, text in pages(os.path.abspath(parser.parse_args().build)).items():
        with open(f"{HERE}/{name}", "w", encoding="utf-8") as f:
            f.write(text)


if __name__ == "__main__":
    main()
