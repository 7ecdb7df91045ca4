// The list of draft orders: name, dose, how often, as needed, remove.

import { el } from "./elements.js";
import { dosingOf, FREQUENCIES, isDrug, nameOf, redose, sayName } from "./orders.js";

/** Shows `drafts`; `on.change(before, after)` and `on.remove(order)` say what the prescriber did. */
export function renderDrafts(place, drafts, on) {
  place.replaceChildren(...drafts.map((order) => renderDraft(order, on)));
}

function renderDraft(order, on) {
  const name = sayName(nameOf(order));
  const remove = el("button", { type: "button", class: "plain", "aria-label": `Remove ${name}`, onclick: () => on.remove(order) }, "Remove");
  const head = el("div", { class: "draft-head" }, el("strong", {}, name), remove);
  if (!isDrug(order)) return el("li", {}, head, el("p", { class: "quiet" }, "Test or service request"));
  return el("li", {}, head, renderDosing(order, name, on));
}

/** The controls of one order. They edit the order as it stands, so that a second change builds on the first. */
function renderDosing(order, name, on) {
  let now = order;
  const apply = (change) => {
    const before = now;
    now = redose(now, change);
    on.change(before, now);
  };
  const dosing = dosingOf(order);
  const dose = el("input", { type: "number", min: "0.25", step: "0.25", inputmode: "decimal", value: dosing.dose ?? "" });
  dose.addEventListener("change", () => dose.checkValidity() && dose.value !== "" && apply({ dose: Number(dose.value) }));
  const often = el("select", {}, frequencyOptions(dosing));
  often.addEventListener("change", () => often.value && apply({ frequency: often.value }));
  const asNeeded = el("input", { type: "checkbox", checked: dosing.asNeeded });
  asNeeded.addEventListener("change", () => apply({ asNeeded: asNeeded.checked }));
  return el(
    "fieldset",
    { class: "dosing", "aria-label": `Dosing of ${name}` },
    el("label", {}, dosing.unit ? `Dose (${dosing.unit})` : "Units per dose", dose),
    el("label", {}, "How often", often),
    el("label", { class: "check" }, asNeeded, "as needed"),
  );
}

/** The usual frequencies; one that is not among them is kept and named. */
function frequencyOptions({ frequency, text }) {
  const usual = FREQUENCIES.map(([label, times, period, unit]) => [`${times}/${period}/${unit}`, label]);
  const known = usual.some(([value]) => value === frequency);
  const first = known ? [] : [["", frequency ? sayFrequency(frequency) : text || "not said"]];
  return [...first, ...usual].map(([value, label]) => el("option", { value, selected: value === (known ? frequency : "") }, label));
}

const sayFrequency = (frequency) => frequency.replace("/", " × per ").replace("/", " ");
