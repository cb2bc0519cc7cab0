// Items by any filter, the newest first.

import { api } from "./api.js";
import { h } from "./dom.js";
import { followedLines, lookAfter } from "./follow.js";
import { learn } from "./names.js";
import { chosen } from "./selection.js";
import { steerWaiting } from "./steering.js";
import { AGES, itemTable, PAGE, pages, same, select, tick } from "./table.js";
import { CLASSES, count, STATES, WAITING } from "./words.js";

export const title = () => "Items";

const ARGUMENTS = ["state", "destination", "class", "status", "study", "instance", "older-than", "newer-than", "since"];

export const enter = () => chosen.clear();

export async function load({ query }) {
  const filter = { limit: PAGE + 1, order: query.order === "asc" ? "asc" : "desc" };
  for (const name of ARGUMENTS) filter[name] = query[name];
  const [list] = await Promise.all([api.items(filter), lookAfter()]);
  await learn(list.map(({ Study }) => Study));
  return { list };
}

export function render({ query }, { list, queue }) {
  return [
    h("h1", {}, "Items"),
    filters(query, queue.Destinations),
    followedLines(),
    steering(query, list),
    itemTable(list, "Items", tick),
    pages(["items"], query, list),
  ];
}

const WAITS = WAITING.split(",");

/** What can be asked of the list can mostly be asked of what is changed too. */
function steering(query, list) {
  const states = query.state ? query.state.split(",") : WAITS;
  if (list.length === 0 || (query.state && !states.some((state) => WAITS.includes(state)))) return null;
  const whole = !["class", "status", "instance", "newer-than"].some((name) => query[name]) && states.every((state) => WAITS.includes(state));
  const filter = { "data-destination": query.destination || null, "data-study": query.study || null, "data-state": query.state || null, "data-older-than": query["older-than"] || null };
  const some = chosen().length;
  if (some > 0) return h("p", { class: "buttons", "data-key": "ticked" }, h("span", {}, `The chosen ones (${count(some)}): `), steerWaiting({ "data-chosen": "" }, "the chosen ones"));
  if (!whole) return h("p", { class: "buttons dim", "data-key": "choose" }, "Choose some to steer them.");
  const narrow = query.destination || query.study || query["older-than"] || query.state;
  return h("p", { class: "buttons", "data-key": "all" }, h("span", {}, narrow ? "All that wait and fit: " : "All that wait: "), steerWaiting(filter, "all that wait and fit"));
}

function filters(query, destinations) {
  const text = (name, label) => h("label", {}, `${label} `, h("input", { name, type: "text", value: query[name] || "", spellcheck: "false", autocomplete: "off" }));
  return h("form", { class: "filters", "data-filter": "items", "data-keep": true, "data-key": `filters:${JSON.stringify({ ...query, since: "" })}` },
    select("state", "State", [[WAITING, "waiting"], ...same(STATES)], query.state, "any"),
    select("destination", "Destination", same(destinations), query.destination, "any"),
    select("class", "Outcome", same(CLASSES), query.class, "any"),
    text("study", "Study (ID or UID)"),
    text("instance", "Instance (ID or UID)"),
    select("newer-than", "Made within", AGES, query["newer-than"], "any time"),
    select("older-than", "Made before", AGES.map(([value, words]) => [value, `${words} ago`]), query["older-than"], "any time"),
    select("order", "Order", [["asc", "oldest first"]], query.order, "newest first"),
    query.status && h("input", { type: "hidden", name: "status", value: query.status }),
    h("span", { class: "buttons" },
      h("button", { type: "submit" }, "Show"),
      h("a", { href: "#/items" }, "All"),
      h("button", { type: "button", "data-action": "copy" }, "Copy link")));
}
