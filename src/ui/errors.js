// The error queue: its groups (destination, class, status), and the items of one of them.

import { api } from "./api.js";
import { h } from "./dom.js";
import { link } from "./route.js";
import { chosen } from "./selection.js";
import { itemTable, PAGE, pages, same, select } from "./table.js";
import { ago, CLASSES, count, items, status, time } from "./words.js";

export const title = () => "Error queue";

export const enter = () => chosen.clear();

const isOpen = (query) => Boolean(query.class || query.study);

export async function load({ query }) {
  const summary = await api.summary();
  if (!isOpen(query)) return { summary };
  const { destination, study, status: code, since } = query;
  const list = await api.errors({ destination, study, class: query.class, status: code, since, order: query.order || "desc", limit: PAGE });
  return { summary, list };
}

export function render({ query }, data) {
  return isOpen(query) ? group(query, data) : groups(query, data);
}

function groups(query, { summary, queue }) {
  const shown = summary.filter((one) => !query.destination || one.Destination === query.destination);
  const names = [...new Set(shown.map((one) => one.Destination))];
  return [
    h("h1", {}, "Error queue"),
    h("p", {}, "What needs a person. Nothing leaves it but by replay, redirect or purge."),
    h("form", { class: "filters", "data-filter": "errors", "data-keep": true, "data-key": `filters:${JSON.stringify(query)}` },
      select("destination", "Destination", same(queue.Destinations), query.destination, "any"),
      select("class", "Outcome", same(CLASSES.filter((name) => name !== "Success")), query.class, "any"),
      h("label", {}, "Study (ID or UID) ", h("input", { name: "study", type: "text", value: query.study || "", spellcheck: "false", autocomplete: "off" })),
      h("span", { class: "buttons" }, h("button", { type: "submit" }, "Show"))),
    shown.length === 0 && h("p", { class: "empty", "data-key": "empty" }, "The error queue is empty."),
    names.map((name) => destination(name, shown.filter((one) => one.Destination === name))),
    shown.length > 1 && h("p", { class: "buttons", "data-key": "all" }, h("span", {}, `All ${items(shown.reduce((sum, one) => sum + one.Count, 0))}: `), buttons({ "data-destination": query.destination || null }, "all of them")),
  ];
}

function destination(name, list) {
  const total = list.reduce((sum, one) => sum + one.Count, 0);
  return h("section", { class: "card", "data-key": `errors:${name}`, "data-destination": name, "aria-label": `Failures of ${name}` },
    h("div", { class: "head" }, h("h2", {}, name), h("p", {}, items(total))),
    list.map(kind));
}

function kind(one) {
  const code = one.Status === null ? "none" : String(one.Status);
  const target = { destination: one.Destination, class: one.Class, status: code };
  const name = [one.Class, status(one.Status)].filter(Boolean).join(" ");
  return h("div", { class: "kind", "data-key": `kind:${one.Class}:${code}`, "data-class": one.Class, "data-status": code },
    h("h3", {}, h("a", { href: link(["errors"], target) }, name), " ", h("span", { class: "badge" }, count(one.Count))),
    one.Meaning && h("p", {}, one.Meaning),
    one.Advice && h("p", {}, one.Advice),
    one.Example && h("p", { class: "text" }, one.Example),
    one.Reasons > 1 && h("p", {}, `${count(one.Reasons)} different reasons among the newest 100: open to see each`),
    h("p", { class: "dim" }, `The oldest ${ago(one.Oldest)}, the newest ${ago(one.Newest)} (${time(one.Newest)})`),
    h("p", { class: "buttons" },
      h("a", { class: "button", href: link(["errors"], target), "aria-label": `Open ${name} of ${one.Destination}` }, "Open"),
      buttons({ "data-destination": one.Destination, "data-class": one.Class, "data-status": code }, `${name} of ${one.Destination}`)));
}

/** Replay, redirect and purge of what these attributes say. */
function buttons(what, words) {
  return [["replay", "Replay"], ["redirect", "Redirect…"], ["purge", "Purge…"]].map(([verb, label]) =>
    h("button", { type: "button", "data-action": "operate-errors", "data-verb": verb, ...what, class: verb === "purge" ? "danger" : null, "aria-label": `${label} ${words}` }, label));
}

function group(query, { summary, list }) {
  const fits = summary.filter((one) => (!query.destination || one.Destination === query.destination)
    && (!query.class || one.Class === query.class)
    && (!query.status || (one.Status === null ? "none" : String(one.Status)) === query.status));
  const total = query.study ? null : fits.reduce((sum, one) => sum + one.Count, 0);
  const code = query.status && query.status !== "none" ? status(Number(query.status)) : "";
  const name = [query.class, code, query.destination && `of ${query.destination}`, query.study && `study ${query.study}`].filter(Boolean).join(" ");
  const what = { "data-destination": query.destination || null, "data-class": query.class || null, "data-status": query.status || null, "data-study": query.study || null };
  const one = fits.length === 1 ? fits[0] : null;
  return [
    h("h1", {}, "Error queue: ", name),
    h("p", {}, h("a", { href: link(["errors"], { destination: query.destination }) }, "Back to the groups")),
    one && one.Meaning && h("p", {}, one.Meaning, " ", one.Advice),
    h("p", { class: "buttons", "data-key": "group" }, h("span", {}, total === null ? "All that fit: " : `All ${items(total)}: `), buttons(what, "all")),
    list.length > 0 && h("p", { class: "buttons", "data-key": "ticked" }, h("span", {}, `The chosen ones (${count(chosen().length)}): `), buttons({ "data-chosen": "" }, "the chosen ones")),
    itemTable(list, `Error queue: ${name}`, tick),
    pages(["errors"], query, list),
  ];
}

function tick(item) {
  if (!item) return h("input", { type: "checkbox", "data-action": "tick-all", "aria-label": "Choose all on this page" });
  return h("input", { type: "checkbox", "data-action": "tick", "data-id": item.ID, checked: chosen.has(item.ID), "aria-label": `Choose item ${item.ID}` });
}
