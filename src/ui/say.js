// Tells a person, also one who does not see the page.

import { h } from "./dom.js";

let timer = 0;

export function say(words, isError) {
  const said = document.getElementById("said");
  said.replaceChildren(h("p", { class: isError ? "error" : "" }, words));
  clearTimeout(timer);
  said.onclick = () => said.replaceChildren();
  timer = setTimeout(() => said.replaceChildren(), isError ? 20000 : 8000);
}
