// Studies with items of any kind, the newest first: whose they are, and how far they are at each destination.

import { h } from "./dom.js";
import { followedLines, lookAfter } from "./follow.js";
import { by, filterOf, filters, isFiltered, learnRules, listLink, steering } from "./lists.js";
import { chosen } from "./selection.js";
import { loadStudies, studyPages, studyTable } from "./by_study.js";

export const title = () => "Studies";

export const enter = () => chosen.clear();

export async function load({ query }) {
  const [studies] = await Promise.all([loadStudies(filterOf(query)), lookAfter(), learnRules()]);
  return { studies };
}

export function render({ query }, { studies, queue, destinations }) {
  return [
    h("div", { class: "head", "data-key": "head" }, h("h1", {}, "Studies"), by("study", listLink(query))),
    filters("studies", query, queue.Destinations),
    followedLines(),
    steering(query, studies.list.length === 0, destinations),
    studyTable(studies, "Studies", { query, destinations, empty: isFiltered(query) ? undefined : "Nothing is or was in the queue yet." }),
    studyPages(["studies"], query, studies),
  ];
}
