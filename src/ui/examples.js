// Whose is what failed: one item of each kind, with its patient and study.

import { api } from "./api.js";
import { h } from "./dom.js";
import { learn, nameOf } from "./names.js";
import { link } from "./route.js";

/** By kind: the newest item of it, as it was when it was asked for. */
const known = new Map();
/** Of a kind that grows, another example is shown now and then. */
const EVERY = 30000;
/** With each refresh: the rest follows. */
const MOST_ASKED = 6;
/** No more are kept. */
const MOST = 1000;

const code = (one) => (one.Status === null ? "none" : one.Status);
const key = (one) => JSON.stringify([one.Destination, one.Class, one.Status]);

export async function learnExamples(summary) {
  const isOld = (one) => {
    const found = known.get(key(one));
    return !found || (found.newest !== one.Newest && Date.now() - found.at > EVERY);
  };
  if (known.size > MOST) known.clear();
  await Promise.all(summary.filter(isOld).slice(0, MOST_ASKED).map(async (one) => {
    const [item] = await api.errors({ destination: one.Destination, class: one.Class, status: code(one), order: "desc", limit: 1 });
    known.set(key(one), { item, newest: one.Newest, at: Date.now() });
  }));
  await learn(summary.map((one) => known.get(key(one))).filter((found) => found && found.item).map(({ item }) => item.Study));
}

/** "For example Meyer, Anna · CT thorax". */
export function example(one) {
  const { item } = known.get(key(one)) || {};
  if (!item) return null;
  return h("p", { class: "dim", "data-key": "example", "data-example": item.ID }, "For example ",
    h("a", { href: link(["studies", item.Study]), title: item.Study }, nameOf(item.Study) || `study ${item.Study.slice(0, 8)}…`), ", ",
    h("a", { href: link(["items", item.ID]) }, `item ${item.ID}`));
}
