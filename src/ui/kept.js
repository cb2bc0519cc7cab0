// What changes seldom is not asked for with each refresh: an answer is good for a while.

/** As many answers of one question are kept. */
const MOST = 200;

/** `ask`, which is asked again only when `every` milliseconds are over; a refusal is not kept. */
export function kept(ask, every) {
  const known = new Map();
  return async (...about) => {
    const key = about.join("\n");
    const found = known.get(key);
    if (found && Date.now() - found.at < every) return found.answer;
    const answer = await ask(...about);
    if (known.size >= MOST) known.clear();
    if (answer !== null) known.set(key, { answer, at: Date.now() });
    return answer;
  };
}
