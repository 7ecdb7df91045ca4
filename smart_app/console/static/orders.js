// Draft orders as FHIR resources: making them, dosing them, naming them, and applying a suggestion to them.

const RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm";

// What a prescriber picks from: [label, frequency, period, unit].
export const FREQUENCIES = [
  ["once a day", 1, 1, "d"],
  ["twice a day", 2, 1, "d"],
  ["3 times a day", 3, 1, "d"],
  ["4 times a day", 4, 1, "d"],
  ["5 times a day", 5, 1, "d"],
  ["every 4 hours", 1, 4, "h"],
  ["every 6 hours", 1, 6, "h"],
  ["every 8 hours", 1, 8, "h"],
  ["every 12 hours", 1, 12, "h"],
  ["once a week", 1, 1, "wk"],
];

/** A draft MedicationRequest of one RxNorm product: `dose` units, `perDay` times a day. */
export function draftOrder(id, drug, patientId, dose = 1, perDay = 1) {
  return {
    resourceType: "MedicationRequest",
    id,
    status: "draft",
    intent: "order",
    medicationCodeableConcept: { coding: [{ system: RXNORM, code: drug.rxcui, display: drug.name }], text: drug.name },
    subject: { reference: `Patient/${patientId}` },
    dosageInstruction: [
      { timing: { repeat: { frequency: perDay, period: 1, periodUnit: "d" } }, doseAndRate: [{ doseQuantity: { value: dose } }] },
    ],
  };
}

/** `Type/id`, as selections and suggestions name an order. */
export const referenceOf = (order) => `${order.resourceType}/${order.id}`;

/** What an order is called: the text of its drug or test. */
export function nameOf(order) {
  const concept = order.medicationCodeableConcept ?? order.code ?? {};
  return concept.text ?? concept.coding?.find((coding) => coding.display)?.display ?? "order without a name";
}

/** A drug name as people write it: units in small letters, the rest as RxNorm has it. */
export const sayName = (name) => name.replace(/\b(MG|ML|MCG|MEQ|ACTUAT|HR|UNT)\b/g, (unit) => unit.toLowerCase());

export const isDrug = (order) => order.resourceType === "MedicationRequest";

/** Dose and timing of the first dosage; parts that are not there are null. `text` is the sig as written. */
export function dosingOf(order) {
  const dosage = order.dosageInstruction?.[0] ?? {};
  const repeat = dosage.timing?.repeat;
  return {
    dose: dosage.doseAndRate?.[0]?.doseQuantity?.value ?? null,
    unit: dosage.doseAndRate?.[0]?.doseQuantity?.unit ?? "",
    frequency: repeat?.frequency ? `${repeat.frequency}/${repeat.period ?? 1}/${repeat.periodUnit ?? "d"}` : null,
    asNeeded: dosage.asNeededBoolean === true,
    text: dosage.text ?? "",
  };
}

/** A copy with another dose, frequency ("3/1/d") or as-needed mark. A sig that would now contradict them goes. */
export function redose(order, { dose, frequency, asNeeded }) {
  const changed = structuredClone(order);
  const dosage = ((changed.dosageInstruction ??= [{}])[0] ??= {});
  delete dosage.text;
  if (dose !== undefined) {
    const rate = ((dosage.doseAndRate ??= [{}])[0] ??= {});
    rate.doseQuantity = { ...rate.doseQuantity, value: dose };
  }
  if (frequency !== undefined) {
    const [times, period, periodUnit] = frequency.split("/");
    dosage.timing = { repeat: { ...dosage.timing?.repeat, frequency: Number(times), period: Number(period), periodUnit } };
  }
  if (asNeeded !== undefined) dosage.asNeededBoolean = asNeeded;
  return changed;
}

/**
 * The drafts after a suggestion: deletes, then creates, then updates, as a FHIR transaction orders them.
 * `left` describes actions on something that is not among the drafts.
 */
export function applyActions(drafts, actions, newId) {
  const left = [];
  let after = [...drafts];
  for (const action of actions.filter(({ type }) => type === "delete")) {
    const kept = after.filter((order) => referenceOf(order) !== action.resourceId);
    if (kept.length === after.length) left.push(action.description);
    after = kept;
  }
  for (const { resource } of actions.filter(({ type }) => type === "create")) {
    after.push({ ...structuredClone(resource), id: resource.id ?? newId() });
  }
  for (const { resource, description } of actions.filter(({ type }) => type === "update")) {
    const place = after.findIndex((order) => referenceOf(order) === referenceOf(resource));
    if (place < 0) left.push(description);
    else after[place] = structuredClone(resource);
  }
  return { drafts: after, left };
}
