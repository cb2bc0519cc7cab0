// From where something came, the silent ones first, then those heard of last.

import { h } from "./dom.js";
import { age, ago, clock, time } from "./words.js";

/** `sources`: asked for while it is open. */
export function heard(sources) {
  return h("details", { class: "sources", "data-key": "sources", "data-asks": "" },
    h("summary", {}, "Sources"),
    sources && list(sources));
}

function list(sources) {
  const rank = (one) => [one.SilentSince ? 0 : 1, one.Hours === null ? 1 : 0];
  const last = (one) => one.LastArrival || "";
  const sorted = [...sources].sort((a, b) => rank(a)[0] - rank(b)[0] || rank(a)[1] - rank(b)[1] || last(b).localeCompare(last(a)));
  if (sources.length === 0) return h("p", { class: "empty" }, "Nothing has come by DICOM yet.");
  return h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": "Sources" }, h("table", {},
    h("thead", {}, h("tr", {}, ["Calling AET", "Last arrival", "Silence"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, sorted.map((one) => h("tr", { "data-key": `source:${one.Aet}`, "data-source": one.Aet },
      h("td", { class: "text" }, one.Aet),
      h("td", { title: time(one.LastArrival) }, one.LastArrival ? ago(one.LastArrival) : "none yet"),
      h("td", {}, silence(one)))))));
}

function silence(one) {
  if (one.SilentSince) return h("strong", { class: "bad" }, `too long since ${clock(one.SilentSince)}`);
  return one.Hours === null ? "not watched" : `told after ${age(one.Hours * 3600)}`;
}
