// Items by any filter, the newest first.

import { api } from "./api.js";
import { h } from "./dom.js";
import { AGES, itemTable, PAGE, pages, same, select } from "./table.js";
import { CLASSES, STATES, WAITING } from "./words.js";

export const title = () => "Items";

const ARGUMENTS = ["state", "destination", "class", "status", "study", "instance", "older-than", "newer-than", "since"];

export async function load({ query }) {
  const filter = { limit: PAGE, order: query.order === "asc" ? "asc" : "desc" };
  for (const name of ARGUMENTS) filter[name] = query[name];
  return { list: await api.items(filter) };
}

export function render({ query }, { list, queue }) {
  return [
    h("h1", {}, "Items"),
    filters(query, queue.Destinations),
    itemTable(list, "Items"),
    pages(["items"], query, list),
  ];
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
