// Whether the variants of a model fit into the memory that is remembered. Without this script a form asks.

import { memoryIn, remember, remembered } from "./memory.js";

const ASKED = ["memory", "vram", "ram", "ctx"];

const section = () => document.getElementById("variants");

/** Put the variants in their place, reckoned with so much memory and context; tell whether that went well. */
async function reckon(memory, context) {
  const url = new URL(location.href);
  for (const name of ASKED) url.searchParams.delete(name);
  if (context) url.searchParams.set("ctx", context);
  const shown = url.href; // what somebody has is nobody else's business: it stays out of the address
  if (memory) url.searchParams.set("memory", memory);
  try {
    const response = await fetch(url.pathname + url.search);
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("variants");
    if (!response.ok || !fresh) return false;
    const wasOpen = section().querySelector("details")?.open;
    section().replaceWith(fresh);
    if (wasOpen) section().querySelector("details").open = true;
    history.replaceState(null, "", shown);
    return true;
  } catch {
    return false; // nobody there: the form still asks by itself
  }
}

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
  if (memory === "" || !section() || ["memory", "vram", "ram"].some((name) => asked.has(name))) return;
  await reckon(memory, asked.get("ctx"));
  if (location.hash) location.replace(location.href); // what it points at has been put in anew
}

begin();
