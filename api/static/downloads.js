// Downloads in place: buttons without leaving the page, and live progress while somebody looks.
//
// Whatever can change is an element with `data-live` and an id. What moves (bytes) is drawn here; when a state
// changes, the page is asked for anew and its live elements take the place of the old ones.

import { offerCopies } from "./copy.js";

const EVENTS = "/v1/downloads/events";
const API = "/v1/downloads";
const KEY = "/-/key";
const AGAIN = 3_000;

const live = () => document.querySelectorAll("[data-live]");
const known = new Map(); // the state of each download, as it was last told
const shown = new Map(); // what each live element held when it came
const spoken = document.createElement("p"); // what a screen reader is told
let source = null;
let renewing = null;
let isStale = false;

spoken.className = "unseen";
spoken.setAttribute("role", "status");
document.querySelector("main").append(spoken);

// -- what is told ----------------------------------------------------------------------------

function listen() {
  if (source !== null || document.hidden || !isUnderWay()) return;
  source = new EventSource(EVENTS);
  source.addEventListener("job", (event) => show(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    stop(); // too many listen: ask now and then
    setTimeout(renew, AGAIN);
  });
}

/** Nobody looks, or nothing happens: a connection is dear, a browser has six of them for all its tabs. */
function stop() {
  source?.close();
  source = null;
}

function isUnderWay() {
  const states = ["queued", "downloading", "verifying"];
  return [...document.querySelectorAll("[data-job]")].some((part) => states.includes(part.dataset.state));
}

function show(job) {
  const before = known.get(job.job_id);
  known.set(job.job_id, job.state);
  const parts = [...document.querySelectorAll(`[data-job="${CSS.escape(job.job_id)}"]`)];
  if (before !== undefined && before !== job.state) say(job);
  const isNew = before === undefined && parts.length === 0 && document.getElementById("downloads") !== null;
  if (isNew || parts.some((part) => part.dataset.state !== job.state)) return renew();
  for (const part of parts) draw(part, job);
}

function draw(part, job) {
  const progress = part.querySelector("progress");
  const said = part.querySelector("[data-said]");
  if (!progress) return; // it has ended
  progress.max = job.total_bytes || 1;
  progress.value = job.total_bytes ? job.downloaded_bytes : 0;
  said.textContent = words(job);
}

function say(job) {
  spoken.textContent = `${job.model} ${job.label}: ${job.state.replace("_", " ")}`;
}

// -- words, as `api/pages/downloading.py` says them ------------------------------------------

function words(job) {
  const percent = job.total_bytes ? `${Math.min(99, Math.floor((100 * job.downloaded_bytes) / job.total_bytes))} %` : "";
  if (job.note) return job.downloaded_bytes && percent ? `${percent}, ${job.note}` : job.note;
  if (job.state === "queued" && !job.downloaded_bytes) return "It waits for its turn.";
  const parts = percent
    ? [percent, `${size(job.downloaded_bytes)} of ${size(job.total_bytes)}`]
    : [`${size(job.downloaded_bytes)} so far`];
  if (job.state === "downloading" && job.bytes_per_second) {
    parts.push(`${size(job.bytes_per_second)}/s`);
    if (job.eta_seconds !== null) parts.push(left(job.eta_seconds));
  }
  return parts.join(", ");
}

function size(bytes) {
  for (const [unit, word] of [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"]]) {
    const scaled = bytes / unit;
    if (scaled >= 0.9995) return `${scaled.toFixed(Math.max(0, 3 - String(Math.floor(scaled)).length))} ${word}`;
  }
  return `${bytes} B`;
}

function left(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min left`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
  return `${Math.floor(minutes / (24 * 60))} days left`;
}

// -- the page anew ---------------------------------------------------------------------------

function renew() {
  isStale = true;
  renewing ??= renewed().finally(() => {
    renewing = null;
    listen();
    if (!isUnderWay()) stop();
  });
  return renewing;
}

async function renewed() {
  while (isStale) {
    isStale = false;
    try {
      const response = await fetch(location.href);
      if (response.ok) replace(new DOMParser().parseFromString(await response.text(), "text/html"));
    } catch {
      return; // away for a moment; the next event asks again
    }
  }
}

function replace(page) {
  for (const old of live()) {
    const fresh = page.getElementById(old.id);
    if (!fresh || fresh.outerHTML === shown.get(old.id)) continue;
    shown.set(old.id, fresh.outerHTML);
    const focused = old.contains(document.activeElement) ? place(old, document.activeElement) : -1;
    old.replaceWith(document.adoptNode(fresh));
    offerCopies(fresh);
    if (focused >= 0) (buttons(fresh)[focused] ?? buttons(fresh)[0])?.focus();
  }
}

const buttons = (part) => [...part.querySelectorAll("button, a")];
const place = (part, element) => buttons(part).indexOf(element);

// -- buttons ---------------------------------------------------------------------------------

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const part = form.closest("[data-live]");
  if (!part || !new URL(form.action).pathname.startsWith("/-/downloads")) return;
  event.preventDefault();
  if (part.getAttribute("aria-busy") === "true") return;
  part.setAttribute("aria-busy", "true");
  const trouble = await asked(form);
  part.removeAttribute("aria-busy");
  if (trouble === null) renew();
  else complain(part, trouble);
});

/** Send a form to the API; give what is wrong in a sentence, or null. */
async function asked(form) {
  const [, id = "", action = ""] = new URL(form.action).pathname.split("/-/downloads")[1].split("/");
  const forgets = action === "forget";
  const path = [API, id, forgets ? "" : action].filter(Boolean).join("/");
  const fields = JSON.stringify(Object.fromEntries(new FormData(form)));
  try {
    const response = forgets
      ? await fetch(path, { method: "DELETE" })
      : await fetch(path, { method: "POST", body: id ? "{}" : fields, headers: { "content-type": "application/json" } });
    if (response.ok) return null;
    const { error, message } = await response.json();
    if (error !== "key_needed") return message;
    location.assign(`${KEY}?next=${encodeURIComponent(location.pathname + location.search)}`);
    return message;
  } catch {
    return navigator.onLine ? "Hubdex does not answer." : "This browser is offline.";
  }
}

/** Say what is wrong below the button, addresses as links. */
function complain(part, sentence) {
  const said = part.querySelector(".said.trouble") ?? document.createElement("p");
  said.className = "said trouble";
  said.setAttribute("role", "alert");
  said.replaceChildren(
    ...sentence.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:)])/).map((text, at) => {
      if (at % 2 === 0) return text;
      return Object.assign(document.createElement("a"), { href: text, rel: "noopener", textContent: text });
    }),
  );
  part.append(said);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return stop();
  if (isUnderWay()) renew();
});
for (const one of document.querySelectorAll("[data-job]")) known.set(one.dataset.job, one.dataset.state);
offerCopies(document);
listen();
