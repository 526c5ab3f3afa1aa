/** What any page needs: copy a line, ask before what is hard to take back, go to what was just worked out. */

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = button.parentElement.querySelector("pre").textContent;
  button.textContent = (await copied(text)) ? "Copied" : "Press Ctrl+C";
  setTimeout(() => (button.textContent = "Copy"), 2000);
});

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

document.getElementById("trial")?.focus();

/** Pages that came by http from another machine have no clipboard: there the text is selected for Ctrl+C. */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const line = [...document.querySelectorAll("pre")].find((one) => one.textContent === text);
    window.getSelection().selectAllChildren(line);
    return false;
  }
}
