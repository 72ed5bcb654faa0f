// SPDX-License-Identifier: Apache-2.0
// The page beside a line. What it shows it asks as the terminal whose token it has; what it reports is a message of the floor
// endpoint. A scanner types a code and Enter: what is typed while no field has the focus goes to the field for codes.

import {words} from "/line-words.js";
import {printList, printTraveller, unitText} from "/paper.js";
import {Reports} from "/reports.js";

const TASKS = 50, AT_MOST_EVERY_MS = 1000, AGAIN_MS = 30000, STREAM_AGAIN_MS = 3000;
const $ = id => document.getElementById(id);
const line = decodeURIComponent(location.pathname.slice("/line/".length));

let language = localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");
let zone = "UTC", clock = null; // of the plant's clock against this page's, at its speed
let state = null, chosen = null, last = 0, again = 0, busy = false;

// `#token=…` is never sent to anybody with an address; it is kept, and leaves the address bar.
if (location.hash.startsWith("#token=")) {
  localStorage.setItem("takt-token", decodeURIComponent(location.hash.slice("#token=".length)));
  history.replaceState(null, "", location.pathname);
}

const say = (word, ...values) => {
  const text = words[language][word] ?? word;
  return typeof text === "function" ? text(...values) : text;
};
const locale = () => language === "zh" ? "zh-CN" : "en-GB";
const number = value => new Intl.NumberFormat(locale()).format(value ?? 0);
const plantNow = () => clock ? clock.plant + (performance.now() - clock.here) * clock.speed : Date.now();
const write = (moment, options) => moment ? new Intl.DateTimeFormat(locale(), {timeZone: zone, hour12: false, ...options})
  .format(new Date(moment)) : say("none");
const full = moment => write(moment, {weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit"});
const until = (from, to) => write(from, {dateStyle: "short"}) === write(to, {dateStyle: "short"})
  ? write(to, {hour: "2-digit", minute: "2-digit"}) : full(to);
const iso = moment => new Date(moment).toISOString().replace(/\.\d+Z$/, "Z");

function element(name, content, kind) {
  const e = document.createElement(name);
  e.append(...[content ?? ""].flat());
  if (kind) e.className = kind;
  return e;
}

function button(word, action, kind) {
  const b = element("button", say(word), kind);
  b.type = "button";
  b.addEventListener("click", action);
  return b;
}

function announce(text, bad) {
  $("said").textContent = text;
  $("said").className = bad ? "bad" : "";
}

// ---- asking ----

class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

const headers = more => ({Authorization: `Bearer ${localStorage.getItem("takt-token") ?? ""}`, ...more});

async function ask(path, message) {
  const reply = await fetch(path, message ? {method: "POST", headers: headers({"Content-Type": "application/json"}), body: JSON.stringify(message)}
    : {headers: headers()});
  if (!reply.ok) throw new Refused(reply.status, (await reply.json().catch(() => ({}))).detail ?? "");
  return reply.json();
}

const reports = new Reports(
  message => fetch("/api/floor", {method: "POST", headers: headers({"Content-Type": "application/json"}), body: JSON.stringify(message)}),
  (what, report, detail) => {
    const name = report.task ?? report.line;
    if (what === "sent") announce(say("sent", name));
    else if (what === "refused") announce(say("refused", name, detail), true);
    else if (what === "token") needToken(true);
    else announce(say("waiting", number(reports.list.length)), true);
    soon();
  });

function report(event, members) {
  reports.add({event, at: iso(plantNow()), ...members});
  showAll();
}

// ---- tasks ----

const left = task => Math.max(0, task.quantity - task.scrap);

function openDialog(title, fields, yes, done) {
  $("ask-title").textContent = title;
  $("ask-fields").replaceChildren(...fields);
  $("ask-yes").textContent = yes;
  $("ask-form").onsubmit = () => done();
  $("ask").showModal();
  const first = $("ask-fields").querySelector("input[type=number]") ?? $("ask-fields").querySelector("button, input");
  first?.focus();
  first?.select?.();
}

function field(word, input) {
  const label = element("label", element("span", say(word)));
  label.append(input);
  return label;
}

// A number with two large buttons beside it, for fingers.
function counter(word, value, least, most) {
  const input = document.createElement("input"), step = by => () => {
    input.value = Math.min(most, Math.max(least, (Number(input.value) || 0) + by));
  };
  Object.assign(input, {type: "number", min: least, max: most, value, required: true, inputMode: "numeric"});
  const less = button("−", step(-1)), more = button("+", step(1)), box = element("div", [less, field(word, input), more], "counter");
  less.setAttribute("aria-label", "−1");
  more.setAttribute("aria-label", "+1");
  return {box, get: () => Number(input.value)};
}

function askProgress(task) {
  const good = counter("good", task.good, task.good, left(task));
  openDialog(say("ask-progress", task.task), [good.box], say("progress"), () => report("progress", {task: task.task, good: good.get()}));
}

function askFinish(task) {
  const good = counter("good", left(task), task.good, left(task));
  openDialog(say("ask-finish", task.task), [good.box], say("finish"), () => report("finished", {task: task.task, good: good.get()}));
}

// Alike units, one by one: the last number of a unit's name counts on.
const each = unit => Array.from({length: unit.count}, (_, k) =>
  ({...unit, count: 1, unit: unit.unit.replace(/\d+$/, first => String(Number(first) + k))}));

// Personalised units that were lost are named, so that the same are made anew.
function askScrap(task) {
  const lost = counter("lost", 1, 1, left(task)), boxes = task.units.flatMap(each).map(unit => {
    const box = Object.assign(document.createElement("input"), {type: "checkbox", value: unit.unit});
    return element("label", [box, unitText(unit)], "check");
  });
  const fields = boxes.length ? [lost.box, element("fieldset", [element("legend", say("which")), ...boxes])] : [lost.box];
  openDialog(say("ask-scrap", task.task), fields, say("scrap"), () => {
    const units = [...$("ask-fields").querySelectorAll("input:checked")].map(box => box.value);
    report("scrapped", {task: task.task, scrap: Math.max(lost.get(), units.length), ...(units.length ? {units} : {})});
  });
}

function askDown(station) {
  const reason = Object.assign(document.createElement("input"), {maxLength: 100, required: true}), until = document.createElement("select");
  const ready = say("reasons").map(text => button(text, () => { reason.value = text; }));
  for (const [minutes, text] of [[0, say("unknown")], [15, say("minutes", 15)], [30, say("minutes", 30)], [60, say("hours", 1)],
    [120, say("hours", 2)], [240, say("hours", 4)], [480, say("hours", 8)], [1440, say("hours", 24)]])
    until.append(new Option(text, minutes));
  openDialog(say("ask-down", station), [element("p", ready, "ready"), field("reason", reason), field("until", until)], say("down"), () => {
    const minutes = Number(until.value);
    report("down", {line: station, reason: reason.value, ...(minutes ? {until: iso(plantNow() + minutes * 60000)} : {})});
  });
}

function actions(task) {
  const waits = reports.has(task.task), list = task.state === "started"
    ? [button("progress", () => askProgress(task)), button("finish", () => askFinish(task), "main"), button("scrap", () => askScrap(task))]
    : [button("start", () => start(task), "main")];
  for (const b of list) b.disabled = waits;
  return element("p", [...list, button("traveller", () => traveller(task))], "buttons");
}

const start = task => report("started", {task: task.task, ...(task.line ? {line: task.line} : {})});

function card(task) {
  const li = element("li", [], task.task === chosen ? "chosen" : ""), title = element("h3", [task.task, " ", element("small", task.product)]);
  const facts = [say("planned-at", full(task.start), until(task.start, task.end)), task.line && task.line !== line ? task.line : "", task.family ?? "",
    task.frozen && task.state === "planned" ? say("frozen") : ""].filter(Boolean).join(" · ");
  const counts = element("p", [element("strong", task.state === "started" ? say("good-of", number(task.good), number(left(task)))
    : say("units", number(task.quantity))), task.scrap ? ` · ${say("scrapped", number(task.scrap))}` : ""], "counts");
  if (task.late) counts.append(" ", element("span", say("late"), "bad"));
  li.dataset.task = task.task;
  li.tabIndex = -1;
  li.append(title, counts, element("p", facts, "facts"), element("ul", task.variants.map(v =>
    element("li", [element("strong", `${number(v.quantity)} ×`), ` ${Object.values(v.options ?? {}).join(" ") || say("none")}`])), "variants"));
  if (task.units.length) {
    const more = element("details", [element("summary", `${say("personalised")}: ${number(task.units.reduce((n, u) => n + u.count, 0))}`),
      element("ul", task.units.map(u => element("li", unitText(u))), "units")]);
    more.open = task.state === "started" || li.className === "chosen";
    li.append(more);
  }
  li.append(actions(task));
  return li;
}

function station(view) {
  const text = view.down ? say("is-down", view.reason) : view.set_up_for ? say("set-up-for", view.set_up_for) : say("is-up");
  const act = view.down ? button("up", () => report("up", {line: view.line}), "main") : button("down", () => askDown(view.line));
  act.disabled = reports.has(view.line);
  return element("li", [element("strong", view.line), element("span", text, view.down ? "bad" : ""), act], view.down ? "down" : "");
}

// ---- the whole ----

function fill(id, tasks) {
  // Whoever is at a button stays there.
  const at = document.activeElement?.closest?.(`#${id} > li`), place = at ? [...at.querySelectorAll("button, summary")].indexOf(document.activeElement) : -1;
  const open = new Set([...$(id).querySelectorAll("details[open]")].map(d => d.closest("li[data-task]").dataset.task));
  $(id).replaceChildren(...tasks.map(card));
  for (const li of $(id).children) if (open.has(li.dataset.task) && li.querySelector("details")) li.querySelector("details").open = true;
  if (!at) return;
  const li = [...$(id).children].find(e => e.dataset.task === at.dataset.task);
  (place >= 0 ? li?.querySelectorAll("button, summary")[place] ?? li : li)?.focus({preventScroll: true});
}

function showAll() {
  document.documentElement.lang = locale();
  for (const e of document.querySelectorAll("[data-word]")) e.textContent = say(e.dataset.word);
  $("language").textContent = say("other");
  $("line").textContent = line;
  document.title = line;
  if (!state) return;
  const running = state.tasks.filter(task => task.state === "started"), next = state.tasks.filter(task => task.state === "planned");
  $("plant").textContent = state.line.plant.name || state.line.plant.id;
  $("stations").replaceChildren(...state.line.lines.map(station));
  $("running-none").hidden = running.length > 0;
  $("next-none").hidden = next.length > 0;
  fill("running", running);
  fill("next", next);
}

function connected(good) {
  const text = say(good ? "live" : "away");
  $("link").className = good ? "" : "away";
  if ($("link").textContent !== text) $("link").textContent = text;
}

function needToken(wrong) {
  $("main").hidden = $("print").hidden = true;
  $("enter").hidden = false;
  $("alert").hidden = !wrong || !localStorage.getItem("takt-token");
  $("alert").textContent = say("token-wrong");
}

async function refresh() {
  if (busy) return;
  busy = true;
  last = Date.now();
  try {
    const [view, next] = await Promise.all([ask(`/api/line?line=${encodeURIComponent(line)}`),
      ask("/api/floor", {type: "next", id: "1", line, limit: TASKS})]);
    zone = view.plant.time_zone;
    clock = {plant: Date.parse(view.time), here: performance.now(), speed: view.speed};
    state = {line: view, tasks: next.tasks};
    $("alert").hidden = $("enter").hidden = true;
    $("main").hidden = $("print").hidden = false;
    connected(true);
    $("time").textContent = full(plantNow());
    showAll();
  } catch (refusal) {
    if (refusal.status === 401) needToken(true);
    else if ([403, 404, 429].includes(refusal.status)) {
      $("alert").hidden = false;
      $("alert").textContent = refusal.status === 429 ? say("token-wait") : refusal.message;
    } else connected(false);
  }
  busy = false;
}

function soon() {
  clearTimeout(again);
  again = setTimeout(async () => {
    await refresh();
    again = setTimeout(soon, AGAIN_MS);
  }, Math.max(0, last + AT_MOST_EVERY_MS - Date.now()));
}

// Server-sent events by fetch, which can carry the token in a header: any event means that something has changed.
async function follow() {
  try {
    const reply = await fetch("/api/changes", {headers: headers()});
    if (reply.status === 401) needToken(true);
    const stream = reply.ok ? reply.body.getReader() : null, decoder = new TextDecoder();
    for (let part; stream && !(part = await stream.read()).done;)
      if (decoder.decode(part.value).includes("event:")) {
        reports.go();
        soon();
      }
  } catch { /* it ended: it is begun anew */ }
  if ($("enter").hidden) connected(false);
  setTimeout(follow, STREAM_AGAIN_MS);
}

// ---- codes ----

function take(code) {
  const wanted = code.trim().toLowerCase(), found = state?.tasks.filter(task => task.task.toLowerCase() === wanted || task.lot.toLowerCase() === wanted)
    .sort((a, b) => (b.state === "started") - (a.state === "started"))[0];
  if (!found) {
    announce(say("not-here", code), true);
    return;
  }
  const twice = chosen === found.task && found.state === "planned" && !reports.has(found.task);
  chosen = found.task;
  if (twice) start(found);
  else announce(say(found.state === "planned" ? "found" : "found-running", found.task));
  showAll();
  // The focus stays in the field: a scanner that ends with two line ends must not press a button.
  document.querySelector(`li[data-task="${CSS.escape(found.task)}"]`)?.scrollIntoView({block: "nearest"});
}

async function traveller(task) {
  const plan = await ask(`/api/plan?lot=${task.lot.slice(1)}`);
  await printTraveller({say, full, number, now: plantNow(), name: line}, task, plan.tasks.sort((a, b) => a.start < b.start ? -1 : 1));
}

$("scan").addEventListener("submit", event => {
  event.preventDefault();
  const code = $("code").value;
  $("code").value = "";
  if (code.trim()) take(code);
});
document.addEventListener("keydown", event => {
  if ($("ask").open || $("main").hidden || event.ctrlKey || event.altKey || event.metaKey || event.key.length !== 1 || event.key === " ") return;
  if (!document.activeElement?.matches("input, select, textarea")) $("code").focus();
});
$("ask-no").addEventListener("click", () => $("ask").close());
$("print").addEventListener("click", () => {
  const shift = state?.line.shift, end = shift ? Date.parse(shift.to) : Infinity;
  if (state) printList({say, full, number, now: plantNow(), name: line}, shift,
    state.tasks.filter(task => task.state === "started" || Date.parse(task.start) < end));
});
$("enter").addEventListener("submit", event => {
  event.preventDefault();
  localStorage.setItem("takt-token", $("token").value.trim());
  $("token").value = "";
  reports.go();
  refresh();
});
$("language").addEventListener("click", () => {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("language", language);
  showAll();
});
document.addEventListener("visibilitychange", soon);
setInterval(() => { if (clock) $("time").textContent = full(plantNow()); }, 1000);
showAll();
reports.go();
soon();
follow();
