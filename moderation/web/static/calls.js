/** Requests to the service, one after the other in the order of the moderator's keys. Knows no card. */

export class Refused extends Error {}

export async function send(address, body) {
  return answered(() =>
    fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(body),
      keepalive: true,
    }),
  );
}

export async function get(address, kind = "json") {
  return answered(() => fetch(address, { headers: { Accept: "application/json" } }), kind);
}

async function answered(ask, kind = "json") {
  let answer;
  try {
    answer = await ask();
  } catch {
    throw new Refused("the service did not answer");
  }
  if (answer.status === 401) throw new Refused("your session has ended; load the page again to sign in");
  if (!answer.ok) throw new Refused(await detail(answer));
  return kind === "json" ? answer.json() : answer.text();
}

async function detail(answer) {
  try {
    return (await answer.json()).detail;
  } catch {
    return `the service answered with status ${answer.status}`;
  }
}

/** A line of tasks: the next one starts when the one before is done, whatever came of it. */
export class Line {
  #last = Promise.resolve();
  #count = 0;

  constructor(tell) {
    this.tell = tell;
    tell(0);
  }

  get waiting() {
    return this.#count;
  }

  #change(by) {
    this.#count += by;
    this.tell(this.#count);
  }

  add(task) {
    this.#change(1);
    const done = this.#last.then(task).finally(() => this.#change(-1));
    this.#last = done.catch(() => {});
    return done;
  }
}

/** A line that goes away by itself; the same again takes the place of the one before. */
export function say(text, bad = false) {
  const toasts = document.getElementById("toasts");
  [...toasts.children].find((line) => line.textContent === text)?.remove();
  const line = document.createElement("p");
  line.textContent = text;
  line.classList.toggle("bad", bad);
  toasts.append(line);
  while (toasts.children.length > 3) toasts.firstChild.remove();
  setTimeout(() => line.remove(), bad ? 12000 : 5000);
}

export function counted(count, word = "comment") {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}

/** Cards as the server wrote them: it escaped every text, and the page's policy runs no script in them. */
export function cardsIn(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.querySelectorAll(".card")];
}
