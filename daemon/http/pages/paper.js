// SPDX-License-Identifier: Apache-2.0
// What is printed: the list of a shift's tasks, and a lot's traveller. Both carry the codes that a scanner reads.

function element(name, content, kind) {
  const e = document.createElement(name);
  e.append(...[content ?? ""].flat());
  if (kind) e.className = kind;
  return e;
}

function code(text) {
  const image = document.createElement("img");
  image.src = `/code.svg?text=${encodeURIComponent(text)}`;
  image.alt = text;
  image.className = "code";
  return image;
}

function table(head, rows) {
  const t = element("table");
  t.append(element("thead", element("tr", head.map(word => element("th", word)))),
    element("tbody", rows.map(cells => element("tr", cells.map(content => element("td", content))))));
  return t;
}

const options = variant => Object.values(variant.options ?? {}).join(" ") || "—";

function variants(task) {
  return task.variants.map(v => element("div", `${v.quantity} × ${options(v)}`));
}

// A unit with what is written on it.
export function unitText(unit) {
  return `${unit.unit}${unit.count > 1 ? ` (${unit.count})` : ""}: ${[options(unit), ...Object.entries(unit.personalization ?? {})
    .filter(([name]) => name !== "sha256").map(([, value]) => typeof value === "string" ? value : JSON.stringify(value))].join(" · ")}`;
}

async function print(parts) {
  const paper = document.getElementById("paper");
  paper.replaceChildren(...parts);
  await Promise.all([...paper.querySelectorAll("img")].map(image => image.decode().catch(() => {})));
  window.print();
}

// page: {say, full, number, now, name}
export function printList(page, shift, tasks) {
  const {say} = page;
  const rows = tasks.map(task => [code(task.task), element("strong", task.task), task.product,
    [say("units", page.number(task.quantity)), ...variants(task), ...task.units.map(u => element("div", unitText(u)))],
    task.family ?? "", page.full(task.start), page.full(task.end)]);
  return print([element("h1", say("list", page.name)),
    element("p", [shift ? say("shift", page.full(shift.from), page.full(shift.to)) : "", " · ", say("printed", page.full(page.now))]),
    table(["code", "task", "product", "quantity", "family", "from", "to"].map(word => say(word)), rows)]);
}

export function printTraveller(page, task, route) {
  const {say} = page;
  const head = element("div", [code(task.lot), element("div", [element("h1", say("traveller-of", task.lot)),
    element("p", `${task.product} · ${say("units", page.number(task.quantity))}`), element("p", say("printed", page.full(page.now)))])], "head");
  const parts = [head, table(["task", "operation", "line", "from", "to", "state"].map(word => say(word)),
    route.map(t => [t.task, t.op, t.line, page.full(t.start), page.full(t.end), say(t.state)])),
  element("h2", say("variants")), ...variants(task)];
  if (task.units.length) parts.push(element("h2", say("personalised")), ...task.units.map(u => element("div", unitText(u))));
  return print(parts);
}
