// One patient's chart: drafts are written, hooks fire, cards are answered.

import { openWhy, showExchange, showFailure, showReading } from "./behind.js";
import { identityOf } from "./cards.js";
import { renderDrafts } from "./drafts.js";
import { byId } from "./elements.js";
import { renderMoments, tally } from "./moments.js";
import { applyActions, draftOrder, nameOf, referenceOf, sayName } from "./orders.js";
import { dropReport, holdReport, sendHeld } from "./reports.js";
import { findingsOf, hookRequest, isAboutOrders, traceOf } from "./requests.js";
import { startSearch } from "./search.js";
import { CallFailed, callService, discover, fetchJson, sendFeedback } from "./service.js";

const { patient, patientId } = byId("workspace").dataset;
const NARROW = matchMedia("(max-width: 47.99rem)"); // one column, as in console.css
const NEWEST_FIRST = ["encounter-discharge", "order-sign", "order-select", "patient-view"];
const NOTES = {
  "order-sign": "In an EHR, signing would now go on or stop here. The console places no orders.",
  "encounter-discharge": "In an EHR, the discharge would now go on. The console discharges nobody.",
};

let services = null;
let drafts = [];
let answers = new Map(); // identity of a card → the reason it was overridden with, or the suggestion taken from it
let moments = {}; // hook → what its latest call said
let done = []; // what can be undone, latest last
let created = 0;
let calls = 0;

const called = (order) => sayName(nameOf(order));
const newId = () => `draft-${(created += 1)}`;

// --- asking the service ---------------------------------------------------------------------------------------------

/** Fires `hook` for the drafts as they stand; `selected` are the orders order-select is about. */
async function fire(hook, title, selected = []) {
  const call = (calls += 1);
  const moment = { hook, title, selected, call, state: "asking", cards: [] };
  moments[hook] = moment;
  show();
  let request = null;
  await settle();
  try {
    services ??= await discover();
    const service = services[hook];
    const known = await fetchJson(`${patient}/prefetch/${service.id}`);
    request = hookRequest(hook, known, drafts, selected);
    const response = await callService(service.id, request);
    if (moments[hook]?.call !== call) return;
    moments[hook] = { ...moment, ...answered(hook, service.id, response) };
    showExchange(`/cds-services/${service.id}`, request, response);
    show();
    if (hook !== "patient-view" && response.cards.length) bringCards();
    await showReading(response);
  } catch (failure) {
    if (!(failure instanceof CallFailed)) throw failure;
    if (moments[hook]?.call !== call) return;
    moments[hook] = { ...moment, state: "failed", failure };
    showFailure(`/cds-services/${services?.[hook]?.id}`, request, failure, ["why"]);
    show();
    if (hook !== "patient-view") bringCards();
  }
}

/** Reports the overrides so far; from then on they stand. */
async function settle() {
  const reported = await sendHeld();
  if (!reported.length) return;
  done = done.filter((each) => !reported.includes(each.card));
  show();
}

/** On a telephone the cards are below the orders: bring them into view. */
function bringCards() {
  if (NARROW.matches) byId("advice-title").scrollIntoView();
}

function answered(hook, serviceId, response) {
  const checks = traceOf(response)?.outcomes?.length;
  return { state: "answered", serviceId, cards: response.cards, checks, note: NOTES[hook] ?? "" };
}

const again = ({ hook, title, selected }) => fire(hook, title, selected);

// --- what the prescriber does ---------------------------------------------------------------------------------------

/** Changes the drafts and lets the EHR ask anew: about `about`, at `hook`. */
function change(what, after, about, hook = "order-select") {
  done.push({ what, drafts, answers });
  drafts = after;
  refresh(about, hook);
}

function refresh(about, hook) {
  delete moments["order-sign"];
  delete moments["encounter-discharge"];
  if (!drafts.length) delete moments["order-select"];
  else if (hook === "order-sign") return sign();
  else if (about.length) return select(about);
  show();
  return null;
}

const select = (orders) => fire("order-select", `When ${called(orders[0])} was selected`, orders.map(referenceOf));
const sign = () => fire("order-sign", "When the orders were signed");
const discharge = () => fire("encounter-discharge", "When the patient was discharged");

function order(drug, dose, perDay) {
  const made = draftOrder(newId(), drug, patientId, dose, perDay);
  change(`Ordered ${sayName(drug.name)}`, [...drafts, made], [made]);
  drawDrafts();
}

function remove(gone) {
  const left = drafts.filter((each) => each !== find(gone));
  change(`Removed ${called(gone)}`, left, left.slice(-1));
  drawDrafts();
  byId("drug-search").focus();
}

function redosed(before, after) {
  change(`Changed ${called(after)}`, drafts.map((each) => (each === find(before) ? after : each)), [after]);
}

const find = (wanted) => drafts.find((each) => referenceOf(each) === referenceOf(wanted));

function take(moment, card, suggestion) {
  const { drafts: after, left } = applyActions(drafts, suggestion.actions, newId);
  sendFeedback(moment.serviceId, { card: card.uuid, outcome: "accepted", acceptedSuggestions: [{ id: suggestion.uuid }] });
  const fresh = after.filter((each) => !drafts.includes(each));
  const rest = left.length ? `. To be done outside the draft orders: ${left.join("; ")}` : "";
  change(`Taken: ${suggestion.label}${rest}`, after, fresh.length ? fresh : after.slice(-1), moment.hook);
  // What the chart holds is the same after as before, so a card about it would come again.
  if (!isAboutOrders(moment.hook)) answer(card, { taken: suggestion.label });
  drawDrafts();
  byId("undo").querySelector("button").focus();
}

function override(moment, card, reason, comment) {
  done.push({ what: reason ? `Overridden: ${reason.display}` : "Dismissed", drafts, answers, card: card.uuid });
  answer(card, { display: reason?.display ?? "", comment });
  const { code, system } = reason ?? {};
  const given = { ...(reason && { reason: { code, system } }), ...(comment && { userComment: comment }) };
  holdReport(moment.serviceId, { card: card.uuid, outcome: "overridden", overrideReason: given });
  byId("undo").querySelector("button").focus();
}

function answer(card, given) {
  answers = new Map(answers).set(identityOf(card), given);
  show();
}

function takeBack(card) {
  dropReport(card.uuid);
  answers = new Map(answers);
  answers.delete(identityOf(card));
  show();
}

function undo() {
  const last = done.pop();
  dropReport(last.card);
  const same = last.drafts === drafts;
  ({ drafts, answers } = last);
  if (same) return show();
  drawDrafts();
  byId("drug-search").focus();
  return refresh(drafts.slice(-1), "order-select");
}

// --- showing it -----------------------------------------------------------------------------------------------------

function show() {
  const shown = NEWEST_FIRST.map((hook) => moments[hook]).filter(Boolean);
  renderMoments(byId("moments"), shown, { answerOf: (card) => answers.get(identityOf(card)), actionsFor, again });
  byId("said").textContent = shown.length ? sayMoment(shown[0]) : "";
  byId("no-drafts").hidden = drafts.length > 0;
  byId("sign").hidden = !drafts.length;
  byId("sign").textContent = drafts.length === 1 ? "Sign 1 order" : `Sign ${drafts.length} orders`;
  byId("undo").hidden = !done.length;
  byId("undo-what").textContent = done.length ? `${done.at(-1).what}.` : "";
}

function sayMoment(moment) {
  if (moment.state === "asking") return "Asking the service…";
  if (moment.state === "failed") return moment.failure.message;
  return `${moment.title}: ${tally(moment)}.`;
}

const actionsFor = (moment, card) => ({
  take: (suggestion) => take(moment, card, suggestion),
  override: (reason, comment) => override(moment, card, reason, comment),
  takeBack: () => takeBack(card),
  why: () => openWhy(findingsOf(card).map((finding) => finding.rule)),
});

const drawDrafts = () => renderDrafts(byId("drafts"), drafts, { change: redosed, remove });

byId("sign").addEventListener("click", sign);
document.getElementById("discharge")?.addEventListener("click", discharge);
byId("undo").querySelector("button").addEventListener("click", undo);
for (const trial of document.querySelectorAll("[data-rxcui]")) {
  const { rxcui, name, dose, perDay } = trial.dataset;
  trial.addEventListener("click", () => order({ rxcui, name }, Number(dose), Number(perDay)));
}
startSearch((drug) => order(drug));
byId("chart-fold").open = !NARROW.matches;
fire("patient-view", "When the chart opened");
