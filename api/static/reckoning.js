// Whether the variants of a model fit into the memory that is remembered, and which of them is to be got.
// Without this script a form and links ask.

import { markUsed, showGetting } from "./getting.js";
import { memoryIn, remember, remembered } from "./memory.js";

const GIVEN = ["memory", "vram", "ram"];
const ASKED = [...GIVEN, "ctx"];

const section = () => document.getElementById("variants");

let newest = 0;

/** Give this page as it is at another address; null: nobody answers, or something newer was asked. */
async function fetched(url) {
  const mine = ++newest;
  try {
    const response = await fetch(url.pathname + url.search);
    const text = await response.text();
    if (!response.ok || mine !== newest) return null;
    return new DOMParser().parseFromString(text, "text/html");
  } catch {
    return null; // the form and the links still ask by themselves
  }
}

/** Put the variants in their place, reckoned with so much memory and context; tell whether that went well. */
async function reckon(memory, context) {
  const url = new URL(location.href);
  for (const name of ASKED) url.searchParams.delete(name);
  if (context) url.searchParams.set("ctx", context);
  const shown = url.href; // what somebody has is nobody else's business: it stays out of the address
  if (memory) url.searchParams.set("memory", memory);
  const page = await fetched(url);
  const fresh = page?.getElementById("variants");
  if (!fresh) return false;
  const wasOpen = section().querySelector("details")?.open;
  section().replaceWith(fresh);
  if (wasOpen) section().querySelector("details").open = true;
  showGetting(page);
  history.replaceState(null, "", shown);
  return true;
}

/** Make another variant the one that is to be got; tell whether that went well. */
async function use(link) {
  const url = new URL(location.href);
  url.searchParams.set("use", new URL(link.href).searchParams.get("use"));
  url.hash = "get";
  const shown = url.href;
  if (!GIVEN.some((name) => url.searchParams.has(name)) && remembered()) url.searchParams.set("memory", remembered());
  const page = await fetched(url);
  if (!page) return false;
  showGetting(page);
  markUsed();
  history.replaceState(null, "", shown);
  document.getElementById("get").focus({ preventScroll: true });
  document.getElementById("get").scrollIntoView();
  return true;
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a.use");
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const asked = newest + 1;
  if (!(await use(link)) && asked === newest) location.assign(link.href);
});

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form.reckon");
  if (!form) return;
  event.preventDefault();
  const memory = memoryIn(form);
  remember(memory);
  if (await reckon(memory, form.elements.ctx.value)) section().querySelector("form.reckon button").focus();
  else form.submit();
});

async function begin() {
  const asked = new URLSearchParams(location.search);
  const memory = remembered();
  if (memory === "" || !section() || GIVEN.some((name) => asked.has(name))) return;
  await reckon(memory, asked.get("ctx"));
  if (location.hash) location.replace(location.href); // what it points at has been put in anew
}

begin();
