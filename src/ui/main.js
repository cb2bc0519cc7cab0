// The page's heart: which view is shown, its refresh, and what a click does.
//
// Invariants:
// - One refresh at a time; the next one begins `EVERY` after the last one ended. It asks for the destinations, of which
//   all views show something, and for what the view shows; what changes slowly is asked for now and then (kept.js), and
//   what is folded once it is opened.
// - While nobody looks, the title alone is kept true, each `HIDDEN_EVERY`: it is read among twenty others.
// - A refresh that fails changes nothing but the banner and the title: what was seen last stays, and is marked as old.
// - An answer for a view that was left meanwhile is thrown away.

import { api, explorer, Lost, Refused } from "./api.js";
import { actions, LOCAL, mayAsk } from "./actions.js";
import { hover } from "./chart.js";
import { h, morph } from "./dom.js";
import { kept } from "./kept.js";
import { link, parse } from "./route.js";
import { say } from "./say.js";
import { away, hold, near, release } from "./steady.js";
import { age, count, STATES } from "./words.js";
import * as deliveries from "./deliveries.js";
import * as errors from "./errors.js";
import * as item from "./item.js";
import * as items from "./items.js";
import * as journal from "./journal.js";
import * as overview from "./overview.js";
import * as resource from "./resource.js";
import * as retention from "./retention.js";
import * as search from "./search.js";
import * as studies from "./studies.js";

const EVERY = 5000;
const HIDDEN_EVERY = 60000;
/** The health check writes to the database: less often. */
const health = kept(api.health, 15000);
/** Version, path of the database. */
const queue = kept(api.overview, 60000);

const nothing = {
  title: () => "Not found",
  load: async () => null,
  render: () => [h("h1", {}, "Not found"), h("p", {}, "There is no such view. ", h("a", { href: "#/" }, "To the overview"))],
};
const views = { overview, errors, studies, items, item, journal, deliveries, retention, resource, search, nothing };
/** Views that have no entry in the header, and the one to which they belong. */
const PARTS = { items: "studies", item: "studies", resource: "studies" };

const main = document.getElementById("main");
const lost = document.getElementById("lost");
const failures = document.getElementById("failures");

let route = parse(location.hash);
let visit = 0;
/** The visit whose entry of the header was brought into sight. */
let reached = 0;
let timer = 0;
let busy = false;
let again = false;
let lostSince = 0;
/** What was shown last, for what changes without a question to the server. */
let last = null;

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  clearTimeout(timer);
  busy = true;
  const mine = visit;
  try {
    // Nobody looks at the view, and the verdict is in the title of the overview alone.
    const isSeen = !document.hidden || !last || route.view === "overview";
    const asked = api.destinations();
    const [data, destinations, about, found] = await Promise.all([
      isSeen ? views[route.view].load(route, asked) : last, asked, queue(), isSeen ? health() : last.health]);
    if (mine === visit) show({ ...data, destinations, queue: sumUp(about, destinations), health: found });
    isBack();
  } catch (error) {
    if (mine === visit) failed(error);
  }
  busy = false;
  if (again || mine !== visit) {
    again = false;
    refresh();
  } else {
    timer = setTimeout(refresh, document.hidden ? HIDDEN_EVERY : EVERY);
  }
}

/** The queue as a whole is what its destinations have. */
function sumUp(about, destinations) {
  const counts = Object.fromEntries(STATES.map((state) => [state, destinations.reduce((sum, one) => sum + one.Counts[state], 0)]));
  return { ...about, Counts: counts, Destinations: destinations.map(({ Name }) => Name) };
}

function show(data) {
  last = data;
  const view = views[route.view];
  fill(view.title(route, data), h("div", {}, ailments(data), view.render(route, data)));
  about(data.queue);
  reach();
}

/** On a phone not all entries of the header are in sight: the view's own comes into it when it is opened. */
function reach() {
  if (reached === visit) return;
  reached = visit;
  const entry = document.querySelector("nav [aria-current]");
  if (entry && matchMedia("(max-width: 40rem)").matches) {
    const nav = entry.parentElement;
    nav.scrollLeft = entry.offsetLeft + (entry.offsetWidth - nav.clientWidth) / 2;
  }
}

function redraw() {
  if (!last || main.dataset.visit !== String(visit)) return;
  show(last);
  if (lostSince) doubt();
}

/** Brings the view up to date; a new one begins at its top. */
function fill(title, fresh) {
  document.title = `${title} · Send queue`;
  const first = main.dataset.visit !== String(visit);
  const field = first && fieldOfFilter();
  if (first) {
    main.replaceChildren();
    release(main);
    main.dataset.visit = String(visit);
  }
  main.dataset.view = route.view;
  main.removeAttribute("aria-busy");
  const stay = first ? null : hold(main);
  morph(main, fresh);
  if (stay) stay();
  if (!first) return;
  if (visit > 1) {
    const same = field && main.querySelector(field);
    if (same) {
      same.focus();
      return;
    }
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  if (views[route.view].arrive) views[route.view].arrive(route);
}

/**
 * The field of a filter that has the focus, as a selector: whoever goes through its values by keys is not to be thrown
 * out of it by each.
 */
function fieldOfFilter() {
  const { form, name } = document.activeElement || document.body;
  return form && form.dataset.filter && name ? `form[data-filter="${form.dataset.filter}"] [name="${name}"]` : null;
}

function ailments({ health: found }) {
  if (!found) return null;
  const told = (problem) => h("span", {}, `${problem.Part}: ${problem.Details}. `);
  if (found.Status === "ok") {
    // There the verdict says them.
    if (!found.Warnings.length || route.view === "overview") return null;
    return h("p", { class: "banner", role: "status", "data-key": "warnings" }, found.Warnings.map(told));
  }
  return h("div", { class: "banner", role: "alert", "data-key": "health" },
    h("strong", {}, "Not all is well: "),
    found.Problems.map(told));
}

function about(queue) {
  const failed = queue.Counts.Failure;
  failures.hidden = failed === 0;
  failures.textContent = count(failed);
  failures.setAttribute("aria-label", `${count(failed)} failed`);
  mark(failed);
  const note = `Version ${queue.Version} · database ${queue.Database}`;
  const footer = document.getElementById("about");
  if (footer.textContent !== note) footer.textContent = note;
}

/** The number of failures in the window's title and icon, for whoever has the page among twenty others. */
function mark(failed) {
  if (failed > 0) document.title = `(${count(failed)}) ${document.title}`;
  const icon = document.getElementById("icon");
  const name = failed > 99 ? "icon-many.svg" : failed > 0 ? `icon-${failed}.svg` : "icon.svg";
  const href = icon.getAttribute("href").replace(/[^/]*\.svg/, name);
  if (icon.getAttribute("href") !== href) icon.setAttribute("href", href);
}

/** How it is now is not known: the title does not go on saying that all is well. */
function doubt() {
  document.title = "? No connection · Send queue";
}

function isBack() {
  if (lostSince) say("The connection to Orthanc is back");
  lostSince = 0;
  lost.hidden = true;
  document.body.classList.remove("old");
}

/** What the URL asks for cannot be had: that is not a lost connection. */
const WRONG = { 400: "This cannot be shown", 404: "Not found" };

function failed(error) {
  if (error instanceof Refused && WRONG[error.status] && route.view !== "overview") {
    const title = WRONG[error.status];
    fill(title, h("div", {}, h("h1", {}, title), h("p", { "data-key": "why" }, error.message)));
    isBack();
    return;
  }
  if (!(error instanceof Lost) && !(error instanceof Refused)) console.error(error);
  lostSince = lostSince || Date.now();
  const since = (Date.now() - lostSince) / 1000;
  const words = `${error.message}. What is shown is ${since < 2 ? "no longer up to date" : `${age(since)} old`}; trying on.`;
  if (lost.textContent !== words) lost.textContent = words;
  lost.hidden = false;
  doubt();
  document.body.classList.add("old");
}

function navigate() {
  route = parse(location.hash);
  visit += 1;
  last = null;
  main.setAttribute("aria-busy", "true");
  for (const entry of document.querySelectorAll("[data-nav]")) {
    const current = entry.dataset.nav === (PARTS[route.view] || route.view);
    if (current) entry.setAttribute("aria-current", "page");
    else entry.removeAttribute("aria-current");
  }
  if (views[route.view].enter) views[route.view].enter(route);
  refresh();
}

/** The button whose action asks before it acts: one at a time, so that an answer is for the question one has read. */
let asking = null;

/** One listener for all: elements come and go. */
async function act(event) {
  const element = event.target.closest("[data-action]");
  const action = element && actions[element.dataset.action];
  if (!action || element.hasAttribute("aria-busy")) return;
  // A link in a line that opens by a click is a link.
  const control = event.target.closest("a, button, input, select, summary, label");
  if (control && control !== element && element.contains(control)) return;
  if (LOCAL.has(element.dataset.action)) {
    action({ ...element.dataset }, element);
    redraw();
    refresh();
    return;
  }
  const asks = mayAsk(element.dataset);
  if (element.nodeName === "BUTTON") {
    event.preventDefault();
    if (asks && asking) {
      say("One thing at a time: what was begun before is not done yet", true);
      return;
    }
    element.setAttribute("aria-busy", "true");
  }
  if (asks) asking = element;
  try {
    // A copy: refreshes go on meanwhile, and may change what the element stands for.
    await action({ ...element.dataset }, element);
  } catch (error) {
    if (!(error instanceof Lost) && !(error instanceof Refused)) console.error(error);
    say(error.message, true);
  }
  if (asks) asking = null;
  element.removeAttribute("aria-busy");
  refresh();
}

/** A filter: what is looked for by it is asked of Orthanc first. */
async function choose(form) {
  try {
    await actions.filter(form.dataset, form);
  } catch (error) {
    if (!(error instanceof Lost) && !(error instanceof Refused)) console.error(error);
    say(error.message, true);
  }
}

/** Takes what was typed into the search box to its results. */
function find(input) {
  const sought = input.value.trim();
  input.value = "";
  if (sought) location.hash = link(["search"], { q: sought });
}

// The view's own mark is not a route of ours.
addEventListener("hashchange", () => {
  if (location.hash === "#main") return;
  navigate();
});
document.addEventListener("click", act);
document.addEventListener("pointermove", hover);
for (const event of ["pointermove", "pointerdown", "keydown"]) document.addEventListener(event, near);
document.documentElement.addEventListener("pointerleave", away);
document.addEventListener("redraw", redraw);
addEventListener("resize", redraw);
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-filter]");
  if (form) choose(form);
});
document.addEventListener("submit", (event) => {
  // The dialog's own form closes it.
  if (event.target.method === "dialog") return;
  event.preventDefault();
  const form = event.target.closest("form[data-filter]");
  if (form) choose(form);
  if (event.target.id === "find") find(event.target.elements.sought);
});
// What is asked for only while it is open. The event does not bubble.
document.addEventListener("toggle", (event) => {
  if (event.target.open && event.target.dataset.asks !== undefined) refresh();
}, true);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
document.getElementById("explorer").href = explorer();
navigate();
