"""Makes the patients of the console from whole Synthea bundles: `python -m tests.support.make_patients`.

A patient keeps what a prefetch template can ask for on the day of the console, and of every observation the newest
three readings, of every procedure the newest. Names of staff, addresses, identifiers, social findings and other members
nobody reads are left out. Who is in hospital on that day keeps the encounters of the year before.

What is added, because Synthea does not write it, and moved, because it is old, stands in `ADDED` and `LATER`.
"""

import json
import re
from collections import Counter
from typing import Any

from cds_service.chart.catalogue import CATALOGUE, LOINC
from smart_app.console.demo_patients import FOLDER, list_patients
from smart_app.console.prefetch import codes_of, dated, moment
from tests.support.shared import SHARED
from tests.support.synthea import read_bundle

FILES = {
    "warfarin": "s19_7e50540e",
    "opioids": "s25_7753b010",
    "kidney": "s25_3458d2d7",
    "allergies": "s25_baef3b4c",
    "twelve-drugs": "s19_ec6a274e",
    "ordinary": "s19_58c580cc",
    "going-home": "s19_5fd069dc",
}
LATER = {"going-home": 44}  # years; a multiple of four keeps every date
# Diagnoses of the stay, all of them active conditions of the patient, the main one first; and where it ends.
ADDED = {
    "going-home": (
        "Chronic congestive heart failure (disorder)",
        "Coronary Heart Disease",
        "Diabetes",
        "Diabetic renal disease (disorder)",
        "Hypertension",
        "Anemia (disorder)",
    )
}
HOME = {"system": "http://terminology.hl7.org/CodeSystem/discharge-disposition", "code": "home", "display": "Home"}
DATE = re.compile(r'"(\d{4})(?=-\d\d-\d\d)')
LISTS = ("AllergyIntolerance", "Condition", "Medication", "MedicationRequest", "MedicationStatement")
MOST = {"Patient": 1, "Encounter": 1, "Observation": 3, "Procedure": 1}  # how many of the same code
CODES = {f"{LOINC}|{code}" for fact in CATALOGUE.values() for code in (*fact.loinc, *fact.panels)}
# Synthea's findings about a person's life, which no rule and no page has any use for.
SOCIAL = re.compile(
    "employment|labor force|education|criminal|violence|partner abuse|isolation|social contact|transport|[Hh]ousing"
    "|Risk activity|Stress|review due"
)
LEFT_OUT = {
    "address", "communication", "encounter", "extension", "identifier", "insurance", "location", "maritalStatus",
    "meta", "multipleBirthBoolean", "participant", "performer", "recorder", "requester", "serviceProvider", "telecom",
    "text",
}  # fmt: skip


def read_source(id: str) -> dict[str, Any]:
    """The whole bundle of a console patient, moved to its years, its stay described."""
    (source,) = (SHARED / "data" / "patients" / "synthea").glob(f"{FILES[id]}*")
    years = LATER.get(id, 0)
    bundle: dict[str, Any] = json.loads(
        DATE.sub(lambda year: f'"{int(year[1]) + years}', json.dumps(read_bundle(source)))
    )
    if id in ADDED:
        describe_stay(bundle, ADDED[id])
    return bundle


def describe_stay(bundle: dict[str, Any], diagnoses: tuple[str, ...]) -> None:
    """Give the newest stay its diagnoses, by rank, and a discharge home."""
    entries = bundle["entry"]
    stay = max((entry["resource"] for entry in entries if is_stay(entry["resource"])), key=moment)
    conditions = {
        entry["resource"]["code"]["text"]: entry["fullUrl"]
        for entry in entries
        if entry["resource"]["resourceType"] == "Condition"
    }
    stay["diagnosis"] = [
        {"condition": {"reference": conditions[text]}, "rank": rank} for rank, text in enumerate(diagnoses, start=1)
    ]
    stay["hospitalization"] = {"dischargeDisposition": {"coding": [HOME]}}


def is_stay(resource: dict[str, Any]) -> bool:
    return bool(resource["resourceType"] == "Encounter" and resource["class"]["code"] == "IMP")


def trim(bundle: dict[str, Any], as_of: str) -> list[dict[str, Any]]:
    """The entries a console patient keeps."""
    kept = []
    readings: Counter[str] = Counter()
    since = encounters_since(bundle, as_of)
    for entry in sorted(bundle["entry"], key=newest_first, reverse=True):
        resource = entry["resource"]
        kind = resource["resourceType"]
        if dated(resource) > as_of or (kind == "MedicationRequest" and resource["status"] not in ("active", "on-hold")):
            continue
        if kind == "Observation" and not codes_of(resource) & CODES:
            continue
        if kind == "Condition" and SOCIAL.search(resource["code"]["coding"][0]["display"]):
            continue
        same = kind + "|".join(sorted(codes_of(resource)))
        readings[same] += 1
        is_earlier_visit = kind == "Encounter" and dated(resource) >= since
        if kind in LISTS or is_earlier_visit or readings[same] <= MOST.get(kind, 0):
            left = {name: value for name, value in resource.items() if name not in LEFT_OUT}
            if left.get("deceasedDateTime", "") > f"{as_of}T24":
                del left["deceasedDateTime"]
            kept.append({"fullUrl": entry["fullUrl"], "resource": left})
    return kept


def newest_first(entry: dict[str, Any]) -> tuple[str, bool]:
    """Sort key; of what began at one moment a stay in hospital counts as newer."""
    return (moment(entry["resource"]), is_stay(entry["resource"]))


def encounters_since(bundle: dict[str, Any], as_of: str) -> str:
    """The day from which every encounter is kept: a year before for who leaves hospital, the day itself otherwise."""
    stays = [entry["resource"] for entry in bundle["entry"] if is_stay(entry["resource"])]
    leaves = any(stay["period"]["end"][:10] == as_of for stay in stays)
    return f"{int(as_of[:4]) - 1}{as_of[4:]}" if leaves else f"{as_of}T"


def write(path: str, entries: list[dict[str, Any]]) -> None:
    """One entry per line, so that a change shows as one."""
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in entries)
    text = f'{{"resourceType":"Bundle","type":"collection","entry":[\n{lines}\n]}}\n'
    (FOLDER / f"{path}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    for entry in list_patients():
        write(entry["id"], trim(read_source(entry["id"]), entry["as_of"].isoformat()))
