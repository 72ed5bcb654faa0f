// SPDX-License-Identifier: Apache-2.0
// Reports on their way: kept in the browser until the plant has them, sent one after the other, and sent again with the same
// report_ref while nobody answers, so each counts once. What is refused is told and not sent again.

const KEPT = "takt-reports", AGAIN_MS = 2000, AGAIN_MS_MAX = 30000;

function reference() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map(byte => byte.toString(16).padStart(2, "0")).join("");
}

export class Reports {
  // send: posts a message and gives the response; told: is called as ("sent" | "refused" | "waiting" | "token", report, detail).
  constructor(send, told) {
    Object.assign(this, {send, told, wait: AGAIN_MS, timer: 0, busy: false});
    this.list = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
  }

  keep() {
    localStorage.setItem(KEPT, JSON.stringify(this.list));
  }

  // Is something about this task or line on its way?
  has(name) {
    return this.list.some(report => report.task === name || report.line === name);
  }

  add(report) {
    this.list.push({report_ref: reference(), ...report});
    this.keep();
    this.go();
  }

  async go() {
    clearTimeout(this.timer);
    if (this.busy || this.list.length === 0) return;
    this.busy = true;
    const report = this.list[0];
    let reply = null;
    try {
      reply = await this.send({type: "report", id: "1", ...report});
    } catch { /* there is no connection: it is sent again */ }
    this.busy = false;
    if (!reply || reply.status >= 500 || reply.status === 401 || reply.status === 429) {
      this.told(reply?.status === 401 ? "token" : "waiting", report);
      this.timer = setTimeout(() => this.go(), this.wait);
      this.wait = Math.min(2 * this.wait, AGAIN_MS_MAX);
      return;
    }
    this.wait = AGAIN_MS;
    const answer = await reply.json().catch(() => ({}));
    this.list.shift();
    this.keep();
    this.told(reply.ok ? "sent" : "refused", report, answer.detail ?? "");
    this.go();
  }
}
