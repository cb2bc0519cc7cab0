// What the lists of studies and of items share: one filter, which both answer; the buttons for all that fits it.

import { api } from "./api.js";
import { h } from "./dom.js";
import { kept } from "./kept.js";
import { link } from "./route.js";
import { chosen } from "./selection.js";
import { steerFailed, steerWaiting } from "./steering.js";
import { AGES, same, select } from "./table.js";
import { CLASSES, CONFIRMATION_WORDS, count, items, STATES, WAITING } from "./words.js";

const ARGUMENTS = ["state", "destination", "class", "status", "study", "instance", "confirmation", "older-than", "newer-than", "since"];

/** The view's arguments as those of the call. */
export function filterOf(query) {
  return Object.fromEntries(ARGUMENTS.map((name) => [name, query[name]]));
}

/** "By study" or "by item": the same filter, seen otherwise. `to`: the URL of either. */
export function by(chosenOne, to) {
  return h("p", { class: "segments", role: "group", "aria-label": "List", "data-key": "by" }, ["study", "item"].map((one) =>
    h("a", { class: "button", href: to(one), "data-by": one, "aria-current": one === chosenOne ? "true" : null }, `By ${one}`)));
}

export const listLink = (query) => (one) => link([one === "study" ? "studies" : "items"], { ...query, since: "", confirmation: one === "item" ? query.confirmation : "" });

/** `confirms`: some destination is asked whether it has what it acknowledged. */
export function filters(path, query, destinations, confirms) {
  const text = (name, label) => h("label", {}, `${label} `, h("input", { name, type: "text", value: query[name] || "", spellcheck: "false", autocomplete: "off" }));
  return fold(query, h("form", { class: "filters", "data-filter": path, "data-keep": true, "data-key": `filters:${path}:${Boolean(confirms)}:${JSON.stringify({ ...query, since: "" })}` },
    select("state", "State", [[WAITING, "waiting"], ...same(STATES)], query.state, "any"),
    select("destination", "Destination", same(destinations), query.destination, "any"),
    select("class", "Outcome", same(CLASSES), query.class, "any"),
    (confirms || query.confirmation) && select("confirmation", "Confirmation", Object.entries(CONFIRMATION_WORDS), query.confirmation, "any"),
    text("study", "Study (accession number, UID, ID)"),
    path === "items" && text("instance", "Instance (ID or UID)"),
    select("newer-than", "Made within", AGES, query["newer-than"], "any time"),
    select("older-than", "Made before", AGES.map(([value, words]) => [value, `${words} ago`]), query["older-than"], "any time"),
    path === "items" && select("order", "Order", [["asc", "oldest first"]], query.order, "newest first"),
    query.status && h("input", { type: "hidden", name: "status", value: query.status }),
    h("span", { class: "buttons" },
      h("button", { type: "submit" }, "Show"),
      isFiltered(query) && h("a", { href: link([path]) }, "Show all"),
      h("button", { type: "button", "data-action": "copy" }, "Copy link"))));
}

/** What is not a filter, but a place in the list. */
const PLACES = ["since", "after", "by", "order"];

/** Whether something narrows the list down. */
export const isFiltered = (query) => Object.entries(query).some(([name, value]) => value && !PLACES.includes(name));

/** Open where there is room; on a phone what one came for is seen first. How a person left it stays. */
export function fold(query, form) {
  const before = document.querySelector("details.fold");
  const isOpen = before ? before.open : matchMedia("(min-width: 40rem)").matches;
  return h("details", { class: "fold", "data-key": "fold", open: isOpen }, h("summary", {}, isFiltered(query) ? "Filter (in use)" : "Filter"), form);
}

const WAITS = WAITING.split(",");

/** Which rules there are: of what waits, those of one of them can be steered. */
let rules = [];
const asked = kept(api.rules, 60000);

export async function learnRules() {
  rules = (await asked()).map(({ Name }) => Name);
}

/**
 * "All 390 items that wait and fit, at all destinations: ", as far as the destinations' own figures tell it. They do
 * not, where a rule is chosen beside it (`isRuled`).
 */
function all(what, { study, destination, ...query }, states, destinations, isRuled) {
  const isCounted = !isRuled && !study && !["older-than", "class", "status", "confirmation"].some((name) => query[name]);
  const number = destinations.filter(({ Name }) => !destination || Name === destination).reduce((sum, { Counts }) => sum + states.reduce((total, state) => total + Counts[state], 0), 0);
  return `All ${isCounted ? `${items(number)} ` : ""}that ${what} and fit${destination ? "" : ", at all destinations"}: `;
}

/**
 * What can be asked of the list can mostly be asked of what is changed too; what cannot is not offered. Nor is what
 * nothing narrows down: one slip would be everybody's.
 */
export function steering(query, isEmpty, destinations, isByItem) {
  const some = chosen().length;
  if (isEmpty && some === 0) return null;
  const states = query.state ? query.state.split(",") : WAITS;
  const failed = states.length === 1 && states[0] === "Failure";
  if (some > 0) {
    const steer = failed ? steerFailed : steerWaiting;
    return h("p", { class: "buttons", "data-key": "ticked" }, h("span", {}, `The chosen ones (${count(some)}): `), steer({ "data-chosen": "" }, "the chosen ones"));
  }
  // By whom the call can be narrowed down, which is not the same for both.
  const cannot = ["instance", "newer-than", "confirmation", ...(failed ? ["older-than"] : ["class", "status"])].some((name) => query[name]);
  const can = failed || states.every((state) => WAITS.includes(state));
  if (!can && query.state && !failed && !states.some((state) => WAITS.includes(state))) return null;
  if (cannot || !can) return h("p", { class: "buttons dim", "data-key": "choose" }, isByItem ? "Choose some to steer them." : "By item, some can be chosen and steered.");
  const what = { "data-destination": query.destination || null, "data-study": query.study || null };
  if (failed) return h("p", { class: "buttons", "data-key": "all" }, h("span", {}, all("failed", query, states, destinations)), steerFailed({ ...what, "data-class": query.class || null, "data-status": query.status || null }, "all that failed and fit"));
  if (!query.destination && !query.study && !query["older-than"] && !query.state) return h("p", { class: "dim", "data-key": "choose" }, "Choose a destination, a state or a study: then all that wait and fit can be steered.");
  const isRuled = rules.length > 1;
  return h("p", { class: "buttons", "data-key": "all" },
    h("span", {}, all("wait", query, states, destinations, isRuled)),
    isRuled && h("label", { "data-keep": true, "data-key": `of-rule:${rules.join()}` }, h("span", { class: "hidden" }, "Made by "), h("select", { name: "rule" }, h("option", { value: "" }, "of any rule"), rules.map((name) => h("option", { value: name }, `of ${name}`)))),
    steerWaiting({ ...what, "data-state": query.state || null, "data-older-than": query["older-than"] || null, "data-ruled": "" }, "all that wait and fit"));
}
