// The first line: what needs a person, worst first, as the server says it; each with the way to where it is mended.

import { unconfirmed } from "./confirming.js";
import { h } from "./dom.js";
import { link } from "./route.js";
import { count, plain } from "./words.js";

/** How many are told at once: what is worst is seen without scrolling. */
const MOST = 6;

/** What a person holds though nothing waits for it yet, of which the verdict says nothing. */
function held(verdict, destinations) {
  const names = destinations.filter(({ Name, State }) => State === "Paused" && !verdict.some(({ Destination }) => Destination === Name)).map(({ Name }) => Name);
  return names.length === 0 ? "" : names.length === 1 ? `${names[0]} is paused` : `${count(names.length)} destinations are paused`;
}

/** The headline, for the window's title too. */
export function headline(verdict, destinations) {
  if (destinations.length === 0 && verdict.length === 0) return "There are no destinations yet";
  return [judgement(verdict), ...besides(verdict, destinations)].join("; ");
}

/** What is less urgent, and said with less weight. */
function besides(verdict, destinations) {
  const rest = verdict.filter(({ Severity }) => Severity === "Warning").length;
  const isTold = rest > 0 && rest < verdict.length;
  return [isTold && `${count(rest)} more to keep in mind`, held(verdict, destinations)].filter(Boolean);
}

function judgement(verdict) {
  const urgent = verdict.filter(({ Severity }) => Severity !== "Warning");
  if (verdict.length === 0) return "All is well";
  const told = urgent.length ? urgent : verdict;
  const named = new Set(told.map(({ Destination }) => Destination).filter(Boolean));
  const others = told.filter(({ Destination }) => !Destination).length;
  const things = [
    named.size && `${count(named.size)} ${named.size === 1 ? "destination" : "destinations"}`,
    others && `${count(others)} ${named.size ? "other " : ""}${others === 1 ? "thing" : "things"}`,
  ].filter(Boolean);
  if (urgent.length === 0) return `Nothing is broken; ${things.join(" and ")} to keep in mind`;
  // A destination may have more than one trouble: the number is that of the lines below.
  if (urgent.length > named.size + others) return `${count(urgent.length)} things at ${things.join(" and ")} need you`;
  return `${things.join(" and ")} ${urgent.length === 1 ? "needs" : "need"} you`;
}

/** `figures` stand beside the headline. */
export function verdict(list, destinations, figures) {
  const isCalm = list.length === 0 && destinations.length > 0;
  const shown = list.slice(0, MOST);
  const rest = list.slice(MOST);
  return h("div", { class: "top", "data-key": "top" },
    h("h1", { class: list.length ? list[0].Severity : held(list, destinations) ? "Warning" : isCalm ? "well" : null, "data-key": "headline" }, destinations.length + list.length > 0
      ? [judgement(list), besides(list, destinations).map((words) => h("span", { class: "besides" }, `; ${words}`))]
      : headline(list, destinations)),
    figures,
    list.length > 0 && h("div", { class: "told", "data-key": "told" },
      h("ul", { class: "needs", "data-key": "needs" }, shown.map((one) => need(one, destinations))),
      rest.length > 0 && h("details", { class: "more", "data-key": "more-needs" },
        h("summary", {}, `${count(rest.length)} more`),
        h("ul", { class: "needs" }, rest.map((one) => need(one, destinations))))));
}

function need({ Severity, Kind, Destination, Source, Sentence, Advice }, destinations) {
  return h("li", { class: Severity, "data-key": `need:${Kind}:${Destination || Source || ""}`, "data-need": Kind, "data-destination": Destination, "data-source": Source },
    h("span", { class: "hidden" }, `${Severity}: `),
    h("span", { class: "text" }, plain(Sentence)),
    !Destination && Advice && h("span", { class: "dim" }, ` ${Advice}`), " ",
    Destination && way(Kind, Destination, destinations));
}

/** Where one can mend it: two clicks at most. */
function way(kind, name, destinations) {
  const found = kind === "NotConfirmed" && destinations.find((one) => one.Name === name);
  if (found) return unconfirmed(found).map((one) => [one, " "]);
  if (kind === "Failures") return h("a", { href: link(["errors"], { destination: name }), "aria-label": `Look at the failures of ${name}` }, "Look");
  return h("a", { href: link(["destinations", name]), "aria-label": `Open ${name}` }, "Open");
}
