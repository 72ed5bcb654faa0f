// SPDX-License-Identifier: Apache-2.0
// The Gantt chart: lines from top to bottom, time from left to right. Tens of thousands of tasks are painted at once, so
// what is narrower than a pixel is joined with its neighbour, and names are written only where there is room.

const LABEL = 110, AXIS = 26, GAP = 3, HOUR = 3600e3;
const STEPS = [0.5, 1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 672, Infinity]; // hours between the axis' labels

// A colour of its own for each product, the same every time.
function hue(name) {
  let sum = 7;
  for (const c of name) sum = (sum * 31 + c.codePointAt(0)) % 3600;
  return (sum * 137.5) % 360;
}

function style(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export class Gantt {
  // say: what a task is called where it is chosen; time: how a moment is written.
  constructor(canvas, say, time) {
    this.canvas = canvas;
    this.say = say;
    this.time = time;
    this.rows = [];
    this.downs = [];
    this.chosen = null;
    this.onchoose = () => {};
    canvas.addEventListener("click", event => this.choose(this.at(event.offsetX, event.offsetY)));
    canvas.addEventListener("keydown", event => this.key(event));
    new ResizeObserver(() => this.paint()).observe(canvas);
  }

  // plan: {lines, tasks, downs}, tasks with start and end in milliseconds.
  set(plan, from, to, now) {
    const rows = new Map(plan.lines.map(line => [line, []]));
    for (const task of plan.tasks) rows.get(task.line)?.push(task);
    this.rows = [...rows].map(([line, tasks]) => ({line, tasks: tasks.sort((a, b) => a.from - b.from)}));
    Object.assign(this, {from, to, now, downs: plan.downs});
    if (this.chosen) this.chosen = plan.tasks.find(task => task.task === this.chosen.task) ?? null;
    this.paint();
  }

  x(moment) {
    return LABEL + (moment - this.from) / (this.to - this.from) * (this.width - LABEL);
  }

  paint() {
    const ratio = window.devicePixelRatio || 1;
    this.height = AXIS + Math.max(1, this.rows.length) * this.step();
    this.canvas.style.height = `${this.height}px`;
    this.width = this.canvas.clientWidth;
    if (!this.width || this.from === undefined) return;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    const c = this.canvas.getContext("2d");
    c.scale(ratio, ratio);
    c.clearRect(0, 0, this.width, this.height);
    c.font = `12px ${style("--font")}`;
    c.textBaseline = "middle";
    this.paintAxis(c);
    this.rows.forEach((row, i) => this.paintRow(c, row, AXIS + i * this.step()));
    this.paintNow(c);
  }

  step() {
    return this.rows.length > 40 ? 16 : 24;
  }

  // As fine as the span asks for, but never finer than its labels are wide.
  every(c, days) {
    const fine = days <= 0.5 ? 0.5 : days <= 1 ? 2 : days <= 3 ? 6 : days <= 8 ? 24 : 24 * 7;
    const room = c.measureText(this.time(this.from, days > 3)).width + 8, wide = (this.to - this.from) / (this.width - LABEL) * room;
    return STEPS.find(hours => hours >= fine && hours * HOUR >= wide) * HOUR;
  }

  paintAxis(c) {
    const days = (this.to - this.from) / (24 * HOUR), every = this.every(c, days);
    c.fillStyle = style("--dim");
    c.strokeStyle = style("--rule");
    c.beginPath();
    for (let t = Math.ceil(this.from / every) * every; t < this.to; t += every) {
      const x = Math.round(this.x(t)) + 0.5;
      c.moveTo(x, AXIS - 6);
      c.lineTo(x, this.height);
      if (x + 60 < this.width) c.fillText(this.time(t, days > 3), x + 3, AXIS / 2);
    }
    c.stroke();
  }

  paintRow(c, row, top) {
    const height = this.step() - GAP, dark = style("--dark") === "1";
    c.fillStyle = style("--text");
    c.fillText(row.line.length > 16 ? row.line.slice(0, 15) + "…" : row.line, 2, top + height / 2);
    c.strokeStyle = style("--rule");
    c.strokeRect(LABEL, top + height + GAP / 2, this.width - LABEL, 0);
    for (const down of this.downs.filter(d => d.line === row.line && d.to > this.from && d.from < this.to)) {
      const x = Math.max(LABEL, this.x(down.from));
      c.fillStyle = style("--down");
      const width = Math.min(this.width, this.x(down.to)) - x;
      c.fillRect(x, top, width, height);
      if (down.reason && width > 46) this.label(c, down.reason, x, top, width, height);
    }
    let right = -1;
    for (const task of row.tasks) {
      const x = Math.max(LABEL, this.x(task.from)), end = Math.max(x + 1, this.x(task.to));
      if (end <= right) continue;
      right = Math.max(right, Math.floor(x) + 1);
      c.fillStyle = `hsl(${hue(task.product)} ${task.state === "finished" ? 12 : 52}% ${dark ? 38 : 66}%)`;
      c.fillRect(x, top, Math.min(end, this.width) - x, height);
      if (end - x < 4) continue;
      if (task.state === "started") this.stripe(c, style("--text"), x, top, end - x, 3);
      if (task.late) this.stripe(c, style("--bad"), x, top + height - 3, end - x, 3);
      if (task === this.chosen) this.frame(c, x, top, end - x, height);
      if (end - x > 46) this.label(c, task.task, x, top, end - x, height);
    }
  }

  stripe(c, colour, x, y, w, h) {
    c.fillStyle = colour;
    c.fillRect(x, y, w, h);
  }

  frame(c, x, y, w, h) {
    c.strokeStyle = style("--text");
    c.lineWidth = 2;
    c.strokeRect(x + 1, y + 1, Math.max(2, w - 2), h - 2);
    c.lineWidth = 1;
  }

  label(c, text, x, y, w, h) {
    c.save();
    c.beginPath();
    c.rect(x, y, w - 3, h);
    c.clip();
    c.fillStyle = style("--text");
    c.fillText(text, x + 4, y + h / 2);
    c.restore();
  }

  paintNow(c) {
    if (this.now < this.from || this.now > this.to) return;
    c.fillStyle = style("--now");
    c.fillRect(this.x(this.now), AXIS - 8, 2, this.height);
  }

  at(x, y) {
    const row = this.rows[Math.floor((y - AXIS) / this.step())];
    return row?.tasks.find(task => x >= this.x(task.from) && x <= Math.max(this.x(task.from) + 3, this.x(task.to))) ?? null;
  }

  choose(task) {
    this.chosen = task;
    this.paint();
    this.onchoose(task);
  }

  key(event) {
    const rows = this.rows.filter(row => row.tasks.length);
    if (!rows.length || !["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Escape"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Escape") return this.choose(null);
    let r = rows.findIndex(row => row.tasks.includes(this.chosen)), t = r < 0 ? 0 : rows[r].tasks.indexOf(this.chosen);
    if (r < 0) return this.choose(rows[0].tasks.find(task => task.to > this.now) ?? rows[0].tasks[0]);
    if (event.key === "ArrowLeft") t = Math.max(0, t - 1);
    if (event.key === "ArrowRight") t = Math.min(rows[r].tasks.length - 1, t + 1);
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const start = rows[r].tasks[t].from;
      r = Math.min(rows.length - 1, Math.max(0, r + (event.key === "ArrowUp" ? -1 : 1)));
      t = Math.max(0, rows[r].tasks.findLastIndex(task => task.from <= start));
    }
    this.choose(rows[r].tasks[t]);
  }
}
