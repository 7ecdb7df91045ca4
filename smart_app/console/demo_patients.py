"""The patients that ship with the console: who they are, what to try on them, and their charts."""

import json
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cds_service.presenting.wording import say_plain

FOLDER = Path(__file__).parent / "patients"


@dataclass(frozen=True, slots=True)
class Trial:
    """An order offered with one click: an RxNorm product, units per dose, doses per day."""

    rxcui: str
    name: str
    dose: float
    per_day: int

    @property
    def label(self) -> str:
        """What the button says: "clarithromycin 500 mg Oral Tablet, twice a day"."""
        amount = "" if self.dose == 1 else f"{self.dose:g} "
        often = {1: "once", 2: "twice"}.get(self.per_day, f"{self.per_day} times")
        return f"{amount}{self.name.replace(' MG ', ' mg ')}, {often} a day"


@dataclass(frozen=True, slots=True)
class DemoPatient:
    """One synthetic patient. `as_of` is the day on which the chart is opened (YYYY-MM-DD), `bundle` the whole chart."""

    id: str
    headline: str
    look_for: str
    as_of: str
    trials: tuple[Trial, ...]
    bundle: dict[str, Any]

    @property
    def resource(self) -> dict[str, Any]:
        """The Patient."""
        kinds = (entry["resource"] for entry in self.bundle["entry"])
        return next(each for each in kinds if each["resourceType"] == "Patient")

    @property
    def opened(self) -> str:
        """The day of the chart as a card writes it: "17 Jan 2021"."""
        return say_plain(date.fromisoformat(self.as_of))

    @property
    def encounter(self) -> dict[str, Any]:
        """The encounter of the day; empty if the chart holds none."""
        kinds = (entry["resource"] for entry in self.bundle["entry"])
        return next((each for each in kinds if each["resourceType"] == "Encounter"), {})

    @property
    def encounter_id(self) -> str | None:
        return self.encounter.get("id")

    @property
    def leaves_hospital(self) -> bool:
        """Whether a stay in hospital ends on the day of the chart."""
        ends = str(self.encounter.get("period", {}).get("end", ""))
        return self.encounter.get("class", {}).get("code") == "IMP" and ends.startswith(self.as_of)

    @property
    def name(self) -> str:
        """The person's name without the numbers that Synthea adds."""
        written = self.resource["name"][0]
        parts = [*written.get("given", [])[:1], written.get("family", "")]
        return " ".join(part.rstrip("0123456789") for part in parts)


def list_patients() -> list[dict[str, Any]]:
    """The entries of patients.toml, in their order."""
    listed: list[dict[str, Any]] = tomllib.loads((FOLDER / "patients.toml").read_text("utf-8"))["patient"]
    return listed


def load_patients() -> dict[str, DemoPatient]:
    """Every patient by id, in the order shown."""
    return {
        entry["id"]: DemoPatient(
            id=entry["id"],
            headline=entry["headline"],
            look_for=entry["look_for"],
            as_of=entry["as_of"].isoformat(),
            trials=tuple(Trial(**trial) for trial in entry["try"]),
            bundle=json.loads((FOLDER / f"{entry['id']}.json").read_text("utf-8")),
        )
        for entry in list_patients()
    }
