"""Drug products as the rest of the service sees them, and what a terminology can answer."""

from enum import StrEnum
from typing import Protocol

import msgspec


class Route(StrEnum):
    """Where a dose form acts. `systemic` rules see only SYSTEMIC."""

    SYSTEMIC = "systemic"
    TOPICAL = "topical"
    OPHTHALMIC = "ophthalmic"
    OTIC = "otic"
    NASAL = "nasal"
    INHALED = "inhaled"
    VAGINAL = "vaginal"
    RECTAL_LOCAL = "rectal-local"
    LOCAL = "local"  # dental, intravesical, irrigation, implants acting in place
    UNKNOWN = "unknown"


class Strength(msgspec.Struct, frozen=True, gc=False):
    """Amount of one ingredient: 325 mg per unit, or 10 mg/mL. Units are UCUM (`mg`, `ug`, `mg/mL`, `[IU]`, `ug/h`)."""

    value: float
    unit: str


class Ingredient(msgspec.Struct, frozen=True, gc=False):
    """An RxNorm ingredient (TTY IN) with the strength it has in a product, if the product states one."""

    rxcui: str
    name: str
    strength: Strength | None = None


class Product(msgspec.Struct, frozen=True):
    """An RxNorm concept that resolves to ingredients: SCD, SBD, GPCK, BPCK, SCDC, SBDC, BN, IN, PIN or MIN.

    `route` is UNKNOWN when the concept has no dose form and its ingredients exist in forms of several classes.
    `quantity` is RxNorm's quantity factor ("10 ML") as a number in mL, actuations or hours.
    """

    rxcui: str
    tty: str
    name: str
    ingredients: tuple[Ingredient, ...]
    dose_form: str | None = None
    route: Route = Route.UNKNOWN
    brand: str | None = None
    quantity: Strength | None = None


class Terminology(Protocol):
    """What the chart, the checker and the console ask of the index. Lookups never raise for unknown codes."""

    @property
    def digest(self) -> str:
        """sha256 over the logical content; the same source data gives the same digest on any machine."""

    def __hash__(self) -> int:
        """By identity: what was read with one terminology may be kept for it."""

    def by_rxcui(self, rxcui: str) -> Product | None:
        """Any resolvable RxNorm code, current or retired."""

    def by_ndc(self, ndc: str) -> Product | None:
        """A National Drug Code in any of its punctuations (4-4-2, 5-3-2, 5-4-1, 11 digits)."""

    def by_name(self, text: str) -> Product | None:
        """Exact match after normalisation (case, blanks, punctuation) on product, brand or ingredient name. No fuzz."""

    def ingredient_name(self, rxcui: str) -> str | None:
        """Display name of an IN."""

    def classes(self, ingredient_rxcui: str) -> frozenset[str]:
        """EPC and MoA class ids (`N0000175722`) of an ingredient."""

    def members(self, class_id: str) -> frozenset[str]:
        """Ingredient rxcuis of an EPC or MoA class."""

    def search(self, text: str, limit: int = 20) -> tuple[Product, ...]:
        """Typed search for pickers: prefix match on every word, products before brands, short names first."""
