// Makes owners and hits one listbox that is steered from the text box: the combobox pattern of ARIA.

export class Choice {
  #input;
  #root;
  #current = null;

  /** `root` holds the lists of what can be chosen, each under its own label. */
  constructor(input, root) {
    this.#input = input;
    this.#root = root;
    root.setAttribute("role", "listbox");
    root.setAttribute("aria-label", "Owners and models");
    for (const list of root.children) list.setAttribute("role", "group");
    for (const [name, value] of [["role", "combobox"], ["aria-controls", root.id], ["aria-autocomplete", "list"]]) {
      input.setAttribute(name, value);
    }
    this.renew();
  }

  get current() {
    return this.#current;
  }

  get options() {
    return [...this.#root.querySelectorAll("a.pick, a.hit")];
  }

  /** The lists have changed: nothing is chosen in them. */
  renew() {
    const options = this.options;
    for (const option of options) {
      option.parentElement.setAttribute("role", "presentation");
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.tabIndex = -1;
    }
    // A listbox has no other links in it: by keyboard, the page of an owner is behind picking the owner.
    // And a hit leads to the best of the variants that match; their own links are for the mouse.
    for (const shortcut of this.#root.querySelectorAll("a.page, a.variant")) {
      shortcut.tabIndex = -1;
      (shortcut.closest(".matching") ?? shortcut).setAttribute("aria-hidden", "true");
    }
    this.#input.setAttribute("aria-expanded", String(options.length > 0));
    this.choose(null);
  }

  choose(option) {
    this.#current?.setAttribute("aria-selected", "false");
    this.#current = option;
    if (option === null) {
      this.#input.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    this.#input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  /** Answer a key; tell whether it was one of ours. */
  press(key) {
    const options = this.options;
    const at = this.#current === null ? -1 : options.indexOf(this.#current);
    const to = target(key, at, options.length);
    if (to === null) return false;
    this.choose(to < 0 ? null : options[to]);
    return true;
  }
}

/** Where a key leads from a place in a list: a place, -1 for the text box, null for nowhere. */
function target(key, at, length) {
  if (length === 0) return null;
  if (key === "ArrowDown") return at + 1 < length ? at + 1 : -1;
  if (key === "ArrowUp") return at < 0 ? length - 1 : at - 1;
  if (at < 0) return null;
  if (key === "Home") return 0;
  if (key === "End") return length - 1;
  return null;
}
