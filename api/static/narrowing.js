// The bar below the search box: follows the question, and changes it.

const PAUSE = 350; // milliseconds an answer stands before it is counted: counting takes longer than finding

export class Narrowing {
  #root;
  #path;
  #timer = 0;
  #underway = null;
  #isOutdated = false; // what the bar offers belongs to another question

  /** `path` gives where the bar for the present question is; `choose` is told the address of a choice. */
  constructor(root, path, choose) {
    this.#root = root;
    this.#path = path;
    document.addEventListener("click", (event) => this.#close(event.target));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#close(null));
    document.addEventListener("click", (event) => {
      const link = event.target.closest("#narrowing a");
      if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#close(null);
      choose(new URL(link.href));
    });
  }

  /** The question has changed; at once: by a choice, or on the way back, and not while it is typed. */
  follow({ atOnce = false } = {}) {
    const pause = atOnce ? 0 : PAUSE;
    this.#isOutdated ||= atOnce;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetch(), pause);
  }

  async #fetch() {
    this.#underway?.abort();
    this.#underway = new AbortController();
    try {
      const response = await fetch(this.#path(), { signal: this.#underway.signal });
      if (response.ok) this.#show(await response.text());
    } catch {
      // The answer itself says when nobody answers.
    }
  }

  #show(text) {
    const focused = this.#menus().findIndex((menu) => menu.contains(document.activeElement));
    const isInUse = focused >= 0 || this.#root.querySelector("[open]");
    if (isInUse && !this.#isOutdated) return;
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("narrowing");
    if (fresh) this.#root.replaceChildren(...fresh.childNodes);
    this.#menus()[focused]?.querySelector("summary").focus();
    this.#isOutdated = false;
  }

  #menus() {
    return [...this.#root.querySelectorAll("details")];
  }

  #close(target) {
    for (const menu of this.#root.querySelectorAll("[open]")) {
      if (!menu.contains(target)) {
        const hadFocus = menu.contains(document.activeElement);
        menu.open = false;
        if (hadFocus && target === null) menu.querySelector("summary").focus();
      }
    }
  }
}
