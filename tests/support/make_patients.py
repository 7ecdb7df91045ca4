"""Makes the patients of the console from whole Synthea bundles: `python -m tests.support.make_patients`.

A patient keeps what a prefetch template can ask for on the day of the console, and of every observation the newest
three readings, of every procedure the newest. Names of staff, addresses, identifiers, social findings and other members
nobody reads are left out.
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
}
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


def trim(bundle: dict[str, Any], as_of: str) -> list[dict[str, Any]]:
    """The entries a console patient keeps."""
    kept = []
    readings: Counter[str] = Counter()
    for entry in sorted(bundle["entry"], key=lambda entry: moment(entry["resource"]), reverse=True):
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
        if kind in LISTS or readings[same] <= MOST.get(kind, 0):
            left = {name: value for name, value in resource.items() if name not in LEFT_OUT}
            kept.append({"fullUrl": entry["fullUrl"], "resource": left})
    return kept


def write(path: str, entries: list[dict[str, Any]]) -> None:
    """One entry per line, so that a change shows as one."""
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in entries)
    text = f'{{"resourceType":"Bundle","type":"collection","entry":[\n{lines}\n]}}\n'
    (FOLDER / f"{path}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    folder = SHARED / "data" / "patients" / "synthea"
    for entry in list_patients():
        id, as_of = entry["id"], entry["as_of"].isoformat()
        (source,) = folder.glob(f"{FILES[id]}*")
        write(id, trim(read_bundle(source), as_of))
