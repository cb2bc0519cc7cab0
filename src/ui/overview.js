// Overview: what needs a person, then a line for each destination, the sick ones first.

import { api } from "./api.js";
import { chart, RANGES } from "./chart.js";
import { detail } from "./destination.js";
import { h } from "./dom.js";
import { link, stay } from "./route.js";
import { heard } from "./sources.js";
import { spark } from "./spark.js";
import { standing } from "./standing.js";
import { steady } from "./steady.js";
import { headline, verdict } from "./verdict.js";
import { byName, bytes, count, date, rate, rough, waiting, WAITING } from "./words.js";

export const title = (route, data) => (data ? headline(data.verdict, data.destinations) : "Overview");

/** Names of those that are open. */
const open = new Set();
/** Hours that a line looks back on. */
const DAY = 24;
let range = "24h";
/** Figures over time are asked for again once something was sent or failed, and not with each refresh. */
const FIGURES_EVERY = 10000;
/** Without that, the hours go on all the same. */
const FIGURES_OLDEST = 300000;
const figures = new Map();
/** AETs, hosts and ports: as long as nobody opens another one, they are not asked for again. */
let addresses = null;

export function enter({ id, query }) {
  if (id) open.add(id);
  if (RANGES[query.range]) range = query.range;
}

/** What a link opens is seen, however many lines are above it. */
export function arrive({ id }) {
  const found = [...document.querySelectorAll(".detail")].find(({ dataset }) => dataset.destination === id);
  if (found) found.scrollIntoView({ block: "nearest" });
}

/** Opens a line, or closes it. */
export function toggle({ destination }) {
  const was = open.delete(destination);
  if (!was) open.add(destination);
  addresses = null;
  remember(was ? null : destination);
}

export function setRange({ range: wanted }) {
  range = wanted;
  remember([...open].pop());
}

/** So that the link to what one sees can be sent to a colleague. */
function remember(name) {
  stay(name ? ["destinations", name] : [], { range: range === "24h" ? "" : range });
}

/** `hours`: as many; 0: the minutes of one. `asked`: the destinations, of which it matters how much they have done. */
async function by(hours, asked) {
  const known = figures.get(hours);
  // The first time they are asked for at once: what was done by then is not known, and so they soon are again.
  const done = known && (await asked).map(({ Counts }) => `${Counts.Success} ${Counts.Failure}`).join();
  const age = known ? Date.now() - known.at : Infinity;
  if (age < FIGURES_EVERY || (age < FIGURES_OLDEST && hours > 0 && known.done === done)) return known.list;
  const list = await api.history(hours || undefined);
  // Nobody waits for it: until it is known, the figures are as new as the destinations' own.
  if (hours === DAY) settle(list).catch(() => {});
  figures.set(hours, { list, at: Date.now(), done });
  return list;
}

/**
 * With how much was delivered by then. It is asked behind the figures: what is delivered between the two is missing
 * until they are asked for again. The other way round it would be counted twice, and the sum would fall back.
 */
async function settle(list) {
  const sent = new Map((await api.destinations()).map(({ Name, Counts }) => [Name, Counts.Success]));
  for (const one of list) one.sentBefore = sent.get(one.Destination) || 0;
}

export async function load({ id }, asked) {
  // While it is asked, a person may choose another one.
  const chosen = range;
  const wanted = RANGES[chosen].hours;
  const sees = document.querySelector("details.sources[open]");
  const hours = by(DAY, asked);
  const [destinations, sources, judged, day, drawn] = await Promise.all([
    asked, sees && api.sources(), api.verdict(), hours, wanted === DAY ? hours : by(wanted, asked)]);
  if (id && !destinations.some(({ Name }) => Name === id)) open.delete(id);
  if (open.size > 0 && !addresses) addresses = await api.addresses();
  await lookAhead(destinations);
  return { sources, verdict: judged, day: new Map(day.map((one) => [one.Destination, one])), drawn, asked: chosen };
}

/** Ready, and yet nothing is sent, or looked at: what waits has its time, which is asked for. */
const rests = ({ Name, State, Counts }) => Counts.Scheduled + Counts.Retry > 0 && (open.has(Name) || (State === "Ready" && Counts.Running + Counts.Pending === 0));
const MOST_ASKED = 8;
/** What arrives meanwhile comes behind it: it is asked for again when its time has come, or after a while. */
const NEXT_EVERY = 30000;
/** By name: the item that is due first, and when that was asked. */
const firsts = new Map();

async function lookAhead(destinations) {
  for (const one of destinations) if (!rests(one)) firsts.delete(one.Name);
  const old = ({ Name }) => {
    const known = firsts.get(Name);
    return !known || Date.now() - known.at > NEXT_EVERY || (known.item && known.item.NextAttempt && date(known.item.NextAttempt) < Date.now());
  };
  await Promise.all(destinations.filter((one) => rests(one) && old(one)).slice(0, MOST_ASKED).map(async ({ Name, Counts }) => {
    const [item] = await api.items({ destination: Name, state: Counts.Retry > 0 ? "Retry" : "Scheduled", limit: 1 });
    firsts.set(Name, { item, at: Date.now() });
  }));
}

const RANK = { bad: 0, warn: 1, busy: 2, calm: 2, good: 2 };

export function render(route, { destinations, sources, verdict: judged, day, drawn, asked, queue }) {
  const next = new Map([...firsts].map(([name, { item }]) => [name, item]));
  const rows = destinations.map((one) => ({ one, how: standing(one, next.get(one.Name)), day: day.get(one.Name) }));
  rows.sort((a, b) => RANK[a.how.mark] - RANK[b.how.mark] || byName(a.one.Name, b.one.Name));
  const order = steady(rows.map(({ one }) => one.Name));
  rows.sort((a, b) => order.indexOf(a.one.Name) - order.indexOf(b.one.Name));
  const main = document.getElementById("main");
  const style = getComputedStyle(main);
  const width = main.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 26;
  return [
    verdict(judged, destinations, totals(destinations, day, queue)),
    destinations.length === 0 ? h("p", { class: "empty" },
      "Name them in the section SendQueue of Orthanc's configuration: ",
      h("code", {}, "\"Rules\": [ { \"To\": [ \"pacs\" ] } ]")) : table(rows, next),
    destinations.length > 0 && chart(drawn, asked, range, width),
    heard(sources),
  ];
}

function totals(destinations, day, queue) {
  const sum = (of) => destinations.reduce((total, one) => total + of(one), 0);
  const speed = sum((one) => (isSent(one) ? one.InstancesPerSecond : 0));
  const volume = sum((one) => (isSent(one) ? one.BytesPerSecond : 0));
  const pairs = [
    ["sent today", count(sum((one) => today(day.get(one.Name), one)))],
    ["waiting", `${count(sum((one) => waiting(one.Counts)))}`, sum((one) => one.BytesPending) > 0 && bytes(sum((one) => one.BytesPending))],
    ["being sent", count(queue.Counts.Running), queue.Counts.Running > 0 && speed > 0 && `${rate(speed)}/s, ${bytes(volume)}/s`],
    ["failed", count(queue.Counts.Failure)],
  ];
  return h("dl", { class: "totals", "data-key": "totals" }, pairs.map(([name, value, more]) =>
    h("div", { "data-total": name }, h("dt", {}, name), h("dd", {}, value), more && h("dd", { class: "dim" }, more))));
}

/** The speed is that of the last minute: what has nothing to send, or is away, has none, whatever it had before. */
const isSent = ({ State, Counts }) => Counts.Running > 0 || (State === "Ready" && Counts.Pending > 0);

/** What was sent since midnight here: also what was delivered since the figures were asked for. */
function today(history, { Counts }) {
  if (!history) return 0;
  const midnight = new Date().setHours(0, 0, 0, 0);
  const end = date(history.Until).getTime();
  const size = history.Instances.length;
  const since = history.sentBefore === undefined ? 0 : Math.max(0, Counts.Success - history.sentBefore);
  return since + history.Instances.reduce((sum, number, at) => (end - (size - at) * history.StepSeconds * 1000 >= midnight ? sum + number : sum), 0);
}

const COLUMNS = [["Destination"], ["State"], ["Waiting", "number"], ["Failed", "number"], ["Oldest", "number wide"], ["Sent today", "number wide"], ["Speed", "number wide"], ["Last 24 h", "wide"]];

function table(rows, next) {
  return h("div", { class: "card flush", "data-key": "destinations" },
    h("table", { class: rows.length > 12 ? "destinations dense" : "destinations" },
      h("caption", { class: "hidden" }, "Destinations, those that need you first"),
      h("thead", {}, h("tr", {}, COLUMNS.map(([name, kind]) => h("th", { scope: "col", class: kind }, name)))),
      h("tbody", {}, rows.map((row) => [line(row), open.has(row.one.Name) && opened(row.one, next.get(row.one.Name))]))));
}

function line({ one, how, day }) {
  const name = one.Name;
  const waits = waiting(one.Counts);
  const isOpen = open.has(name);
  // What is nothing steps back, so that what is something is seen.
  const cell = (figure, kind, value) => h("td", { class: value instanceof Node ? kind : `${kind} dim`, "data-figure": figure }, value);
  const number = (value) => (value ? h("span", {}, count(value)) : "0");
  return h("tr", { class: isOpen ? "line is-open" : "line", "data-key": `destination:${name}`, "data-destination": name, "data-state": one.State, "data-action": "toggle" },
    h("th", { scope: "row" }, h("button", { type: "button", class: "plain", "data-action": "toggle", "data-destination": name, "aria-expanded": String(isOpen), title: name }, name)),
    h("td", { class: "state", "data-figure": "state" }, h("span", { class: `dot ${how.mark}`, "aria-hidden": "true" }), h("span", { class: how.mark }, how.words)),
    cell("waiting", "number", waits ? h("a", { href: link(["studies"], { destination: name, state: WAITING }), "aria-label": `${count(waits)} wait for ${name}` }, count(waits)) : "0"),
    cell("failed", "number", one.Counts.Failure ? h("a", { class: "bad", href: link(["errors"], { destination: name }), "aria-label": `${count(one.Counts.Failure)} failures of ${name}` }, count(one.Counts.Failure)) : "0"),
    cell("oldest", "number wide", waits + one.Counts.Running ? h("span", {}, rough(one.OldestPendingSeconds)) : "–"),
    cell("sent", "number wide", number(today(day, one))),
    cell("speed", "number wide", isSent(one) && one.InstancesPerSecond > 0 ? h("span", {}, `${rate(one.InstancesPerSecond)}/s`) : "–"),
    cell("day", "wide", spark(day)));
}

function opened(one, next) {
  return h("tr", { class: "opened", "data-key": `detail:${one.Name}` },
    h("td", { colspan: COLUMNS.length }, detail(one, next, addresses && addresses[(one.Settings && one.Settings.Target) || one.Name])));
}
