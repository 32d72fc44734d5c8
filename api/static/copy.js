// Puts a copy button beside whatever can be copied.

const SHOWN = 1_600;

/** Offer copies of what is in an element. */
export function offerCopies(root) {
  for (const source of root.querySelectorAll("[data-copy]:not(:has(> .copy))")) source.append(...copier(source));
}

function copier(source) {
  const button = document.createElement("button");
  const said = document.createElement("span"); // what a screen reader is told
  const name = ["Copy", source.dataset.what].filter(Boolean).join(" ");
  button.type = "button";
  button.className = "copy";
  button.textContent = name;
  said.className = "unseen";
  said.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    const outcome = (await copied(source.dataset.copy)) ? "Copied" : selected(source.firstElementChild);
    button.textContent = said.textContent = outcome;
    setTimeout(() => {
      button.textContent = name;
      said.textContent = "";
    }, SHOWN);
  });
  return [button, said];
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no permission, or no clipboard: plain http from another machine has none
  }
}

function selected(element) {
  getSelection().selectAllChildren(element);
  return "Ctrl+C";
}
