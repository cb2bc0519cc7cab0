// The last hour of a destination: a bar for each minute.

import { h, svg } from "./dom.js";
import { bytes, count, date } from "./words.js";

const WIDTH = 300;
const HEIGHT = 56;
const STEP = WIDTH / 60;

/** `history`: Instances, Bytes and Failed per minute, the oldest first; Until is the end of the last one. */
export function chart(history) {
  if (!history) return null;
  const { Instances: sent, Failed: failed } = history;
  const most = Math.max(1, ...sent.map((number, minute) => number + failed[minute]));
  const total = sent.reduce((sum, number) => sum + number, 0);
  const lost = failed.reduce((sum, number) => sum + number, 0);
  const volume = history.Bytes.reduce((sum, number) => sum + number, 0);
  const words = total + lost === 0 ? "Last hour: nothing sent"
    : `Last hour: ${count(total)} sent (${bytes(volume)}), ${count(lost)} failed, at most ${count(most)} in a minute`;
  const end = date(history.Until);
  const bars = sent.map((number, minute) => {
    const top = HEIGHT * (number / most);
    const red = HEIGHT * (failed[minute] / most);
    if (top + red === 0) return null;
    const x = (minute * STEP).toFixed(1);
    return svg("g", {},
      svg("title", {}, `${clock(end, 60 - minute)}: ${count(number)} sent, ${count(failed[minute])} failed`),
      top > 0 && svg("rect", { class: "sent", x, y: (HEIGHT - top).toFixed(1), width: STEP - 1, height: top.toFixed(1) }),
      red > 0 && svg("rect", { class: "lost", x, y: (HEIGHT - top - red).toFixed(1), width: STEP - 1, height: red.toFixed(1) }));
  });
  const picture = svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words, preserveAspectRatio: "none" },
    svg("line", { class: "axis", x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT }), bars);
  // The same words are the picture's own for those who do not see it.
  return [picture, h("p", { class: "dim legend", "aria-hidden": "true" }, words)];
}

function clock(end, minutes) {
  if (!end) return "";
  const when = new Date(end.getTime() - minutes * 60000);
  return `${String(when.getHours()).padStart(2, "0")}:${String(when.getMinutes()).padStart(2, "0")}`;
}
