"""Procedure codes that facts are read from, as (system, code); they are asked for under the key `procedures`."""

from cds_service.chart.systems import CPT, ICD10PCS, SNOMED

# Renal dialysis, haemodialysis, peritoneal dialysis (SNOMED CT); CPT 90935 to 90947; ICD-10-PCS urinary filtration.
# An access for dialysis is none yet.
DIALYSIS_SESSION = frozenset(
    {
        *((SNOMED, code) for code in ("265764009", "302497006", "71192002")),
        *((CPT, code) for code in ("90935", "90937", "90945", "90947")),
        *((ICD10PCS, code) for code in ("5A1D70Z", "5A1D80Z", "5A1D90Z")),
    }
)

# Hysterectomy; bilateral tubal ligation (SNOMED CT).
STERILISATION = frozenset({(SNOMED, "236886002"), (SNOMED, "287664005")})


def searched(codes: frozenset[tuple[str, str]]) -> tuple[str, ...]:
    """The codes as a search writes them, sorted."""
    return tuple(sorted(f"{system}|{code}" for system, code in codes))
