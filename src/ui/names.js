// Whose a study is, asked of Orthanc while one looks: the queue itself knows nothing of patients.

import { api } from "./api.js";
import { calendar, count, person } from "./words.js";

/** By Orthanc's identifier of the study; null: Orthanc has it no longer. */
const known = new Map();
/** Modalities by the same: those of its series, which Orthanc is asked for where they are shown. */
const modalities = new Map();
/** No more are kept: a page that is open for weeks. */
const MOST = 5000;
/** A refusal says nothing of the studies: it is asked again, but not with each refresh. */
const AGAIN = 60000;
let refused = -Infinity;
/** In one sentence. */
const MOST_NAMED = 4;

/** Asks for those that are not known yet, all at once. */
export async function learn(studies) {
  const found = await ask(known, studies, "Study");
  for (const one of found) known.set(one.ID, one);
}

/** The same, with the modalities of their series. */
export async function learnAll(studies) {
  const [, series] = await Promise.all([learn(studies), ask(modalities, studies, "Series")]);
  for (const { ParentStudy, MainDicomTags } of series) {
    const { Modality } = MainDicomTags || {};
    if (Modality) modalities.set(ParentStudy, [...new Set([...(modalities.get(ParentStudy) || []), Modality])].sort());
  }
}

async function ask(into, studies, level) {
  const wanted = [...new Set(studies)].filter((id) => !into.has(id));
  if (wanted.length === 0 || Date.now() - refused < AGAIN) return [];
  if (into.size > MOST) into.clear();
  const found = await api.contents(wanted, level);
  if (!found) {
    refused = Date.now();
    return [];
  }
  for (const id of wanted) into.set(id, null);
  return found;
}

/** "Meyer, Anna", "10482", "CT thorax", "2026-11-26", "CT, SR", "RAD26-4713", as far as known; null: nothing is. */
export function about(study) {
  const found = known.get(study);
  if (!found) return null;
  const { StudyDescription, StudyDate, AccessionNumber } = found.MainDicomTags || {};
  const { PatientName, PatientID } = found.PatientMainDicomTags || {};
  return {
    patient: person(PatientName),
    number: (PatientID || "").trim(),
    description: (StudyDescription || "").trim(),
    date: calendar(StudyDate),
    modalities: (modalities.get(study) || []).join(", "),
    accession: (AccessionNumber || "").trim(),
  };
}

/** Whether it was asked for, and Orthanc has it no longer. */
export const isGone = (study) => known.get(study) === null;

/** "Meyer, Anna · CT thorax", or null. */
export function nameOf(study) {
  const found = about(study);
  return found && ([found.patient, found.description].filter(Boolean).join(" · ") || null);
}

/** Enough to tell it from another patient's: "Meyer, Anna · CT thorax · accession number RAD26-4713"; or null. */
export function inFull(study) {
  const found = about(study);
  return found && ([found.patient || found.number, found.description, found.accession && `accession number ${found.accession}`].filter(Boolean).join(" · ") || null);
}

export const isOrthancId = (text) => /^[0-9a-f]{8}(-[0-9a-f]{8}){4}$/.test(text);

/**
 * Asks for these, whatever is known: a study may have been stored, or its names mended, while the page was open. As it
 * was known before, if Orthanc does not tell.
 */
async function learnAnew(studies) {
  const found = studies.length > 0 && await api.contents(studies, "Study");
  if (!found) return;
  for (const id of studies) known.set(id, null);
  for (const one of found) known.set(one.ID, one);
}

/** "Meyer, Anna · CT thorax · accession number RAD26-4713; Okoye, Ben · MR knee; 3 other studies", asked of Orthanc. */
export async function whose(studies) {
  // What is no identifier of Orthanc's, such as a UID in a URL, is not asked for: all would be refused.
  const all = [...new Set(studies)].filter(isOrthancId);
  const shown = all.slice(0, MOST_NAMED);
  await learnAnew(shown);
  const named = shown.map((study) => inFull(study) || `study ${study}`);
  const rest = all.length - named.length;
  return [...named, rest > 0 && `${count(rest)} other ${rest === 1 ? "study" : "studies"}`].filter(Boolean).join("; ");
}
