// Cards as an EHR shows them: shape, word and place say how urgent; the drugs come first; answers are one click away.

import { el, shape } from "./elements.js";
import { renderMarkdown } from "./markdown.js";
import { findingsOf } from "./requests.js";

export const INDICATORS = ["critical", "warning", "info"];
const WORDS = { critical: "Critical", warning: "Warning", info: "Info" };
const SELECTION_BEHAVIORS = ["at-most-one", "any"];
let made = 0;

/** Most urgent first; within one indicator as the service ordered them. */
export const inOrder = (cards) => [...cards].sort((one, other) => rank(one) - rank(other));
const rank = (card) => INDICATORS.indexOf(card.indicator);

/** What a card is about, whatever call it came with; a finding more makes it another one. */
export function identityOf(card) {
  const findings = findingsOf(card).map(({ rule, subjects = [] }) => [rule, ...subjects].join(" "));
  return [card.source?.topic?.code ?? card.summary, ...findings.sort()].join("|");
}

/**
 * One card. `answer` is the suggestion taken from it or the reason it was overridden with, if any. `on` is what its buttons do: `take(suggestion)`,
 * `override(reason, comment)` (reason null: dismissed without one), `takeBack()`, `why()`. `open` shows the detail.
 */
export function renderCard(card, answer, on, open) {
  const id = `card-${(made += 1)}`;
  const title = el("h4", { id }, card.summary);
  const word = el("p", { class: `word ${card.indicator}` }, shape(card.indicator), WORDS[card.indicator] ?? card.indicator);
  if (answer) return renderAnswered(card, answer, on, word, title, id);
  return el(
    "article",
    { class: `card ${card.indicator}`, "aria-labelledby": id },
    word,
    title,
    renderSuggestions(card, on),
    card.detail ? el("details", { open }, el("summary", {}, "Details"), renderMarkdown(card.detail)) : null,
    renderLinks(card.links ?? []),
    renderAnswers(card, on),
  );
}

function renderAnswered(card, answer, on, word, title, id) {
  const back = el("button", { type: "button", class: "plain", onclick: on.takeBack, "aria-describedby": id }, "Show again");
  return el("article", { class: "card answered", "aria-labelledby": id }, word, title, el("p", { class: "answer" }, sayAnswer(answer), " ", back));
}

function sayAnswer({ taken, display, comment }) {
  if (taken) return `Taken: ${taken}`;
  return display ? `Overridden: ${display}${comment ? `, “${comment}”` : ""}` : "Dismissed";
}

function renderSuggestions({ suggestions = [], selectionBehavior }, on) {
  if (!suggestions.length) return null;
  if (!SELECTION_BEHAVIORS.includes(selectionBehavior)) {
    return el("p", { class: "quiet" }, "This card's suggestions cannot be offered: it does not say how many may be taken.");
  }
  const first = suggestions.find((suggestion) => suggestion.isRecommended) ?? suggestions[0];
  const offered = suggestions.map((suggestion) =>
    el(
      "li",
      {},
      el("button", { type: "button", class: suggestion === first ? null : "secondary", onclick: () => on.take(suggestion) }, suggestion.label),
      el("ul", { class: "actions" }, (suggestion.actions ?? []).map((action) => el("li", {}, action.description))),
    ),
  );
  return el("ul", { class: "suggestions", "aria-label": "Suggestions" }, offered);
}

function renderLinks(links) {
  if (!links.length) return null;
  const shown = links.map((link) => {
    const inApp = link.type === "smart" ? " (opens in an EHR's app window)" : "";
    return el("li", {}, el("a", { href: link.url, target: "_blank", rel: "noopener noreferrer" }, link.label), inApp);
  });
  return el("ul", { class: "links" }, shown);
}

/** Why, and going on: a coded reason in two clicks where the card asks for one. */
function renderAnswers(card, on) {
  const why = el("button", { type: "button", class: "plain", onclick: on.why }, "Why");
  const reasons = card.overrideReasons ?? [];
  if (!reasons.length) {
    const dismiss = el("button", { type: "button", class: "plain", onclick: () => on.override(null, "") }, "Dismiss");
    return el("div", { class: "answers" }, why, dismiss, sourceOf(card));
  }
  const panel = renderReasons(reasons, on);
  const open = el("button", { type: "button", class: "plain", "aria-expanded": "false" }, "Override…");
  open.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    open.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) panel.querySelector("button").focus();
  });
  return el("div", { class: "answers" }, why, open, sourceOf(card), panel);
}

function renderReasons(reasons, on) {
  const comment = el("input", { type: "text", maxlength: "200", autocomplete: "off" });
  const buttons = reasons.map((reason) =>
    el("button", { type: "button", class: "secondary", onclick: () => on.override(reason, comment.value.trim()) }, reason.display),
  );
  return el("fieldset", { class: "reasons", hidden: true }, el("legend", {}, "Going on because"), buttons, el("label", {}, "Note (optional, write it first)", comment));
}

const sourceOf = (card) => el("span", { class: "source" }, card.source?.label ?? "");
