// The error queue: its groups (destination, class, status), and the items of one of them.

import { api } from "./api.js";
import { h } from "./dom.js";
import { followedLines, lookAfter } from "./follow.js";
import { link } from "./route.js";
import { loadStudies, studyPages, studyTable } from "./by_study.js";
import { example, learnExamples } from "./examples.js";
import { by, fold } from "./lists.js";
import { learn, nameOf } from "./names.js";
import { chosen } from "./selection.js";
import { steerFailed } from "./steering.js";
import { itemTable, PAGE, pages, same, select, tick } from "./table.js";
import { ago, capital, CLASS_WORDS, CLASSES, clock, count, items, outcome, plain, sentences, status, statusNumber } from "./words.js";

export const title = () => "Error queue";

export const enter = () => chosen.clear();

const isOpen = (query) => Boolean(query.class || query.status || query.study);
const isByItem = ({ by: chosenOne }) => chosenOne === "item";

export async function load({ query }) {
  if (!isOpen(query)) {
    const [summary] = await Promise.all([api.summary(), lookAfter()]);
    await learnExamples(summary.filter((one) => !query.destination || one.Destination === query.destination));
    return { summary };
  }
  const { destination, study, since } = query;
  const kind = { destination, class: query.class, status: query.status };
  const filter = { ...kind, study, since };
  const [summary, shown] = await Promise.all([
    api.summary(kind),
    isByItem(query) ? byItem({ ...filter, order: query.order || "desc" }) : loadStudies({ ...filter, state: "Failure" }),
    lookAfter(),
  ]);
  return isByItem(query) ? { summary, list: shown } : { summary, studies: shown };
}

async function byItem(filter) {
  const list = await api.errors({ ...filter, limit: PAGE + 1 });
  await learn(list.map(({ Study }) => Study));
  return list;
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
    followedLines(),
    fold(query, h("form", { class: "filters", "data-filter": "errors", "data-keep": true, "data-key": `filters:${JSON.stringify(query)}` },
      select("destination", "Destination", same(queue.Destinations), query.destination, "any"),
      select("class", "Outcome", same(CLASSES.filter((name) => name !== "Success")), query.class, "any"),
      h("label", {}, "Study (accession number, UID, ID) ", h("input", { name: "study", type: "text", value: query.study || "", spellcheck: "false", autocomplete: "off" })),
      h("span", { class: "buttons" }, h("button", { type: "submit" }, "Show")))),
    shown.length === 0 && nothing(query, summary),
    names.map((name) => destination(name, shown.filter((one) => one.Destination === name))),
    shown.length > 1 && h("p", { class: "buttons", "data-key": "all" }, h("span", {}, `All ${items(sum(shown))}: `), steerFailed({ "data-destination": query.destination || null }, "all of them")),
  ];
}

const sum = (list) => list.reduce((total, one) => total + one.Count, 0);

/** Empty is said of what is shown only. */
function nothing({ destination: name }, summary) {
  if (!name || summary.length === 0) return h("p", { class: "empty", "data-key": "empty" }, "The error queue is empty.");
  return h("p", { class: "empty", "data-key": "empty" }, `Nothing of ${name} is in the error queue. `,
    h("a", { href: link(["errors"]) }, `${items(sum(summary))} of other destinations`), " failed.");
}

function destination(name, list) {
  return h("section", { class: "card", "data-key": `errors:${name}`, "data-destination": name, "aria-label": `Failures of ${name}` },
    h("div", { class: "head" }, h("h2", {}, h("a", { href: link(["destinations", name]) }, name)), list.length > 1 && h("p", { class: "dim" }, items(sum(list)))),
    list.map(kind));
}

function kind(one) {
  const code = one.Status === null ? "none" : status(one.Status);
  const target = { destination: one.Destination, class: one.Class, status: code };
  const name = [one.Class, status(one.Status)].filter(Boolean).join(" ");
  return h("div", { class: "kind", "data-key": `kind:${one.Class}:${code}`, "data-class": one.Class, "data-status": code },
    h("div", { class: "head" },
      h("h3", {}, h("span", { class: "badge" }, count(one.Count)), " ", h("a", { href: link(["errors"], target) }, CLASS_WORDS[one.Class] || name), " ", h("span", { class: "dim field" }, name)),
      h("p", { class: "dim" }, one.Count === 1 ? ago(one.Newest) : `since ${clock(one.Oldest)}, the last one ${ago(one.Newest)}`)),
    one.Example && h("p", { class: "own text", "data-key": "own" }, plain(one.Example), one.Reasons > 1 && h("span", { class: "dim" }, ` (${count(one.Reasons)} different reasons among the newest: open to see each)`)),
    example(one),
    one.Meaning && h("p", { "data-key": "meaning" }, sentences(capital(one.Meaning))),
    one.Advice && h("details", { "data-key": "advice" }, h("summary", {}, "What to do"), h("p", {}, one.Advice)),
    h("p", { class: "buttons", "data-key": "buttons" },
      one.Count > 1 && tryFirst({ "data-destination": one.Destination, "data-class": one.Class, "data-status": code }, `${name} of ${one.Destination}`),
      steerFailed({ "data-destination": one.Destination, "data-class": one.Class, "data-status": code }, `${name} of ${one.Destination}`),
      h("a", { class: "button", href: link(["errors"], target), "aria-label": `Open ${name} of ${one.Destination}` }, "Open")));
}

const tryFirst = (what, words) => h("button", { type: "button", "data-action": "try-one", ...what, "data-key": "try-one", "aria-label": `Try one first: ${words}` }, "Try one first");

const fails = ({ Counts }) => Counts.Failure > 0;

function group(query, { summary, list, studies, destinations }) {
  const fits = summary.filter((one) => (!query.destination || one.Destination === query.destination)
    && (!query.class || one.Class === query.class)
    && (!query.status || (one.Status === null ? "none" : one.Status) === statusNumber(query.status)));
  const total = query.study ? null : sum(fits);
  const code = query.status && query.status !== "none" ? status(statusNumber(query.status)) : "";
  const name = [outcome(query.class, code ? statusNumber(code) : null), query.destination && `of ${query.destination}`, query.study && (nameOf(query.study) || `study ${query.study}`)].filter(Boolean).join(" ");
  const what = { "data-destination": query.destination || null, "data-class": query.class || null, "data-status": query.status || null, "data-study": query.study || null };
  const one = fits.length === 1 ? fits[0] : null;
  return [
    h("div", { class: "head", "data-key": "head" }, h("h1", {}, "Error queue: ", name),
      by(isByItem(query) ? "item" : "study", (one) => link(["errors"], { ...query, since: "", by: one === "item" ? one : "" }))),
    h("p", {}, h("a", { href: link(["errors"], { destination: query.destination }) }, "Back to the groups")),
    followedLines(),
    one && one.Meaning && h("p", {}, sentences(capital(one.Meaning), one.Advice)),
    chosen().length > 0
      ? h("p", { class: "buttons", "data-key": "ticked" }, h("span", {}, `The chosen ones (${count(chosen().length)}): `), steerFailed({ "data-chosen": "" }, "the chosen ones"))
      : h("p", { class: "buttons", "data-key": "group" }, h("span", {}, total === null ? "All that fit: " : `All ${items(total)}: `), total !== 1 && tryFirst(what, name), steerFailed(what, "all")),
    list && itemTable(list, `Error queue: ${name}`, { tick, destinations }),
    list && pages(["errors"], query, list),
    studies && studyTable(studies, `Error queue: ${name}`, { query: { ...query, state: "Failure" }, destinations, only: fails }),
    studies && studyPages(["errors"], query, studies),
  ];
}
