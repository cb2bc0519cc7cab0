// The items that are ticked in the view of a group of the error queue.

const ids = new Set();

/** The chosen IDs, in their order. */
export function chosen() {
  return [...ids].sort((one, other) => one - other);
}

chosen.set = (id, isChosen) => {
  if (isChosen) ids.add(id);
  else ids.delete(id);
};

chosen.has = (id) => ids.has(id);

chosen.clear = () => {
  ids.clear();
  for (const box of document.querySelectorAll("input[data-action^=tick]")) box.checked = false;
};
