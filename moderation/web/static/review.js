/** The queue's page put together: keys, buttons, dialogs. What they do is in queue.js and bulk.js. */

import { Bulk } from "./bulk.js";
import { get, say } from "./calls.js";
import { Queue } from "./queue.js";

const desk = document.getElementById("desk");
const queue = new Queue(desk);
const bulk = new Bulk(queue);
const keys = document.getElementById("keys");
const reader = document.getElementById("reader");
const keysOn = keys.querySelector("[data-keys-on]");

const DECISIONS = { a: "approve", s: "reject_promotional", o: "reject_off_topic", x: "reject_other" };
const KEYS = {
  j: () => queue.move(1),
  k: () => queue.move(-1),
  n: () => queue.skip(),
  u: () => queue.undo(),
  t: () => queue.current && queue.toggleTick(queue.current),
  e: () => queue.current && showWhole(queue.current),
  v: () => queue.current && showArticle(queue.current),
  z: toggleSingle,
  "/": () => document.getElementById("search")?.focus(),
  "?": () => keys.showModal(),
};

document.addEventListener("keydown", (event) => {
  queue.used();
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) return leave(event);
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !keysOn.checked) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : "";
  if (DECISIONS[key] ? event.repeat : !KEYS[key]) return;
  const dialog = document.querySelector("dialog[open]");
  if (dialog) return dialog.id === "selection" && DECISIONS[key] && bulk.decide(DECISIONS[key]);
  event.preventDefault();
  if (DECISIONS[key]) decide(DECISIONS[key]);
  else KEYS[key]();
});

document.addEventListener("click", (event) => {
  queue.used();
  const button = event.target.closest("button");
  const card = event.target.closest(".card");
  if (card && card !== queue.current && !event.target.closest("a, label, input")) queue.makeCurrent(card);
  if (button) press(button, card);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-tick]")) queue.toggleTick(event.target.closest(".card"), event.target.checked);
  if (event.target === keysOn) remember("keys", keysOn.checked ? "on" : "off");
});

function press(button, card) {
  const { dataset } = button;
  if (button.closest("#selection")) return bulk.press(button);
  if ("close" in dataset) return button.closest("dialog").close();
  if ("decide" in dataset) return button.closest("#bulk") || !card ? decide(dataset.decide) : queue.decide([card], dataset.decide);
  if ("skip" in dataset) return queue.skip();
  if ("whole" in dataset) return showWhole(card);
  if ("article" in dataset) return showArticle(card);
  if ("select" in dataset) return bulk.select(dataset.select, card, dataset.domain);
  if ("tickPage" in dataset) return queue.cards.forEach((one) => queue.toggleTick(one, true));
  if ("untick" in dataset) return bulk.clear();
  if ("undo" in dataset) return queue.undo();
  if ("help" in dataset) return keys.showModal();
  if ("single" in dataset) return toggleSingle();
  if ("filters" in dataset) return showFilters(button);
}

/** Ticked comments are what the moderator means; without any, the current one. */
function decide(decision) {
  const ticked = queue.ticked;
  queue.decide(ticked.length ? ticked : queue.current ? [queue.current] : [], decision);
}

function leave(event) {
  if (!event.target.matches("input")) return bulk.clear();
  event.target.blur();
  if (queue.current) queue.makeCurrent(queue.current);
}

async function showWhole(card) {
  if (!card.querySelector("[data-whole]")) return;
  try {
    const html = await get(`${queue.base}/comments/${card.dataset.number}/text`, "text");
    card.querySelector("[data-text]").innerHTML = html; // escaped by the server, as the card itself
    card.querySelector("[data-whole]").remove();
    card.querySelector("[data-text]").focus();
  } catch (error) {
    say(error.message, true);
  }
}

async function showArticle(card) {
  if (!reader || !card.querySelector("[data-article]")) return;
  try {
    const html = await get(`${queue.base}/comments/${card.dataset.number}/article`, "text");
    reader.querySelector("[data-content]").innerHTML = html; // escaped by the server, as the card itself
    reader.showModal();
    reader.scrollTop = 0;
  } catch (error) {
    say(error.message, true);
  }
}

function toggleSingle() {
  showSingle(!document.body.classList.contains("single"));
  queue.current?.scrollIntoView({ block: "nearest" });
}

function showSingle(on) {
  document.body.classList.toggle("single", on);
  document.querySelector("[data-single]")?.setAttribute("aria-pressed", String(on));
  remember("single", on ? "on" : "off");
}

function showFilters(button) {
  const open = document.getElementById("filters").classList.toggle("is-open");
  button.setAttribute("aria-expanded", String(open));
}

function remember(name, value) {
  try {
    localStorage.setItem(`moderation.${name}`, value);
  } catch {
    // a browser that keeps nothing works all the same
  }
}

function remembered(name) {
  try {
    return localStorage.getItem(`moderation.${name}`);
  } catch {
    return null;
  }
}

keysOn.checked = remembered("keys") !== "off";
if (!queue.isAlone) showSingle(remembered("single") === "on");
document.documentElement.dataset.ready = "true";
