/** The page of what was decided: take a whole step back. */

import { counted, say, send } from "./calls.js";

const base = document.getElementById("log").dataset.base;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-undo-batch]");
  if (!button) return;
  button.disabled = true;
  try {
    const undone = await send(`${base}/undo`, { batch: button.dataset.undoBatch });
    say(undone.count ? `Taken back: ${counted(undone.count)}` : "It was decided again since; nothing was taken back");
    if (undone.count) location.reload();
  } catch (error) {
    button.disabled = false;
    say(`Not undone: ${error.message}`, true);
  }
});
