// A study (series, patient, instance) for each destination: a line that says how far it is, and what can be done.

import { h } from "./dom.js";
import { link } from "./route.js";
import { holds } from "./standing.js";
import { steerWaiting } from "./steering.js";
import { clock, count, status, waiting, STATES } from "./words.js";

/** `failures`: the error queue's items of it, as far as they are known. */
export function progress(found, level, destinations, failures) {
  const caption = "How far it is, by destination";
  return h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": caption, "data-key": "progress" },
    h("table", { class: "stacked" },
      h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, ["Destination", "Delivered", "What else", "When", ""].map((name) => h("th", { scope: "col" }, name || h("span", { class: "hidden" }, "Actions"))))),
      h("tbody", {}, found.Destinations.map((one) => row(one, found, level, destinations.find(({ Name }) => Name === one.Destination), failures.filter(({ Destination }) => Destination === one.Destination))))));
}

function row(one, found, level, destination, failures) {
  const all = STATES.reduce((sum, name) => sum + one.Counts[name], 0);
  const waits = waiting(one.Counts);
  return h("tr", { "data-key": `progress:${one.Destination}`, "data-destination": one.Destination },
    h("th", { scope: "row" }, one.Destination),
    h("td", {}, h("progress", { max: all, value: one.Counts.Success, "aria-label": `Delivered to ${one.Destination}` }), ` ${count(one.Counts.Success)} of ${count(all)}`),
    h("td", {}, rest(one, waits, failures), waits > 0 && holds(destination)),
    h("td", {}, when(one)),
    h("td", {}, h("span", { class: "buttons" },
      level === "studies" && waits > 0 && steerWaiting({ "data-destination": one.Destination, "data-study": found.ID }, `what waits for ${one.Destination}`, ["send-now", "redirect", "cancel"]),
      level === "studies" && one.Counts.Failure > 0 && [
        h("button", { type: "button", "data-action": "operate-errors", "data-verb": "replay", "data-study": found.ID, "data-destination": one.Destination, "data-key": "replay", "aria-label": `Replay failures of ${one.Destination}` }, "Replay"),
        h("a", { href: link(["errors"], { study: found.ID, destination: one.Destination }), "data-key": "failures" }, "Failures")])));
}

const WORDS = { Scheduled: "waiting for its time", Pending: "waiting", Running: "being sent", Retry: "to be tried again", Cancelled: "cancelled" };

function rest(one, waits, failures) {
  const parts = Object.entries(WORDS).filter(([state]) => one.Counts[state] > 0)
    .map(([state, words]) => h("span", { class: `mark ${state}`, "data-count": state }, `${count(one.Counts[state])} ${words}`));
  if (one.Counts.Failure > 0) parts.push(h("span", { class: "mark Failure", "data-count": "Failure" }, why(one.Counts.Failure, failures)));
  return parts.map((part) => [part, " "]);
}

/** "2 refused C000, 1 Missing": by kind, if all are known. */
function why(number, failures) {
  if (failures.length !== number) return `${count(number)} failed`;
  const kinds = new Map();
  for (const { Class, DimseStatus } of failures) {
    const kind = [Class === "Rejected" ? "refused" : Class, status(DimseStatus)].filter(Boolean).join(" ");
    kinds.set(kind, (kinds.get(kind) || 0) + 1);
  }
  return [...kinds].map(([kind, times]) => `${count(times)} ${kind}`).join(", ");
}

function when(one) {
  const open = waiting(one.Counts) + one.Counts.Running;
  const ended = open === 0 && one.LastCompletionTime;
  return `queued ${clock(one.FirstCreationTime)}${ended ? `, finished ${clock(one.LastCompletionTime)}` : ""}`;
}
