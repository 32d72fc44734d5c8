// What is to be got of a model: another variant is put in its place, and the app somebody uses is remembered.

import { offerCopies } from "./copy.js";

const KEY = "hubdex.app";

const section = () => document.getElementById("getting");

/** Put what is to be got in its place, as a fresh page has it. */
export function showGetting(page) {
  const fresh = page.getElementById("getting");
  if (!fresh || !section()) return;
  const wasOpen = section().querySelector("details")?.open;
  section().replaceWith(fresh);
  if (wasOpen && fresh.querySelector("details")) fresh.querySelector("details").open = true;
  offerCopies(fresh);
  choose(fresh);
}

/** Mark the row of the variant that is to be got. */
export function markUsed() {
  const used = section()?.dataset.used;
  for (const link of document.querySelectorAll("a.use")) {
    if (new URL(link.href).searchParams.get("use") === used) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/** Choose the app that is remembered, where the variant is for it. */
function choose(root) {
  const app = remembered();
  for (const input of root.querySelectorAll('input[name="app"]')) if (input.value === app) input.checked = true;
}

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // a browser that keeps nothing
  }
}

document.addEventListener("change", (event) => {
  if (event.target.name !== "app") return;
  try {
    localStorage.setItem(KEY, event.target.value);
  } catch {
    // It counts until the page is left.
  }
});

offerCopies(document);
choose(document);
