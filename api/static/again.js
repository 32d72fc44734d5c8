// Looks again whether what could not be shown can be shown now; only then is the page loaded anew.

const PAUSE = 3_000;
const box = document.getElementById("q");

async function look() {
  const isInUse = box.value !== box.defaultValue; // what is being typed is not thrown away
  if (!document.hidden && !isInUse && (await isBack())) return location.reload();
  setTimeout(look, PAUSE);
}

async function isBack() {
  try {
    return (await fetch(location.href, { method: "HEAD" })).status !== 503;
  } catch {
    return false; // nobody there, or no network
  }
}

setTimeout(look, PAUSE);
