// What is done to many items at once: to the error queue, and to what waits.
//
// Invariant: it is counted by a dry run and asked before; what cannot be taken back, twice. No more is done than was
// counted: if more fit by then, nothing is.

import { api, Refused } from "./api.js";
import { ask } from "./dialog.js";
import { follow } from "./follow.js";
import { kept } from "./kept.js";
import { inFull, whose } from "./names.js";
import { say } from "./say.js";
import { chosen } from "./selection.js";
import { standing } from "./standing.js";
import { count, items, lower, outcome, statusNumber } from "./words.js";

/** By what an answer counts, what is asked, what becomes of the items. `final`: it cannot be taken back. */
const VERBS = {
  errors: {
    replay: { done: "Replayed", verb: "Replay", what: "They are sent anew.", follows: true },
    redirect: { done: "Redirected", verb: "Redirect", what: "They are sent there instead.", choose: other, follows: true },
    purge: { done: "Purged", verb: "Purge", what: "They are not sent, and leave the queue for good: they cannot be replayed. The instances stay in Orthanc.", final: "nobody will send them unless they are enqueued again" },
  },
  items: {
    "send-now": { done: "Sent", verb: "Send now", said: "First in line", what: "Quiet periods, closed windows and waits for the next attempt end for them.", follows: true },
    priority: { done: "Changed", verb: "Change the priority of", what: "What is more urgent goes first.", choose: priorities },
    redirect: { done: "Redirected", verb: "Redirect", what: "They are sent there instead.", choose: other, follows: true },
    cancel: { done: "Cancelled", verb: "Cancel", what: "They are not sent. They stay in the queue as Cancelled, and can be replayed from the list of items.", danger: true },
    remove: { done: "Removed", verb: "Remove", what: "They are not sent, and leave the queue for good: they cannot be replayed. The instances stay in Orthanc.", final: "nobody will send them unless they are enqueued again" },
  },
};

/** What a verb needs besides its filter is not known when it is counted: then a dry run of this one is. */
const COUNTS = { errors: "replay", items: "cancel" };

const BEFORE = { errors: "FailedBefore", items: "MadeBefore" };

const PRIORITIES = ["Stat", "High", "Medium", "Low"];

function priorities() {
  return { label: "Priority", key: "Priority", among: PRIORITIES.map((name) => [name, name]) };
}

/** Where something can go instead of `destination`, each with how it is: nobody is to redirect to what is away. */
export async function others(destination) {
  const known = await api.destinations();
  const how = (name) => {
    const one = known.find(({ Name }) => Name === name);
    return one ? lower(standing(one).words) : "the queue has sent nothing there";
  };
  const names = (await destinationNames(known)).filter((name) => name !== destination);
  return { label: "Destination", key: "To", among: names.map((name) => [name, `${name}: ${how(name)}`]) };
}

function other({ destination }) {
  return others(destination);
}

const modalities = kept(api.modalities, 60000);

/** Where things can be sent: Orthanc's modalities, and what the queue knows besides. */
export async function destinationNames(known) {
  const [names, destinations] = await Promise.all([modalities(), known || api.destinations()]);
  const others = destinations.filter(({ State }) => State !== "NotConfigured").map(({ Name }) => Name);
  return [...new Set([...names, ...others])].sort();
}

/** What an operation is for, in words, with patients where it is about theirs. */
async function aim(family, { chosen: some, destination, class: kind, status: code, study, state, rule }) {
  if (some !== undefined) return `${["The chosen ones", await whose(chosen.studies())].filter(Boolean).join(": ")}.`;
  if (study) await whose([study]);
  const what = outcome(kind, code && code !== "none" ? statusNumber(code) : null);
  const all = family === "errors" ? "All failures" : state ? `What is ${state.split(",").join(" or ")}` : "All that wait";
  const words = [what || all, destination ? `of ${destination}` : "of every destination", study && `of the study ${inFull(study) || study}`, rule && `made by the rule ${rule}`];
  return `${words.filter(Boolean).join(" ")}.`;
}

/** The chosen items, or the filter of the element. */
function filterOf(data) {
  if (data.chosen !== undefined) return { IDs: chosen() };
  const filter = {};
  if (data.destination) filter.Destination = data.destination;
  if (data.class) filter.Class = data.class;
  if (data.status) filter.Status = data.status === "none" ? "None" : statusNumber(data.status);
  if (data.study) filter.Study = data.study;
  if (data.state) filter.State = data.state.split(",");
  if (data.rule) filter.Rule = data.rule;
  if (data.olderThan) filter.OlderThanSeconds = Number(data.olderThan);
  return Object.keys(filter).length ? filter : { All: true };
}

const operate = { errors: api.operateErrors, items: api.operateItems };

/** `family`: errors or items; `data`: the verb and the filter, as an element has them in its attributes. */
export async function many(family, given) {
  const rule = given.ruled !== undefined && document.querySelector("select[name=rule]");
  const data = rule && rule.value ? { ...given, rule: rule.value } : given;
  const { done, verb, said, what, choose, final, danger, follows } = VERBS[family][data.verb];
  const body = filterOf(data);
  if (body.IDs && body.IDs.length === 0) {
    say("Nothing is chosen", true);
    return;
  }
  if (!body.IDs) {
    // What comes from here on is neither counted nor asked about.
    delete body.All;
    body[BEFORE[family]] = (await api.overview()).Time;
  }
  const counting = choose ? COUNTS[family] : data.verb;
  const counted = await operate[family](counting, { ...body, DryRun: true });
  const number = counted[VERBS[family][counting].done];
  const running = counted.Running ? `${items(counted.Running)} ${counted.Running === 1 ? "is" : "are"} being sent now and ${counted.Running === 1 ? "is" : "are"} left alone. ` : "";
  if (number === 0) {
    say(`There is nothing left that fits. ${running}`.trim());
    return;
  }
  const about = await aim(family, data);
  const among = choose && await choose(data);
  const answer = await ask({
    title: `${verb} ${items(number)}${verb.endsWith(" of") ? "" : "?"}`,
    text: `${about} ${what} ${running}`.trim(),
    choose: among,
    // Never a bare "Cancel", which could be meant of the question.
    button: final || verb === "Cancel" ? `${verb} ${items(number)}` : verb.replace(/ the priority of$/, ""),
    danger: danger && !final,
    number,
  });
  if (!answer) return;
  if (among) body[among.key] = answer.choice;
  if (final) {
    const sure = await ask({ title: `Really ${verb.toLowerCase()} ${items(number)}?`, text: `${about} This cannot be taken back: ${final}.`, button: `${verb} ${items(number)} for good`, danger: true, number });
    if (!sure) return;
  }
  const ids = follows ? await known(family, data, body) : [];
  let result;
  try {
    result = await operate[family](data.verb, { ...body, AtMost: number });
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 409 || !error.message.startsWith("AtMost")) throw error;
    say(`More fit now than the ${items(number)} that you were asked about: nothing was changed. Look again.`, true);
    return;
  }
  const study = data.study || oneStudy(data);
  chosen.clear();
  const held = (result.Paused || []).length ? ` ${result.Paused.join(", ")} ${result.Paused.length === 1 ? "is" : "are"} paused: it goes when a person resumes.` : "";
  say(`${said || done}: ${items(result[done])}.${held}`);
  if (follows) follow(ids, result[done], { verb: said || done, from: data.destination, to: body.To, study });
}

/** Whose the chosen ones are, if they are of one study. */
function oneStudy(data) {
  const studies = data.chosen === undefined ? [] : [...new Set(chosen.studies())];
  return studies.length === 1 ? studies[0] : undefined;
}

/** Which these are, as far as they are followed; asked for before they move. */
async function known(family, data, body) {
  if (body.IDs) return body.IDs;
  // Lists know nothing of rules.
  if (data.rule) return [];
  const filter = { destination: data.destination, study: data.study, class: data.class, status: data.status, "older-than": data.olderThan, limit: 1000 };
  const list = family === "errors" ? await api.errors(filter) : await api.items({ ...filter, state: data.state || "Scheduled,Pending,Retry" });
  return list.map(({ ID }) => ID);
}

/** Replays the newest of a kind of failure alone: whether the cause is gone is known a moment later. */
export async function tryOne({ destination, class: kind, status: code, study }) {
  const [item] = await api.errors({ destination, class: kind, status: code, study, order: "desc", limit: 1 });
  if (!item) {
    say("There is nothing left that fits");
    return;
  }
  await api.operate(item.ID, "replay");
  say(`Item ${count(item.ID)} is tried; the others stay.`);
  await whose([item.Study]);
  follow([item.ID], 1, { verb: "Tried", from: item.Destination, study: item.Study });
}
