// What a destination has not confirmed, of those alone that are asked (`Confirm`): where that is, and asking it again.

import { h } from "./dom.js";
import { link } from "./route.js";
import { CONFIRMATION_WORDS, count } from "./words.js";

/** The items of a destination that are confirmed so far: a list by a URL. */
export const listOf = (destination, confirmation, study) => link(["items"], { destination, study, confirmation });

const look = (name, confirmation, words) => h("a", { href: listOf(name, confirmation), "data-confirmation": confirmation, "aria-label": `Look at what ${name} has: ${words}` }, words);

/** What needs a person, worst first: of each a link to its list. */
export const unconfirmed = ({ Name, Confirming }) => ["Refused", "TimedOut"].filter((word) => Confirming[word] > 0)
  .map((word) => look(Name, word, `${count(Confirming[word])} ${CONFIRMATION_WORDS[word]}`));

/** Whether there is anything to tell of confirmations. */
export const isAsked = ({ Settings, Confirming }) => Boolean(Settings.Confirm) || Object.values(Confirming).some((number) => number > 0);

/** Of a destination, as its facts tell it. */
export function waitsFor({ Name, Confirming }) {
  return Confirming.Waiting > 0 && look(Name, "Waiting", `${count(Confirming.Waiting)} ${CONFIRMATION_WORDS.Waiting}`);
}

/** For all of the study, if the destination can be asked. */
export function askAgain(one, study) {
  return one && one.Settings.Confirm && h("button", {
    type: "button", "data-action": "confirm", "data-destination": one.Name, "data-study": study, "data-key": "confirm", "aria-label": `Ask ${one.Name} again`,
    title: "Asks whether it has what it acknowledged of the study",
  }, "Ask again");
}

const OF_STUDY = { Refused: "it does not answer for some of it", TimedOut: "some of it was not confirmed in time", Waiting: "some of it is to be confirmed" };

/** Destinations that have not confirmed all of a study: `words`: which confirmations there are, by destination. */
export function ofStudy(study, words, destinations) {
  const told = [...words].filter(([, some]) => some.length > 0);
  if (told.length === 0) return null;
  return h("ul", { class: "delivered", "data-key": "confirming" }, told.map(([name, some]) => h("li", { "data-key": `confirming:${name}`, "data-destination": name },
    `${name}: `, some.map((word, at) => [at > 0 && ", ", h("a", { href: listOf(name, word, study), "data-confirmation": word }, OF_STUDY[word])]), " ",
    some.some((word) => word !== "Waiting") && askAgain(destinations.find(({ Name }) => Name === name), study))));
}

/** Which of them there are of a study at a destination, the worst first. `ask`: for items of the list. */
export async function confirmations(one, study, ask) {
  const words = Object.keys(OF_STUDY).filter((word) => one.Confirming[word] > 0);
  const lists = await Promise.all(words.map((confirmation) => ask({ study, destination: one.Name, confirmation, limit: 1 })));
  return words.filter((word, at) => lists[at].length > 0);
}
