// The REST API of the queue, and what the page needs of Orthanc's own.
//
// Invariant: all paths are derived from this file's own, so that the page works behind any prefix of a reverse proxy,
// and with or without a slash at its end (which Orthanc does not tell apart, see mod.rs).

/** `/sendqueue`, and what is before it. */
const QUEUE = import.meta.url.replace(/\/ui\/(ui\/)?[^/]*$/, "");
const ORTHANC = QUEUE.replace(/\/[^/]*$/, "");

/** A page of Orthanc Explorer. */
export const explorer = (page, id) => `${ORTHANC}/app/explorer.html${page ? `#${page}?uuid=${encodeURIComponent(id)}` : ""}`;

/** An answer that is not 200, with the server's own words. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** No answer at all. */
export class Lost extends Error {}

const PATIENCE = 15000;
/** For what may take minutes: hundreds of thousands of items, an echo to a host that is silent. */
const PATIENCE_TO_ACT = 600000;

/** Aborts after so many milliseconds: `AbortSignal.timeout`, which Safari before 16 has not. */
function within(milliseconds) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException("no answer in time", "TimeoutError")), milliseconds);
  return controller.signal;
}

async function ask(path, options, patience = PATIENCE, read = (body) => body) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", signal: within(patience), ...options });
  } catch (error) {
    throw new Lost(error.name === "TimeoutError" ? "Orthanc does not answer in time" : "Orthanc cannot be reached");
  }
  let body;
  try {
    const text = await answer.text();
    body = text ? JSON.parse(text) : null;
  } catch (error) {
    if (answer.ok) throw new Lost("the answer broke off");
    body = null;
  }
  if (answer.ok) return read(body, answer.headers);
  throw new Refused(answer.status, reason(answer.status, body));
}

function reason(status, body) {
  if (status === 401) return "Orthanc asks for a login: load this page anew";
  if (status === 403) return "Orthanc does not allow this to you";
  return (body && (body.Details || body.Message)) || `Orthanc answers with HTTP status ${status}`;
}

const send = (path, method, body, patience) =>
  ask(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body || {}) }, patience);

/** Arguments that are not empty, as the end of a URL. Orthanc takes a "+" as it is written, not as a blank. */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${new URLSearchParams(given)}`.replaceAll("+", "%20") : "";
}

const name = encodeURIComponent;

export const api = {
  overview: () => ask(QUEUE),
  /** Also when it is not well: the answer of a 503 is the same. */
  health: async () => {
    const answer = await fetch(`${QUEUE}/health`, { cache: "no-store", signal: within(PATIENCE) }).catch(() => null);
    return answer && (answer.status === 200 || answer.status === 503) ? answer.json().catch(() => null) : null;
  },
  verdict: () => ask(`${QUEUE}/verdict`),
  journal: (filter) => ask(`${QUEUE}/journal${query(filter)}`),
  deliveries: (filter) => ask(`${QUEUE}/deliveries${query(filter)}`),
  /** Where all that fits is as a table for spreadsheets. */
  deliveriesTable: (filter) => `${QUEUE}/deliveries${query({ ...filter, format: "csv" })}`,
  retention: (filter) => ask(`${QUEUE}/retention${query(filter)}`),
  deletions: (filter) => ask(`${QUEUE}/deletions${query(filter)}`),
  /** Counts what would be deleted, and deletes nothing. */
  lookAtStudies: () => send(`${QUEUE}/retention/run`, "POST", { DryRun: true }),
  /** { found, complete }: whether that is all that fits. */
  search: (sought) => ask(`${QUEUE}/search${query({ q: sought })}`, {}, PATIENCE, (found, headers) => ({ found, complete: headers.get("Sendqueue-Complete") !== "false" })),
  sources: () => ask(`${QUEUE}/sources`),
  destinations: () => ask(`${QUEUE}/destinations`),
  /** Each minute of the last hour; with `hours`, each of them. */
  history: (hours) => ask(`${QUEUE}/history${query({ hours })}`),
  /** `filter`: destination, class, status. */
  summary: (filter = {}) => ask(`${QUEUE}/errors/summary${query(filter)}`),
  errors: (filter) => ask(`${QUEUE}/errors${query(filter)}`),
  items: (filter) => ask(`${QUEUE}/items${query(filter)}`),
  /** Studies with such items, the newest first. */
  studies: (filter) => ask(`${QUEUE}/studies${query(filter)}`),
  rules: () => ask(`${QUEUE}/rules`).catch((error) => {
    if (error instanceof Refused) return [];
    throw error;
  }),
  item: (id) => ask(`${QUEUE}/items/${name(id)}`),
  resource: (level, id) => ask(`${QUEUE}/${level}/${name(id)}`),
  steer: (destination, verb) => send(`${QUEUE}/destinations/${name(destination)}/${verb}`, "POST", {}, ["echo", "send-now"].includes(verb) ? PATIENCE_TO_ACT : PATIENCE),
  /** Asks the destination whether it has what it acknowledged of the study. */
  confirm: (destination, study) => send(`${QUEUE}/destinations/${name(destination)}/confirm`, "POST", { Study: study }, PATIENCE_TO_ACT),
  operate: (id, verb, body) => send(`${QUEUE}/items/${name(id)}/${verb}`, "POST", body),
  remove: (id) => send(`${QUEUE}/items/${name(id)}`, "DELETE"),
  operateItems: (verb, body) => send(`${QUEUE}/items/${verb}`, "POST", body, PATIENCE_TO_ACT),
  operateErrors: (verb, body) => send(`${QUEUE}/errors/${verb}`, "POST", body, PATIENCE_TO_ACT),
  preview: (destination, instance) => send(`${QUEUE}/destinations/${name(destination)}/preview`, "POST", { Instance: instance }, PATIENCE_TO_ACT),
  route: (body) => send(`${QUEUE}/route`, "POST", body, PATIENCE_TO_ACT),
  enqueue: (body) => send(`${QUEUE}/items`, "POST", body, PATIENCE_TO_ACT),
  /** A resource as Orthanc describes it, or null. */
  described: (level, id) => ask(`${ORTHANC}/${level}/${name(id)}`).catch((error) => {
    if (error instanceof Refused) return null;
    throw error;
  }),
  /** The study of a series or an instance, or null. */
  studyOf: (level, id) => ask(`${ORTHANC}/${level}/${name(id)}/study`).catch((error) => {
    if (error instanceof Refused) return null;
    throw error;
  }),
  /** Those of these studies that Orthanc has, or their series (`level`); null: it does not tell. */
  contents: (ids, level) => send(`${ORTHANC}/tools/bulk-content`, "POST", { Resources: ids, Level: level }).catch((error) => {
    if (error instanceof Refused) return null;
    throw error;
  }),
  /** AET, host and port of each modality, by name. */
  addresses: () => ask(`${ORTHANC}/modalities?expand`).catch((error) => {
    if (error instanceof Refused) return {};
    throw error;
  }),
  modalities: () => ask(`${ORTHANC}/modalities`).catch((error) => {
    if (error instanceof Refused) return [];
    throw error;
  }),
};
