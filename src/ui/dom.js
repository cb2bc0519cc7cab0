// Elements, and bringing a page up to date without losing what a person does in it.
//
// Invariants:
// - What comes from the server becomes text nodes and attribute values: nothing in this folder parses markup.
// - `morph` changes only what differs. Focus, scroll position, open details, ticked boxes and typed text stay.
// - What is there is used once: of two wanted elements with one key, the second is a new one, and both are shown.

const SVG = "http://www.w3.org/2000/svg";

/** An element. Attributes that are null, undefined or false are left out, true is an empty one. Lists may be nested. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/** Makes the children of `target` those of `fresh`, reusing what is there. */
export function morph(target, fresh) {
  const keyed = new Map();
  for (const child of target.children) {
    const key = keyOf(child);
    if (key && !keyed.has(key)) keyed.set(key, child);
  }
  let at = target.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const key = keyOf(wanted);
    let found = key ? keyed.get(key) : at;
    if (key) {
      keyed.delete(key);
    } else {
      while (found && keyOf(found)) found = found.nextSibling;
    }
    if (found && found.nodeName === wanted.nodeName) {
      if (found === at) {
        at = at.nextSibling;
      } else {
        at = place(target, found, at);
      }
      update(found, wanted);
    } else {
      target.insertBefore(wanted, at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

// Puts `found` before `at`. What lies between is moved instead where `found` holds the focus, which moving would take.
function place(target, found, at) {
  if (!found.contains(document.activeElement)) {
    target.insertBefore(found, at);
    return at;
  }
  while (at && at !== found) {
    const next = at.nextSibling;
    target.append(at);
    at = next;
  }
  return found.nextSibling;
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;
}

function update(old, wanted) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== wanted.nodeValue) old.nodeValue = wanted.nodeValue;
    return;
  }
  // What belongs to the person: forms that are being filled in.
  if (old.hasAttribute("data-keep") && keyOf(old) === keyOf(wanted)) return;
  for (const { name } of [...old.attributes]) {
    if (!wanted.hasAttribute(name) && !isTheirs(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of [...wanted.attributes]) {
    if (old.getAttribute(name) !== value && !isTheirs(old, name)) old.setAttribute(name, value);
  }
  morph(old, wanted);
}

/** What a person sets by using the page. */
function isTheirs(element, name) {
  if (element.nodeName === "DETAILS") return name === "open";
  if (element.nodeName === "BUTTON") return name === "aria-busy" || (name === "disabled" && element.hasAttribute("aria-busy"));
  return element.nodeName === "INPUT" && (name === "checked" || name === "value");
}
