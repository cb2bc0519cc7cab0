// What happened: outages, returns, what people did, failures by the hour; the story of a night in its order.

import { api } from "./api.js";
import { h } from "./dom.js";
import { fold } from "./lists.js";
import { link } from "./route.js";
import { same, select } from "./table.js";
import { age, date, items, moment, plain } from "./words.js";

export const title = () => "Journal";

/** As many entries as are shown at once. */
const MOST = 1000;

const RANGES = {
  night: { words: "since yesterday 18:00", since: () => { const when = new Date(); when.setDate(when.getDate() - 1); when.setHours(18, 0, 0, 0); return moment(when); } },
  day: { words: "the last 24 hours", since: () => "24h" },
  week: { words: "the last 7 days", since: () => "7d" },
};

export async function load({ query }) {
  const { since } = RANGES[query.range] || RANGES.night;
  return { list: await api.journal({ since: since(), destination: query.destination, event: query.event, after: query.after, limit: MOST + 1 }) };
}

/** What an event is in words; `who`: the person, where Orthanc tells. The mark is its colour. */
const EVENTS = {
  Started: ["calm", () => "The queue was started"],
  Stopped: ["calm", () => "The queue was stopped"],
  Reloaded: ["calm", ({ who }) => `The settings were read anew${who}`],
  OutageBegan: ["bad", ({ on, Count }) => `${on} could not be reached${times(Count)}`],
  OutageEnded: ["good", ({ on, Seconds, Count }) => `${on} was back${lasted(Seconds)}${times(Count)}`],
  Paused: ["warn", ({ on, who }) => `${on} was paused${who}`],
  Resumed: ["good", ({ on, who, Seconds }) => `${on} was resumed${who}${lasted(Seconds)}`],
  Failures: ["bad", ({ on, Count }) => `${items(Count)} ${on ? `of ${on} ` : ""}failed within the hour`],
  Enqueued: ["calm", (event) => did(event, "enqueued")],
  Replayed: ["calm", (event) => did(event, "replayed")],
  Redirected: ["calm", (event) => did(event, `redirected${event.To ? ` to ${event.To}` : ""}`)],
  Purged: ["warn", (event) => did(event, "purged")],
  Cancelled: ["warn", (event) => did(event, "cancelled")],
  Removed: ["warn", (event) => did(event, "removed")],
  PriorityChanged: ["calm", (event) => did(event, "given another priority")],
  SentNow: ["calm", ({ on, who, Count }) => `${Count === undefined ? "What waited" : items(Count)}${on ? ` for ${on}` : ""} was sent now${who}`],
  Deleted: ["warn", ({ Details }) => `Retention: ${Details}`],
  Pardoned: ["calm", ({ Count }) => `${items(Count)} that a wrong clock had expired wait again`],
};

function did({ on, who, Count }, what) {
  const number = Count === undefined ? "Items" : items(Count);
  return `${number}${on ? ` of ${on}` : ""} ${Count === 1 ? "was" : "were"} ${what}${who}`;
}

const lasted = (seconds) => (seconds === undefined || seconds === null ? "" : ` after ${age(seconds)}`);

/** Of outages that are one. */
const times = (count) => (count > 1 ? `, ${count} times` : "");

/** The entry as a sentence. */
function sentence(event) {
  const known = EVENTS[event.Event];
  const words = known ? known[1]({ ...event, on: event.Destination || "", who: event.User ? ` by ${event.User}` : "" }) : `${event.Event}${event.Destination ? `: ${event.Destination}` : ""}`;
  return { mark: known ? known[0] : "calm", words };
}

export function render({ query }, { list, queue, destinations }) {
  const shown = list.slice(0, MOST).sort((one, other) => place(one) - place(other));
  const last = Math.max(...shown.map(({ ID }) => ID || 0));
  const days = [...new Set(shown.map(({ Time }) => day(Time)))];
  return [
    h("h1", {}, "Journal"),
    fold({ ...query, range: query.range === "night" ? "" : query.range }, h("form", { class: "filters", "data-filter": "journal", "data-keep": true, "data-key": `filters:${JSON.stringify({ ...query, after: "" })}` },
      h("label", { class: "full" }, "What happened ", h("select", { name: "range" }, Object.entries(RANGES).map(([value, { words }]) => h("option", { value, selected: value === (query.range || "night") }, words)))),
      select("destination", "Destination", same(queue.Destinations), query.destination, "any"),
      h("span", { class: "buttons" }, h("button", { type: "submit" }, "Show"), h("button", { type: "button", "data-action": "copy" }, "Copy link")))),
    shown.length === 0 && h("p", { class: "empty", "data-key": "empty" }, `Nothing${query.destination ? ` at ${query.destination}` : ""}: no outage, no failure, nothing that a person did.`),
    days.map((name) => h("section", { class: "card flush", "data-key": `day:${name}`, "aria-label": name },
      h("h2", { class: "day" }, name),
      h("ol", { class: "journal" }, shown.filter(({ Time }) => day(Time) === name).map((event) => entry(event, destinations))))),
    list.length > MOST && last > 0 && h("p", { class: "pages", "data-key": "pages" }, h("a", { href: link(["journal"], { ...query, after: last }), "data-page": "next" }, "Later")),
  ];
}

const HOUR = 3600000;

/** Failures are an hour's sum: they stand behind what happened in that hour, such as the outage that brought them. */
const place = ({ Time, Event }) => date(Time).getTime() + (Event === "Failures" ? HOUR - 1 : 0);

/** "12:04"; of an hour's sum "12:00–13:00", or "since 12:00" while it goes on. */
function when({ Time, Event }) {
  if (Event !== "Failures") return hour(date(Time));
  const end = new Date(date(Time).getTime() + HOUR);
  return end > Date.now() ? `since ${hour(date(Time))}` : `${hour(date(Time))}–${hour(end)}`;
}

/** Beside a sum of failures, what the error queue has now, with the way there: whether it is these is not known. */
function told({ Event, Destination }, words, destinations) {
  if (Event !== "Failures" || !Destination) return words;
  const one = destinations.find(({ Name }) => Name === Destination);
  const now = one ? one.Counts.Failure : 0;
  if (now === 0) return [words, h("span", { class: "dim" }, "; none of them is in the error queue any more")];
  return [words, h("span", { class: "dim" }, "; ", h("a", { href: link(["errors"], { destination: Destination }) }, `the error queue has ${items(now)} of ${Destination} now`))];
}

function entry(event, destinations) {
  const { mark, words } = sentence(event);
  return h("li", { "data-key": `event:${event.ID || `${event.Time}:${event.Destination}`}`, "data-event": event.Event, "data-destination": event.Destination },
    h("time", {}, when(event)),
    h("span", { class: `dot ${mark}`, "aria-hidden": "true" }),
    h("span", { class: "text" }, told(event, words, destinations),
      event.Details && h("span", { class: "dim" }, ` · ${plain(event.Details)}`)));
}

function day(text) {
  const when = date(text);
  return when ? when.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" }) : "";
}

const hour = (time) => time.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
