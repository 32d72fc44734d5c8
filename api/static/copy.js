// Puts a copy button beside each command.

const SHOWN = 1_600;

for (const command of document.querySelectorAll(".command")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", () => copy(command.querySelector("code"), button));
  command.append(button);
}

async function copy(code, button) {
  button.textContent = (await copied(code.textContent)) ? "Copied" : selected(code);
  setTimeout(() => (button.textContent = "Copy"), SHOWN);
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no permission, or no clipboard: plain http from another machine has none
  }
}

function selected(code) {
  getSelection().selectAllChildren(code);
  return "Ctrl+C";
}
