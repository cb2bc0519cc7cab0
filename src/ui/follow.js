// What came of what a person did: a line that follows those items until none of them waits any more.
//
// Dry runs count them: how many of these wait, run, failed again. So it costs the same for one and for a thousand. It
// is one request for a line, with a refresh at most, and the more seldom the longer nothing changes; what failed again
// is counted only when what is on its way has changed, and what was delivered once nothing is on its way any more.

import { api } from "./api.js";
import { h } from "./dom.js";
import { link } from "./route.js";
import { inFull } from "./names.js";
import { clock, count, items } from "./words.js";

/** As many are followed; of more, the first. */
const MOST = 1000;
/** No more lines than one can read. */
const LINES = 4;
/** For so long; a line of a paused destination would be asked about for ever. */
const LONGEST = 3600000;
/** Between two looks at a line: as long as nothing changes, each wait is half as long again. */
const SHORTEST = 4000;
const LONGEST_WAIT = 10000;

const followed = [];
let number = 0;

/** `from`: of which destination they were; `to`: where they go now, if that is another one; `study`: whose they are. */
export function follow(ids, total, { verb, from, to, study }) {
  if (ids.length === 0 || total === 0) return;
  number += 1;
  followed.unshift({ key: number, ids: ids.slice(0, MOST), total, verb, from, to, study, at: new Date(), waits: null, runs: 0, failed: 0, sent: null, paused: [], lookedAt: 0, wait: 0 });
  followed.length = Math.min(followed.length, LINES);
}

export function forget({ follow: key }) {
  const at = followed.findIndex((one) => String(one.key) === key);
  if (at >= 0) followed.splice(at, 1);
}

const isDone = (one) => one.waits !== null && one.waits + one.runs === 0;
const isOld = (one) => Date.now() - one.at > LONGEST;

/** Counts anew what is not done; called with each refresh of a view that shows the lines. */
export async function lookAfter() {
  await Promise.all(followed.filter((one) => !isDone(one) && !isOld(one) && Date.now() - one.lookedAt >= one.wait).map(look));
}

async function look(one) {
  const filter = { IDs: one.ids, DryRun: true };
  const { Sent: waits, Running: runs, Paused: paused = [] } = await api.operateItems("send-now", filter);
  const isNew = waits !== one.waits || runs !== one.runs || paused.length !== one.paused.length;
  // Told together: none of them is in two places.
  const failed = isNew || waits + runs === 0 ? (await api.operateErrors("replay", filter)).Replayed : one.failed;
  const sent = waits + runs === 0 && one.ids.length > failed ? await delivered(one) : null;
  Object.assign(one, { waits, runs, failed, sent, paused, lookedAt: Date.now(), wait: isNew ? SHORTEST : Math.min(LONGEST_WAIT, Math.max(SHORTEST, one.wait * 1.5)) });
}

/** A page of the list of items, and as many of them are looked through. */
const PAGE = 1000;
const PAGES = 3;

/** How many of them were delivered; null: that would take too long to tell. */
async function delivered({ ids, from, to }) {
  const wanted = new Set(ids);
  let since = Math.min(...ids) - 1;
  let found = 0;
  for (let page = 0; page < PAGES; page += 1) {
    const list = await api.items({ state: "Success", destination: to || from, since, limit: PAGE });
    found += list.filter(({ ID }) => wanted.has(ID)).length;
    since = list.length === PAGE ? list[PAGE - 1].ID : Infinity;
    if (since >= Math.max(...ids)) return found;
  }
  return null;
}

/** `study`: on the page of one, nothing of another patient's is shown. */
export function followedLines(study) {
  const shown = study === undefined ? followed : followed.filter((one) => one.study === study);
  if (shown.length === 0) return null;
  return h("div", { class: "followed", role: "status", "data-key": "followed" }, shown.map(line));
}

/** What came of those that neither wait nor failed. */
function through(number, sent) {
  if (number <= 0) return [];
  // Who cancels or removes it meanwhile takes it out too: until it is done, these are not told apart.
  if (sent === null) return [`${count(number)} sent or taken out`];
  const rest = Math.max(0, number - sent);
  return [sent > 0 && `${count(Math.min(sent, number))} delivered`, rest > 0 && `${count(rest)} cancelled, removed, or sent and no longer kept`];
}

function line(one) {
  const size = one.ids.length;
  const known = one.waits !== null;
  const done = known ? size - one.waits - one.runs - one.failed : 0;
  const when = clock(one.at);
  const way = [items(one.total), one.from && `of ${one.from}`, one.to && `to ${one.to}`].filter(Boolean).join(" ");
  const whose = one.study ? `, ${inFull(one.study) || `study ${one.study.slice(0, 8)}…`}` : "";
  const parts = [
    ...through(done, one.sent),
    one.failed > 0 && `${count(one.failed)} failed again`,
    one.runs > 0 && `${count(one.runs)} being sent`,
    one.waits > 0 && `${count(one.waits)} wait${one.waits === 1 ? "s" : ""}${one.paused.length ? ` until ${one.paused.join(", ")} is resumed` : ""}`,
  ].filter(Boolean);
  const state = isDone(one) ? (one.failed > 0 ? "failed" : "done") : isOld(one) ? "old" : known ? "goes on" : "begins";
  return h("p", { class: state === "failed" ? "line bad" : "line", "data-key": `follow:${one.key}`, "data-followed": state },
    h("progress", { max: size, value: done + one.failed, "aria-label": "Done of what is followed" }), " ",
    h("strong", {}, `${one.verb} at ${when}`), ` ${way}${whose}`,
    one.total > size && ` (the first ${count(size)} are followed)`, ": ",
    !known ? "…" : parts.join(", "),
    state === "old" && "; no longer followed",
    one.failed > 0 && isDone(one) && [" ", h("a", { href: link(["errors"], { destination: one.to || one.from }) }, "Look")], " ",
    h("button", { type: "button", class: "close", "data-action": "forget", "data-follow": one.key, "aria-label": `Forget what was ${one.verb.toLowerCase()} at ${when}` }, "×"));
}
