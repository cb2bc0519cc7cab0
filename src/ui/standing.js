// How a destination is, in words.

import { h } from "./dom.js";
import { link } from "./route.js";
import { age, ago, date, time, waiting } from "./words.js";

const STATES = { Ready: "Ready", Unreachable: "Unreachable", Paused: "Paused", OutsideWindow: "Outside its window", NotConfigured: "Not configured" };

/** The state in words; its colour repeats it. */
export function standing(one) {
  return h("p", { class: "state", "data-state": one.State }, h("strong", {}, STATES[one.State] || one.State), " ", more(one));
}

/** Why what waits for a destination does so, if that is the destination's doing. */
export function holds(one) {
  if (!one || one.State === "Ready") return null;
  return h("span", { class: `holds ${one.State}`, "data-holds": one.State },
    h("a", { href: link([]) }, (STATES[one.State] || one.State).toLowerCase()), ` ${more(one)}`);
}

function more(one) {
  if (one.State === "NotConfigured") return "in Orthanc (any more): its items wait, do not expire, and can be redirected";
  if (one.State === "Paused") return "by a person, until it is resumed";
  if (one.State === "Unreachable") {
    const wait = one.NextProbe ? (date(one.NextProbe) - Date.now()) / 1000 : 0;
    return `since ${ago(one.UnreachableSince).replace(/ ago$/, "")}; ${wait > 1 ? `next try in ${age(wait)}` : "trying now"}`;
  }
  if (one.State === "OutsideWindow") return one.NextWindow ? `opens at ${time(one.NextWindow)}` : "";
  if (one.Counts.Running) return "and sending";
  return waiting(one.Counts) ? "" : "and idle";
}
