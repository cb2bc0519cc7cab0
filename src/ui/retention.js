// Which studies are deleted from Orthanc, or would be, why the others stay, and what was deleted.

import { api } from "./api.js";
import { h } from "./dom.js";
import { learn, nameOf } from "./names.js";
import { link } from "./route.js";
import { PAGE } from "./table.js";
import { ago, bytes, count, plain, time } from "./words.js";

export const title = () => "Retention";

const SHOWN = { goes: "What goes", stays: "What stays", deleted: "What was deleted" };

const shownOf = ({ show }) => (SHOWN[show] ? show : "goes");

export async function load({ query }) {
  const show = shownOf(query);
  const page = { after: query.after, limit: PAGE + 1 };
  const [about, deletions] = await Promise.all([
    api.retention(show === "deleted" ? { limit: 1 } : { ...page, goes: String(show === "goes") }),
    show === "deleted" ? api.deletions({ ...page, order: "desc" }) : null,
  ]);
  const list = deletions || about.Studies;
  await learn(list.slice(0, PAGE).map(({ Study }) => Study));
  return { about, list };
}

/** Why studies stay, in words; of the study: those that stand behind its name. */
export const WHY_WORDS = {
  Waits: "waits to be sent",
  Failed: "is in the error queue",
  Cancelled: "was cancelled",
  Redirected: "was redirected",
  Removed: "was removed from the queue",
  NeverQueued: "was never queued",
  ArrivedAgain: "arrived again after it was sent",
  OldVersion: "may be there in an old version",
  Moved: "was sent when the destination had another address",
  Changed: "was changed on its way",
  Warning: "was acknowledged with a warning",
  Untold: "was acknowledged without a status",
  NotConfirmed: "is not confirmed",
  Refused: "is not there, as the destination says",
  ConfirmationTimedOut: "was not confirmed in time",
  SentUnknown: "it is not known what was sent",
  FileUnknown: "it is not known what Orthanc has",
  NotUnique: "has a SOP Instance UID that another instance has too",
  NothingDelivered: "nothing was delivered",
  TooYoung: "its days are not over",
  SentBefore: "was sent before, and it is not known what",
  NotNamed: "its Study Instance UID is not known",
  LookOwed: "a rule has yet to look at it",
  Attached: "a file is attached to it in Orthanc",
  NotAsked: "Orthanc could not be asked for it",
};

const studies = (number) => `${count(number)} ${number === 1 ? "study" : "studies"}`;

const sum = ({ Studies, Instances, Bytes }) => `${studies(Studies)}, ${count(Instances)} ${Instances === 1 ? "instance" : "instances"}, ${bytes(Bytes)}`;

export function render({ query }, { about, list }) {
  const { Settings, LastPass } = about;
  const show = shownOf(query);
  const last = list.length > PAGE ? list[PAGE - 1].ID : null;
  return [
    h("div", { class: "head", "data-key": "head" }, h("h1", {}, "Retention"),
      h("p", { class: "segments", role: "group", "aria-label": "List", "data-key": "show" }, Object.entries(SHOWN).map(([name, words]) =>
        h("a", { class: "button", href: link(["retention"], { show: name === "goes" ? "" : name }), "data-show": name, "aria-current": name === show ? "true" : null }, words)))),
    inForce(Settings),
    Settings && h("dl", { class: "facts", "data-key": "facts" }, facts(about).map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value)))),
    Settings && h("p", { class: "buttons", "data-key": "buttons" }, h("button", { type: "button", "data-action": "look-at-studies", title: "Counts, and deletes nothing", disabled: about.Running }, "Look now")),
    show === "stays" && LastPass && LastPass.Reasons.length > 0 && h("ul", { class: "delivered", "data-key": "reasons" }, LastPass.Reasons.map((one) =>
      h("li", { "data-key": `why:${one.Why}:${one.Destination || ""}`, "data-why": one.Why }, `${studies(one.Studies)}: ${WHY_WORDS[one.Why] || one.Why}${one.Destination ? ` (${one.Destination})` : ""}`))),
    list.length === 0 ? h("p", { class: "empty", "data-key": "empty" }, nothing(show, about)) : table(list.slice(0, PAGE), show),
    h("p", { class: "pages", "data-key": "pages" }, last && h("a", { href: link(["retention"], { ...query, after: last }), "data-page": "next" }, "More")),
  ];
}

/** What is deleted, or that nothing is: the first thing to know. */
function inForce(settings) {
  if (!settings) return h("p", { "data-key": "in-force" }, "Nothing is deleted from Orthanc: its configuration has no section Retention.");
  const all = `studies that are proven at ${settings.Safe.join(" and ")}, ${count(settings.DeleteAfterDays)} ${settings.DeleteAfterDays === 1 ? "day" : "days"} after their last arrival and delivery`;
  if (settings.DryRun) return h("p", { class: "problem mended", "data-key": "in-force", "data-dry-run": "" }, `DryRun: nothing is deleted. What goes would be ${all}.`);
  return h("p", { class: "problem", "data-key": "in-force" }, `Deleted from Orthanc by itself: ${all}.`);
}

function facts({ Settings, Running, FreePercent, LastPass }) {
  return [
    FreePercent !== undefined && ["Free disk", `${Math.floor(FreePercent)} %${Settings.EmergencyBelowFreePercent ? `; below ${Settings.EmergencyBelowFreePercent} % what is safe goes before its days are over` : ""}`],
    ["Looked at", Running ? "just now: all studies are being looked at" : LastPass ? `${studies(LastPass.Studies)}, ${ago(LastPass.Ended)}` : "not yet since Orthanc was started"],
    LastPass && [Settings.DryRun || LastPass.DryRun ? "Would go" : "Goes", sum(LastPass.Goes)],
    LastPass && LastPass.Deleted.Studies > 0 && ["Deleted then", sum(LastPass.Deleted)],
  ].filter(Boolean);
}

function nothing(show, { Settings, LastPass }) {
  if (show === "deleted") return "Retention has deleted nothing so far.";
  if (!Settings || !LastPass) return "Nothing was looked at.";
  return show === "goes" ? "No study may go." : "No study stays.";
}

const COLUMNS = { goes: ["Study", "Accession number", "Instances", "Size"], stays: ["Study", "Accession number", "Why it stays"], deleted: ["Study", "Accession number", "Deleted", "When", "Where it is"] };

function table(list, show) {
  return h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": SHOWN[show], "data-key": `table:${show}` },
    h("table", { class: "stacked" },
      h("caption", { class: "hidden" }, SHOWN[show]),
      h("thead", {}, h("tr", {}, COLUMNS[show].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, list.map((one) => h("tr", { "data-key": `${show}:${one.ID}`, "data-study": one.Study },
        h("th", { scope: "row", class: "whose" }, h("a", { href: link(["studies", one.Study]), title: one.Study, dir: "auto" }, nameOf(one.Study) || `Study ${one.Study.slice(0, 8)}…`)),
        h("td", {}, one.AccessionNumber || ""),
        CELLS[show](one).map((cell) => h("td", { class: "text" }, cell)))))));
}

const CELLS = {
  goes: ({ Instances, Bytes }) => [count(Instances), bytes(Bytes)],
  stays: ({ Sentence }) => [plain(Sentence)],
  deleted: ({ Deleted, Instances, Bytes, Begun, Kept, Emergency, Safe }) => [
    `${count(Deleted)} of ${count(Instances)} instances, ${bytes(Bytes)}${Kept ? `; the rest stayed: ${plain(Kept)}` : ""}`,
    `${time(Begun)}${Emergency ? ", since the disk was full" : ""}`,
    Safe.map(({ Destination, Since }) => `${Destination} since ${time(Since)}`).join(", "),
  ],
};
