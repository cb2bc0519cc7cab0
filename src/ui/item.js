// One item with all its attempts.

import { api, explorer } from "./api.js";
import { askAgain } from "./confirming.js";
import { h } from "./dom.js";
import { learn, nameOf } from "./names.js";
import { link } from "./route.js";
import { advised, holds } from "./standing.js";
import { state } from "./table.js";
import { bytes, capital, count, outcome, plain, sentences, status, time, tries, CONFIRMATION_WORDS, STATE_WORDS } from "./words.js";

export const title = ({ id }) => `Item ${id}`;

export async function load({ id }) {
  const item = await api.item(id);
  await learn([item.Study]);
  return { item };
}

/** What may be done with an item in which state. */
const MAY = {
  replay: ["Failure", "Cancelled"],
  "send-now": ["Scheduled", "Pending", "Retry"],
  redirect: ["Scheduled", "Pending", "Retry", "Failure"],
  cancel: ["Scheduled", "Pending", "Running", "Retry"],
  remove: ["Scheduled", "Pending", "Retry", "Success", "Failure", "Cancelled"],
};
const WORDS = { replay: "Replay", "send-now": "Send now", redirect: "Redirect…", cancel: "Cancel", remove: "Remove…" };

/** What a time of coming to rest is called. */
const ENDED = { Success: "Delivered", Failure: "Failed", Cancelled: "Cancelled" };

export function render({ id }, { item, destinations }) {
  const destination = destinations.find((one) => one.Name === item.Destination);
  const again = tries(item, destination);
  const whose = nameOf(item.Study);
  const held = MAY["send-now"].includes(item.State) && holds(destination);
  const unsure = item.State === "Success" && ["Refused", "TimedOut"].includes(item.Confirmation);
  return [
    h("h1", {}, `Item ${item.ID}`, whose && ` · ${whose}`),
    h("p", { class: "state", "data-state": item.State }, state(item.State), " ", STATE_WORDS[item.State]),
    held && h("p", { "data-key": "holds" }, destination.State === "OutsideWindow" ? `It waits for ${item.Destination}: ` : `It waits: ${item.Destination} is `, held),
    again && h("p", { "data-key": "attempts" }, `${capital(again)}.`),
    item.Meaning && h("div", { class: item.State === "Success" && !unsure ? "problem mended" : "problem", "data-key": "problem" },
      item.Details && h("p", { class: "own text" }, plain(item.Details)),
      h("p", {}, sentences(capital(item.Meaning))),
      item.Advice && item.State !== "Success" && h("p", {}, held ? advised(item.Advice, destination) : item.Advice)),
    h("p", { class: "buttons" }, unsure && askAgain(destination, item.Study), Object.keys(MAY).filter((verb) => MAY[verb].includes(item.State)).map((verb) =>
      h("button", { type: "button", "data-action": "operate", "data-id": item.ID, "data-destination": item.Destination, "data-study": item.Study, "data-verb": verb, "data-key": `operate:${verb}`, class: verb === "remove" ? "danger" : null }, WORDS[verb]))),
    h("dl", { class: "facts" },
      fact("Destination", h("a", { href: link(["items"], { destination: item.Destination }) }, item.Destination)),
      fact("Instance", h("a", { href: explorer("instance", item.Instance) }, item.Instance), " (", h("a", { href: link(["instances", item.Instance]) }, "what went where"), ")"),
      fact("SOP instance UID", item.SopInstanceUid),
      fact("Series", h("a", { href: link(["series", item.Series]) }, item.Series)),
      fact("Study", h("a", { href: link(["studies", item.Study]), title: item.Study }, whose || item.Study)),
      fact("Patient", h("a", { href: link(["patients", item.Patient]) }, item.Patient)),
      fact("Rule", item.Rule || "none: enqueued by a person"),
      fact("Priority", item.Priority),
      fact("Attempts", `${count(item.AttemptCount)} that reached the destination, since the last replay or redirect`),
      fact("Made", time(item.CreationTime)),
      item.NextAttempt && fact("Next attempt", time(item.NextAttempt)),
      item.CompletionTime && fact(ENDED[item.State] || "Ended", time(item.CompletionTime)),
      fact("Outcome", item.Class ? outcome(item.Class, item.DimseStatus) : "nothing happened yet"),
      CONFIRMATION_WORDS[item.Confirmation] && fact("Confirmation", `${capital(CONFIRMATION_WORDS[item.Confirmation])} by ${item.Destination}`),
      fact("Size", bytes(item.SizeBytes))),
    h("h2", {}, "Attempts"),
    attempts(item),
  ];
}

function fact(name, ...value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function attempts(item) {
  if (item.Attempts.length === 0) return h("p", { class: "empty" }, "None yet.");
  const caption = `Attempts of item ${item.ID}`;
  return h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": caption },
    h("table", { class: "stacked" },
      h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, ["Number", "Time", "Took", "Destination", "Outcome", "Meaning", "In its own words"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, item.Attempts.map((one) => h("tr", { "data-key": `attempt:${one.Number}`, "data-attempt": one.Number },
        h("td", { class: "number" }, one.Number),
        h("td", {}, time(one.Time)),
        h("td", { class: "number" }, `${count(one.DurationMilliseconds)} ms`),
        h("td", {}, one.Destination),
        h("td", {}, `${one.Class} ${status(one.DimseStatus)}`),
        h("td", { class: "text" }, one.Meaning || ""),
        h("td", { class: "text" }, plain(one.Details)))))));
}
