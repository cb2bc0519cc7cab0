// Items by any filter, the newest first.

import { api } from "./api.js";
import { isAsked } from "./confirming.js";
import { h } from "./dom.js";
import { followedLines, lookAfter } from "./follow.js";
import { by, filterOf, filters, isFiltered, learnRules, listLink, steering } from "./lists.js";
import { learn } from "./names.js";
import { chosen } from "./selection.js";
import { itemTable, PAGE, pages, tick } from "./table.js";

export const title = () => "Items";

export const enter = () => chosen.clear();

export async function load({ query }) {
  const filter = { ...filterOf(query), limit: PAGE + 1, order: query.order === "asc" ? "asc" : "desc" };
  const [list] = await Promise.all([api.items(filter), lookAfter(), learnRules()]);
  await learn(list.map(({ Study }) => Study));
  return { list };
}

export function render({ query }, { list, queue, destinations }) {
  return [
    h("div", { class: "head", "data-key": "head" }, h("h1", {}, "Items"), by("item", listLink(query))),
    filters("items", query, queue.Destinations, destinations.some(isAsked)),
    followedLines(),
    steering(query, list.length === 0, destinations, true),
    itemTable(list, "Items", { tick, destinations, empty: isFiltered(query) ? undefined : "Nothing is or was in the queue yet." }),
    pages(["items"], query, list),
  ];
}
