// A request of one's own: pasted, sent to the service of its hook, its suggestions applied to its own drafts.

import { openWhy, PANELS, showExchange, showFailure, showReading } from "./behind.js";
import { identityOf } from "./cards.js";
import { byId } from "./elements.js";
import { renderMoments, tally } from "./moments.js";
import { applyActions, draftOrder } from "./orders.js";
import { draftsOf, findingsOf, hookRequest, traceOf } from "./requests.js";
import { CallFailed, callService, discover, fetchJson } from "./service.js";

const body = byId("body");
let moment = null;
let overrides = new Map();
let created = 0;

async function send() {
  const request = parse();
  if (!request) return;
  show({ title: request.hook, state: "asking", cards: [] });
  try {
    const service = await serviceOf(request.hook);
    const response = await callService(service.id, request);
    showExchange(`/cds-services/${service.id}`, request, response);
    show({ title: request.hook, state: "answered", cards: response.cards, checks: traceOf(response)?.outcomes?.length });
    await showReading(response);
  } catch (failure) {
    if (!(failure instanceof CallFailed)) throw failure;
    showFailure("/cds-services", request, failure, PANELS);
    show({ title: request.hook ?? "This request", state: "failed", failure });
  }
}

/** The request in the text field; null, and a word about it, when it is not JSON. */
function parse() {
  try {
    const request = JSON.parse(body.value);
    body.removeAttribute("aria-invalid");
    byId("body-state").textContent = "This is JSON.";
    return request;
  } catch (mistake) {
    body.setAttribute("aria-invalid", "true");
    byId("body-state").textContent = body.value.trim() ? `This is not JSON: ${mistake.message}` : "Paste a request first.";
    body.focus();
    return null;
  }
}

async function serviceOf(hook) {
  const services = await discover();
  if (services[hook]) return services[hook];
  const known = Object.keys(services).join(", ");
  throw new CallFailed("No service answers this hook.", `hook: found ${JSON.stringify(hook)}, expected one of ${known}.`);
}

function take(suggestion) {
  const request = JSON.parse(body.value);
  const { drafts } = applyActions(draftsOf(request), suggestion.actions, () => `new-${(created += 1)}`);
  const orders = request.context.draftOrders ?? { resourceType: "Bundle", type: "collection" };
  request.context.draftOrders = { ...orders, entry: drafts.map((resource) => ({ resource })) };
  write(request);
  send();
}

function override(card, reason, comment) {
  overrides = new Map(overrides).set(identityOf(card), { display: reason?.display ?? "", comment });
  show(moment);
}

function takeBack(card) {
  overrides = new Map(overrides);
  overrides.delete(identityOf(card));
  show(moment);
}

function show(next) {
  moment = next;
  const actionsFor = (_, card) => ({
    take,
    override: (reason, comment) => override(card, reason, comment),
    takeBack: () => takeBack(card),
    why: () => openWhy(findingsOf(card).map((finding) => finding.rule)),
  });
  const answerOf = (card) => overrides.get(identityOf(card));
  renderMoments(byId("moments"), [moment], { answerOf, actionsFor, again: send });
  byId("said").textContent = moment.state === "answered" ? tally(moment) : "";
}

const write = (request) => {
  body.value = JSON.stringify(request, null, 2);
};

/** Writes the request an EHR would send for one of the console's patients and the order beside the name. */
async function startFrom({ patient, rxcui, name, dose, perDay }) {
  const { id } = (await discover())["order-sign"];
  const known = await fetchJson(`${patient}/prefetch/${id}`);
  const draft = draftOrder("draft-1", { rxcui, name }, known.patientId, Number(dose), Number(perDay));
  write(hookRequest("order-sign", known, [draft]));
  byId("body-state").textContent = "An order-sign request of a synthetic patient. Change it as you like, then send it.";
}

byId("send").addEventListener("click", send);
byId("example").addEventListener("change", ({ target }) => {
  const { dataset } = target.selectedOptions[0];
  if (dataset.patient) startFrom(dataset).catch((failure) => show({ title: "Example", state: "failed", failure }));
});
