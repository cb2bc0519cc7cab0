// A study (series, patient, instance) at one destination: a line that says how far it is, and what can be done. Its own
// page and the lists of studies share it.

import { h } from "./dom.js";
import { link } from "./route.js";
import { holds } from "./standing.js";
import { steerFailed, steerWaiting } from "./steering.js";
import { at, CLASS_WORDS, clock, count, lower, status, waiting } from "./words.js";

export const COLUMNS = ["Delivered", "Not delivered", "When", ""];

export const head = (names) => h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col", class: name === "When" ? "when wide" : null }, name || h("span", { class: "hidden" }, "Actions")))));

/** What needs a person first, then what is not done. */
const needs = ({ Counts }) => (Counts.Failure > 0 ? 0 : waiting(Counts) + Counts.Running > 0 ? 1 : 2);

/** As far as known: `failures`: the error queue's items of it; `until`: when what waits for its time is due. */
export function progress(found, level, destinations, failures, until) {
  const caption = "How far it is, by destination";
  return h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": caption, "data-key": "progress" },
    h("table", { class: "lines" },
      h("caption", { class: "hidden" }, caption),
      head(["Destination", ...COLUMNS]),
      h("tbody", {}, [...found.Destinations].sort((one, other) => needs(one) - needs(other)).map((one) => h("tr", { "data-key": `progress:${one.Destination}`, "data-destination": one.Destination },
        h("th", { scope: "row" }, one.Destination),
        cells(one, {
          study: level === "studies" ? found.ID : null, verbs: undefined,
          failures: failures.filter(({ Destination }) => Destination === one.Destination),
          until: until.get(one.Destination),
          held: holds(destinations.find(({ Name }) => Name === one.Destination)),
        }))))));
}

/**
 * The cells that follow the destination's name: how many instances are delivered, and the states of the items, of which
 * an instance may have several. `study`: Orthanc's identifier, if it is one, by which it is steered;
 * `held`: why what waits for the destination does so; `verbs`: those for what waits, all if there are none; `kind`: of
 * failures, as attributes; `isOpen`: then the buttons stand below.
 */
export function cells(one, { study, failures = [], until, held, verbs, kind, isOpen, whose = one.Destination }) {
  const waits = waiting(one.Counts);
  const failed = one.Counts.Failure;
  const what = { "data-destination": one.Destination, "data-study": study };
  return [
    h("td", { class: "delivered" }, h("progress", { max: one.Instances, value: one.Delivered, "aria-label": `Delivered to ${one.Destination}` }), ` ${count(one.Delivered)} of ${count(one.Instances)}`),
    h("td", { class: "else" }, rest(one, study, failures, until), waits > 0 && held),
    h("td", { class: "when wide" }, when(one)),
    h("td", { class: "acts" }, study && !isOpen && (failed > 0 || waits > 0) && h("span", { class: "buttons quiet" },
      failed > 0 && steerFailed({ ...what, ...kind }, `the failures of ${whose}`, ["replay"]),
      waits > 0 && steerWaiting(what, `what waits for ${whose}`, verbs))),
  ];
}

const WORDS = { Retry: "to be tried again", Scheduled: "waiting for its time", Pending: "waiting", Running: "being sent", Cancelled: "cancelled" };
const MANY = { ...WORDS, Scheduled: "waiting for their time" };

/** What is not delivered, what needs a person first. */
function rest(one, study, failures, until) {
  const words = (state) => `${count(one.Counts[state])} ${(one.Counts[state] === 1 ? WORDS : MANY)[state]}`;
  const parts = Object.keys(WORDS).filter((state) => one.Counts[state] > 0)
    .map((state) => h("span", { class: `mark ${state}`, "data-count": state }, words(state), state === "Scheduled" && until && `, the first ${at(until)}`));
  if (one.Counts.Failure > 0) {
    const why = h("span", { class: "mark Failure", "data-count": "Failure" }, kinds(one.Counts.Failure, failures));
    parts.unshift(study ? h("a", { class: "plain", href: link(["errors"], { study, destination: one.Destination, by: "item" }), "aria-label": `Failures of ${one.Destination}`, "data-key": "failures" }, why) : why);
  }
  return parts.map((part) => [part, " "]);
}

/** "2 refused C000, 1 no longer in Orthanc": by kind, if all are known. */
function kinds(number, failures) {
  if (failures.length !== number) return `${count(number)} failed`;
  const found = new Map();
  for (const { Class, DimseStatus } of failures) {
    const kind = [lower(CLASS_WORDS[Class] || Class), status(DimseStatus)].filter(Boolean).join(" ");
    found.set(kind, (found.get(kind) || 0) + 1);
  }
  return [...found].map(([kind, times]) => `${count(times)} ${kind}`).join(", ");
}

function when(one) {
  const open = waiting(one.Counts) + one.Counts.Running;
  const ended = open === 0 && one.LastCompletionTime;
  return `queued ${clock(one.FirstCreationTime)}${ended ? `, finished ${clock(one.LastCompletionTime)}` : ""}`;
}
