// What stands behind the cards: the chart as understood, every check in sentences, and the raw exchange.

import { byId, el } from "./elements.js";
import { traceOf } from "./requests.js";
import { post, reach } from "./service.js";

const READING = "/console/reading";
export const PANELS = ["chart", "why"];

let reading = Promise.resolve(); // the panels being filled; who opens one waits for it

/** Fills the chart and why panels from the trace of a response; the console words it as the cards do. */
export function showReading(response) {
  reading = readTrace(response);
  return reading;
}

async function readTrace(response) {
  const trace = traceOf(response);
  if (!trace) return say("This answer carries no trace, so there is nothing to show here.");
  const read = await reach(READING, post(trace)).catch(() => null);
  if (!read?.ok) return say("The trace of this answer could not be read.");
  const parsed = new DOMParser().parseFromString(await read.text(), "text/html");
  for (const id of PANELS) byId(id).replaceChildren(...parsed.getElementById(id).childNodes);
  return null;
}

/** After a failed call: no reasons, and the raw exchange if there was one. `panels` are those the old answer filled. */
export function showFailure(address, request, failure, panels) {
  say("The latest call failed, so there is nothing to show here.", panels);
  if (request && failure.answer) showExchange(address, request, failure.answer);
}

function say(text, panels = PANELS) {
  for (const id of panels) byId(id).replaceChildren(el("p", { class: "quiet" }, text));
}

/** Opens the why panel at the checks a card stands for. */
export async function openWhy(rules) {
  await reading;
  byId("why-fold").open = true;
  const articles = [...byId("why").querySelectorAll("article")];
  for (const article of articles) article.classList.toggle("pointed", rules.includes(article.dataset.rule));
  const first = articles.find((article) => article.classList.contains("pointed")) ?? byId("why");
  first.setAttribute("tabindex", "-1");
  first.focus({ preventScroll: true });
  first.scrollIntoView({ block: "center" });
}

/** Shows what was sent and what came back, each with a button that copies it. */
export function showExchange(address, request, response) {
  byId("raw").replaceChildren(
    renderMessage(`Request: POST ${address}`, request),
    renderMessage("Response", response),
  );
}

function renderMessage(title, message) {
  const text = JSON.stringify(message, null, 2);
  const copied = el("span", { class: "quiet", role: "status" });
  const copy = async () => {
    const done = await navigator.clipboard.writeText(text).then(() => true, () => false);
    copied.textContent = done ? "Copied." : "Copying is not allowed here: select the text instead.";
  };
  const button = el("button", { type: "button", class: "secondary", onclick: copy, "aria-label": `Copy ${title}` }, "Copy");
  return el("section", { "aria-label": title }, el("h3", {}, title), el("p", {}, button, " ", copied), el("pre", { tabindex: "0" }, text));
}
