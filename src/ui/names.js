// Whose a study is, asked of Orthanc while one looks: the queue itself knows nothing of patients.

import { api } from "./api.js";
import { person } from "./words.js";

/** By Orthanc's identifier of the study; null: Orthanc has it no longer. */
const known = new Map();
/** No more are kept: a page that is open for weeks. */
const MOST = 5000;
/** A refusal says nothing of the studies: it is asked again, but not with each refresh. */
const AGAIN = 60000;
let refused = -Infinity;

/** Asks for those that are not known yet, all at once. */
export async function learn(studies) {
  const wanted = [...new Set(studies)].filter((id) => !known.has(id));
  if (wanted.length === 0 || Date.now() - refused < AGAIN) return;
  if (known.size > MOST) known.clear();
  const found = await api.studies(wanted);
  if (!found) {
    refused = Date.now();
    return;
  }
  for (const id of wanted) known.set(id, null);
  for (const one of found) known.set(one.ID, one);
}

/** "Meyer, Anna · CT thorax", or null. */
export function nameOf(study) {
  const found = known.get(study);
  if (!found) return null;
  return [person((found.PatientMainDicomTags || {}).PatientName), (found.MainDicomTags || {}).StudyDescription].filter(Boolean).join(" · ") || null;
}
