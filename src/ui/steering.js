// Buttons for what waits: for a filter, or for the chosen ones.

import { h } from "./dom.js";

const VERBS = [["send-now", "Send now"], ["priority", "Priority…"], ["redirect", "Redirect…"], ["cancel", "Cancel…"], ["remove", "Remove…"]];

/** `what`: the filter as attributes; `whose`: in words, for who does not see where the button stands. */
export function steerWaiting(what, whose, verbs = VERBS.map(([verb]) => verb)) {
  return VERBS.filter(([verb]) => verbs.includes(verb)).map(([verb, label]) =>
    h("button", { type: "button", "data-action": "operate-items", "data-verb": verb, "data-key": `items:${verb}`, ...what, class: verb === "remove" ? "danger" : null, "aria-label": `${label} ${whose}` }, label));
}
