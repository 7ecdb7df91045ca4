// Calls to the CDS service, exactly as any CDS client makes them.

const SERVICES = "/cds-services";

/** Something went wrong with a call; nothing was checked. `says` is the service's own explanation, `answer` its body. */
export class CallFailed extends Error {
  constructor(title, says, answer = null) {
    super(title);
    Object.assign(this, { says, answer });
  }
}

/** The services on offer, by hook. */
export async function discover() {
  const { services } = await fetchJson(SERVICES);
  return Object.fromEntries(services.map((service) => [service.hook, service]));
}

/** The service's response to one hook request; throws CallFailed. */
export const callService = (serviceId, request) => fetchJson(`${SERVICES}/${serviceId}`, post(request));

/** Tells the service what became of a card. It need not listen (the specification makes feedback optional). */
export function sendFeedback(serviceId, outcome) {
  const feedback = [{ ...outcome, outcomeTimestamp: new Date().toISOString() }];
  const options = { ...post({ feedback }), keepalive: true }; // it may be sent while the page is left
  return fetch(`${SERVICES}/${serviceId}/feedback`, options).catch(() => null);
}

/** Any JSON of this origin; throws CallFailed in words. */
export async function fetchJson(address, options) {
  const response = await reach(address, options);
  const body = await response.json().catch(() => null);
  if (response.ok && body !== null) return body;
  const issue = body?.issue?.[0];
  const says = issue ? issue.diagnostics : `It answered ${response.status} without an explanation.`;
  throw new CallFailed(sayStatus(response.status), says, body);
}

function sayStatus(status) {
  if (status === 412) return "The service had nothing to work with.";
  return status < 500 ? "The service could not use this request." : "The service failed on this call.";
}

/** Any answer at all; throws CallFailed when there is none. */
export async function reach(address, options) {
  try {
    return await fetch(address, options);
  } catch {
    throw new CallFailed("The service could not be reached.", "It may have been stopped: start it again with make demo.");
  }
}

export const post = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json", Accept: "application/json" },
  body: JSON.stringify(body),
});
