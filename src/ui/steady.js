// What a person is at stays where it is: nothing moves under the mouse between the look and the click.
//
// Invariants:
// - Who moved, pressed or typed a moment ago is at the page. A mouse that rests is at nothing but the table of
//   destinations, whose order changes by itself; elsewhere a list goes on.
// - What has to move moves by scrolling; where the window cannot scroll that far, the page gets room for it, until the
//   person is gone.

/** For so long after the last move a person is still there, in milliseconds. */
const LEAVES = 5000;

let lastAt = -Infinity;
let lastInTable = -Infinity;
/** Where the mouse is; null: it is not in the window, or there is none. */
let mouse = null;
/** Whether the last was a key: then what one is at is what has the focus. */
let isByKey = false;

const table = (element) => element instanceof Element && element.closest(".destinations");

/** For whatever a person does: moves, presses, types. */
export function near(event) {
  lastAt = Date.now();
  isByKey = event.type === "keydown";
  if ("clientX" in event) mouse = event.pointerType === "touch" ? null : { x: event.clientX, y: event.clientY };
  if (table(event.target)) lastInTable = lastAt;
}

export function away() {
  mouse = null;
}

const pointed = () => mouse && document.elementFromPoint(mouse.x, mouse.y);

/** Whether someone is at the table of destinations. */
const isAtTable = () => Date.now() - lastInTable < LEAVES || Boolean(table(pointed()));

let order = [];

/** These names in their new order, or in that of before while someone is at them; new ones come last then. */
export function steady(names) {
  if (isAtTable()) {
    const place = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
    names = [...names].sort((one, other) => place(one) - place(other));
  }
  order = names;
  return names;
}

const top = (element) => element.getBoundingClientRect().top;

/** What one is about to press, or looks at: the first row or card in the window. */
function landmark(main) {
  if (Date.now() - lastAt < LEAVES || isAtTable()) {
    const under = isByKey ? document.activeElement : pointed();
    const found = under && main.contains(under) && under.closest("button, tr[data-key], section[data-key], li[data-key]");
    if (found) return { found, isPointed: true };
  }
  if (scrollY === 0) return {};
  const found = [...main.querySelectorAll("tr[data-key], section[data-key]")].find((element) => top(element) >= 0 && top(element) < innerHeight);
  return { found };
}

/** Takes back the room that was made. */
export function release(main) {
  main.style.marginTop = document.body.style.minHeight = "";
}

/**
 * Before `main` is brought up to date; the answer puts back to its place what one looks at, whatever came in above it.
 * Not the browser's own way, which does not look into what can be scrolled sideways, such as our tables.
 */
export function hold(main) {
  const { found, isPointed } = landmark(main);
  const before = found && top(found);
  return () => {
    if (!isPointed) release(main);
    if (!found || !found.isConnected) return;
    const shift = () => {
      const by = top(found) - before;
      if (by !== 0) scrollBy({ top: by, behavior: "instant" });
      return top(found) - before;
    };
    const left = shift();
    if (!isPointed || Math.abs(left) < 1) return;
    if (left > 0) document.body.style.minHeight = `${innerHeight + scrollY + left}px`;
    else main.style.marginTop = `${parseFloat(main.style.marginTop || 0) - left}px`;
    shift();
  };
}
