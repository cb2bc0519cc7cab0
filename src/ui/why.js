// Which rules match, which do not and why: what the rules last said of a resource. Asked for by a click, not by each
// refresh.

import { api } from "./api.js";
import { h } from "./dom.js";
import { clock, count } from "./words.js";

/** What was last said, by Orthanc's identifier, with the time. */
const said = new Map();

export async function askRules({ resource }) {
  const answer = await api.route({ Resource: resource });
  said.set(resource, { answer, at: new Date() });
}

const VERDICTS = { Matches: "matches", DoesNotMatch: "does not match", Undecided: "undecided" };

/** The button, and the answer once there is one. */
export function why(id) {
  const known = said.get(id);
  return [
    h("h2", {}, "Which rules"),
    h("p", { class: "buttons", "data-key": "ask-rules" }, h("button", { type: "button", "data-action": "ask-rules", "data-resource": id }, "Why does it go there?")),
    known && answer(known),
  ];
}

function answer({ answer: { Instances, Asked, Answers }, at }) {
  return h("div", { "data-key": "rules", "data-rules": "" },
    h("p", {}, `By the rules of ${clock(at)}. `, Asked < Instances && `They were asked about ${count(Asked)} of ${count(Instances)} instances.`),
    Answers.length === 0 && h("p", { class: "empty" }, "There is no instance."),
    Answers.map((one, number) => h("div", {},
      h("p", {},
        Instances > 1 && [`${count(one.Instances)} of ${count(Instances)} instances: `],
        h("strong", {}, one.Destinations.length ? `goes to ${one.Destinations.join(", ")}` : "goes nowhere"),
        one.Undecided.length > 0 && `; undecided, in the error queue: ${one.Undecided.join(", ")}`,
        one.OwnOutput && "; the queue has sent this, changed on its way, and it came back: no rule is asked"),
      !one.OwnOutput && rules(one, `Rules, answer ${number + 1}`))));
}

function rules({ Rules }, caption) {
  return h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": caption },
    h("table", {},
      h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, ["Rule", "Verdict", "Why", "Destinations"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, Rules.map((rule) => h("tr", { "data-rule": rule.Rule, "data-verdict": rule.Verdict },
        h("th", { scope: "row" }, rule.Rule),
        h("td", {}, VERDICTS[rule.Verdict] || rule.Verdict),
        h("td", { class: "text" }, rule.Why),
        h("td", { class: "text" }, rule.To.map(({ Destination, Goes, Why }) => h("div", {}, Goes ? Destination : `not ${Destination}`, Why && `: ${Why}`))))))));
}
