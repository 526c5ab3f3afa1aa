/** Many comments at once: those that are ticked, and selections that the service keeps as a snapshot. */

import { counted, say, send } from "./calls.js";
import { WORDS } from "./queue.js";

export class Bulk {
  constructor(queue) {
    this.queue = queue;
    this.bar = document.getElementById("bulk");
    this.dialog = document.getElementById("selection");
    this.selection = null;
    document.addEventListener("ticked", () => this.#showTicked());
  }

  #showTicked() {
    if (!this.bar) return;
    const count = this.queue.ticked.length;
    this.bar.hidden = count === 0;
    document.body.classList.toggle("has-bulk", count > 0);
    this.bar.querySelector("[data-bulk-count]").textContent = `${counted(count)} ticked`;
  }

  clear() {
    for (const card of this.queue.ticked) this.queue.toggleTick(card, false);
  }

  /** Ask for a snapshot and show what is in it; nothing is decided before a button is pressed there. */
  async select(of, card, domain = "") {
    const wanted = { of, domain, number: card ? Number(card.dataset.number) : null, query: location.search.slice(1) };
    try {
      this.selection = await this.queue.line.add(() => send(`${this.queue.base}/selections`, wanted));
      this.dialog.querySelector("[data-content]").innerHTML = this.selection.html; // escaped by the server
      this.dialog.showModal();
    } catch (error) {
      say(`Not selected: ${error.message}`, true);
    }
  }

  press(button) {
    if ("close" in button.dataset) return this.dialog.close();
    if ("decide" in button.dataset) return this.decide(button.dataset.decide);
  }

  async decide(decision) {
    this.dialog.close();
    if (!this.selection.count) return;
    const { id } = this.selection;
    const step = { batch: null };
    this.queue.steps.push(step);
    try {
      const told = await this.queue.line.add(() => send(`${this.queue.base}/selections/${id}/decisions`, { decision }));
      step.batch = told.batch;
      if (!told.batch) this.queue.steps = this.queue.steps.filter((one) => one !== step);
      this.queue.takeDecided(told.decided);
      this.queue.bringBackLeft(told);
      say(`${counted(told.decided.length)}: ${WORDS[decision].toLowerCase()}. One undo takes them all back.`);
    } catch (error) {
      this.queue.steps = this.queue.steps.filter((one) => one !== step);
      say(`Not decided: ${error.message}`, true);
    }
  }
}
