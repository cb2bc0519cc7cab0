// Overview: a card for each destination.

import { api } from "./api.js";
import { chart } from "./chart.js";
import { echoes } from "./actions.js";
import { h } from "./dom.js";
import { link } from "./route.js";
import { standing } from "./standing.js";
import { age, ago, bytes, count, date, rate, status, time, waiting, WAITING } from "./words.js";

export const title = () => "Overview";

export async function load() {
  const [destinations, history, sources] = await Promise.all([api.destinations(), api.history(), api.sources()]);
  return { destinations, sources, history: new Map(history.map((one) => [one.Destination, one])) };
}

export function render(route, { destinations, sources, history, queue }) {
  const sum = (of) => destinations.reduce((total, one) => total + of(one), 0);
  return [
    h("h1", {}, "Overview"),
    h("dl", { class: "figures", "data-key": "totals" },
      figure("Waiting", count(sum((one) => waiting(one.Counts)))),
      figure("Being sent", count(queue.Counts.Running)),
      figure("Failed", count(queue.Counts.Failure), queue.Counts.Failure > 0 && "bad"),
      figure("Oldest waiting", queue.OldestPendingSeconds ? age(queue.OldestPendingSeconds) : "none"),
      figure("Sending", `${rate(sum((one) => one.InstancesPerSecond))} instances/s, ${bytes(sum((one) => one.BytesPerSecond || 0))}/s`)),
    destinations.length === 0 && h("p", { class: "empty" },
      "There are no destinations yet. Name them in the section SendQueue of Orthanc's configuration: ",
      h("code", {}, "\"Rules\": [ { \"To\": [ \"pacs\" ] } ]")),
    sources.filter((one) => one.SilentSince).map(silent),
    h("div", { class: "cards" }, destinations.map((one) => card(one, history.get(one.Name)))),
    heard(sources),
  ];
}

/** A source that should have sent. */
function silent(source) {
  const last = source.LastArrival ? `: nothing came from it since ${time(source.LastArrival)} (${ago(source.LastArrival)})` : ": it has sent nothing yet";
  return h("p", { class: "problem", "data-key": `silent:${source.Aet}`, "data-silent": source.Aet }, h("strong", {}, `${source.Aet} is silent`), last);
}

/** From where something came, the silent ones first, then those heard of last. */
function heard(sources) {
  const rank = (one) => [one.SilentSince ? 0 : 1, one.Hours === null ? 1 : 0];
  const last = (one) => one.LastArrival || "";
  const sorted = [...sources].sort((a, b) => rank(a)[0] - rank(b)[0] || rank(a)[1] - rank(b)[1] || last(b).localeCompare(last(a)));
  return h("details", { class: "sources", "data-key": "sources" },
    h("summary", {}, `Sources (${count(sources.length)})`),
    sources.length === 0
      ? h("p", { class: "empty" }, "Nothing has come by DICOM yet.")
      : h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": "Sources" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Calling AET", "Last arrival", "Silence"].map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, sorted.map((one) => h("tr", { "data-key": `source:${one.Aet}`, "data-source": one.Aet },
          h("td", { class: "text" }, one.Aet),
          h("td", { title: time(one.LastArrival) }, one.LastArrival ? ago(one.LastArrival) : "none yet"),
          h("td", {}, silence(one))))))));
}

function silence(one) {
  if (one.SilentSince) return h("strong", { class: "bad" }, `too long since ${time(one.SilentSince)}`);
  return one.Hours === null ? "not watched" : `told after ${age(one.Hours * 3600)}`;
}

function figure(name, value, kind) {
  return h("div", { class: kind || "" }, h("dt", {}, name), h("dd", {}, value));
}

function card(one, history) {
  const name = one.Name;
  const title = `destination-${name}`;
  const paused = one.State === "Paused";
  return h("section", { class: `card ${one.State}`, "data-key": `destination:${name}`, "data-destination": name, "aria-labelledby": title },
    h("div", { class: "head" },
      h("h2", { id: title }, h("a", { href: link(["items"], { destination: name }) }, name)),
      standing(one)),
    h("dl", { class: "figures" },
      figure("Waiting", h("a", { href: link(["items"], { destination: name, state: WAITING }) }, count(waiting(one.Counts)))),
      figure("Being sent", h("a", { href: link(["items"], { destination: name, state: "Running" }) }, count(one.Counts.Running))),
      figure("Failed", one.Counts.Failure ? h("a", { href: link(["errors"], { destination: name }) }, count(one.Counts.Failure)) : "0", one.Counts.Failure > 0 && "bad"),
      figure("Sent", h("a", { href: link(["items"], { destination: name, state: "Success" }) }, count(one.Counts.Success))),
      figure("Oldest waiting", waiting(one.Counts) + one.Counts.Running ? age(one.OldestPendingSeconds) : "none"),
      figure("Speed", `${rate(one.InstancesPerSecond)}/s, ${bytes(one.BytesPerSecond || 0)}/s`)),
    chart(history),
    problem(one),
    echo(name),
    h("p", { class: "buttons" },
      steer(name, paused ? "resume" : "pause", paused ? "Resume" : "Pause"),
      steer(name, "echo", "Echo"),
      steer(name, "send-now", "Send now", paused && "paused: resume it first")),
    h("details", {},
      h("summary", {}, "Settings"),
      h("p", {}, `Sent by ${one.TransportInUse}: ${one.TransportReason}`),
      h("dl", { class: "settings" }, settings(one.Settings))),
    recipe(one.Settings));
}

/** The last error; with less weight once something was sent since, and nothing of it is left. */
function problem(one) {
  const error = one.LastError;
  if (!error) return null;
  const mended = one.State !== "Unreachable" && one.Counts.Failure === 0 && one.LastSuccess && date(one.LastSuccess) > date(error.Time);
  return h("div", { class: mended ? "problem mended" : "problem", "data-key": "problem" },
    h("p", {}, h("strong", {}, mended ? "Last error, before the last success: " : "Last error: "),
      error.Meaning || error.Class, " ", h("span", { class: "dim" }, `(${[error.Class, status(error.DimseStatus)].filter(Boolean).join(" ")}, ${ago(error.Time)})`)),
    !mended && error.Advice && h("p", {}, error.Advice),
    error.Details && h("details", {}, h("summary", {}, "In its own words"), h("p", { class: "text" }, error.Details)));
}

function echo(name) {
  const last = echoes.get(name);
  return last && h("p", { class: last.success ? "echo" : "echo error", "data-key": "echo" }, last.words);
}

function steer(destination, verb, words, why) {
  return h("button", {
    type: "button", "data-action": "steer", "data-verb": verb, "data-destination": destination, "data-key": `steer:${verb === "resume" ? "pause" : verb}`,
    disabled: Boolean(why), title: why || null, "aria-label": `${words} ${destination}`,
  }, words);
}

/** What changes what is sent there, as the configuration has it. */
function recipe({ Coerce, Deidentify, Recipe } = {}) {
  if (!Recipe) return null;
  return h("details", { "data-key": "recipe", "data-recipe": Coerce || Deidentify },
    h("summary", {}, Coerce ? `Changed by ${Coerce}` : `De-identified by ${Deidentify}`),
    h("pre", { class: "text" }, JSON.stringify(Recipe, null, 2)));
}

function settings(values) {
  return Object.entries(values || {}).filter(([key]) => key !== "Recipe").map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, plain(value))));
}

function plain(value) {
  if (value === null) return "Orthanc's";
  return typeof value === "object" ? JSON.stringify(value).replace(/[{}"]/g, "").replaceAll(",", ", ").replaceAll(":", ": ") || "none" : String(value);
}
