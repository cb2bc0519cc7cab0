// One chart over all destinations: sent and failed per minute or hour, with axes, outages, and values on hover.
//
// Drawn in the pixels it has, so that words are not stretched: drawn anew when the window's size changes.

import { h, svg } from "./dom.js";
import { bytes, count, date, DAYS } from "./words.js";

const HEIGHT = 150;
const LEFT = 46;
const BOTTOM = 20;
const TOP = 8;

export const RANGES = { "1h": { words: "1 hour", hours: 0, every: 10 * 60 }, "24h": { words: "24 hours", hours: 24, every: 3 * 3600 }, "7d": { words: "7 days", hours: 168, every: 86400 } };

/** The sum of what was sent over all destinations, and who was away when. */
function sum(list) {
  const first = list[0];
  const size = first.Instances.length;
  const add = (key) => Array.from({ length: size }, (_, at) => list.reduce((total, one) => total + one[key][at], 0));
  const end = date(first.Until).getTime();
  const step = first.StepSeconds * 1000;
  const outages = list.flatMap((one) => (one.Outages || []).map(({ Since, Until }) => ({ name: one.Destination, from: date(Since).getTime(), to: Until ? date(Until).getTime() : Date.now() })));
  return { sent: add("Instances"), volume: add("Bytes"), failed: add("Failed"), start: end - size * step, end, step, outages };
}

/**
 * `list`: the history of each destination over `range`, one of RANGES; `wanted`: the one that is chosen; `width`: of
 * the room for it in pixels.
 */
export function chart(list, range, wanted, width) {
  const known = list && list.length > 0;
  const data = known && sum(list);
  const isEmpty = known && data.outages.every(({ to }) => to <= data.start) && !data.sent.some(Boolean) && !data.failed.some(Boolean);
  return h("section", { class: "card", "data-key": "chart", "data-chart": range, "aria-label": "Sent over time" },
    h("div", { class: "head" },
      h("h2", {}, "All destinations"),
      h("p", { class: "legend dim" }, [["sent", "sent"], ["lost", "failed"], ["outage", "a destination is unreachable"]].map(([kind, words]) =>
        h("span", {}, svg("svg", { class: "chart", viewBox: "0 0 10 10", width: 10, height: 10, "aria-hidden": "true" }, svg("rect", { class: kind, width: 10, height: 10, rx: 2 })), words))),
      h("p", { class: "readout dim", id: "readout", "aria-live": "off" }, known && !isEmpty ? summary(data) : ""),
      h("p", { class: "segments", role: "group", "aria-label": "Time shown" }, Object.entries(RANGES).map(([name, { words }]) =>
        h("button", { type: "button", "data-action": "range", "data-range": name, "aria-pressed": String(name === wanted) }, words)))),
    !known ? h("p", { class: "empty" }, "Nothing is known yet.") : isEmpty ? h("p", { class: "empty", "data-key": "nothing" }, `Nothing was sent, and nothing failed, in the last ${RANGES[range].words.replace(/^1 /, "")}.`) : picture(data, range, width));
}

function summary({ sent, volume, failed }) {
  const total = (numbers) => numbers.reduce((all, one) => all + one, 0);
  return total(sent) + total(failed) === 0 ? "Nothing was sent" : `${count(total(sent))} sent (${bytes(total(volume))}), ${count(total(failed))} failed`;
}

/** The next round number whose half is one too. */
function ceiling(number) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, number)));
  return [1, 2, 3, 4, 6, 8, 10].map((one) => one * power).find((one) => one >= number && (one === 1 || one % 2 === 0));
}

const two = (number) => String(number).padStart(2, "0");
const hour = (when) => `${two(when.getHours())}:${two(when.getMinutes())}`;
const day = (when) => `${DAYS[when.getDay()]} ${when.getDate()}`;

function picture(data, range, width) {
  const { sent, volume, failed, start, end, step, outages } = data;
  const wide = Math.max(200, Math.floor(width));
  const plot = wide - LEFT - 4;
  const high = HEIGHT - BOTTOM - TOP;
  const top = ceiling(Math.max(1, ...sent.map((number, at) => number + failed[at])));
  const x = (when) => LEFT + ((when - start) / (end - start)) * plot;
  const y = (number) => TOP + high * (1 - number / top);
  const bar = plot / sent.length;
  const gap = Math.min(6, bar * 0.18);
  const lines = top >= 2 ? [0, top / 2, top] : [0, top];
  const rect = (kind, at, low, number) => number > 0 && svg("rect", {
    class: kind, x: (LEFT + at * bar + gap / 2).toFixed(1), width: (bar - gap).toFixed(1),
    y: (Math.min(y(low + number), y(low) - 1.5)).toFixed(1), height: Math.max(1.5, y(low) - y(low + number)).toFixed(1),
  });
  const away = outages.filter(({ from, to }) => to > start && from < end);
  return svg("svg", { class: "chart", viewBox: `0 0 ${wide} ${HEIGHT}`, width: wide, height: HEIGHT, role: "img", "aria-label": `${RANGES[range].words}: ${summary(data)}` },
    lines.map((number) => [
      svg("line", { class: "axis", x1: LEFT, x2: wide, y1: y(number), y2: y(number) }),
      svg("text", { x: LEFT - 6, y: y(number) + 4, "text-anchor": "end" }, count(number))]),
    ticks(start, end, RANGES[range].every).map((when) => [
      svg("line", { class: "axis", x1: x(when), x2: x(when), y1: y(0), y2: y(0) + 4 }),
      x(when) < wide - 20 && x(when) > LEFT + 10 && svg("text", { x: x(when), y: HEIGHT - 4, "text-anchor": "middle" }, range === "7d" ? day(new Date(when)) : hour(new Date(when)))]),
    sent.map((number, at) => [rect("sent", at, 0, number), rect("lost", at, number, failed[at])]),
    away.map(({ from, to }) => svg("rect", { class: "outage", x: x(Math.max(from, start)).toFixed(1), y: y(0) + 1, width: Math.max(3, x(Math.min(to, end)) - x(Math.max(from, start))).toFixed(1), height: 5 })),
    sent.map((number, at) => {
      const when = start + at * step;
      const gone = [...new Set(away.filter(({ from, to }) => to > when && from < when + step).map(({ name }) => name))];
      const words = [`${range === "1h" ? "" : `${day(new Date(when))} `}${hour(new Date(when))}–${hour(new Date(when + step))}: ${count(number)} sent (${bytes(volume[at])}), ${count(failed[at])} failed`,
        gone.length > 0 && `unreachable: ${gone.slice(0, 3).join(", ")}${gone.length > 3 ? ` and ${count(gone.length - 3)} more` : ""}`].filter(Boolean).join("; ");
      return svg("rect", { class: "touch", x: (LEFT + at * bar).toFixed(1), y: TOP, width: bar.toFixed(1), height: high, "data-words": words });
    }));
}

/** Round local times within the range, in milliseconds. */
function ticks(start, end, every) {
  const list = [];
  const first = new Date(start);
  first.setHours(0, 0, 0, 0);
  for (const at = first; at < end; at.setSeconds(at.getSeconds() + every)) {
    if (at > start) list.push(at.getTime());
  }
  return list;
}

/** The values under the pointer take the place of the sum. */
export function hover(event) {
  const readout = document.getElementById("readout");
  if (!readout) return;
  const words = event.target instanceof Element && event.target.closest(".chart") ? event.target.getAttribute("data-words") : null;
  if (words) {
    readout.dataset.keep = "";
    readout.textContent = words;
  } else if ("keep" in readout.dataset) {
    delete readout.dataset.keep;
    document.dispatchEvent(new Event("redraw"));
  }
}
