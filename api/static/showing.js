// Puts answers into the page, and says what is wrong while the last one stays.

const part = (root, id) => root.querySelector(`#${id}`);

export class View {
  constructor(root) {
    this.root = root;
    this.choices = part(root, "choices");
    this.chips = part(root, "chips");
    this.hits = part(root, "hits");
    this.owners = part(root, "owners");
    this.recommended = part(root, "recommended");
    this.notice = part(root, "notice");
  }

  /** Whether it shows variants, which say whether they fit. */
  get tellsFits() {
    return this.root.querySelector("#hits .size, .card .size") !== null;
  }

  get state() {
    return this.root.dataset.state;
  }

  /** Show an answer in the place of the last one. */
  replace(answer) {
    this.#take(answer);
    this.#text("named", answer);
    this.recommended.replaceChildren(...part(answer, "recommended").children);
    this.chips.replaceChildren(...part(answer, "chips").children);
    this.owners.replaceChildren(...part(answer, "owners").children);
    this.hits.replaceChildren(...part(answer, "hits").children);
  }

  /** Show an answer below the hits that are there already; give its first hit. */
  append(answer) {
    this.#take(answer);
    const fresh = [...part(answer, "hits").children];
    this.hits.append(...fresh);
    part(this.root, "after").querySelector("[rel=prev]")?.remove();
    return fresh[0]?.firstElementChild ?? null;
  }

  /** Only tell how old and how complete the answers are. */
  refresh(answer) {
    this.#say(answer.dataset.state, "");
    this.#text("coverage", answer);
  }

  /** Say what is wrong; the last answer stays, visibly the last one. */
  trouble(sentence) {
    const kept = this.hits.children.length > 0 ? "What you see is the last answer; it" : "It";
    this.#say("trouble", `${sentence} ${kept} goes on by itself.`);
  }

  busy(isBusy) {
    this.hits.setAttribute("aria-busy", String(isBusy));
  }

  #take(answer) {
    this.#say(answer.dataset.state, part(answer, "notice").textContent);
    this.#text("count", answer);
    this.#text("coverage", answer);
    part(this.root, "after").replaceChildren(...part(answer, "after").childNodes);
  }

  #say(state, sentence) {
    this.root.dataset.state = state;
    this.hits.classList.toggle("old", state === "trouble");
    if (this.notice.textContent !== sentence) this.notice.textContent = sentence;
    this.notice.hidden = sentence === "";
  }

  #text(id, answer) {
    const [shown, fresh] = [part(this.root, id), part(answer, id)];
    // A live region that is set to what it says already would be read out again.
    if (shown.innerHTML !== fresh.innerHTML) shown.replaceChildren(...fresh.childNodes);
  }
}
