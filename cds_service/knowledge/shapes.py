"""The shape of every knowledge file: which keys it has, what each holds, which are compulsory."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table: what it holds, whether it must be there, and the closed list of its words if it has one."""

    holds: str
    required: bool = False
    words: tuple[str, ...] = ()


Shape = Mapping[str, Key]


TEXT, WORDS, TABLE, TABLES = "a text", "a list of texts", "a table", "a list of tables"
YES_OR_NO = "true or false"
FAMILIES = (
    *("interaction", "duplicate", "dose", "renal", "hepatic", "allergy", "pregnancy", "lactation", "age", "disease"),
    *("monitoring", "genomics", "burden"),
)
HOOKS = (
    *("patient-view", "order-select", "order-sign", "order-dispatch", "encounter-start", "encounter-discharge"),
    *("medication-refill", "allergyintolerance-create", "problem-list-item-create", "appointment-book"),
)
SEVERITIES = ("contraindicated", "major", "moderate", "minor")
OUTCOMES = ("fires", "silent", "undetermined")
CONFIDENCES = ("verified", "label-known", "corroborated", "uncertain")
INDICATORS = ("info", "warning", "critical")
VERBS = ("stop", "replace", "change-dose", "change-frequency", "order-lab", "add-medication", "refer")

RULE: Shape = {
    "id": Key(TEXT, required=True),
    "version": Key(TEXT, required=True),
    "title": Key(TEXT, required=True),
    "family": Key(TEXT, required=True, words=FAMILIES),
    "scope": Key(TEXT, required=True, words=("order", "pair", "patient")),
    "problem": Key(TEXT, required=True),
    "severity": Key(TEXT, required=True, words=SEVERITIES),
    "status": Key(TEXT, required=True, words=("draft", "silent", "active", "retired")),
    "hooks": Key(WORDS, required=True, words=HOOKS),
    "snooze": Key(TEXT),
    "interrupt": Key(TEXT, words=("interruptive", "passive")),
    "continuation": Key(TEXT, words=("lower", "same")),
    "say_unchecked": Key(YES_OR_NO),
    "audience": Key(TABLE),
    "mechanism": Key(TEXT),
    "management": Key(TEXT),
    "because": Key(TEXT, required=True),
    "known_false_alarms": Key(WORDS),
    "when": Key(TABLE, required=True),
    "unless": Key(TABLE),
    "grade": Key(TABLES),
    "card": Key(TABLE, required=True),
    "suggest": Key(TABLES),
    "governance": Key(TABLE, required=True),
    "evidence": Key(TABLES),
    "example": Key(TABLES),
}
# A template may hold a cell where a rule holds one of a few words, or yes or no; these are checked in each row.
TABLE_RULE: Shape = {
    name: Key("anything" if key.holds == YES_OR_NO else key.holds, key.required)
    for name, key in RULE.items()
    if name != "id"
} | {"columns": Key(TABLE, required=True)}
WHEN: Shape = {
    "this": Key(TABLE),
    "a": Key(TABLE),
    "b": Key(TABLE),
    "different_ingredients": Key("true or false"),
    "all": Key(TABLES),
}
AUDIENCE: Shape = {"only": Key(TABLE), "except": Key(TABLE)}
# v3-ActCode: outpatient, emergency, field, home, inpatient, acute, non-acute, observation, before admission, short
# stay, virtual.
ENCOUNTER_CLASSES = ("AMB", "EMER", "FLD", "HH", "IMP", "ACUTE", "NONAC", "OBSENC", "PRENC", "SS", "VR")
LISTENERS: Shape = {
    "role": Key(WORDS),
    "department": Key(WORDS),
    "encounter_class": Key(WORDS, words=ENCOUNTER_CLASSES),
}
UNLESS: Shape = {"any": Key(TABLES, required=True)}
GRADE: Shape = {
    "when": Key(TABLE, required=True),
    "indicator": Key(TEXT, required=True, words=INDICATORS),
    "because": Key(TEXT, required=True),
}
CARD: Shape = {
    "summary": Key(TEXT, required=True),
    "detail": Key(TEXT, required=True),
    "override_reasons": Key(WORDS),
}
SUGGEST: Shape = {"label": Key(TEXT, required=True)} | {verb: Key(TABLE) for verb in VERBS}
SUGGEST_VERBS: Mapping[str, Shape] = {
    "stop": {"drug": Key(TEXT, required=True), "only_draft": Key("true or false")},
    "replace": {"drug": Key(TEXT, required=True), "with": Key(TEXT, required=True)},
    "change-dose": {
        "drug": Key(TEXT, required=True),
        "with": Key(TEXT),
        "value": Key("a number"),
        "unit": Key(TEXT),
    },
    "change-frequency": {"drug": Key(TEXT, required=True), "times_per_day": Key("a number", required=True)},
    "order-lab": {"lab": Key(TEXT, required=True), "repeat_after_days": Key("a number")},
    "add-medication": {"with": Key(TEXT, required=True)},
    "refer": {"to": Key(TEXT, required=True)},
}
ORDERABLE: Shape = {
    "kind": Key(TEXT, required=True, words=("drug", "lab", "referral")),
    "title": Key(TEXT, required=True),
    "population": Key(TEXT, required=True),
    "source": Key(TEXT, required=True),
    "confidence": Key(TEXT, required=True, words=CONFIDENCES),
    "product": Key(TEXT),
    "rxcui": Key(TEXT),
    "loinc": Key(TEXT),
    "fact": Key(TEXT),
    "sig": Key(TABLE),
    "when": Key(TABLES),
}
SIG: Shape = {
    "count": Key("a number", required=True),
    "unit": Key(TEXT, required=True, words=("tablet", "capsule", "spray", "patch", "mL")),
    "route": Key(TEXT, required=True, words=("oral", "nasal", "transdermal", "subcutaneous")),
    "times_per_day": Key("a number"),
    "every_hours": Key("a number"),
    "as_needed": Key("true or false"),
    "max_per_day": Key("a number"),
    "days": Key("a number"),
}
GOVERNANCE: Shape = {
    "author": Key(TEXT, required=True),
    "reviewer": Key(TEXT),
    "confidence": Key(TEXT, words=CONFIDENCES),
    "approval_date": Key("a date", required=True),
    "next_review_date": Key("a date", required=True),
}
EVIDENCE: Shape = {
    "citation": Key(TEXT, required=True),
    "url": Key(TEXT),
    "quality": Key(TEXT, words=("high", "moderate", "low", "very low", "expert consensus")),
}
EXAMPLE: Shape = {
    "name": Key(TEXT, required=True),
    "row": Key(TEXT),
    "hook": Key(TEXT, words=HOOKS),
    "order": Key(WORDS),
    "drugs": Key(WORDS),
    "unread": Key(WORDS, words=("medications", "allergies", "conditions", "procedures")),
    "unrecognised": Key(WORDS),
    "chart": Key(TABLE),
    "expect": Key(TABLE, required=True),
}
EXPECT: Shape = {
    "outcome": Key(TEXT, required=True, words=OUTCOMES),
    "indicator": Key(TEXT, words=INDICATORS),
    "missing": Key(WORDS),
    "lowered": Key("true or false"),
}
SIDE: Shape = {
    "ingredient_in": Key("a text or a list of texts", required=True),
    "not_ingredient_in": Key("a text or a list of texts"),
    "not_with": Key("a text or a list of texts"),
    "route": Key("a text or a list of texts"),
    "form_in": Key("a text or a list of texts"),
    "not_form_in": Key("a text or a list of texts"),
}
VALUE_SET: Shape = {
    "id": Key(TEXT, required=True),
    "title": Key(TEXT, required=True),
    "kind": Key(TEXT, required=True, words=("ingredient", "condition", "allergy", "procedure", "dose-form")),
    "source": Key(TEXT, required=True),
    "note": Key(TEXT),
    "codes": Key(TABLES),
    "forms": Key(WORDS),
}
CODE: Shape = {
    "system": Key(TEXT, required=True),
    "code": Key(TEXT),
    "prefix": Key(TEXT),
    "display": Key(TEXT, required=True),
}

SECTIONS: Mapping[str, Shape] = {
    "": RULE,
    "when": WHEN,
    "unless": UNLESS,
    "grade": GRADE,
    "card": CARD,
    "suggest": SUGGEST,
    "governance": GOVERNANCE,
    "evidence": EVIDENCE,
    "example": EXAMPLE,
    "example.expect": EXPECT,
}


PROBLEM: Shape = {
    "title": Key(TEXT, required=True),
    "summary": Key(TEXT, required=True),
    "group_by": Key(TEXT, required=True, words=("patient", "order")),
}
REASON: Shape = {
    "code": Key(TEXT, required=True),
    "system": Key(TEXT, required=True),
    "display": Key(TEXT, required=True),
}
POLICY: Shape = {
    "level": Key(TABLES),
    "indicators": Key(TABLE, required=True),
    "caps": Key(TABLE, required=True),
    "unchecked": Key(TABLE),
    "renewals": Key(TABLE),
    "review": Key(TABLE),
    "source": Key(TABLE, required=True),
}
POLICY_INDICATORS: Shape = {severity: Key(TEXT, required=True, words=INDICATORS) for severity in SEVERITIES}
POLICY_CAPS: Shape = {hook: Key("a number") for hook in HOOKS}
POLICY_UNCHECKED: Shape = {"severity": Key(TEXT, required=True, words=SEVERITIES)}
POLICY_RENEWALS: Shape = {"from": Key(TEXT, required=True, words=("warning", "info"))}
POLICY_REVIEW: Shape = {"hooks": Key(WORDS, required=True, words=HOOKS)}
POLICY_SOURCE: Shape = {"label": Key(TEXT, required=True), "url": Key(TEXT, required=True)}
SERVICES: Shape = {"service": Key(TABLES, required=True)}
SERVICE: Shape = {
    "id": Key(TEXT, required=True),
    "hook": Key(TEXT, required=True, words=HOOKS),
    "title": Key(TEXT, required=True),
    "description": Key(TEXT, required=True),
    "usage_requirements": Key(TEXT),
    "prefetch": Key(WORDS, required=True),
}
CHANGES: Shape = {"change": Key(TABLES)}
CHANGE: Shape = {
    "rule": Key(TEXT),
    "value_set": Key(TEXT),
    "reason": Key(TEXT, required=True),
    "by": Key(TEXT, required=True),
    "approved_by": Key(TEXT),
    "until": Key("a date"),
    "severity": Key(TEXT, words=SEVERITIES),
    "interrupt": Key(TEXT, words=("interruptive", "passive")),
    "status": Key(TEXT, words=("draft", "silent", "active", "retired")),
    "snooze": Key(TEXT),
    "audience": Key(TABLE),
    "because": Key(TEXT),
    "summary": Key(TEXT),
    "detail": Key(TEXT),
    "mechanism": Key(TEXT),
    "management": Key(TEXT),
    "override_reasons": Key(WORDS),
    "thresholds": Key(TABLE),
    "add": Key(TABLES),
    "remove": Key(TABLES),
}
