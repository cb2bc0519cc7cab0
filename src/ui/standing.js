// How a destination is, in true words: what it does, or why what waits for it does so.

import { h } from "./dom.js";
import { link } from "./route.js";
import { age, at, CLASS_WORDS, clock, count, date, lower, rough, since, waiting } from "./words.js";

/**
 * { mark, words, more, soon }: the colour's name, what is said in a row, what is said beside it where there is room,
 * and what of that changes with the seconds.
 * `next`: the item that waits the longest for its time, if that is known. Failures are told whatever else it does.
 */
export function standing(one, next) {
  const { Counts } = one;
  const how = does(one, next);
  return Counts.Failure > 0 ? { ...how, mark: "bad", words: `${how.words}, ${count(Counts.Failure)} failed` } : how;
}

function does(one, next) {
  const { Counts } = one;
  const reason = why(one);
  // Sent by a person's wish, or the rest of what was begun before the window closed.
  if (one.State === "OutsideWindow" && Counts.Running > 0) return { mark: "busy", words: "Sending", more: `${reason.words}.` };
  if (reason) return reason;
  const doing = work(Counts, next);
  const trouble = troubled(one);
  return { mark: Counts.Running > 0 ? "busy" : doing === "Idle" ? "good" : "calm", words: trouble ? `${trouble}, ${lower(doing)}` : doing, more: "" };
}

/** Why it is not ready, or null. */
function why(one) {
  const { State } = one;
  if (State === "NotConfigured") return { mark: "bad", words: "Not in Orthanc's configuration", more: "What waits does not expire, and can be redirected." };
  if (State === "Paused") return { mark: "warn", words: since("Paused", one.PausedSince), more: "Nothing is sent until it is resumed." };
  if (State === "Unreachable") return { mark: "bad", words: `Unreachable for ${rough(elapsed(one.UnreachableSince))}`, more: "What waits loses no attempt.", soon: `${probe(one)}.` };
  if (State === "OutsideWindow") return { mark: "calm", words: one.NextWindow ? `Window opens ${clock(one.NextWindow)}` : "Its window is closed", more: "" };
  return null;
}

function work(counts, next) {
  if (counts.Running > 0) return "Sending";
  if (waiting(counts) === 0) return "Idle";
  if (counts.Pending > 0) return "Waits to be sent";
  const due = next && next.NextAttempt ? clock(next.NextAttempt) : "";
  if (counts.Retry > 0) return due ? `Next try ${at(next.NextAttempt)}` : "Waits for its next try";
  if (next && next.Class === "Coercion") return "Held back";
  return due ? `Quiet until ${due}` : "Waits for its time";
}

/** What came of what was tried last, if it is tried again: "No room at the receiver". */
function troubled({ LastError, LastSuccess, Counts }) {
  const isTried = Counts.Pending + Counts.Running + Counts.Retry > 0;
  if (!isTried || !LastError || !["Busy", "Interrupted"].includes(LastError.Class)) return "";
  return LastSuccess && date(LastSuccess) > date(LastError.Time) ? "" : CLASS_WORDS[LastError.Class];
}

const elapsed = (text) => (date(text) ? (Date.now() - date(text)) / 1000 : 0);

function probe(one) {
  const wait = one.NextProbe ? (date(one.NextProbe) - Date.now()) / 1000 : 0;
  return wait > 1 ? `Next try in ${age(wait)}` : "Trying now";
}

/** Advice on what waits for a destination: while a person holds it back, nothing is tried again by itself. */
export function advised(text, one) {
  const until = { Paused: "is resumed", NotConfigured: "is in Orthanc's configuration again" }[one && one.State];
  return until ? `Once ${one.Name} ${until}: ${text}` : text;
}

/** Why what waits for a destination does so, if that is the destination's doing: no word of what failed there. */
export function holds(one) {
  const reason = one && why(one);
  if (!reason) return null;
  const { words } = reason;
  return h("span", { class: `holds ${one.State}`, "data-holds": one.State }, h("a", { href: link(["destinations", one.Name]) }, lower(words)));
}
