// Hook requests as an EHR writes them.

const EXTENSION = "org.cds-service";
const WITH_ORDERS = ["order-select", "order-sign"];

/** Whether the calls of a hook carry draft orders. */
export const isAboutOrders = (hook) => WITH_ORDERS.includes(hook);

/** The body of one call. `known` is what the EHR holds for this service: ids, date, prefetch. */
export function hookRequest(hook, known, drafts = [], selected = []) {
  const context = { userId: "Practitioner/example", patientId: known.patientId };
  if (known.encounterId) context.encounterId = known.encounterId;
  if (isAboutOrders(hook)) {
    context.draftOrders = { resourceType: "Bundle", type: "collection", entry: drafts.map((resource) => ({ resource })) };
  }
  if (hook === "order-select") context.selections = selected;
  return {
    hook,
    hookInstance: crypto.randomUUID(),
    context,
    prefetch: known.prefetch,
    extension: { [EXTENSION]: { asOf: known.asOf, trace: true } },
  };
}

export const draftsOf = (request) => (request.context?.draftOrders?.entry ?? []).map((entry) => entry.resource);

/** The trace of an answer, if it carries one. */
export const traceOf = (response) => response.extension?.[EXTENSION];

/** The findings a card stands for. */
export const findingsOf = (card) => card.extension?.[EXTENSION]?.findings ?? [];
