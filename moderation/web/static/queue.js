/** The cards of a page: which one is current, what was decided, undone or failed, and more when few are left. */

import { Line, Refused, cardsIn, counted, get, say, send } from "./calls.js";

const REFILL_BELOW = 8;
const START = "start";
const GLIDE_MS = 2_000; // no longer does a page glide on after a key
const RENEW_MS = 100_000;
const IDLE_MS = 240_000;
export const WORDS = {
  approve: "Approved",
  reject_promotional: "Rejected as promotional",
  reject_off_topic: "Rejected as off-topic",
  reject_other: "Rejected for another reason",
};

export class Queue {
  constructor(desk) {
    this.list = desk.querySelector("#cards");
    this.base = desk.dataset.base;
    this.cursor = desk.dataset.cursor;
    this.isAlone = "alone" in desk.dataset;
    this.line = new Line((waiting) => (desk.dataset.waiting = waiting));
    this.steps = []; // what u takes back, last one first
    this.gone = new Set(); // numbers that must not come again with more cards
    this.mayLookAgain = true; // once after the last one, until that brings something
    this.filling = null;
    this.lastUse = Date.now();
    this.gliding = new AbortController();
    for (const use of ["wheel", "touchmove", "pointerdown"]) addEventListener(use, () => this.used(), { passive: true });
    this.#makeCurrent(this.cards[0], false);
    this.#keepClaims();
  }

  get cards() {
    return [...this.list.children];
  }

  get ticked() {
    return this.cards.filter((card) => card.querySelector("[data-tick]")?.checked);
  }

  // --- Move ---------------------------------------------------------------------------------------------------------

  makeCurrent(card) {
    this.#makeCurrent(card, true);
  }

  #makeCurrent(card, focus) {
    this.current?.classList.remove("is-current");
    this.current?.removeAttribute("aria-current");
    this.current = card ?? null;
    if (!card) this.#refill();
    const nothing = document.getElementById("nothing");
    if (nothing) nothing.hidden = this.current !== null || this.filling !== null;
    if (!card) return;
    card.classList.add("is-current");
    card.setAttribute("aria-current", "true");
    if (focus) {
      card.focus({ preventScroll: true });
      this.#show(card);
    }
    this.#refill();
  }

  /** Into view; a page that glides on after a key is called back, since the browser lets that run to its end. */
  #show(card) {
    this.gliding.abort();
    this.#place(card);
    const gliding = (this.gliding = new AbortController());
    const place = scrollY;
    addEventListener("scrollend", () => scrollY !== place && this.#place(card), { signal: gliding.signal });
    setTimeout(() => gliding.abort(), GLIDE_MS);
  }

  #place(card) {
    card.scrollIntoView({ block: "nearest" });
    if (card.getBoundingClientRect().top < 0 || card.offsetHeight > innerHeight) card.scrollIntoView({ block: "start" });
  }

  /** The moderator did something: what is open stays theirs, and the page is theirs to scroll. */
  used() {
    this.lastUse = Date.now();
    this.gliding.abort();
  }

  move(by) {
    const place = this.cards.indexOf(this.current);
    const next = this.cards[place + by];
    if (next) this.makeCurrent(next);
  }

  // --- Decide -------------------------------------------------------------------------------------------------------

  /** Take cards away at once and send the decision behind the moderator's back; what fails comes back. */
  decide(cards, decision) {
    const open = cards.filter((card) => card.isConnected);
    if (!open.length) return;
    const step = { batch: null, cards: open };
    this.steps.push(step);
    const seen = open.map((card) => [Number(card.dataset.number), Number(card.dataset.version)]);
    this.#takeAway(open);
    this.#tell(open.length === 1 ? WORDS[decision] : `${counted(open.length)}: ${WORDS[decision].toLowerCase()}`);
    return this.line
      .add(() => send(`${this.base}/decisions`, { seen, decision }))
      .then((told) => {
        step.batch = told.batch;
        if (!told.decided.length) this.#forget(step);
        if (this.isAlone && told.decided.length) return location.reload();
        this.count(-told.decided.length);
        this.bringBackLeft(told);
      })
      .catch((error) => {
        this.#forget(step);
        this.#bringBack(open, error);
      });
  }

  /** What the service left alone, each with its reason. */
  bringBackLeft(told) {
    for (const left of told.left.toReversed()) {
      this.#return(cardsIn(left.html), left.why);
    }
    if (told.skipped) say(`${counted(told.skipped)} left alone: ${told.left[0]?.why ?? "changed since"}`, true);
  }

  /** What was decided by another way than its card: a selection. */
  takeDecided(numbers) {
    if (this.isAlone) return location.reload();
    const decided = new Set(numbers);
    for (const number of numbers) this.gone.add(String(number));
    this.#takeAway(this.cards.filter((card) => decided.has(Number(card.dataset.number))));
    this.count(-numbers.length);
  }

  skip() {
    const card = this.current;
    if (!card || this.isAlone) return;
    this.steps.push({ skipped: card });
    this.#takeAway([card]);
    this.#tell("Skipped");
    this.line.add(() => send(`${this.base}/claims/release`, { numbers: [Number(card.dataset.number)] })).catch(() => {});
  }

  #takeAway(cards) {
    if (this.isAlone) {
      cards.forEach((card) => this.#note(card, "Sending …"));
      return;
    }
    const leaving = new Set(cards);
    const all = this.cards;
    const place = Math.max(0, all.indexOf(this.current));
    const next = [...all.slice(place), ...all.slice(0, place).toReversed()].find((card) => !leaving.has(card));
    for (const card of cards) {
      this.gone.add(card.dataset.number);
      card.remove();
      this.#tick(card, false);
    }
    if (next !== this.current || !next) this.makeCurrent(next);
    document.dispatchEvent(new Event("ticked"));
  }

  #bringBack(cards, error) {
    const why = error instanceof Refused ? error.message : "this page failed on it";
    say(`Not decided: ${why}`, true);
    this.#return(cards, `Not decided: ${why}`);
  }

  /** Cards come next, and not in the place of the one that is being read: a key that is on its way is for that one. */
  #return(cards, why) {
    for (const card of cards) {
      this.gone.delete(card.dataset.number);
      this.list.querySelector(`#${CSS.escape(card.id)}`)?.remove();
      if (!this.current?.isConnected) this.current = null;
      if (this.current) this.current.after(card);
      else this.list.prepend(card);
      this.#note(card, why);
      if (!this.current) this.makeCurrent(card);
    }
  }

  #note(card, text) {
    const note = card.querySelector("[data-note]");
    note.textContent = text;
    note.hidden = !text;
  }

  #tick(card, on) {
    const box = card.querySelector("[data-tick]");
    if (box) box.checked = on;
    card.classList.toggle("is-ticked", on);
  }

  toggleTick(card, on) {
    this.#tick(card, on ?? !card.querySelector("[data-tick]")?.checked);
    document.dispatchEvent(new Event("ticked"));
  }

  // --- Undo ---------------------------------------------------------------------------------------------------------

  undo() {
    return this.line
      .add(() => this.#takeBack())
      .then((undone) => {
        if (!undone?.count) return;
        if (this.isAlone) return location.reload();
        this.count(undone.count);
        this.#showUndone(undone);
      })
      .catch((error) => say(`Not undone: ${error.message}`, true));
  }

  /** The last step is known only once all before it are sent: this runs in the line. */
  async #takeBack() {
    const step = this.steps.pop();
    if (step?.skipped) return this.#unskip(step.skipped);
    const undone = await send(`${this.base}/undo`, step?.batch ? { batch: step.batch } : {});
    if (!undone.count) say(undone.skipped ? "It was decided again since" : "There is nothing to undo");
    return undone;
  }

  #showUndone(undone) {
    const cards = cardsIn(undone.html);
    this.current?.classList.remove("is-current");
    for (const card of cards.toReversed()) {
      this.gone.delete(card.dataset.number);
      this.list.querySelector(`#${CSS.escape(card.id)}`)?.remove();
      this.list.prepend(card);
    }
    if (undone.count > cards.length) this.#lookFromTheStart();
    say(`Taken back: ${counted(undone.count)}`);
    this.makeCurrent(this.cards[0]);
  }

  async #unskip(card) {
    const { lost } = await send(`${this.base}/claims`, { numbers: [Number(card.dataset.number)] });
    if (lost.length) return say(`Not back: ${lost[0].why}`, true);
    this.gone.delete(card.dataset.number);
    this.list.prepend(card);
    this.makeCurrent(card);
    say("Back from the skipped ones");
  }

  #forget(step) {
    this.steps = this.steps.filter((one) => one !== step);
  }

  // --- More cards, and what is open -----------------------------------------------------------------------------------

  #refill() {
    if (this.isAlone || this.filling || this.cards.length >= REFILL_BELOW) return;
    if (!this.cursor && !this.cards.length && this.mayLookAgain) this.cursor = START;
    if (!this.cursor) return;
    const address = new URL(`${this.base}/items${location.search}`, location.href);
    if (this.cursor === START) this.mayLookAgain = false;
    else address.searchParams.set("cursor", this.cursor);
    this.filling = get(address)
      .then((more) => {
        this.cursor = more.cursor;
        const known = (card) => this.gone.has(card.dataset.number) || document.getElementById(card.id);
        const fresh = cardsIn(more.html).filter((card) => !known(card));
        this.mayLookAgain ||= fresh.length > 0;
        this.list.append(...fresh);
      })
      .catch((error) => {
        this.cursor = "";
        say(`No more comments came: ${error.message}`, true);
      })
      .finally(() => {
        this.filling = null;
        if (this.current) this.#refill();
        else this.#makeCurrent(this.cards[0], true);
      });
  }

  /** What others gave back, or an undo, stands before the place that the pages have come to. */
  #lookFromTheStart() {
    this.gone.clear();
    this.cursor = START;
  }

  #keepClaims() {
    const numbers = () => this.cards.filter((card) => card.dataset.status === "held").map((card) => Number(card.dataset.number));
    const renew = async () => {
      if (!numbers().length || document.hidden || Date.now() - this.lastUse > IDLE_MS) return;
      const { lost } = await send(`${this.base}/claims`, { numbers: numbers() });
      this.#lose(lost);
    };
    const tryToRenew = () => renew().catch(() => {});
    addEventListener("pageshow", tryToRenew);
    addEventListener("visibilitychange", tryToRenew);
    setInterval(tryToRenew, RENEW_MS);
    addEventListener("pagehide", () => {
      const body = new Blob([JSON.stringify({ numbers: numbers() })], { type: "application/json" });
      if (numbers().length) navigator.sendBeacon(`${this.base}/claims/release`, body);
    });
    addEventListener("beforeunload", (event) => {
      if (this.line.waiting) event.preventDefault();
    });
  }

  #lose(lost) {
    if (!lost.length) return;
    for (const { number, why } of lost) {
      const card = this.list.querySelector(`[data-number="${number}"]`);
      if (this.isAlone && card) this.#note(card, why);
      else if (card) this.#takeAway([card]);
    }
    say(`${counted(lost.length)} left your page: ${lost[0].why}`);
  }

  // --- Words --------------------------------------------------------------------------------------------------------

  count(change) {
    const shown = document.getElementById("count");
    const value = shown && Number(shown.textContent.replaceAll(",", ""));
    if (shown && Number.isFinite(value)) shown.textContent = Math.max(0, value + change).toLocaleString("en");
  }

  #tell(text) {
    const next = this.current && !this.isAlone ? ` Next: ${this.current.getAttribute("aria-label")}.` : "";
    document.getElementById("live").textContent = `${text}.${next}`;
  }
}
