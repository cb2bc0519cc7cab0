// A study (series, instance, patient): what went where, when; and sending it.

import { api, explorer } from "./api.js";
import { changes } from "./changes.js";
import { destinationNames } from "./actions.js";
import { h } from "./dom.js";
import { link } from "./route.js";
import { holds } from "./standing.js";
import { itemTable, PAGE, pages } from "./table.js";
import { why } from "./why.js";
import { count, STATES, time, waiting } from "./words.js";

const ONE = { patients: "Patient", studies: "Study", series: "Series", instances: "Instance" };
/** Names of the pages in Orthanc Explorer. */
const EXPLORER = { patients: "patient", studies: "study", series: "series", instances: "instance" };

export const title = ({ level }, data) => (data && data.tags ? `${ONE[level]} ${data.tags.StudyDescription || ""}`.trim() : ONE[level]);

export async function load({ level, id, query }) {
  const found = await api.resource(level, id);
  const filter = { studies: "study", instances: "instance" }[level];
  const [described, names, destinations, list] = await Promise.all([
    found.InOrthanc ? api.described(level, found.ID) : null,
    destinationNames(),
    api.destinations(),
    filter ? api.items({ [filter]: found.ID, order: "desc", limit: PAGE, since: query.since }) : null,
  ]);
  const tags = described && { ...described.MainDicomTags, ...described.PatientMainDicomTags };
  return { found, tags, names, destinations, list };
}

export function render({ level, id, query }, { found, tags, names, destinations, list }) {
  return [
    h("h1", {}, ONE[level]),
    tags ? h("dl", { class: "facts", "data-key": "tags" }, facts(tags)) : h("p", {}, "It is no longer in Orthanc."),
    h("p", {}, "Orthanc ID ", h("code", {}, found.ID), found.InOrthanc && [" · ",
      h("a", { href: explorer(EXPLORER[level], found.ID) }, "open in Orthanc Explorer")]),
    h("h2", {}, "What went where"),
    found.Destinations.length === 0 ? h("p", { class: "empty", "data-key": "nowhere" }, "Nothing of it is or was in the queue.") : progress(found, level, destinations),
    found.InOrthanc && why(found.ID),
    found.InOrthanc && changes(level, found.ID, destinations),
    found.InOrthanc && h("form", { class: "card", "data-keep": true, "data-key": `enqueue:${found.ID}:${names.join("/")}` },
      h("fieldset", {},
        h("legend", {}, "Enqueue for"),
        names.map((name) => h("label", { class: "box" }, h("input", { type: "checkbox", name: "enqueue-to", value: name }), ` ${name}`)),
        h("p", { class: "buttons" }, h("button", { type: "button", "data-action": "enqueue", "data-resource": found.ID }, "Enqueue…")))),
    list && [h("h2", {}, "Items"), itemTable(list, `Items of the ${ONE[level].toLowerCase()}`), pages([level, id], query, list)],
  ];
}

function facts(tags) {
  const shown = [["PatientName", "Patient"], ["PatientID", "Patient ID"], ["StudyDescription", "Study"], ["StudyDate", "Study date"],
    ["AccessionNumber", "Accession number"], ["SeriesDescription", "Series"], ["Modality", "Modality"], ["InstanceNumber", "Instance number"]];
  return shown.filter(([tag]) => tags[tag]).map(([tag, name]) => h("div", { "data-tag": tag }, h("dt", {}, name), h("dd", {}, tags[tag])));
}

function progress(found, level, destinations) {
  const caption = "Items by destination and state";
  return h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": caption, "data-key": "progress" },
    h("table", {},
      h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, ["Destination", "Delivered", ...STATES.filter((name) => name !== "Success"), "First made", "Last made", "Last at rest", ""].map((name) => h("th", { scope: "col" }, name || h("span", { class: "hidden" }, "Actions"))))),
      h("tbody", {}, found.Destinations.map((one) => row(one, found, level, destinations.find(({ Name }) => Name === one.Destination))))));
}

function row(one, found, level, destination) {
  const all = STATES.reduce((sum, name) => sum + one.Counts[name], 0);
  return h("tr", { "data-key": `progress:${one.Destination}`, "data-destination": one.Destination },
    h("th", { scope: "row" }, one.Destination, waiting(one.Counts) > 0 && holds(destination)),
    h("td", {}, h("progress", { max: all, value: one.Counts.Success, "aria-label": `Delivered to ${one.Destination}` }), ` ${count(one.Counts.Success)} of ${count(all)}`),
    STATES.filter((name) => name !== "Success").map((name) => h("td", { class: "number", "data-count": name }, one.Counts[name] > 0 && h("span", { class: `mark ${name}` }, count(one.Counts[name])))),
    h("td", {}, time(one.FirstCreationTime)),
    h("td", {}, time(one.LastCreationTime)),
    h("td", {}, time(one.LastCompletionTime)),
    h("td", {}, level === "studies" && one.Counts.Failure > 0 && [
      h("a", { href: link(["errors"], { study: found.ID, destination: one.Destination }) }, "Failures"), " ",
      h("button", { type: "button", "data-action": "operate-errors", "data-verb": "replay", "data-study": found.ID, "data-destination": one.Destination, "aria-label": `Replay failures of ${one.Destination}` }, "Replay")]));
}
