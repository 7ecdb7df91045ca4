// Overrides are reported once they cannot be undone any more: before the service is asked again, or the page is left.

import { sendFeedback } from "./service.js";

let held = new Map(); // uuid of a card → what is to be reported of it, and to which service

export function holdReport(serviceId, outcome) {
  held.set(outcome.card, { serviceId, outcome });
}

export function dropReport(card) {
  held.delete(card);
}

/** Sends what is held; the uuids of the cards it was about. */
export async function sendHeld() {
  const sending = [...held.values()];
  held = new Map();
  await Promise.all(sending.map(({ serviceId, outcome }) => sendFeedback(serviceId, outcome)));
  return sending.map(({ outcome }) => outcome.card);
}

addEventListener("pagehide", sendHeld);
