// The moments at which an EHR asks: each shows the cards of the latest call to its service, the newest moment first.

import { inOrder, INDICATORS, renderCard } from "./cards.js";
import { count, el } from "./elements.js";

const OPEN = 3; // cards whose detail shows at once

/**
 * Shows `moments`, newest first. A moment is { title, state, cards, failure, checks, note }; `state` is "asking",
 * "answered" or "failed". `answerOf(card)` gives a card's override, `actionsFor(moment, card)` what its buttons do,
 * `again(moment)` asks once more.
 */
export function renderMoments(place, moments, { answerOf, actionsFor, again }) {
  const shown = moments.map((moment, index) =>
    el(
      "details",
      { class: "moment", open: index === 0 },
      el("summary", {}, el("h3", {}, moment.title), el("span", { class: "quiet" }, tally(moment))),
      renderBody(moment, { answerOf, actionsFor, again }),
    ),
  );
  place.replaceChildren(...shown);
}

function renderBody(moment, { answerOf, actionsFor, again }) {
  if (moment.state === "asking") return el("p", { class: "quiet" }, "Asking the service…");
  if (moment.state === "failed") return renderFailure(moment, again);
  if (!moment.cards.length) return el("p", { class: "nothing" }, sayNothing(moment));
  const cards = inOrder(moment.cards).map((card, place) =>
    renderCard(card, answerOf(card), actionsFor(moment, card), place < OPEN && card.indicator !== "info"),
  );
  return moment.note ? [...cards, el("p", { class: "quiet" }, moment.note)] : cards;
}

/** A failure is never shown as an empty answer. */
function renderFailure(moment, again) {
  const { message, says } = moment.failure;
  return el(
    "div",
    { class: "problem", role: "alert" },
    el("p", {}, el("strong", {}, message)),
    says ? el("p", {}, says) : null,
    el("p", {}, "Nothing was checked. This is not a clean result."),
    el("button", { type: "button", class: "secondary", onclick: () => again(moment) }, "Try again"),
  );
}

function sayNothing({ checks, note }) {
  const looked = checks ? `${count(checks, "check")} made, nothing to say.` : "Checked, nothing to say. No rule concerns these drugs.";
  return note ? `${looked} ${note}` : looked;
}

/** "2 cards: 1 critical, 1 warning". */
export function tally({ state, cards }) {
  if (state !== "answered") return state === "failed" ? "not checked" : "";
  if (!cards.length) return "no cards";
  const kinds = INDICATORS.map((indicator) => [indicator, cards.filter((card) => card.indicator === indicator).length]);
  const said = kinds.filter(([, number]) => number).map(([kind, number]) => (kind === "warning" ? count(number, kind) : `${number} ${kind}`));
  return `${count(cards.length, "card")}: ${said.join(", ")}`;
}
