// The bar below the search box: follows the question, and changes it.

import { memoryIn } from "./memory.js";

const PAUSE = 350; // milliseconds an answer stands before it is counted: counting takes longer than finding

export class Narrowing {
  #root;
  #path;
  #choose;
  #timer = 0;
  #underway = null;
  #shown = null; // the path of what the bar offers; null: it came with the page

  /**
   * `path` gives where the bar for the present question is; `choose` is told the address of a choice, and
   * `use` the memory that was typed.
   */
  constructor(root, path, choose, use) {
    this.#root = root;
    this.#path = path;
    this.#choose = choose;
    document.addEventListener("click", (event) => this.#close(event.target));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#close(null));
    document.addEventListener("click", (event) => {
      const link = event.target.closest("#narrowing a:not(.forget)");
      if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#close(null);
      this.#follow(link);
    });
    // A browser leaves what is half in sight where it is.
    root.addEventListener("focusin", (event) => {
      event.target.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
    root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#useMemory(memoryIn(event.target), use);
    });
    root.addEventListener("click", (event) => {
      if (!event.target.closest("a.forget")) return;
      event.preventDefault();
      this.#useMemory("", use);
    });
  }

  #useMemory(text, use) {
    this.#close(null);
    use(text);
  }

  /** The question has changed; at once: by a choice, or on the way back, and not while it is typed. */
  follow({ atOnce = false } = {}) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetch(), atOnce ? 0 : PAUSE);
  }

  /** A link of a bar that is behind the box would take back what was typed since: its like is followed. */
  async #follow(link) {
    const menu = this.#menus().findIndex((one) => one.contains(link));
    if (this.#shown !== this.#path()) await this.#fetch();
    const alike = [...this.#root.querySelectorAll("a")].filter((one) => words(one) === words(link));
    const chosen = alike.find((one) => this.#menus()[menu]?.contains(one)) ?? alike[0];
    if (chosen) this.#choose(new URL(chosen.href));
  }

  async #fetch() {
    const path = this.#path();
    clearTimeout(this.#timer);
    this.#underway?.abort();
    this.#underway = new AbortController();
    try {
      const response = await fetch(path, { signal: this.#underway.signal });
      if (response.ok) this.#show(await response.text(), path);
    } catch {
      // The answer itself says when nobody answers.
    }
  }

  #show(text, path) {
    const before = this.#menus();
    const focused = before.findIndex((menu) => menu.contains(document.activeElement));
    const open = before.findIndex((menu) => menu.open);
    if (path === this.#shown && (focused >= 0 || open >= 0)) return; // nothing changes below a finger
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("narrowing");
    if (!fresh) return;
    const mine = this.#root.querySelector(".mine[open]"); // what is being typed into it stays
    const typing = mine?.contains(document.activeElement) ? document.activeElement : null;
    this.#root.replaceChildren(...fresh.childNodes);
    this.#shown = path;
    if (mine) this.#root.querySelector(".mine")?.replaceWith(mine);
    const after = this.#menus();
    if (after[open]) after[open].open = true;
    (typing ?? after[focused]?.querySelector("summary"))?.focus();
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

/** What a choice is called, without its count. */
function words(link) {
  return link.firstChild.textContent.trim();
}
