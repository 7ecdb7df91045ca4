"""A model switched off: a release that says less, so the service may make it itself and sign it as automatic."""

from dataclasses import replace
from hashlib import sha256

from cds_service.errors import BadRelease
from cds_service.governance.releases import switch_automatically
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Status
from cds_service.store.releases import Activation, Releases
from cds_service.store.ring import Ring


def without_model(release: Release, model: str, why: str) -> Release:
    """The release with one model off, where its plain rule speaks and the card says so.

    Raises `BadRelease` when it has no such model, or that is off already.
    """
    if model not in {bundle.id for bundle in release.models}:
        raise BadRelease(f"release {release.digest[:12]} has no model {model}")
    if model in release.models_off:
        raise BadRelease(f"model {model} is off already: {release.models_off[model]}")
    off = switch(release, model, why, sha256(f"{release.digest} {model} off: {why}".encode()).hexdigest())
    return off if off.then is None else replace(off, then=without_model(off.then, model, why))


def switch(release: Release, model: str, why: str, digest: str) -> Release:
    models = tuple(
        replace(bundle, status=Status.RETIRED) if bundle.id == model else bundle for bundle in release.models
    )
    return replace(
        release,
        digest=digest,
        models=models,
        models_off={**release.models_off, model: why},
        tenants={tenant: switch(theirs, model, why, digest) for tenant, theirs in release.tenants.items()},
    )


def switch_model_off(releases: Releases, ring: Ring, in_force: Release, model: str, why: str, at: float) -> Activation:
    """Put in force what is in force now, without the model. Raises `BadRelease` or `ActivatedMeanwhile`."""
    return switch_automatically(releases, ring, without_model(in_force, model, why), why, at)
