// A day of a destination in the height of a line: sent, failed, and outages behind.

import { svg } from "./dom.js";
import { count, date } from "./words.js";

const WIDTH = 120;
const HEIGHT = 18;

/** `history`: Instances and Failed per step, the oldest first; Until: the end of the last one; Outages. */
export function spark(history) {
  if (!history) return null;
  const { Instances: sent, Failed: failed, StepSeconds, Until, Outages = [] } = history;
  const step = WIDTH / sent.length;
  const most = Math.max(1, ...sent.map((number, at) => number + failed[at]));
  const end = date(Until);
  const from = end - sent.length * StepSeconds * 1000;
  const place = (when) => Math.max(0, Math.min(WIDTH, ((when - from) / (end - from)) * WIDTH));
  const total = (list) => list.reduce((sum, number) => sum + number, 0);
  const words = [`${count(total(sent))} sent, ${count(total(failed))} failed`, Outages.length && `${count(Outages.length)} ${Outages.length === 1 ? "outage" : "outages"}`].filter(Boolean).join(", ");
  const high = (number) => (number ? Math.max(1.5, (HEIGHT - 1) * (number / most)) : 0);
  const wide = Math.max(1, step - 1).toFixed(1);
  // All bars of a kind are one element: a table of thirty destinations has more than a thousand of them.
  const bars = (kind, numbers, bottom) => svg("path", { class: kind, d: numbers.map((number, at) =>
    (number ? `M${(at * step).toFixed(1)} ${(bottom(at) - high(number)).toFixed(1)}h${wide}v${high(number).toFixed(1)}h-${wide}z` : "")).join("") });
  return svg("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": words },
    svg("title", {}, words),
    Outages.map(({ Since, Until: back }) => {
      const left = place(date(Since));
      const right = place(back ? date(back) : Date.now());
      return right > left && svg("rect", { class: "outage", x: left.toFixed(1), y: 0, width: Math.max(1.5, right - left).toFixed(1), height: HEIGHT });
    }),
    svg("line", { class: "axis", x1: 0, x2: WIDTH, y1: HEIGHT - 0.5, y2: HEIGHT - 0.5 }),
    bars("lost", failed, () => HEIGHT),
    bars("sent", sent, (at) => HEIGHT - high(failed[at])));
}
