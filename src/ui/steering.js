// Buttons for what waits, and for what failed: for a filter, or for the chosen ones.

import { h } from "./dom.js";

const WAITING = [["send-now", "Send now"], ["priority", "Priority…"], ["redirect", "Redirect…"], ["cancel", "Cancel…"], ["remove", "Remove…"]];
const FAILED = [["replay", "Replay"], ["redirect", "Redirect…"], ["purge", "Purge…"]];
/** What leaves the queue for good. */
const FINAL = ["remove", "purge"];

const steer = (action, all) => (what, whose, verbs = all.map(([verb]) => verb)) => all.filter(([verb]) => verbs.includes(verb)).map(([verb, label]) =>
  h("button", { type: "button", "data-action": action, "data-verb": verb, "data-key": `${action}:${verb}`, ...what, class: FINAL.includes(verb) ? "danger" : null, "aria-label": `${label} ${whose}` }, label));

/** `what`: the filter as attributes; `whose`: in words, for who does not see where the button stands. */
export const steerWaiting = steer("operate-items", WAITING);
export const steerFailed = steer("operate-errors", FAILED);
