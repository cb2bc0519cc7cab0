// Tables of items, which the error queue, the list of items and a study share.

import { h } from "./dom.js";
import { nameOf } from "./names.js";
import { link } from "./route.js";
import { chosen } from "./selection.js";
import { ago, at, bytes, plain, status, time, tries, CONFIRMATION_WORDS, STATE_WORDS } from "./words.js";

/** How many items a page of a list has. */
export const PAGE = 100;

const KINDS = { Attempts: "number wide", Size: "number wide", Made: "wide" };
const COLUMNS = ["ID", "State", "Destination", "What happened", "Attempts", "Made", "Size", "Study"];

/**
 * `tick`: a function of an item that answers its first cell; `destinations`: with their settings; `without`: columns
 * that say what stands around the table already; `empty`: what is said of none.
 */
export function itemTable(all, caption, { tick, destinations = [], without = [], empty = "No item fits." } = {}) {
  const list = all.slice(0, PAGE);
  if (list.length === 0) return h("p", { class: "empty", "data-key": "empty" }, empty);
  const columns = COLUMNS.filter((name) => !without.includes(name));
  return h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": caption, "data-key": "table" },
    h("table", { class: "stacked" },
      h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, tick && h("th", { scope: "col" }, tick(null)), columns.map((name) => h("th", { scope: "col", class: KINDS[name] }, name)))),
      h("tbody", {}, list.map((item) => row(item, tick, destinations.find(({ Name }) => Name === item.Destination), without)))));
}

function row(item, tick, destination, without) {
  const whose = nameOf(item.Study);
  return h("tr", { "data-key": `item:${item.ID}`, "data-item": item.ID, "data-state": item.State },
    tick && h("td", {}, tick(item)),
    h("td", {}, h("a", { href: link(["items", item.ID]) }, item.ID)),
    h("td", {}, state(item.State)),
    !without.includes("Destination") && h("td", {}, item.Destination),
    h("td", { class: "text" }, happened(item, destination)),
    h("td", { class: "number wide" }, item.AttemptCount),
    h("td", { class: "wide", title: time(item.CreationTime) }, ago(item.CreationTime)),
    h("td", { class: "number wide" }, bytes(item.SizeBytes)),
    !without.includes("Study") && h("td", { class: "whose" }, h("a", { href: link(["studies", item.Study]), title: item.Study, "aria-label": whose ? null : `Study ${item.Study}` }, whose || `${item.Study.slice(0, 8)}…`)));
}

/** The first cell of a row, by which it is chosen; without an item, that of the head. */
export function tick(item) {
  if (!item) return h("input", { type: "checkbox", "data-action": "tick-all", "aria-label": "Choose all on this page" });
  return h("input", { type: "checkbox", "data-action": "tick", "data-id": item.ID, "data-study": item.Study, checked: chosen.has(item.ID), "aria-label": `Choose item ${item.ID}` });
}

export function state(name) {
  return h("span", { class: `mark ${name}`, title: STATE_WORDS[name] || "" }, name);
}

function happened(item, destination) {
  if (item.Class === "Success") return CONFIRMATION_WORDS[item.Confirmation] || "";
  const words = [item.Class, status(item.DimseStatus)].filter(Boolean).join(" ");
  const again = tries(item, destination) || (item.NextAttempt && `next ${at(item.NextAttempt)}`);
  const details = item.Details ? `: ${plain(item.Details)}` : "";
  return [`${words}${details}`, again && h("span", { class: "dim" }, words ? ` (${again})` : again)];
}

/** Links to the newest page, and to the one after this. One more than a page was asked for: none leads to nothing. */
export function pages(path, query, list) {
  const last = list.length > PAGE ? list[PAGE - 1].ID : null;
  return h("p", { class: "pages", "data-key": "pages" },
    query.since && h("a", { href: link(path, { ...query, since: "" }), "data-page": "first" }, query.order === "asc" ? "To the oldest" : "To the newest"), " ",
    last && h("a", { href: link(path, { ...query, since: last }), "data-page": "next" }, query.order === "asc" ? "Newer" : "Older"));
}

/** What is chosen is among the options, also if the page does not offer it: a URL may have any. */
export function select(name, label, values, chosen, none) {
  if (chosen && !values.some(([value]) => value === chosen)) values = [...values, [chosen, chosen]];
  return h("label", {}, `${label} `, h("select", { name },
    h("option", { value: "" }, none),
    values.map(([value, words]) => h("option", { value, selected: value === chosen }, words))));
}

export const same = (names) => names.map((name) => [name, name]);

export const AGES = [["60", "a minute"], ["3600", "an hour"], ["86400", "a day"], ["604800", "a week"]];
