// Whose a study is, asked of Orthanc while one looks: the queue itself knows nothing of patients.

import { api } from "./api.js";
import { calendar, person } from "./words.js";

/** By Orthanc's identifier of the study; null: Orthanc has it no longer. */
const known = new Map();
/** Modalities by the same: those of its series, which Orthanc is asked for where they are shown. */
const modalities = new Map();
/** No more are kept: a page that is open for weeks. */
const MOST = 5000;
/** A refusal says nothing of the studies: it is asked again, but not with each refresh. */
const AGAIN = 60000;
let refused = -Infinity;

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

/** "Meyer, Anna", "10482", "CT thorax", "2026-11-26", "CT, SR", as far as they are known; null: nothing is. */
export function about(study) {
  const found = known.get(study);
  if (!found) return null;
  const { StudyDescription, StudyDate } = found.MainDicomTags || {};
  const { PatientName, PatientID } = found.PatientMainDicomTags || {};
  return {
    patient: person(PatientName),
    number: (PatientID || "").trim(),
    description: (StudyDescription || "").trim(),
    date: calendar(StudyDate),
    modalities: (modalities.get(study) || []).join(", "),
  };
}

/** Whether it was asked for, and Orthanc has it no longer. */
export const isGone = (study) => known.get(study) === null;

/** "Meyer, Anna · CT thorax", or null. */
export function nameOf(study) {
  const found = about(study);
  return found && ([found.patient, found.description].filter(Boolean).join(" · ") || null);
}
