// What was sent where, for years: also of studies that Orthanc has no more, and of which no item is left.

import { api, Refused } from "./api.js";
import { h } from "./dom.js";
import { kept } from "./kept.js";
import { fold } from "./lists.js";
import { isGone, isOrthancId, learn, nameOf } from "./names.js";
import { link } from "./route.js";
import { PAGE, same, select } from "./table.js";
import { count, moment, time } from "./words.js";

export const title = () => "What was sent";

/** So far back without a question. */
const DAYS = 7;

/** It changes slowly, and what is counted is counted anew each time. */
const asked = kept((filter) => api.deliveries(JSON.parse(filter)), 30000);

const isUid = (text) => /^\d+(\.\d+)+$/.test(text);

/** 2026-03-01 as the begin of that day here, or of the one `later`. */
function day(text, later = 0) {
  if (!text) return "";
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) || [];
  const when = new Date(year, month - 1, date);
  if (when.getDate() !== Number(date)) throw new Refused(400, `“${text}” is no date, such as 2026-03-01`);
  return moment(new Date(year, month - 1, Number(date) + later));
}

/** Without a question, what was sent last. */
function since({ number, from, to }) {
  if (from || to || number) return from || "";
  const when = new Date();
  when.setDate(when.getDate() - DAYS);
  const two = (part) => String(part).padStart(2, "0");
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
}

/** The view's arguments as those of the call. */
function filterOf(query) {
  const { number = "", destination, to } = query;
  const named = isOrthancId(number) || isUid(number) ? { study: number } : { accession: number };
  return { ...named, destination, since: day(since(query)), until: day(to, 1) };
}

export async function load({ query }) {
  const ask = (filter) => asked(JSON.stringify({ ...filter, after: query.after, limit: PAGE + 1 }));
  let filter = filterOf(query);
  let list = await ask(filter);
  if (list.length === 0 && filter.study) {
    // An accession number may look like a UID.
    const other = { ...filter, study: "", accession: query.number };
    const found = await ask(other);
    if (found.length > 0) [filter, list] = [other, found];
  }
  await learn(list.map(({ Study }) => Study));
  return { list, filter };
}

export function render({ query }, { list, filter, queue }) {
  const text = (name, label, value, like) => h("label", {}, `${label} `, h("input", { name, type: "text", value: value || "", placeholder: like, spellcheck: "false", autocomplete: "off" }));
  const shown = list.slice(0, PAGE);
  // Also those that are no more.
  const destinations = [...new Set([...queue.Destinations, ...shown.map(({ Destination }) => Destination)])];
  const last = list.length > PAGE ? shown[PAGE - 1].ID : null;
  return [
    h("h1", {}, "What was sent"),
    fold(query, h("form", { class: "filters", "data-filter": "deliveries", "data-keep": true, "data-key": `filters:${JSON.stringify({ ...query, after: "" })}` },
      text("number", "Accession number, UID or ID", query.number),
      select("destination", "Destination", same(destinations), query.destination, "any"),
      text("from", "From (a date)", query.from, "2026-03-01"),
      text("to", "To (a date)", query.to, "2026-03-31"),
      h("span", { class: "buttons" }, h("button", { type: "submit" }, "Show"), h("button", { type: "button", "data-action": "copy" }, "Copy link")))),
    since(query) !== (query.from || "") && h("p", { class: "dim", "data-key": "recent" }, `Of the last ${DAYS} days. An accession number, or a date, finds what is older.`),
    shown.length === 0 ? h("p", { class: "empty", "data-key": "empty" }, "Nothing was sent that fits.") : table(shown),
    h("p", { class: "pages", "data-key": "pages" },
      last && h("a", { href: link(["deliveries"], { ...query, after: last }), "data-page": "next" }, "Later"), " ",
      shown.length > 0 && h("a", { href: api.deliveriesTable(filter), download: "deliveries.csv", "data-csv": "" }, "All of it as a table (CSV)")),
    h("p", { class: "dim", "data-key": "note" }, "Counted are instances that the destination acknowledged. Whether it still has them, only the destination can tell. ",
      h("a", { href: link(["retention"]) }, "What is deleted from Orthanc"), "."),
  ];
}

const COLUMNS = ["Study", "Accession number", "Destination", "Instances", "When"];

function table(list) {
  return h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": "What was sent", "data-key": "table" },
    h("table", { class: "stacked" },
      h("caption", { class: "hidden" }, "What was sent"),
      h("thead", {}, h("tr", {}, COLUMNS.map((name) => h("th", { scope: "col", class: name === "Instances" ? "number" : null }, name)))),
      h("tbody", {}, list.map((line) => h("tr", { "data-key": `delivery:${line.ID}`, "data-delivery": line.ID, "data-destination": line.Destination },
        h("th", { scope: "row", class: "whose" }, whose(line)),
        h("td", {}, line.AccessionNumber || ""),
        h("td", {}, line.Destination),
        h("td", { class: "number" }, count(line.Instances), line.Warnings > 0 && h("span", { class: "dim" }, `, ${remarked(line)}`)),
        h("td", {}, when(line)))))));
}

function whose({ Study }) {
  const name = nameOf(Study);
  return [
    h("a", { href: link(["studies", Study]), title: Study, dir: "auto" }, name || `Study ${Study.slice(0, 8)}…`),
    isGone(Study) && h("span", { class: "dim" }, " no longer in Orthanc"),
  ];
}

const when = ({ FirstDelivery, LastDelivery }) => [...new Set([time(FirstDelivery), time(LastDelivery)])].join(" to ");

const remarked = ({ Warnings }) => `${count(Warnings)} with a remark`;

/** What is known of deliveries of a study, by its identifier or UID. */
export const deliveriesOf = (study) => asked(JSON.stringify({ study, limit: PAGE }));

/** What the items tell (`destinations`, of the study's page) is said there: this reaches back to before them. */
export function delivered(lines, destinations) {
  const isTold = (line) => destinations.some(({ Destination, Delivered, FirstCompletionTime }) =>
    Destination === line.Destination && Delivered >= line.Instances && FirstCompletionTime <= line.FirstDelivery);
  const list = lines.filter((line) => !isTold(line));
  if (list.length === 0) return null;
  return h("div", { "data-key": "delivered" },
    h("h2", {}, "What was sent, as far back as is known"),
    h("ul", { class: "delivered" }, list.map((line) => h("li", { "data-key": `delivery:${line.ID}`, "data-delivery": line.ID },
      `${line.Destination}: ${count(line.Instances)} ${line.Instances === 1 ? "instance" : "instances"}${line.Warnings > 0 ? `, ${remarked(line)}` : ""}, `,
      when(line)))));
}
