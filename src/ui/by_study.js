// A table of studies, which the list of studies and the error queue share: a line for each destination, which opens to
// the study's items there.
//
// Invariant: at a study stand all its items, as the server counts them, also those that the filter leaves out: "18 of
// 20" is true of the study.

import { api } from "./api.js";
import { h } from "./dom.js";
import { about, isGone, learnAll } from "./names.js";
import { link } from "./route.js";
import { holds } from "./standing.js";
import { steerFailed, steerWaiting } from "./steering.js";
import { cells, COLUMNS, head } from "./study.js";
import { itemTable } from "./table.js";
import { byName, count, waiting, STATES } from "./words.js";

/** How many studies a page of a list has: each has a line for each destination. */
const PAGE = 50;
/** As many destinations of a study are shown; the others are on its own page. */
const LINES = 4;
/** As many items of a study are shown in the list. */
const ITEMS = 20;

/** Lines that are open, by study and destination. */
const open = new Set();
const key = (study, destination) => `${study} ${destination}`;

export function toggleLine({ study, destination }) {
  const one = key(study, destination);
  if (!open.delete(one)) open.add(one);
}

/** Whether something comes behind a page that is shorter than was asked for, by its filter and last study. */
const behind = new Map();

/** { list, items, next }: the studies, the items of those lines that are open, and where the next page begins. */
export async function loadStudies(filter) {
  const all = await api.studies({ ...filter, limit: PAGE + 1 });
  const list = all.slice(0, PAGE);
  const shown = list.flatMap(({ Study, Destinations }) => Destinations.filter(({ Destination }) => open.has(key(Study, Destination))).map((one) => [Study, one]));
  const items = new Map();
  const [isMore] = await Promise.all([
    all.length > PAGE || goesOn(filter, all),
    learnAll(list.map(({ Study }) => Study)),
    ...shown.map(async ([study, one]) => items.set(key(study, one.Destination), await itemsOf(study, one, filter))),
  ]);
  return { list, items, next: isMore ? list[list.length - 1].Cursor : null };
}

/** Those that fit; without a filter those that are not delivered, if there are any. */
function itemsOf(study, { Destination, Counts }, filter) {
  const open = STATES.filter((state) => state !== "Success" && Counts[state] > 0);
  return api.items({ ...filter, since: undefined, state: filter.state || open.join(), study, destination: Destination, order: "desc", limit: ITEMS + 1 });
}

/** Of large studies, a page may have fewer than were asked for: only an empty one is the end. */
async function goesOn(filter, list) {
  if (list.length === 0) return false;
  const one = JSON.stringify({ ...filter, since: list[list.length - 1].Cursor });
  if (!behind.has(one)) {
    if (behind.size > PAGE) behind.clear();
    behind.set(one, (await api.studies({ ...JSON.parse(one), limit: 1 })).length > 0);
  }
  return behind.get(one);
}

/** `only`: a function of a study's figures at a destination; others are left out. */
export function studyTable({ list, items }, caption, { query, destinations, only = () => true, empty = "No study fits." }) {
  const kind = { "data-class": query.class || null, "data-status": query.status || null };
  if (list.length === 0) return h("p", { class: "empty", "data-key": "empty" }, empty);
  const states = query.state ? query.state.split(",") : [];
  const fits = ({ Counts }) => (states.some((state) => Counts[state] > 0) ? 0 : 1);
  const lines = ({ Destinations }) => Destinations.filter(only).sort((one, other) => fits(one) - fits(other) || rank(one) - rank(other) || byName(one.Destination, other.Destination));
  return h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": caption, "data-key": "table" },
    h("table", { class: "lines studies" },
      h("caption", { class: "hidden" }, caption),
      head(["Study", "Destination", ...COLUMNS]),
      list.map((one) => group(one.Study, lines(one), { items, destinations, kind }))));
}

/** What needs a person first. */
const WORST = ["Failure", "Retry", "Scheduled", "Pending", "Running", "Cancelled", "Success"];
const rank = ({ Worst, Counts }) => WORST.indexOf(Worst || WORST.find((state) => Counts[state] > 0));

function group(study, lines, context) {
  const shown = lines.length > LINES + 1 ? lines.slice(0, LINES) : lines;
  const rest = lines.slice(shown.length);
  const rows = shown.flatMap((one) => [line(study, one, context), open.has(key(study, one.Destination)) && opened(study, one, context)]).filter(Boolean);
  if (rest.length > 0) rows.push(h("tr", { "data-key": "rest" }, h("td", { colspan: COLUMNS.length + 1, class: "dim" }, others(study, rest))));
  if (rows.length === 0) return null;
  rows[0].prepend(whose(study, rows.length));
  return h("tbody", { "data-key": `study:${study}`, "data-study": study }, rows);
}

function whose(study, rows) {
  const found = about(study);
  const name = found && (found.patient || found.number);
  const parts = found ? [found.description, found.date, found.modalities].filter(Boolean) : [isGone(study) && "no longer in Orthanc"];
  return h("th", { scope: "rowgroup", rowspan: rows, class: "whose", "data-key": "whose" },
    h("a", { href: link(["studies", study]), title: study, dir: "auto", "aria-label": name ? null : `Study ${study}` }, name || `Study ${study.slice(0, 8)}…`),
    h("div", { class: "dim" }, parts.map((part, at) => [at > 0 && " · ", h("span", { class: part === (found && found.description) ? null : "nowrap" }, part)])));
}

function line(study, one, { destinations, kind }) {
  const isOpen = open.has(key(study, one.Destination));
  const found = about(study);
  const label = `${one.Destination}, ${(found && found.patient) || `study ${study.slice(0, 8)}`}`;
  return h("tr", { class: isOpen ? "is-open" : null, "data-key": `line:${one.Destination}`, "data-destination": one.Destination, "data-worst": one.Worst },
    h("td", { class: "name" }, h("button", { type: "button", class: "plain", "data-action": "toggle-line", "data-study": study, "data-destination": one.Destination, "aria-expanded": String(isOpen), "aria-label": `Items: ${label}` }, one.Destination)),
    cells(one, { study, kind, isOpen, whose: label, verbs: ["send-now", "priority", "remove"], held: holds(destinations.find(({ Name }) => Name === one.Destination)) }));
}

/** What a line opens to: what else can be done, and the items. */
function opened(study, one, { items, destinations, kind }) {
  const list = items.get(key(study, one.Destination));
  const what = { "data-study": study, "data-destination": one.Destination };
  const all = STATES.reduce((sum, state) => sum + one.Counts[state], 0);
  return h("tr", { class: "opened", "data-key": `opened:${one.Destination}` }, h("td", { colspan: COLUMNS.length + 1 },
    (waiting(one.Counts) > 0 || one.Counts.Failure > 0) && h("p", { class: "buttons", "data-key": "more" },
      one.Counts.Failure > 0 && [h("span", {}, `${count(one.Counts.Failure)} failed: `), steerFailed({ ...what, ...kind }, `the failures of ${one.Destination}`)],
      waiting(one.Counts) > 0 && [h("span", {}, `${count(waiting(one.Counts))} waiting: `), steerWaiting(what, `what waits for ${one.Destination}`)]),
    list ? itemTable(list.slice(0, ITEMS), `Items at ${one.Destination}`, { destinations, without: ["Destination", "Study"] }) : h("p", { class: "empty" }, "…"),
    list && Math.min(list.length, ITEMS) < all && h("p", {}, h("a", { href: link(["items"], { study, destination: one.Destination }) }, `All ${count(all)} items`))));
}

/** What of the others needs a person is told, though they are not shown. */
function others(study, rest) {
  const failed = rest.filter(({ Counts }) => Counts.Failure > 0).length;
  const open = rest.filter(({ Counts }) => Counts.Failure === 0 && waiting(Counts) + Counts.Running > 0).length;
  const parts = [failed > 0 && `${count(failed)} with failures`, open > 0 && `${count(open)} not done yet`].filter(Boolean);
  const words = parts.length ? parts.join(", ") : rest.every(({ Worst }) => Worst === "Success") ? "all delivered" : "";
  return ["and ", h("a", { href: link(["studies", study]) }, `${count(rest.length)} other destinations`), words && `: ${words}`];
}

export function studyPages(path, query, { list, next }) {
  return h("p", { class: "pages", "data-key": "pages" },
    query.since && h("a", { href: link(path, { ...query, since: "" }), "data-page": "first" }, "To the newest"), " ",
    next && list.length > 0 && h("a", { href: link(path, { ...query, since: next }), "data-page": "next" }, "Older"));
}
