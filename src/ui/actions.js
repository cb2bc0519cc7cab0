// What a click does. Elements name it in `data-action`; what it is for stands in their other `data-` attributes.
//
// Invariant: whatever concerns more than one item, or cannot be taken back, is counted by a dry run and asked before
// (many.js). Whether a destination has what it acknowledged can be asked at any time.

import { api } from "./api.js";
import { echoes } from "./destination.js";
import { ask } from "./dialog.js";
import { forget } from "./follow.js";
import { many, others, tryOne } from "./many.js";
import { isOrthancId, whose } from "./names.js";
import { toggleLine } from "./by_study.js";
import { chosen } from "./selection.js";
import { link } from "./route.js";
import { setRange, toggle } from "./overview.js";
import { askRules } from "./why.js";
import { preview } from "./changes.js";
import { say } from "./say.js";
import { count, items, plain, sentences, waiting } from "./words.js";

async function steer({ destination, verb }) {
  if (verb === "echo") {
    echoes.delete(destination);
    const answer = await api.steer(destination, verb);
    const words = answer.Success ? `answered C-ECHO in ${answer.Milliseconds.toFixed(1)} ms` : `C-ECHO failed: ${plain(answer.Error)}`;
    echoes.set(destination, { success: answer.Success, words });
    say(`${destination} ${words}`, !answer.Success);
    return;
  }
  if (verb === "send-now" && !(await mayHurry(destination))) return;
  await api.steer(destination, verb);
  const words = { pause: "is paused", resume: "is resumed", "send-now": "sends now" };
  say(`${destination} ${words[verb]}`);
}

/** It goes through windows and back-offs of all that waits: asked first. If nothing does, that is said. */
async function mayHurry(destination) {
  const one = (await api.destinations()).find(({ Name }) => Name === destination);
  const number = one ? waiting(one.Counts) : 0;
  if (number === 0) {
    const failed = one ? one.Counts.Failure : 0;
    say(`Nothing waits for ${destination}: nothing is sent.${failed > 0 ? ` ${items(failed)} failed: replay them.` : ""}`);
    return false;
  }
  const shut = one.NextWindow ? " Its window is closed: they are sent all the same, until nothing waits any more. Pausing it ends that." : "";
  return ask({
    title: `Send ${items(number)} to ${destination} now?`,
    text: `Quiet periods and waits for the next attempt end.${shut}`,
    button: "Send now",
    number,
  });
}

async function confirm({ destination, study }) {
  const { Deliveries } = await api.confirm(destination, study);
  say(Deliveries > 0 ? `${destination} is asked for ${count(Deliveries)} ${Deliveries === 1 ? "delivery" : "deliveries"} of the study` : `There is nothing of the study for which ${destination} is not being asked already`);
}

async function lookAtStudies() {
  await api.lookAtStudies();
  say("All studies are looked at; nothing is deleted by that");
}

async function operate({ id, verb, destination, study }) {
  let body = {};
  const of = ["remove", "redirect"].includes(verb) && study ? await whose([study]) : "";
  if (verb === "remove") {
    const yes = await ask({ title: `Remove item ${id}?`, text: sentences(of, "It is not sent, and leaves the queue for good: it cannot be replayed. The instance stays in Orthanc"), button: "Remove", danger: true });
    if (!yes) return;
    await api.remove(id);
    say(`Item ${id} is removed`);
    location.hash = link(["items"]);
    return;
  }
  if (verb === "redirect") {
    const answer = await ask({ title: `Redirect item ${id}`, text: sentences(of, "To which destination?"), choose: await others(destination), button: "Redirect" });
    if (!answer) return;
    body = { To: answer.choice };
  }
  const item = await api.operate(id, verb, body);
  const words = { replay: "is sent anew", cancel: "is cancelled", "send-now": "is sent now", redirect: "is redirected" };
  const held = verb === "send-now" && item.Paused ? `is the first in line; ${item.Destination} is paused: it goes when a person resumes` : words[verb];
  say(`Item ${id} ${held}`);
}

async function enqueue({ resource, study }, element) {
  const ticked = [...document.querySelectorAll("input[name=enqueue-to]:checked")].map((box) => box.value);
  if (ticked.length === 0) {
    say("Choose a destination first", true);
    return;
  }
  const { value: priority } = element.form.elements.priority;
  const body = { Resources: [resource], Destinations: ticked, Priority: priority || undefined };
  const plan = await api.enqueue({ ...body, DryRun: true });
  const raised = plan.Raised ? `, ${count(plan.Raised)} of them get the priority ${priority}` : "";
  const waits = plan.AlreadyQueued ? ` ${items(plan.AlreadyQueued)} wait already${raised}.` : "";
  // A second item is made beside each of them.
  const failed = plan.Failed ? ` ${items(plan.Failed)} failed before and ${plan.Failed === 1 ? "stays" : "stay"} in the error queue: a replay sends only those.` : "";
  if (plan.Enqueued === 0 && !plan.Raised) {
    say(`Nothing to enqueue.${waits}`);
    return;
  }
  const yes = await ask({ title: plan.Enqueued ? `Enqueue ${items(plan.Enqueued)}?` : `Raise ${items(plan.Raised)} to ${priority}?`, text: `${sentences(study && (await whose([study])), `For ${ticked.join(", ")}`)}${waits}${failed}`, button: plan.Enqueued ? "Enqueue" : "Raise", number: plan.Enqueued || plan.Raised });
  if (!yes) return;
  const done = await api.enqueue(body);
  say([`Enqueued: ${items(done.Enqueued)}`, done.Raised && `raised to ${priority}: ${items(done.Raised)}`].filter(Boolean).join("; "));
}

const EXACT = ["AccessionNumber", "Uid", "OrthancID"];

/**
 * { study }: the one that has exactly this accession number, or of which this UID or identifier is; what only begins
 * so, or has it in a name, may be another patient's. Without one { found, complete, studies }: how many a person can
 * choose from, whether these are all, and how many of them are exactly this.
 * The rule is that of `sendqueuectl` (commands/search.rs).
 */
async function studyOf(sought) {
  if (isOrthancId(sought)) return { study: sought };
  const { found, complete } = await api.search(sought);
  const named = found.filter(({ Exact, Matched, Study }) => Exact && Study && EXACT.includes(Matched));
  const studies = [...new Set(named.map(({ Study }) => Study))];
  const isUid = /^\d+(\.\d+)+$/.test(sought);
  // What is not in the answer may have the same number. Of a UID there is one.
  const isSure = complete || (named.length === 0 ? isUid : named.every(({ Matched }) => Matched !== "AccessionNumber"));
  if (isSure && studies.length === 1) return { study: studies[0] };
  // What Orthanc has no more, the queue may know.
  if (isSure && studies.length === 0 && isUid) return { study: sought };
  return { found: found.length, complete, studies: studies.length };
}

/** { to, words, isWrong }: where a filter's values lead, if anywhere, and what is said of it. */
async function led(path, values) {
  if (!values.study) return { to: link([path], values) };
  const { study, found, complete, studies } = await studyOf(values.study);
  if (study) return { to: link([path], { ...values, study }) };
  if (found === 0 && complete) return { words: `Orthanc has no study that fits “${values.study}”`, isWrong: true };
  const fit = `fit${studies > 1 ? "s" : ""} “${values.study}”`;
  const words = studies > 0
    ? `More than one study ${studies > 1 ? "" : "may "}${fit}: choose one`
    : `No study is known to have exactly “${values.study}” as its accession number, UID or ID${found > 0 ? ": choose the one that is meant" : ""}`;
  return { to: link(["search"], { q: values.study, choose: "yes" }), words };
}

/** What a filter looks for: an answer is for that alone, and not for what a person has chosen since, or gone to. */
let wanted = null;
addEventListener("hashchange", () => {
  wanted = null;
});

/** The form's fields become the URL's arguments: from the first page on. */
async function filter({ filter: path }, form) {
  const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
  const from = location.hash;
  const mine = link([path], values);
  // Enter is a change, and the button too.
  if (mine === wanted) return;
  wanted = mine;
  const isStill = () => wanted === mine && location.hash === from;
  try {
    const { to, words, isWrong } = await led(path, values);
    if (!isStill()) return;
    if (words) say(words, isWrong);
    if (to && to !== from) location.hash = to;
  } catch (error) {
    if (isStill()) throw error;
  } finally {
    if (wanted === mine) wanted = null;
  }
}

async function copy() {
  try {
    await navigator.clipboard.writeText(location.href);
    say("The link is copied");
  } catch {
    say("The browser does not allow copying: the link is in its address line", true);
  }
}

function tick(data, element) {
  chosen.set(Number(data.id), element.checked, data.study);
}

function tickAll(data, element) {
  // Also those that new failures have pushed off this page.
  if (!element.checked) chosen.clear();
  for (const box of document.querySelectorAll("input[data-action=tick]")) {
    box.checked = element.checked;
    chosen.set(Number(box.dataset.id), element.checked, box.dataset.study);
  }
  say(`${count(chosen().length)} chosen`);
}

/** Whether an action may ask a question first. */
export const mayAsk = ({ action, verb }) => ["operate-errors", "operate-items", "operate", "enqueue"].includes(action) || (action === "steer" && verb === "send-now");

/** What only changes how something is shown. */
export const LOCAL = new Set(["toggle", "toggle-line", "range", "forget", "tick", "tick-all"]);

export const actions = { toggle, "toggle-line": toggleLine, range: setRange, forget, steer, "operate-errors": (data) => many("errors", data), "operate-items": (data) => many("items", data), "try-one": tryOne, confirm, "look-at-studies": lookAtStudies, operate, enqueue, "ask-rules": askRules, preview, filter, copy, tick, "tick-all": tickAll };
