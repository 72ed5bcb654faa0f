// SPDX-License-Identifier: Apache-2.0
// Asks for what it shows, and again when the daemon says that something has changed. It only shows: nothing here can change
// the plant. All texts from the daemon are put in as text, never as markup.

import {Gantt} from "/gantt.js";
import {tell} from "/why.js";
import {words} from "/words.js";

const DAY = 24 * 3600e3, TASKS_SHOWN = 200, AT_MOST_EVERY_MS = 2000, AGAIN_MS = 30000;
const $ = id => document.getElementById(id);

let language = localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");
let zone = "UTC", offset = null; // of the plant's clock against this one's, at its speed
const told = new Map(); // whys that were asked for, as data: they stay until the page is opened anew
let state = {}, view = {days: 3, from: null}, again = 0, last = 0, busy = false;

const say = (word, ...values) => {
  const text = words[language][word] ?? word;
  return typeof text === "function" ? text(...values) : text;
};

// ---- time ----

const plantNow = () => offset ? offset.plant + (Date.now() - offset.here) * offset.speed : Date.now();

function write(moment, options) {
  return moment ? new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", {timeZone: zone, hour12: false, ...options})
    .format(new Date(moment)) : say("none");
}
const full = moment => write(moment, {weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit"});
const short = (moment, dayOnly) => write(moment, dayOnly ? {weekday: "short", day: "numeric", month: "numeric"}
  : {weekday: "short", hour: "2-digit", minute: "2-digit"});

function span(ms) {
  const minutes = Math.round(Math.abs(ms) / 60000), unit = (value, name) =>
    new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en", {style: "unit", unit: name, maximumFractionDigits: 1}).format(value);
  if (minutes < 90) return unit(minutes, "minute");
  return minutes < 48 * 60 ? unit(minutes / 60, "hour") : unit(minutes / 1440, "day");
}

const number = value => new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en").format(value ?? 0);

// ---- building ----

function cell(content, kind) {
  const td = document.createElement("td");
  if (content instanceof Node) td.append(content);
  else td.textContent = content;
  if (kind) td.className = kind;
  return td;
}

function fill(body, rows) {
  $(body).replaceChildren(...rows.map(cells => {
    const tr = document.createElement("tr");
    tr.append(...cells);
    return tr;
  }));
}

function translate() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const e of document.querySelectorAll("[data-word]")) e.textContent = say(e.dataset.word);
  for (const e of document.querySelectorAll("[data-label]")) e.setAttribute("aria-label", say(e.dataset.label));
  $("language").textContent = say("other");
}

// ---- parts ----

function showFigures() {
  const {status, late} = state, p = status.promises, ended = p.kept + p.broken;
  const figures = [
    ["orders-open", number(status.plan.orders_open)],
    ["units-open", number(status.plan.units_open)],
    ["kept", ended ? `${(100 * p.kept / ended).toFixed(1)} %` : say("none"), p.broken || !ended ? "" : "good"],
    ["late-promise", number(status.plan.late_promise), status.plan.late_promise ? "bad" : "good"],
    ["endangered", number(late.endangered)],
    ["late-wish", number(status.plan.late_wish)],
    ["flow", late.flow_s === undefined ? say("none") : span(late.flow_s * 1000)],
    ["repromised", number(p.repromised)],
    ["to-ship", number(status.shipments.open + status.shipments.taken)],
    ["aside", number(status.shipments.aside), status.shipments.aside ? "bad" : ""],
    ["plan-version", `${number(status.plan.version)}`],
  ];
  $("figures").replaceChildren(...figures.map(([word, value, kind]) => {
    const div = document.createElement("div"), dt = document.createElement("dt"), dd = document.createElement("dd");
    dt.textContent = say(word);
    dd.textContent = value;
    dd.className = kind ?? "";
    div.append(dt, dd);
    return div;
  }));
}

function showAlert() {
  const {status} = state, texts = [];
  if (status.store.trouble) texts.push(say("trouble", status.store.trouble));
  if (status.reload?.outcome === "refused") texts.push(say("reload-refused", status.reload.detail));
  $("alert").hidden = texts.length === 0;
  $("alert").textContent = texts.join(" ");
}

function load(percent) {
  const box = document.createElement("div"), bar = document.createElement("i"), text = document.createElement("span");
  box.className = "load";
  bar.style.width = `${Math.min(100, percent)}%`;
  text.textContent = `${Math.round(percent)} %`;
  box.append(bar, text);
  return box;
}

function showLines() {
  fill("lines", state.status.lines.map(line => [
    cell(line.line),
    cell(line.down ? say("down", line.reason) : line.running ? say("running", line.running) : say("idle"), line.down ? "bad" : ""),
    cell(line.set_up_for ?? say("none")),
    cell(load(line.load_percent)),
  ]));
}

async function why(order, button) {
  const reply = await fetch(`/api/why?order=${encodeURIComponent(`${order.creator}/${order.order_ref}`)}`);
  told.set(`${order.creator}/${order.order_ref}`, reply.ok ? await reply.json() : null);
  button.closest("tr").after(whyRow(`${order.creator}/${order.order_ref}`));
  button.remove();
}

function whyRow(name) {
  const row = document.createElement("tr"), answer = told.get(name);
  const list = document.createElement("ol"), text = cell(answer ? list : say("unknown-order"), "text");
  list.append(...(answer ? tell(answer, language, full) : []).map(sentence => {
    const li = document.createElement("li");
    li.textContent = sentence;
    return li;
  }));
  text.colSpan = 6;
  row.append(text);
  return row;
}

function showLate() {
  const {late} = state;
  $("late-none").hidden = late.orders.length > 0;
  $("late-table").hidden = late.orders.length === 0;
  $("late").replaceChildren(...late.orders.flatMap(order => {
    const name = `${order.creator}/${order.order_ref}`, button = document.createElement("button"), tr = document.createElement("tr");
    button.type = "button";
    button.textContent = say("show-why");
    button.addEventListener("click", () => why(order, button));
    tr.append(cell(name), cell(say(order.state)), cell(full(order.ship_by)),
      cell(full(order.expected_packed)),
      cell(order.spare_s < 0 ? say("late-by", span(order.spare_s * 1000)) : span(order.spare_s * 1000), order.spare_s < 0 ? "bad" : ""),
      cell(told.has(name) ? "" : button));
    return told.has(name) ? [tr, whyRow(name)] : [tr];
  }));
}

function showCreators() {
  fill("creators", state.creators.creators.map(creator => {
    const o = creator.orders, open = o.accepted + o.held + o.planned;
    return [cell(creator.creator), ...[creator.share ?? 0, open, o["in-production"] + o.made, o.packed, o.shipped, o.cancelled]
      .map(value => cell(number(value), "number"))];
  }));
}

function taskState(task) {
  return [say(task.state), task.frozen && task.state === "planned" ? say("frozen") : "", task.late ? say("late") : ""]
    .filter(Boolean).join(", ");
}

function describe(task) {
  return task ? `${task.task}: ${task.product}, ${say("of-units", number(task.quantity))}, ${task.line}, ` +
    `${full(task.start)} – ${full(task.end)}, ${taskState(task)}` : "";
}

function showPlan() {
  const {plan} = state, from = view.from ?? plantNow() - 0.08 * view.days * DAY, to = from + view.days * DAY;
  gantt.set(plan, from, to, plantNow());
  $("gantt").setAttribute("aria-label", say("chart", number(plan.tasks.length), full(from), full(to)));
  fill("tasks", plan.tasks.slice(0, TASKS_SHOWN).map(task => [cell(task.line), cell(task.task), cell(task.product),
    cell(number(task.quantity), "number"), cell(full(task.start)), cell(full(task.end)), cell(taskState(task), task.late ? "bad" : "")]));
  $("tasks-left").textContent = plan.tasks.length > TASKS_SHOWN ? say("more", number(plan.tasks.length - TASKS_SHOWN)) : "";
}

function showAll() {
  translate();
  if (!state.status) return;
  $("plant").textContent = state.status.plant.name || state.status.plant.id;
  document.title = `${state.status.plan.late_promise ? `(${state.status.plan.late_promise}) ` : ""}${state.status.plant.name || "takt"}`;
  $("zone").textContent = zone;
  $("version").textContent = `takt ${state.status.takt}`;
  showFigures();
  showAlert();
  showLines();
  showLate();
  showCreators();
  showPlan();
}

// ---- asking ----

async function ask(path) {
  const reply = await fetch(path);
  if (!reply.ok) throw new Error(`${path}: ${reply.status}`);
  return reply.json();
}

const iso = moment => new Date(moment).toISOString().replace(/\.\d+Z$/, "Z");

async function askPlan() {
  const from = view.from ?? plantNow() - 0.08 * view.days * DAY, to = from + view.days * DAY;
  let plan, offset = 0;
  do {
    const page = await ask(`/api/plan?limit=5000&offset=${offset}&from=${iso(from)}&to=${iso(to)}`);
    offset = page.next;
    if (plan) plan.tasks.push(...page.tasks);
    else plan = page;
  } while (offset);
  for (const task of plan.tasks) Object.assign(task, {from: Date.parse(task.start), to: Date.parse(task.end)});
  for (const down of plan.downs)
    Object.assign(down, {from: Date.parse(down.from), to: down.to ? Date.parse(down.to) : Number.MAX_SAFE_INTEGER});
  return plan;
}

// The first look shows the whole plan, if it is short.
function fitSpan(days) {
  const fitting = [...$("span").options].find(option => Number(option.value) * 0.9 >= days && Number(option.value) <= 3);
  if (!fitting) return;
  $("span").value = fitting.value;
  view.days = Number(fitting.value);
}

async function refresh() {
  if (busy) return;
  busy = true;
  last = Date.now();
  try {
    const status = await ask("/api/status");
    zone = status.plant.time_zone;
    offset = {plant: Date.parse(status.time), here: Date.now(), speed: status.speed};
    if (!state.status && status.plan.tasks_open) fitSpan((Date.parse(status.plan.last_end) - plantNow()) / DAY);
    const [late, creators, plan] = await Promise.all([ask("/api/late"), ask("/api/creators"), askPlan()]);
    state = {status, late, creators, plan};
    connected(true);
    showAll();
  } catch {
    connected(false);
  }
  busy = false;
}

// What changes often is shown at most every two seconds, and not at all while nobody looks.
function soon() {
  clearTimeout(again);
  if (document.hidden) return;
  again = setTimeout(async () => {
    await refresh();
    again = setTimeout(soon, AGAIN_MS);
  }, Math.max(0, last + AT_MOST_EVERY_MS - Date.now()));
}

function connected(good) {
  const text = say(good ? "live" : "away");
  $("link").className = good ? "" : "away";
  if ($("link").textContent !== text) $("link").textContent = text;
}

function follow() {
  const changes = new EventSource("/api/changes");
  changes.addEventListener("changed", soon);
  changes.onopen = soon;
  changes.onerror = () => connected(false);
}

function move(share) {
  view.from = share === null ? null : (view.from ?? plantNow() - 0.08 * view.days * DAY) + share * view.days * DAY;
  refresh();
}

const gantt = new Gantt($("gantt"), describe, short);
gantt.onchoose = task => { $("chosen").textContent = describe(task); };
$("earlier").addEventListener("click", () => move(-0.5));
$("later").addEventListener("click", () => move(0.5));
$("now").addEventListener("click", () => move(null));
$("span").addEventListener("change", event => { view.days = Number(event.target.value); refresh(); });
$("language").addEventListener("click", () => {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("language", language);
  showAll();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => gantt.paint());
addEventListener("beforeprint", () => gantt.paint());
document.addEventListener("visibilitychange", soon);
setInterval(() => { $("time").textContent = full(plantNow()); }, 1000);
translate();
follow();
