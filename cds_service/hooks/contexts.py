"""What each hook's `context` must hold (hook library, digest section 12). A new hook is one class and one entry."""

from dataclasses import dataclass
from typing import Protocol

import msgspec


@dataclass(frozen=True, slots=True)
class Context:
    """The context of any hook; hooks without drafts leave `draft_orders` None. `patient_id` has no `Patient/`."""

    patient_id: str
    user_id: str | None = None
    encounter_id: str | None = None
    selections: tuple[str, ...] = ()
    draft_orders: msgspec.Raw | None = None


class HookContext(Protocol):
    """What every context class below can do: give the one `Context` that the rest of the service reads."""

    def settle(self) -> Context: ...


class PatientView(msgspec.Struct, frozen=True, rename="camel"):
    user_id: str
    patient_id: str
    encounter_id: str | None = None

    def settle(self) -> Context:
        return Context(self.patient_id, self.user_id, self.encounter_id)


class OrderSelect(msgspec.Struct, frozen=True, rename="camel"):
    user_id: str
    patient_id: str
    selections: tuple[str, ...]
    draft_orders: msgspec.Raw
    encounter_id: str | None = None

    def settle(self) -> Context:
        return Context(self.patient_id, self.user_id, self.encounter_id, self.selections, self.draft_orders)


class OrderSign(msgspec.Struct, frozen=True, rename="camel"):
    user_id: str
    patient_id: str
    draft_orders: msgspec.Raw
    encounter_id: str | None = None

    def settle(self) -> Context:
        return Context(self.patient_id, self.user_id, self.encounter_id, draft_orders=self.draft_orders)


class EncounterDischarge(msgspec.Struct, frozen=True, rename="camel"):
    user_id: str
    patient_id: str
    encounter_id: str

    def settle(self) -> Context:
        return Context(self.patient_id, self.user_id, self.encounter_id)


CONTEXTS: dict[str, type[HookContext]] = {
    "patient-view": PatientView,
    "order-select": OrderSelect,
    "order-sign": OrderSign,
    "encounter-discharge": EncounterDischarge,
}
