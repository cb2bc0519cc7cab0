// What a click does. Elements name it in `data-action`; what it is for stands in their other `data-` attributes.
//
// Invariant: whatever concerns more than one item, or cannot be taken back, is counted by a dry run and asked before.

import { api } from "./api.js";
import { ask } from "./dialog.js";
import { chosen } from "./selection.js";
import { h } from "./dom.js";
import { link } from "./route.js";
import { askRules } from "./why.js";
import { preview } from "./changes.js";
import { count, items, status, waiting } from "./words.js";

/** Tells a person, also one who does not see the page. */
export function say(words, isError) {
  const said = document.getElementById("said");
  said.replaceChildren(h("p", { class: isError ? "error" : "" }, words));
  clearTimeout(say.timer);
  say.timer = setTimeout(() => said.replaceChildren(), isError ? 20000 : 8000);
}

/** What the last C-ECHO of each destination said. */
export const echoes = new Map();

const DONE = { replay: "Replayed", purge: "Purged", redirect: "Redirected" };
const VERBS = { replay: "Replay", purge: "Purge", redirect: "Redirect" };

async function steer({ destination, verb }) {
  if (verb === "echo") {
    echoes.delete(destination);
    const answer = await api.steer(destination, verb);
    const words = answer.Success ? `answered C-ECHO in ${answer.Milliseconds.toFixed(1)} ms` : `C-ECHO failed: ${answer.Error}`;
    echoes.set(destination, { success: answer.Success, words });
    say(`${destination} ${words}`, !answer.Success);
    return;
  }
  if (verb === "send-now" && !(await mayHurry(destination))) return;
  await api.steer(destination, verb);
  const words = { pause: "is paused", resume: "is resumed", "send-now": "sends now" };
  say(`${destination} ${words[verb]}`);
}

/** It goes through windows and back-offs of all that waits: asked first, if something does. */
async function mayHurry(destination) {
  const one = (await api.destinations()).find(({ Name }) => Name === destination);
  const number = one ? waiting(one.Counts) : 0;
  if (number === 0) return true;
  const shut = one.NextWindow ? " Its window is closed: they are sent all the same, until nothing waits any more. Pausing it ends that." : "";
  return ask({
    title: `Send ${items(number)} to ${destination} now?`,
    text: `Quiet periods and waits for the next attempt end.${shut}`,
    button: "Send now",
    number,
  });
}

/** What an operation on the error queue is for, in words. */
function aim({ chosen: some, destination, class: kind, status: code, study }) {
  if (some !== undefined) return "The chosen ones.";
  const number = code && code !== "none" ? status(Number(code)) : "";
  const outcome = [kind, number].filter(Boolean).join(" ");
  const words = [outcome || "All failures", destination ? `of ${destination}` : "of every destination", study && `of the study ${study}`];
  return `${words.filter(Boolean).join(" ")}.`;
}

/** What an operation on the error queue is for: the chosen items, or the filter of the element. */
function filterOf(data) {
  if (data.chosen !== undefined) return { IDs: chosen() };
  const filter = {};
  if (data.destination) filter.Destination = data.destination;
  if (data.class) filter.Class = data.class;
  if (data.status) filter.Status = data.status === "none" ? "None" : Number(data.status);
  if (data.study) filter.Study = data.study;
  return Object.keys(filter).length ? filter : { All: true };
}

async function operateErrors(data) {
  const { verb } = data;
  const filter = filterOf(data);
  if (filter.IDs && filter.IDs.length === 0) {
    say("Nothing is chosen", true);
    return;
  }
  const body = { ...filter };
  if (verb === "redirect") {
    const names = await destinationNames();
    const answer = await ask({
      title: "Redirect",
      text: "To which destination?",
      choose: { label: "Destination", among: names.filter((name) => name !== data.destination) },
      button: "Next",
    });
    if (!answer) return;
    body.To = answer.choice;
  }
  if (!body.IDs) {
    // What fails from here on is neither counted nor asked about.
    delete body.All;
    body.FailedBefore = (await api.overview()).Time;
  }
  const number = (await api.operateErrors(verb, { ...body, DryRun: true }))[DONE[verb]];
  if (number === 0) {
    say("There is nothing left that fits");
    return;
  }
  const whose = aim(data);
  const what = { replay: "They are sent anew.", redirect: `They are sent to ${body.To} instead.`, purge: "They leave the queue unsent. The instances stay in Orthanc." };
  const yes = await ask({
    title: `${VERBS[verb]} ${items(number)}?`,
    text: `${whose} ${what[verb]}`,
    button: verb === "purge" ? "Purge…" : VERBS[verb],
    number,
  });
  if (!yes) return;
  if (verb === "purge") {
    const sure = await ask({
      title: `Really purge ${items(number)}?`,
      text: `${whose} This cannot be taken back: nobody will send them unless they are enqueued again.`,
      button: `Purge ${items(number)}`,
      danger: true,
      number,
    });
    if (!sure) return;
  }
  const done = (await api.operateErrors(verb, body))[DONE[verb]];
  chosen.clear();
  say(`${DONE[verb]}: ${items(done)}`);
}

/** Where things can be sent: Orthanc's modalities. */
export async function destinationNames() {
  const names = await api.modalities();
  return names.length ? names : (await api.overview()).Destinations;
}

async function operate({ id, verb }) {
  let body = {};
  if (verb === "remove") {
    const yes = await ask({ title: `Remove item ${id}?`, text: "It leaves the queue for good. The instance stays in Orthanc.", button: "Remove", danger: true });
    if (!yes) return;
    await api.remove(id);
    say(`Item ${id} is removed`);
    location.hash = link(["items"]);
    return;
  }
  if (verb === "redirect") {
    const answer = await ask({ title: `Redirect item ${id}`, text: "To which destination?", choose: { label: "Destination", among: await destinationNames() }, button: "Redirect" });
    if (!answer) return;
    body = { To: answer.choice };
  }
  await api.operate(id, verb, body);
  const words = { replay: "is sent anew", cancel: "is cancelled", "send-now": "is sent now", redirect: "is redirected" };
  say(`Item ${id} ${words[verb]}`);
}

async function enqueue({ resource }) {
  const ticked = [...document.querySelectorAll("input[name=enqueue-to]:checked")].map((box) => box.value);
  if (ticked.length === 0) {
    say("Choose a destination first", true);
    return;
  }
  const body = { Resources: [resource], Destinations: ticked };
  const plan = await api.enqueue({ ...body, DryRun: true });
  const waits = plan.AlreadyQueued ? ` ${items(plan.AlreadyQueued)} wait already.` : "";
  if (plan.Enqueued === 0) {
    say(`Nothing to enqueue.${waits}`);
    return;
  }
  const yes = await ask({ title: `Enqueue ${items(plan.Enqueued)}?`, text: `For ${ticked.join(", ")}.${waits}`, button: "Enqueue", number: plan.Enqueued });
  if (!yes) return;
  const done = await api.enqueue(body);
  say(`Enqueued: ${items(done.Enqueued)}`);
}

/** The form's fields become the URL's arguments: from the first page on. */
function filter({ filter: path }, form) {
  const values = Object.fromEntries(new FormData(form));
  const target = link([path], values);
  if (target !== location.hash) location.hash = target;
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
  chosen.set(Number(data.id), element.checked);
}

function tickAll(data, element) {
  // Also those that new failures have pushed off this page.
  if (!element.checked) chosen.clear();
  for (const box of document.querySelectorAll("input[data-action=tick]")) {
    box.checked = element.checked;
    chosen.set(Number(box.dataset.id), element.checked);
  }
  say(`${count(chosen().length)} chosen`);
}

/** Whether an action may ask a question first. */
export const mayAsk = ({ action, verb }) => ["operate-errors", "operate", "enqueue"].includes(action) || (action === "steer" && verb === "send-now");

export const actions = { steer, "operate-errors": operateErrors, operate, enqueue, "ask-rules": askRules, preview, filter, copy, tick, "tick-all": tickAll };
