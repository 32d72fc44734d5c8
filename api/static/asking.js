// Asks the service for answers. Only the newest question counts: what comes late is dropped.

export class Asker {
  #newest = 0;
  #underway = null;

  get isWaiting() {
    return this.#underway !== null;
  }

  /** Give `{answer}`, `{trouble}`, or null when a newer question was asked meanwhile. */
  async ask(path) {
    const mine = ++this.#newest;
    this.#underway?.abort();
    this.#underway = new AbortController();
    const outcome = await fetched(path, this.#underway.signal);
    if (mine !== this.#newest) return null;
    this.#underway = null;
    return outcome;
  }
}

async function fetched(path, signal) {
  try {
    const response = await fetch(path, { signal });
    const text = await response.text();
    if (response.ok) return { answer: parsed(text) };
    return { trouble: sentence(text) };
  } catch {
    return { trouble: navigator.onLine ? "Hubdex does not answer." : "This browser is offline." };
  }
}

function parsed(text) {
  return new DOMParser().parseFromString(text, "text/html").getElementById("answer");
}

function sentence(text) {
  try {
    return JSON.parse(text).message;
  } catch {
    return "Hubdex could not answer.";
  }
}
