// What the lists of studies and of items share: one filter, which both answer; the buttons for all that fits it.

import { api } from "./api.js";
import { h } from "./dom.js";
import { kept } from "./kept.js";
import { link } from "./route.js";
import { chosen } from "./selection.js";
import { steerFailed, steerWaiting } from "./steering.js";
import { AGES, same, select } from "./table.js";
import { CLASSES, count, STATES, WAITING } from "./words.js";

const ARGUMENTS = ["state", "destination", "class", "status", "study", "instance", "older-than", "newer-than", "since"];

/** The view's arguments as those of the call. */
export function filterOf(query) {
  return Object.fromEntries(ARGUMENTS.map((name) => [name, query[name]]));
}

/** "By study" or "by item": the same filter, seen otherwise. `to`: the URL of either. */
export function by(chosenOne, to) {
  return h("p", { class: "segments", role: "group", "aria-label": "List", "data-key": "by" }, ["study", "item"].map((one) =>
    h("a", { class: "button", href: to(one), "data-by": one, "aria-current": one === chosenOne ? "true" : null }, `By ${one}`)));
}

export const listLink = (query) => (one) => link([one === "study" ? "studies" : "items"], { ...query, since: "" });

export function filters(path, query, destinations) {
  const text = (name, label) => h("label", {}, `${label} `, h("input", { name, type: "text", value: query[name] || "", spellcheck: "false", autocomplete: "off" }));
  return h("form", { class: "filters", "data-filter": path, "data-keep": true, "data-key": `filters:${path}:${JSON.stringify({ ...query, since: "" })}` },
    select("state", "State", [[WAITING, "waiting"], ...same(STATES)], query.state, "any"),
    select("destination", "Destination", same(destinations), query.destination, "any"),
    select("class", "Outcome", same(CLASSES), query.class, "any"),
    text("study", "Study (ID or UID)"),
    path === "items" && text("instance", "Instance (ID or UID)"),
    select("newer-than", "Made within", AGES, query["newer-than"], "any time"),
    select("older-than", "Made before", AGES.map(([value, words]) => [value, `${words} ago`]), query["older-than"], "any time"),
    path === "items" && select("order", "Order", [["asc", "oldest first"]], query.order, "newest first"),
    query.status && h("input", { type: "hidden", name: "status", value: query.status }),
    h("span", { class: "buttons" },
      h("button", { type: "submit" }, "Show"),
      h("a", { href: link([path]) }, "All"),
      h("button", { type: "button", "data-action": "copy" }, "Copy link")));
}

const WAITS = WAITING.split(",");

/** Which rules there are: of what waits, those of one of them can be steered. */
let rules = [];
const asked = kept(api.rules, 60000);

export async function learnRules() {
  rules = (await asked()).map(({ Name }) => Name);
}

/** What can be asked of the list can mostly be asked of what is changed too; what cannot is not offered. */
export function steering(query, isEmpty, isByItem) {
  const some = chosen().length;
  if (isEmpty && some === 0) return null;
  const states = query.state ? query.state.split(",") : WAITS;
  const failed = states.length === 1 && states[0] === "Failure";
  if (some > 0) {
    const steer = failed ? steerFailed : steerWaiting;
    return h("p", { class: "buttons", "data-key": "ticked" }, h("span", {}, `The chosen ones (${count(some)}): `), steer({ "data-chosen": "" }, "the chosen ones"));
  }
  // By whom the call can be narrowed down, which is not the same for both.
  const cannot = ["instance", "newer-than", ...(failed ? ["older-than"] : ["class", "status"])].some((name) => query[name]);
  const can = failed || states.every((state) => WAITS.includes(state));
  if (!can && query.state && !failed && !states.some((state) => WAITS.includes(state))) return null;
  if (cannot || !can) return h("p", { class: "buttons dim", "data-key": "choose" }, isByItem ? "Choose some to steer them." : "By item, some can be chosen and steered.");
  const what = { "data-destination": query.destination || null, "data-study": query.study || null };
  if (failed) return h("p", { class: "buttons", "data-key": "all" }, h("span", {}, "All that failed and fit: "), steerFailed({ ...what, "data-class": query.class || null, "data-status": query.status || null }, "all that failed and fit"));
  const narrow = query.destination || query.study || query["older-than"] || query.state;
  return h("p", { class: "buttons", "data-key": "all" },
    h("span", {}, narrow ? "All that wait and fit: " : "All that wait: "),
    rules.length > 1 && h("label", { "data-keep": true, "data-key": `of-rule:${rules.join()}` }, h("span", { class: "hidden" }, "Made by "), h("select", { name: "rule" }, h("option", { value: "" }, "of any rule"), rules.map((name) => h("option", { value: name }, `of ${name}`)))),
    steerWaiting({ ...what, "data-state": query.state || null, "data-older-than": query["older-than"] || null, "data-ruled": "" }, "all that wait and fit"));
}
