"""`fhirAuthorization`: the token for the client's FHIR server (CH-085..095)."""

from dataclasses import dataclass, field

import msgspec

SHORT_LIFETIME_S = 60


@dataclass(frozen=True, slots=True)
class Authorization:
    """`fhirAuthorization`, complete enough to use (CH-085). `expires_in` defaults short when the client forgot it."""

    access_token: str = field(repr=False)
    scope: str
    expires_in: int = SHORT_LIFETIME_S
    subject: str = ""
    patient: str | None = None


class WireAuthorization(msgspec.Struct, frozen=True):
    access_token: str | None = None
    token_type: str | None = None
    expires_in: int | str | None = None
    scope: str | None = None
    subject: str | None = None
    patient: str | None = None


def read_authorization(raw: msgspec.Raw, patient_id: str) -> tuple[Authorization | None, tuple[str, ...]]:
    """The token, or None and the note that says why it cannot be used. The call goes on with prefetch (CH-085)."""
    try:
        wire = msgspec.json.decode(raw, type=WireAuthorization)
    except msgspec.ValidationError:
        return None, ("fhirAuthorization not used: not an object of strings",)
    missing = [name for name in ("access_token", "token_type", "scope", "subject") if not getattr(wire, name)]
    if missing:
        return None, (f"fhirAuthorization not used: {', '.join(missing)} missing",)
    if (wire.token_type or "").lower() != "bearer":
        return None, ("fhirAuthorization not used: token_type is not Bearer",)
    if wire.patient and wire.patient.removeprefix("Patient/") != patient_id:
        return None, ("fhirAuthorization not used: it is for another patient",)  # CH-093
    lifetime = read_lifetime(wire.expires_in)
    notes = () if lifetime else ("fhirAuthorization.expires_in missing: taken as short",)  # G-09
    authorization = Authorization(
        access_token=wire.access_token or "",
        scope=wire.scope or "",
        expires_in=lifetime or SHORT_LIFETIME_S,
        subject=wire.subject or "",
        patient=patient_id if wire.patient else None,
    )
    return authorization, notes


def read_lifetime(value: int | str | None) -> int | None:
    """Seconds, from a number or its digits; None when it is neither."""
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
    return value if value and value > 0 else None
