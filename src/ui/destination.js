// What a row of the overview opens to: the cause of what is wrong, where it is, what can be done.

import { unconfirmed, waitsFor } from "./confirming.js";
import { h } from "./dom.js";
import { link } from "./route.js";
import { recipe, settings } from "./settings.js";
import { advised, standing } from "./standing.js";
import { steerFailed, steerWaiting } from "./steering.js";
import { ago, at, bytes, capital, count, date, plain, sentences, status, waiting, WAITING } from "./words.js";

/** What the last C-ECHO of each destination said. */
export const echoes = new Map();

/** `address`: AET, host and port, if Orthanc knows it as a modality. */
export function detail(one, next, address) {
  const { more, soon } = standing(one, next);
  const name = one.Name;
  return h("section", { class: "detail", "data-destination": name, "aria-label": `Details of ${name}` },
    h("div", { class: "columns" },
      h("div", { "data-key": "how" },
        more && h("p", { "data-key": "standing" }, more),
        // On a line of its own: it grows and shrinks with each refresh, and nothing below may move by that.
        soon && h("p", { class: "nowrap", "data-key": "soon" }, soon),
        cause(one),
        echo(name),
        h("p", { class: "buttons", "data-key": "buttons" }, buttons(one)),
        waiting(one.Counts) > 0 && h("p", { class: "buttons", "data-key": "waits" }, h("span", {}, `${count(waiting(one.Counts))} waiting: `),
          steerWaiting({ "data-destination": name }, `what waits for ${name}`, ["redirect", "priority", "cancel"]),
          h("a", { class: "button", href: link(["studies"], { destination: name, state: WAITING }), "aria-label": `Look at what waits for ${name}` }, "Look")),
        one.Counts.Failure > 0 && h("p", { class: "buttons", "data-key": "failed" }, h("span", {}, `${count(one.Counts.Failure)} failed: `),
          steerFailed({ "data-destination": name }, `the failures of ${name}`),
          h("a", { class: "button", href: link(["errors"], { destination: name }), "aria-label": `Look at the failures of ${name}` }, "Look")),
        unconfirmed(one).length > 0 && h("p", { class: "buttons", "data-key": "unconfirmed" }, h("span", {}, "Acknowledged, and: "), unconfirmed(one)),
        h("p", { class: "links", "data-key": "links" }, links(one))),
      h("div", { "data-key": "what" },
        h("dl", { class: "facts" }, facts(one, address, next)),
        settings(one),
        recipe(one.Settings))));
}

/** The last error, in its own words first; with less weight once something was sent since and nothing of it is left. */
function cause(one) {
  const error = one.LastError;
  if (!error) return null;
  const mended = one.State !== "Unreachable" && one.Counts.Failure === 0 && one.LastSuccess && date(one.LastSuccess) > date(error.Time);
  const kind = [error.Class, status(error.DimseStatus)].filter(Boolean).join(" ");
  const own = plain(error.Details) || error.Meaning || kind;
  const more = [
    h("p", { class: "own text" }, own),
    error.Details && error.Meaning && h("p", {}, sentences(capital(error.Meaning))),
    h("p", { class: "dim nowrap", "data-key": "kind" }, `${kind}, ${ago(error.Time)}`),
  ];
  if (mended) return h("details", { class: "problem mended", "data-key": "problem" }, h("summary", {}, "Last error, before the last success"), more);
  return h("div", { class: "problem", "data-key": "problem" }, more, todo(one, error));
}

/** Advice is folded: whoever knows the cause knows what to do. */
function todo(one, error) {
  // "Goes on by itself" would be untrue.
  if (one.State === "Paused" && error.Class === "Unreachable") return h("p", {}, "It is paused: it is not tried again until it is resumed.");
  return error.Advice && h("details", { "data-key": "advice" }, h("summary", {}, "What to do"), h("p", {}, advised(error.Advice, one)));
}

function echo(name) {
  const last = echoes.get(name);
  return last && h("p", { class: last.success ? "echo" : "echo error", "data-key": "echo" }, last.words);
}

function buttons(one) {
  const paused = one.State === "Paused";
  return [
    steer(one.Name, paused ? "resume" : "pause", paused ? "Resume" : "Pause"),
    steer(one.Name, "echo", "Echo"),
    steer(one.Name, "send-now", "Send now", paused ? "paused: resume it first" : waiting(one.Counts) === 0 && "nothing waits"),
  ];
}

function steer(destination, verb, words, why) {
  return h("button", {
    type: "button", "data-action": "steer", "data-verb": verb, "data-destination": destination, "data-key": `steer:${verb === "resume" ? "pause" : verb}`,
    disabled: Boolean(why), title: why || null, "aria-label": `${words} ${destination}`,
  }, words);
}

function links(one) {
  const to = (state, words) => h("a", { href: link(["studies"], { destination: one.Name, state }) }, words);
  return [
    one.Counts.Running > 0 && to("Running", `${count(one.Counts.Running)} being sent`), " ",
    one.Counts.Success > 0 && to("Success", `${count(one.Counts.Success)} sent and kept`),
  ];
}

/** What those that are ready wait for. */
const UNTIL = { Ready: "ready", Paused: "until it is resumed", Unreachable: "until it can be reached", OutsideWindow: "until its window opens", NotConfigured: "until it is in Orthanc's configuration" };

/** `next`: the item that waits the longest for its time, if that is known. */
function facts(one, address, next) {
  const counts = one.Counts;
  const due = (state) => (next && next.State === state && next.NextAttempt ? `, the first ${at(next.NextAttempt)}` : "");
  const waits = [[counts.Pending, UNTIL[one.State] || "ready"], [counts.Scheduled, `waiting for their time${due("Scheduled")}`], [counts.Retry, `to be tried again${due("Retry")}`]];
  const parts = waits.filter(([number]) => number > 0).map(([number, words]) => `${count(number)} ${words}`);
  return [
    address && ["AET", address.AET],
    address && ["Host, port", `${address.Host}, ${address.Port}`],
    parts.length > 0 && ["Waiting", `${parts.join("; ")} (${bytes(one.BytesPending)})`],
    waitsFor(one) && ["Confirmation", waitsFor(one)],
    ["Last sent", one.LastSuccess ? ago(one.LastSuccess) : "nothing yet"],
  ].filter(Boolean).map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value)));
}
