// SPDX-License-Identifier: Apache-2.0
// Why an order leaves when it does, step by step. In English the daemon's own sentences; in Chinese made from the steps, whose
// kinds are few: `what`, and where one kind can be said in several ways, `how` (daemon/planner/ask.h, struct why_step). A kind without
// words here is given in the daemon's.

const lot = step => step.task?.replace(/-.*/, "");
const reasons = {breakdown: "设备故障", material: "物料", capacity: "产能", scrap: "报废", operator: "操作员", amendment: "订单变更"};
const down = (s, at) => `停机${s.reason ? `（${s.reason}）` : ""}${s.until ? `，预计至 ${at(s.until)}` : "，恢复时间未知"}`;
const span = seconds => seconds >= 86400 ? `${Math.floor(seconds / 86400)} 天 ${Math.floor(seconds % 86400 / 3600)} 小时`
  : seconds >= 3600 ? `${Math.floor(seconds / 3600)} 小时 ${Math.floor(seconds % 3600 / 60)} 分钟` : `${Math.floor(seconds / 60)} 分钟`;
const kept = (left, by) => {
  const seconds = (Date.parse(by) - Date.parse(left)) / 1000;
  return seconds >= 0 ? `提前 ${span(seconds)}` : `晚 ${span(-seconds)}`;
};

export const zh = {
  "cutoff": (s, at) => `承诺赶上承运商 ${at(s.to)} 的截单`,
  "packing": (s, at) => `预计 ${at(s.to)} 前打包`,
  "packing done": (s, at) => `已于 ${at(s.to)} 打包`,
  "lot": (s, at) => `其各批次中 ${s.other} 最后就绪，${at(s.to)}`,
  "lot made": (s, at) => `${s.other} 已完工，静置至 ${at(s.to)}`,
  "material": (s, at) => s.to ? `${lot(s)} 等待物料 ${s.material} 至 ${at(s.to)}` : `${lot(s)} 缺物料 ${s.material}，且无预计到货`,
  "company": (s, at) => `${lot(s)} 等待凑批至 ${at(s.to)}`,
  "release": (s, at) => `${lot(s)} 开批于 ${at(s.from)}`,
  "release begins": (s, at) => `${s.task} 可于 ${at(s.to)} 开始`,
  "task": (s, at) => `${s.task} 在 ${s.other} 之后，后者 ${at(s.to)} 结束`,
  "task rests": (s, at) => `${s.task} 在 ${s.other} 之后，后者结束并静置至 ${at(s.to)}`,
  "task overlaps": (s, at) => `${s.task} 在 ${s.other} 之后，后者 ${at(s.to)} 已做够数量`,
  "line": (s, at) => `${s.task} 等待产线 ${s.line}，排在 ${s.other} 之后，至 ${at(s.to)}`,
  "changeover": (s, at) => `${s.task} 等待产线 ${s.line} 在 ${s.other} 之后换型，至 ${at(s.to)}`,
  "pool": (s, at) => `${s.task} 等待 ${s.pool || "资源"}，${s.other || "另一任务"}占用至 ${at(s.to)}`,
  "closed": (s, at) => `${s.task} 等待，${s.pool || s.line} 停班至 ${at(s.to)}`,
  "fixed": s => `${s.task} 已冻结：即将开始，不能再移动`,
  "fixed runs": (s, at) => `${s.task} 正在产线 ${s.line} 上进行，预计 ${at(s.to)} 结束`,
  "down": (s, at) => `${s.task} 等待产线 ${s.line}（${down(s, at)}），计划 ${at(s.to)} 开始`,
  "down runs": (s, at) => `${s.task} 在产线 ${s.line} 上（${down(s, at)}），预计 ${at(s.to)} 结束`,
  "down planned": (s, at) => `${s.task} 所排产线 ${s.line} ${down(s, at)}`,
  "promised": (s, at) => `${at(s.from)} 承诺 ${at(s.to)} 前发出`,
  "promised anew": (s, at) => `${at(s.from)} 改为承诺 ${at(s.to)} 前发出（${reasons[s.reason] ?? (s.reason || "原因未记录")}）`,
  "started": (s, at) => `${at(s.from)} 开始生产`,
  "made": (s, at) => `${at(s.from)} 全部完工`,
  "packed": (s, at) => `${at(s.from)} 打包`,
  "shipped": (s, at) => `${at(s.from)} 以 ${s.other} 发出${s.reason ? `（${s.reason}）` : ""}`,
  "cancelled": (s, at) => `${at(s.from)} 取消`,
  "kept": s => `比最后的承诺${kept(s.from, s.to)}${s.until ? `，比最初的承诺${kept(s.from, s.until)}` : ""}`,
};

const QUEUE_SHOWN = 2;

// Of a long queue for one line the first and last are told: who stands between does not matter.
function shorten(steps, language) {
  const short = [];
  for (let i = 0; i < steps.length;) {
    let to = i;
    while (to < steps.length && steps[to].what === "line" && steps[to].line === steps[i].line) to++;
    const left = to - i - 2 * QUEUE_SHOWN;
    if (left > 1) {
      short.push(...steps.slice(i, i + QUEUE_SHOWN), {what: "more", text: language === "zh"
        ? `…产线 ${steps[i].line} 上还有 ${left} 项任务排在前面…` : `… behind ${left} more tasks on line ${steps[i].line} …`},
      ...steps.slice(to - QUEUE_SHOWN, to));
      i = to;
    } else {
      short.push(steps[i++]);
    }
  }
  return short;
}

// Sentences, one a step. at: how a moment is written.
export function tell(answer, language, at) {
  return shorten(answer.steps, language).map(s =>
    (language === "zh" && zh[s.how ? `${s.what} ${s.how}` : s.what] || (() => s.text))(s, at)).filter(Boolean);
}
