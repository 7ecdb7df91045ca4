"""Services and the discovery answer (CH-010..026)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from cds_service.hooks.response import Wire

SPECIFICATION = "2.0.1"
CODES_PER_KEY = 60

OF_PATIENT = "patient={{context.patientId}}"

TEMPLATES: dict[str, str] = {
    "patient": "Patient/{{context.patientId}}",
    "medications": f"MedicationRequest?{OF_PATIENT}&status=active,on-hold",
    "statements": f"MedicationStatement?{OF_PATIENT}&status=active,intended",
    "allergies": f"AllergyIntolerance?{OF_PATIENT}",
    "conditions": f"Condition?{OF_PATIENT}",
    "encounter": "Encounter/{{context.encounterId}}",
    "encounters": f"Encounter?{OF_PATIENT}&_sort=-date&_count=100",
}
"""The prefetch keys whose query is fixed (DESIGN section 3)."""

CODED_TEMPLATES: dict[str, tuple[str, str]] = {
    "labs": (f"Observation?{OF_PATIENT}&code=", "&_sort=-date&_count=200"),
    "vitals": (f"Observation?{OF_PATIENT}&code=", "&_sort=-date&_count=50"),
    "genomics": (f"Observation?{OF_PATIENT}&code=", "&_sort=-date&_count=50"),
    "procedures": (f"Procedure?{OF_PATIENT}&code=", ""),
}
"""What stands before and after the code list of the keys whose codes follow from the rules."""


@dataclass(frozen=True, slots=True)
class Service:
    """One CDS service: its path segment, the hook it serves and what it asks for."""

    id: str
    hook: str
    title: str
    description: str
    prefetch: Mapping[str, str] = field(default_factory=dict)
    usage_requirements: str = ""


class WireService(Wire, frozen=True):
    """A service as discovery lists it."""

    hook: str
    title: str
    description: str
    id: str
    prefetch: dict[str, str] = msgspec.field(default_factory=dict)
    usage_requirements: str = ""
    version: str | None = None


def discovery_body(services: Iterable[Service]) -> bytes:
    """The body of `GET /cds-services`: the same bytes for the same services (CH-012..020, CH-025)."""
    listed = [
        WireService(
            hook=service.hook,
            title=service.title,
            description=service.description,
            id=service.id,
            prefetch=dict(service.prefetch),
            usage_requirements=service.usage_requirements,
            version=SPECIFICATION,
        )
        for service in services
    ]
    return msgspec.json.encode({"services": listed})


def prefetch_templates(keys: Collection[str], codes: Mapping[str, Collection[str]]) -> dict[str, str]:
    """The templates of these keys; `codes` gives the `system|code` strings of those in `CODED_TEMPLATES`.

    A key whose code list is empty is left out: nothing would be asked. Templates keep to the tokens of CDS Hooks 2.0
    (CH-052). Raises ValueError for a key that does not exist and for more than 60 codes in one key.
    """
    unknown = sorted(set(keys) - set(TEMPLATES) - set(CODED_TEMPLATES))
    if unknown:
        raise ValueError(f"no prefetch key is called {', '.join(unknown)}")
    fixed = {key: template for key, template in TEMPLATES.items() if key in keys}
    coded = {key: coded_template(key, codes[key]) for key in CODED_TEMPLATES if key in keys and codes.get(key)}
    return fixed | coded


def coded_template(key: str, codes: Collection[str]) -> str:
    """The search for Observations or Procedures with one of these codes, sorted so that it never changes by chance."""
    if len(codes) > CODES_PER_KEY:
        raise ValueError(f"prefetch key {key} asks for {len(codes)} codes; {CODES_PER_KEY} is the most")
    before, after = CODED_TEMPLATES[key]
    return f"{before}{','.join(sorted(codes))}{after}"
