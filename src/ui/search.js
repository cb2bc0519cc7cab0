// What a caller knows, found: a name, a number, an identifier. One result is shown at once,
// if it is surely what is meant; of many, one is chosen.

import { api, Refused } from "./api.js";
import { h } from "./dom.js";
import { link, parse } from "./route.js";
import { calendar, count, person } from "./words.js";

export const title = ({ query }) => (query.q ? `Search: ${query.q}` : "Search");

const PATHS = { Patient: "patients", Study: "studies", Series: "series", Instance: "instances", Item: "items" };
const MATCHED = { PatientID: "patient ID", PatientName: "patient name", AccessionNumber: "accession number", Uid: "UID", OrthancID: "Orthanc ID", Item: "item number" };

/**
 * { q, answer }: asked once for each visit, since refreshes do not search all of Orthanc every other second. An answer
 * is for the text that was asked with it, and for no other: it may come when the person has typed the next one.
 */
let known = null;

export const enter = () => {
  known = null;
};

export async function load({ query }) {
  const { q } = query;
  if (!known || known.q !== q) {
    const answer = await ask(query);
    known = { q, answer };
  }
  return known.answer;
}

async function ask(query) {
  const sought = (query.q || "").trim();
  if (!sought) return { found: null };
  try {
    const { found, complete } = await api.search(sought);
    if (found.length === 1 && complete && isMeant(found[0], query) && isStill(query)) location.replace(to(found[0]));
    return { found, complete };
  } catch (error) {
    // What cannot be looked for is told beside the box, in which it can be mended.
    if (error instanceof Refused && error.status === 400) return { found: null, why: error.message };
    throw error;
  }
}

/**
 * A number that only begins so may be another patient's: a digit was left out. Nor is anything opened where one came to
 * choose.
 */
const isMeant = ({ Matched, Exact }, { choose }) => !choose && (Exact || Matched === "PatientName");

/** The person has not gone elsewhere meanwhile: another patient is not opened over what one looks at. */
function isStill({ q }) {
  const now = parse(location.hash);
  return now.view === "search" && now.query.q === q;
}

const to = ({ Level, ID }) => link([PATHS[Level], ID]);

export function render({ query }, { found, complete, why }) {
  return [
    h("h1", {}, "Search"),
    h("form", { class: "filters", "data-filter": "search", "data-keep": true, "data-key": `search:${query.q || ""}` },
      h("label", { class: "grows" }, "Patient name or ID, accession number, UID, Orthanc ID, item number ",
        h("input", { name: "q", type: "text", value: query.q || "", spellcheck: "false", autocomplete: "off" })),
      h("button", { type: "submit" }, "Find")),
    why && h("p", { class: "problem", "data-key": "why" }, why),
    found && found.length === 0 && h("p", { class: "empty", "data-key": "empty" }, complete ? nothing(query.q) : PERHAPS),
    found && found.length > 0 && results(found, complete),
  ];
}

/** No more than what was looked for: of UIDs, the queue is not asked. */
const nothing = (sought) => `Orthanc has nothing that fits “${sought}”, and the queue has no item of this number and no study of this Orthanc ID. Of a patient's name, a part is enough. By a UID, only what Orthanc still has is found.`;
const PERHAPS = "Nothing was found, but Orthanc did not look at everything (LimitFindResults): a longer text, or an ID, may find it.";

function results(found, complete) {
  return [
    h("p", { class: "dim", "data-key": "count" }, `${count(found.length)} ${found.length === 1 ? "result" : "results"}${complete ? "." : ", and there may be more: a longer part of the name or number finds fewer."}`),
    h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": "Results", "data-key": "results" }, h("table", { class: "stacked" },
      h("thead", {}, h("tr", {}, ["Patient", "Patient ID", "What", "Date", "Modality", "Accession number", "Found by"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, found.map((one) => {
        const tags = one.Tags || {};
        return h("tr", { "data-key": `result:${one.Level}:${one.ID}`, "data-result": one.ID },
          h("th", { scope: "row" }, h("a", { href: to(one) }, person(tags.PatientName) || `${one.Level} ${String(one.ID).slice(0, 8)}`)),
          h("td", {}, tags.PatientID || ""),
          h("td", {}, one.Level === "Study" ? tags.StudyDescription || "Study" : `${one.Level}${tags.StudyDescription ? ` of ${tags.StudyDescription}` : ""}`),
          h("td", {}, calendar(tags.StudyDate)),
          h("td", {}, (tags.ModalitiesInStudy || tags.Modality || "").replaceAll("\\", ", ")),
          h("td", {}, tags.AccessionNumber || ""),
          h("td", {}, MATCHED[one.Matched] || one.Matched, !one.InOrthanc && h("span", { class: "dim" }, ", no longer in Orthanc")));
      })))),
  ];
}
