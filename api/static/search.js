// The search page while somebody types. Without this script it is a plain form.

import { Asker } from "./asking.js";
import { Choice } from "./choosing.js";
import { remember, remembered } from "./memory.js";
import { Narrowing } from "./narrowing.js";
import { View } from "./showing.js";

const PAUSE = 70; // milliseconds without a key before a question is asked
const PATIENCE = 150; // before the list is called busy: what comes sooner must not flicker
const AGAIN = { waiting: 2_000, trouble: 3_000, answered: 30_000, refused: 30_000 };

const form = document.getElementById("search");
const home = form.getAttribute("action"); // "/", or the page of an owner
const results = form.dataset.results;
const heading = [...home.split("/").slice(1), "Hubdex"].filter(Boolean).join(" - ");
const input = document.getElementById("q");
const view = new View(document.getElementById("answer"));
const choice = new Choice(input, view.choices);
const asker = new Asker();
const clear = clearButton();
let shown = input.defaultValue; // what the browser put back, or was typed early, is asked below
let pause = 0;
let again = 0;

let { sort, kind } = manner(new URL(location.href));
const given = form.querySelector("[name=memory]")?.value ?? ""; // the address said it, the page reckons with it
let memory = given || remembered();

const joined = (base, asked) => (asked === "" ? base : `${base}${base.includes("?") ? "&" : "?"}${asked}`);

function manner(url) {
  return { sort: url.searchParams.get("sort") ?? "", kind: url.searchParams.get("kind") ?? "" };
}

/** Give where a question is asked; how much memory somebody has is told the service, and no address bar. */
function address(text, base = home) {
  const asked = { q: text, sort, kind, memory: base === home ? "" : memory };
  const said = Object.entries(asked).filter(([, value]) => value !== "");
  return joined(base, said.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&"));
}

const narrowing = new Narrowing(
  document.getElementById("narrowing"),
  () => address(input.value, form.dataset.narrowing),
  choose,
  use,
);

async function ask() {
  clearTimeout(pause);
  const text = input.value;
  history.replaceState(null, "", address(text));
  document.title = text === "" ? heading : `${text} - ${heading}`;
  narrowing.follow();
  const outcome = await patiently(asker.ask(address(text, results)));
  if (outcome === null) return;
  if (outcome.answer) {
    shown = text;
    view.replace(outcome.answer);
    choice.renew();
    window.scrollTo({ top: 0 });
  } else {
    view.trouble(outcome.trouble);
  }
  lookAgain();
}

async function more(link) {
  const outcome = await patiently(asker.ask(joined(results, new URL(link.href).search.slice(1))));
  if (outcome === null) return;
  if (outcome.answer) {
    const first = view.append(outcome.answer);
    choice.renew();
    first?.focus({ preventScroll: true });
  } else {
    view.trouble(outcome.trouble);
  }
  lookAgain();
}

async function patiently(question) {
  const timer = setTimeout(() => view.busy(true), PATIENCE);
  try {
    return await question;
  } finally {
    clearTimeout(timer);
    if (!asker.isWaiting) view.busy(false);
  }
}

/** The first models may have come, the service may be back, and the answers grow old. */
function lookAgain() {
  clearTimeout(again);
  again = setTimeout(refresh, AGAIN[view.state] ?? AGAIN.answered);
}

async function refresh() {
  if (document.hidden || asker.isWaiting) return lookAgain();
  if (view.state !== "answered" || input.value !== shown) return ask();
  const outcome = await asker.ask(address(shown, results));
  if (outcome?.answer) view.refresh(outcome.answer);
  else if (outcome) view.trouble(outcome.trouble);
  lookAgain();
}

/** Ask what an address says, and leave the present question behind it for the way back. */
function choose(url) {
  for (const name of ["memory", "vram", "ram"]) url.searchParams.delete(name);
  history.pushState(null, "", url);
  look(url);
}

function look(url) {
  input.value = url.searchParams.get("q") ?? "";
  ({ sort, kind } = manner(url));
  clear.hidden = input.value === "";
  ask();
  narrowing.follow({ atOnce: true });
}

/** Somebody said how much memory there is: from now on, variants say whether they fit. */
function use(text) {
  memory = text;
  remember(text);
  ask();
  narrowing.follow({ atOnce: true });
}

function askSoon() {
  clear.hidden = input.value === "";
  choice.choose(null);
  clearTimeout(pause);
  pause = setTimeout(ask, PAUSE);
}

function empty() {
  input.value = "";
  askSoon();
  input.focus();
}

function onKey(event) {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter" && choice.current) choice.current.click();
  else if (event.key === "Escape" && input.value !== "") empty();
  else if (!choice.press(event.key)) return;
  event.preventDefault();
}

function onClick(event) {
  const link = event.target.closest("a[rel=next], a.pick, a.chip");
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.rel === "next") more(link);
  else pick(link);
}

/** The owner stands in the box; the name is typed on behind it. */
function pick(link) {
  choose(new URL(link.href));
  input.focus();
}

function clearButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "clear";
  button.hidden = input.value === "";
  button.innerHTML = '<span class="unseen">Clear</span>';
  button.addEventListener("click", empty);
  form.append(button);
  return button;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
input.addEventListener("input", askSoon);
input.addEventListener("keydown", onKey);
view.root.addEventListener("click", onClick);
window.addEventListener("online", () => ask());
window.addEventListener("popstate", () => look(new URL(location.href)));
document.addEventListener("visibilitychange", () => document.hidden || refresh());
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea")) return;
  event.preventDefault();
  input.select();
});
if (input.value !== shown) askSoon();
else if (memory !== given) {
  if (view.tellsFits) ask();
  narrowing.follow({ atOnce: true });
}
lookAgain();
