// A question, with its consequences, before something is done.

import { h } from "./dom.js";

const dialog = document.getElementById("dialog");

/** Whether a person is being asked something: an answer is never taken for that of another question. */
export const isAsking = () => dialog.open;

/**
 * Asks; the answer is null (no) or { choice } (yes). `choose`: among pairs of a value and its words, of which none is
 * chosen before: what nobody has chosen is not done.
 * `number`: how many items it concerns, for whoever reads the page by program.
 */
export function ask({ title, text, button, danger, choose, number }) {
  if (isAsking()) return Promise.resolve(null);
  const form = h("form", { method: "dialog", "data-number": number },
    h("h2", { id: "dialog-title" }, title),
    h("p", {}, text),
    choose && h("p", {}, h("label", {}, `${choose.label} `,
      h("select", { name: "choice", required: true }, h("option", { value: "" }, "choose one"), choose.among.map(([value, words]) => h("option", { value }, words))))),
    h("p", { class: "buttons" },
      h("button", { value: "no", type: "submit", formnovalidate: true }, "Back"),
      h("button", { value: "yes", type: "submit", class: danger ? "danger" : "primary" }, button)));
  dialog.replaceChildren(form);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const yes = dialog.returnValue === "yes";
      const choice = choose && form.elements.choice ? form.elements.choice.value : null;
      dialog.replaceChildren();
      resolve(yes ? { choice } : null);
    }, { once: true });
  });
}
