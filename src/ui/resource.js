// A study (series, instance, patient): what went where, when; and sending it.

import { api, explorer } from "./api.js";
import { changes } from "./changes.js";
import { delivered, deliveriesOf } from "./deliveries.js";
import { confirmations, ofStudy } from "./confirming.js";
import { destinationNames } from "./many.js";
import { h } from "./dom.js";
import { followedLines, lookAfter } from "./follow.js";
import { kept } from "./kept.js";
import { link } from "./route.js";
import { learn } from "./names.js";
import { progress } from "./study.js";
import { itemTable, PAGE, pages } from "./table.js";
import { why } from "./why.js";
import { calendar, person } from "./words.js";

const ONE = { patients: "Patient", studies: "Study", series: "Series", instances: "Instance" };
/** Names of the pages in Orthanc Explorer. */
const EXPLORER = { patients: "patient", studies: "study", series: "series", instances: "instance" };

export const title = ({ level }, data) => (data && data.tags ? `${ONE[level]} ${data.tags.StudyDescription || ""}`.trim() : ONE[level]);

/** Instances are asked for once one opens the list of them. */
const isUnfolded = (query) => Boolean(query.since || document.querySelector("main details.instances[open]"));

/** What Orthanc says of it, and of the study of which it is a part. */
const described = kept(api.described, 60000);
const studyOf = kept(api.studyOf, 60000);
const isPart = (level) => ["series", "instances"].includes(level);

/** When the first of a study is due that waits for its time, by destination. */
const due = kept(async (study, destination) => {
  const [item] = await api.items({ study, destination, state: "Scheduled", limit: 1 });
  return item ? item.NextAttempt : "";
}, 10000);

async function dues(level, { ID, Destinations }) {
  const waits = level === "studies" ? Destinations.filter(({ Counts }) => Counts.Scheduled > 0) : [];
  return new Map(await Promise.all(waits.map(async ({ Destination }) => [Destination, await due(ID, Destination)])));
}

/** Which confirmations there are of a study, by destination. */
async function confirmed(level, { ID, Destinations }, asked) {
  if (level !== "studies") return new Map();
  const all = (await asked).filter(({ Name }) => Destinations.some(({ Destination }) => Destination === Name));
  return new Map(await Promise.all(all.map(async (one) => [one.Name, await confirmations(one, ID, api.items)])));
}

/** What Orthanc has no more, its items know. */
async function studyOfItem(id) {
  const [item] = await api.items({ instance: id, limit: 1 });
  return item ? item.Study : null;
}

export async function load({ level, id, query }, asked) {
  const found = await api.resource(level, id);
  const filter = { studies: "study", instances: "instance" }[level];
  const failed = level === "studies" && found.Destinations.some((one) => one.Counts.Failure > 0);
  const [orthancs, above, lines, until, confirming, names, list, failures] = await Promise.all([
    found.InOrthanc ? described(level, found.ID) : null,
    found.InOrthanc && isPart(level) ? studyOf(level, found.ID) : null,
    level === "studies" ? deliveriesOf(found.ID) : [],
    dues(level, found),
    confirmed(level, found, asked),
    destinationNames(asked),
    filter && isUnfolded(query) ? api.items({ [filter]: found.ID, order: "desc", limit: PAGE + 1, since: query.since }) : null,
    failed ? api.errors({ study: found.ID, limit: PAGE }) : [],
    lookAfter(),
  ]);
  if (list) await learn(list.map(({ Study }) => Study));
  const told = (one) => one && { ...one.MainDicomTags, ...one.PatientMainDicomTags };
  const tags = orthancs && { ...told(above), ...told(orthancs) };
  const gone = level === "instances" && !found.InOrthanc;
  const study = level === "studies" ? found.ID : above ? above.ID : gone ? await studyOfItem(found.ID) : null;
  return { found, lines, tags, study, until, confirming, names, list, failures };
}

export function render({ level, id, query }, { found, lines, tags, study, until, confirming, names, destinations, list, failures }) {
  return [
    h("h1", {}, heading(level, tags)),
    tags ? h("dl", { class: "inline", "data-key": "tags" }, facts(tags)) : h("p", {}, "It is no longer in Orthanc."),
    study && level !== "studies" && h("p", { "data-key": "study" }, `${ONE[level]} of the study `, h("a", { href: link(["studies", study]) }, (tags && named(tags)) || study)),
    h("p", {}, "Orthanc ID ", h("code", {}, found.ID), found.InOrthanc && [" · ",
      h("a", { href: explorer(EXPLORER[level], found.ID) }, "open in Orthanc Explorer")]),
    h("h2", {}, "What went where"),
    found.Destinations.length === 0 ? h("p", { class: "empty", "data-key": "nowhere" }, lines.length === 0 ? "Nothing of it is or was in the queue." : "Nothing of it is in the queue any more.") : progress(found, level, destinations, failures, until),
    ofStudy(found.ID, confirming, destinations),
    delivered(lines, found.Destinations),
    followedLines(study),
    found.InOrthanc && why(found.ID),
    found.InOrthanc && changes(level, found.ID, destinations),
    found.InOrthanc && h("form", { class: "card", "data-keep": true, "data-key": `enqueue:${found.ID}:${names.join("/")}` },
      h("fieldset", {},
        h("legend", {}, "Enqueue for"),
        names.map((name) => h("label", { class: "box" }, h("input", { type: "checkbox", name: "enqueue-to", value: name }), name)),
        h("p", { class: "buttons" },
          h("label", {}, "Priority ", h("select", { name: "priority" }, [["", "as the destination has it"], ...["Stat", "High", "Medium", "Low"].map((one) => [one, one])].map(([value, words]) => h("option", { value }, words)))),
          h("button", { type: "button", "data-action": "enqueue", "data-resource": found.ID, "data-study": study }, "Enqueue…")))),
    ["studies", "instances"].includes(level) && h("details", { "data-key": "instances", class: "instances", "data-asks": "", open: Boolean(query.since) },
      h("summary", {}, level === "instances" ? "Its items" : "Its instances, one by one"),
      list && itemTable(list, `Items of the ${ONE[level].toLowerCase()}`, { destinations, without: ["Study"] }), list && pages([level, id], query, list)),
  ];
}

/** Who and what it is, as one would say it. */
function heading(level, tags) {
  if (!tags) return ONE[level];
  const what = {
    studies: [calendar(tags.StudyDate)],
    series: [tags.SeriesDescription || "series"],
    instances: [`instance ${tags.InstanceNumber || ""}`.trim()],
  }[level] || [];
  return [person(tags.PatientName), tags.StudyDescription, ...what].filter(Boolean).join(" · ") || ONE[level];
}

const named = (tags) => [person(tags.PatientName), tags.StudyDescription, tags.AccessionNumber && `accession number ${tags.AccessionNumber}`].filter(Boolean).join(" · ");

/** As people write names and dates. */
const WRITTEN = { PatientName: person, StudyDate: calendar };

function facts(tags) {
  const shown = [["PatientName", "Patient"], ["PatientID", "Patient ID"], ["StudyDescription", "Study"], ["StudyDate", "Study date"],
    ["AccessionNumber", "Accession number"], ["SeriesDescription", "Series"], ["Modality", "Modality"], ["InstanceNumber", "Instance number"]];
  return shown.filter(([tag]) => tags[tag]).map(([tag, name]) =>
    h("div", { "data-tag": tag }, h("dt", {}, name), h("dd", {}, WRITTEN[tag] ? WRITTEN[tag](tags[tag]) : tags[tag])));
}
