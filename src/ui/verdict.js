// The first line: what needs a person, worst first, as the server says it; each with the way to where it is mended.

import { h } from "./dom.js";
import { link } from "./route.js";
import { count } from "./words.js";

/** How many are told at once: what is worst is seen without scrolling. */
const MOST = 6;

/** The headline, for the window's title too; `isSetUp`: there is a destination. */
export function headline(verdict, isSetUp) {
  const urgent = verdict.filter(({ Severity }) => Severity !== "Warning");
  if (verdict.length === 0) return isSetUp ? "All is well" : "There are no destinations yet";
  const told = urgent.length ? urgent : verdict;
  const named = new Set(told.map(({ Destination }) => Destination).filter(Boolean));
  const others = told.filter(({ Destination }) => !Destination).length;
  const things = [
    named.size && `${count(named.size)} ${named.size === 1 ? "destination" : "destinations"}`,
    others && `${count(others)} ${named.size ? "other " : ""}${others === 1 ? "thing" : "things"}`,
  ].filter(Boolean);
  const one = named.size + others === 1;
  if (urgent.length === 0) return `Nothing is broken; ${things.join(" and ")} to keep in mind`;
  return `${things.join(" and ")} ${one ? "needs" : "need"} you`;
}

/** `figures` stand beside the headline. */
export function verdict(list, isSetUp, figures) {
  const shown = list.slice(0, MOST);
  const rest = list.slice(MOST);
  return h("div", { class: "top", "data-key": "top" },
    h("h1", { class: list.length ? list[0].Severity : isSetUp ? "well" : null, "data-key": "headline" }, headline(list, isSetUp)),
    figures,
    list.length > 0 && h("div", { class: "told", "data-key": "told" },
      h("ul", { class: "needs", "data-key": "needs" }, shown.map(need)),
      rest.length > 0 && h("details", { class: "more", "data-key": "more-needs" },
        h("summary", {}, `${count(rest.length)} more`),
        h("ul", { class: "needs" }, rest.map(need)))));
}

function need({ Severity, Kind, Destination, Source, Sentence, Advice }) {
  return h("li", { class: Severity, "data-key": `need:${Kind}:${Destination || Source || ""}`, "data-need": Kind, "data-destination": Destination, "data-source": Source },
    h("span", { class: "hidden" }, `${Severity}: `),
    h("span", { class: "text" }, Sentence),
    !Destination && Advice && h("span", { class: "dim" }, ` ${Advice}`), " ",
    Destination && way(Kind, Destination));
}

/** Where one can mend it: two clicks at most. */
function way(kind, name) {
  if (kind === "Failures") return h("a", { href: link(["errors"], { destination: name }), "aria-label": `Look at the failures of ${name}` }, "Look");
  return h("a", { href: link(["destinations", name]), "aria-label": `Open ${name}` }, "Open");
}
