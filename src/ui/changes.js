// What would be changed of a resource on its way to a destination: of one instance of it, which stands for all. Asked
// for by a click, not by each refresh.

import { api } from "./api.js";
import { h } from "./dom.js";
import { clock } from "./words.js";

/** What was last said, by Orthanc's identifier and destination, with the time. */
const said = new Map();

const BELOW = { patients: ["Studies", "studies"], studies: ["Series", "series"], series: ["Instances", "instances"] };

/** The identifier of the first instance of a resource. */
async function instanceOf(level, id) {
  while (level !== "instances") {
    const [children, below] = BELOW[level];
    const described = await api.described(level, id);
    if (!described || !described[children].length) throw new Error("It is no longer in Orthanc");
    [level, id] = [below, described[children][0]];
  }
  return id;
}

export async function preview({ level, resource, destination }) {
  const answer = await api.preview(destination, await instanceOf(level, resource));
  said.set(`${resource} ${destination}`, { answer, at: new Date() });
}

const alters = ({ Settings }) => Settings && (Settings.Coerce || Settings.Deidentify || Settings.Compress);

/** A button for each destination that changes what it gets, and the answers once there are some. */
export function changes(level, id, destinations) {
  const asked = destinations.filter(alters).map(({ Name }) => Name);
  if (asked.length === 0) return null;
  return [
    h("h2", {}, "What would be changed"),
    h("p", { class: "buttons", "data-key": "previews" }, asked.map((name) =>
      h("button", { type: "button", "data-action": "preview", "data-level": level, "data-resource": id, "data-destination": name }, `Preview for ${name}`))),
    asked.map((name) => {
      const known = said.get(`${id} ${name}`);
      return known && answer(name, level, known);
    }),
  ];
}

function answer(name, level, { answer: { Changes, Unchanged, Problem, Instance, SopInstanceUid }, at }) {
  const one = level === "instances" ? "It" : "One of its instances";
  return h("div", { "data-key": `preview:${name}`, "data-preview": name },
    h("p", { class: "text" }, `By the settings of ${clock(at)}. `,
      h("strong", {}, Problem ? `${one} would not be sent to ${name}: ${Problem}` : `${one} would be sent to ${name} ${Unchanged ? "as it is stored" : "as follows"}`),
      level !== "instances" && [" (", h("code", {}, Instance), ")"],
      !Problem && !Unchanged && [", as SOP instance ", h("code", {}, SopInstanceUid)]),
    Changes.length > 0 && table(Changes, `Changes for ${name}`));
}

function table(list, caption) {
  return h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": caption },
    h("table", {},
      h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, ["Element", "VR", "Stored", "Sent"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, list.map(({ Path, Vr, Before, After }) => h("tr", { "data-path": Path },
        h("th", { scope: "row" }, Path),
        h("td", {}, Vr),
        h("td", { class: "text" }, value(Before)),
        h("td", { class: "text" }, value(After)))))));
}

function value(text) {
  if (text === null) return h("em", {}, "not there");
  return text === "" ? h("em", {}, "empty") : text;
}
