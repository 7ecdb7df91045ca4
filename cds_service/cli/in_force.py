"""The release that answers at this site, for commands that only look."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cds_service.knowledge.release import Release
    from cds_service.settings import Settings
    from cds_service.terminology.products import Terminology


def read_in_force(settings: "Settings", terminology: "Terminology") -> tuple["Release", str]:
    """The release as a server with these settings runs it today, and in words which one it is. Keeps nothing."""
    from cds_service.app import as_run, find_release, today
    from cds_service.cli.audit import open_for_reading
    from cds_service.governance.releases import open_release
    from cds_service.store.releases import Releases
    from cds_service.store.store import FILE

    if settings.database_url is not None or (settings.home / FILE).is_file():
        releases = Releases(open_for_reading(settings).database)
        if last := releases.last():
            release = as_run(open_release(releases, last.control, terminology), settings).on(today(settings))
            return release, f"release {last.control[:12]}, in force"
    return as_run(find_release(settings, terminology), settings), "the data folders, as no release was activated"
