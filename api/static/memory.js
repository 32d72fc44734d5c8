// How much memory somebody has: typed once into a form, remembered in this browser.

const KEY = "hubdex.memory";
const MEMORY = /^\d+(\.\d+)?gb(\+\d+(\.\d+)?gb)?$/;

/** Give the memory that is remembered, as the service reads it: `8gb+32gb`; nothing: "". */
export function remembered() {
  try {
    const text = localStorage.getItem(KEY) ?? "";
    return MEMORY.test(text) ? text : "";
  } catch {
    return ""; // a browser that keeps nothing
  }
}

export function remember(text) {
  try {
    if (text === "") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, text);
  } catch {
    // It counts until the page is left.
  }
}

/** Give the memory that a form says. */
export function memoryIn(form) {
  const [vram, ram] = ["vram", "ram"].map((name) => Math.round((Number(form.elements[name].value) || 0) * 1_000) / 1_000);
  if (vram + ram <= 0) return "";
  return ram > 0 ? `${vram}gb+${ram}gb` : `${vram}gb`;
}
