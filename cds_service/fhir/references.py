"""Whose a resource is. References come relative, absolute, versioned, as `urn:uuid:` or as a bare id."""

from collections.abc import Mapping


def relative(reference: str, urls: Mapping[str, str]) -> str:
    """A reference as `Type/id`: absolute and versioned ones shortened, `urn:` ones looked up in `urls`.

    `urls` maps the full URLs of a Bundle to `Type/id`. What cannot be shortened is given back as it is.
    """
    if reference in urls:
        return urls[reference]
    if reference.startswith(("urn:", "#")):
        return reference
    parts = reference.partition("/_history/")[0].rstrip("/").split("/")
    return "/".join(parts[-2:])


def belongs_to(reference: str | None, patient_id: str, urls: Mapping[str, str]) -> bool | None:
    """Whether a subject is this patient; None when the reference does not say.

    `urls` as in `relative`. A `urn:uuid:` that no Bundle explains is the patient's if it holds the patient's id.
    """
    if not reference or reference.startswith("#"):
        return None
    target = relative(reference, urls)
    if target.startswith("urn:"):
        return True if target.rpartition(":")[2] == patient_id else None
    return target in (f"Patient/{patient_id}", patient_id)
