// The items that are ticked in the view of a group of the error queue.

/** The study of each. */
const ids = new Map();

/** The chosen IDs, in their order. */
export function chosen() {
  return [...ids.keys()].sort((one, other) => one - other);
}

chosen.set = (id, isChosen, study) => {
  if (isChosen) ids.set(id, study);
  else ids.delete(id);
};

chosen.has = (id) => ids.has(id);

/** Of which studies they are. */
chosen.studies = () => chosen().map((id) => ids.get(id));

chosen.clear = () => {
  ids.clear();
  for (const box of document.querySelectorAll("input[data-action^=tick]")) box.checked = false;
};
