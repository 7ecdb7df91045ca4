"""Settings: layers, mistakes explained, closed by default."""

from pathlib import Path

import pytest

from cds_service.errors import BadSettings
from cds_service.folders import data_folder
from cds_service.settings import Settings, is_loopback, load_settings, refuse_exposure


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_later_layers_win(tmp_path: Path) -> None:
    write(tmp_path, "profiles/dev.toml", "port = 1001\nthreads = 2\nworkers = 3\nbody_limit = 5")
    write(tmp_path, "settings.toml", "port = 1002\nthreads = 4\nworkers = 5")
    settings = load_settings(tmp_path, {"CDS_PORT": "1003", "CDS_THREADS": "6"}, {"port": 1004, "host": None})
    assert (settings.port, settings.threads, settings.workers, settings.body_limit) == (1004, 6, 5, 5)
    assert settings.host == "127.0.0.1"


def test_the_profile_can_come_from_the_file_the_environment_or_the_command_line(tmp_path: Path) -> None:
    write(tmp_path, "profiles/production.toml", "threads = 9")
    assert load_settings(tmp_path, {}).profile == "dev"
    assert load_settings(tmp_path, {"CDS_PROFILE": "production"}).threads == 9
    assert load_settings(tmp_path, {"CDS_PROFILE": "production"}, {"profile": "dev"}).threads == 8
    write(tmp_path, "settings.toml", 'profile = "production"')
    assert load_settings(tmp_path, {}).threads == 9


def test_an_unknown_setting_refuses_to_start_and_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "settings.toml", 'timezome = "UTC"')
    with pytest.raises(BadSettings, match=r"settings.toml: no setting is called 'timezome'; did you mean timezone\?"):
        load_settings(tmp_path, {})


def test_an_unknown_variable_refuses_to_start_and_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"no setting is called CDS_PROFIL; did you mean CDS_PROFILE\?"):
        load_settings(tmp_path, {"CDS_PROFIL": "dev"})


def test_variables_that_name_data_folders_are_no_settings(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {"CDS_RULES": "elsewhere", "HOME": "other"}) == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("port = 70000", r"settings.toml: port: found 70000: .*65535"),
        ('timezone = "Europe/Wien"', r"no time zone is called 'Europe/Wien'"),
        ("port = ", r"settings.toml: not readable as TOML"),
        ('profile = "live"', r"profile: found 'live': .*'dev' or 'production'"),
        ("accept_unreviewed = { by = '' }", r"accept_unreviewed.by"),
        ('public_url = "cds.example.org"', r"public_url: found 'cds.example.org'"),
    ],
)
def test_a_wrong_value_is_named_with_its_file(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, "settings.toml", text)
    with pytest.raises(BadSettings, match=message):
        load_settings(tmp_path, {})


def test_lists_and_names_can_be_written_in_variables(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {"CDS_ALLOWED_ORIGINS": "https://a.example, https://b.example"})
    assert settings.allowed_origins == ("https://a.example", "https://b.example")
    accepted = load_settings(tmp_path, {"CDS_PROFILE": "production", "CDS_ACCEPT_UNREVIEWED": "A. Pharmacist"})
    assert accepted.accept_unreviewed is not None
    assert accepted.accept_unreviewed.by == "A. Pharmacist"
    assert accepted.runs_unreviewed


def test_production_runs_no_unreviewed_rule_until_somebody_accepts_it() -> None:
    assert not Settings(profile="production").runs_unreviewed
    assert Settings(profile="dev").runs_unreviewed


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_loopback_addresses_may_be_served(host: str) -> None:
    refuse_exposure(Settings(host=host), trusts_clients=False)
    refuse_exposure(Settings(host=host, profile="production"), trusts_clients=False)


@pytest.mark.requirement("CH-181")
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "cds.example.org", ""])
def test_off_loopback_the_service_refuses_to_start(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(BadSettings, match="this machine only"):
        refuse_exposure(Settings(host=host), trusts_clients=True)
    with pytest.raises(BadSettings, match=r"clients.toml trusts no client.*`cds clients add`"):
        refuse_exposure(Settings(host=host, profile="production"), trusts_clients=False)


REACHABLE = Settings(
    host="0.0.0.0", profile="production", public_url="https://cds.example.org", home=Path("var"), key_ring=Path("ring")
)


def test_with_trusted_clients_and_keys_production_may_be_reached_from_elsewhere() -> None:
    refuse_exposure(REACHABLE, trusts_clients=True)


@pytest.mark.parametrize("key_ring", [None, Path("var/ring"), Path("other/../var/ring"), Path("var")])
def test_keys_are_not_kept_beside_the_records_they_protect(key_ring: Path | None) -> None:
    with pytest.raises(BadSettings, match=r"key_ring: found '.*', expected a folder outside home \(var\)"):
        refuse_exposure(REACHABLE.model_copy(update={"key_ring": key_ring}), trusts_clients=True)


@pytest.mark.requirement("CH-180")
@pytest.mark.parametrize("public_url", [None, "http://cds.example.org"])
def test_production_with_clients_must_know_its_https_address(public_url: str | None) -> None:
    settings = Settings(host="127.0.0.1", profile="production", public_url=public_url)
    with pytest.raises(BadSettings, match=r"public_url: found .*, expected the https address"):
        refuse_exposure(settings, trusts_clients=True)


def test_the_public_address_has_no_slash_at_its_end() -> None:
    assert Settings(public_url="https://cds.example.org/cds/").base_url == "https://cds.example.org/cds"
    assert Settings(port=8123).base_url == "http://localhost:8123"


def test_the_shipped_settings_load() -> None:
    shipped = data_folder("config")
    assert load_settings(shipped, {}).workers == 1
    assert load_settings(shipped, {}, {"profile": "production"}).allowed_origins == ()


def test_a_data_folder_can_be_named_in_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CDS_RULES", str(tmp_path))
    assert data_folder("rules") == tmp_path


def test_in_a_checkout_the_data_folders_stand_beside_the_package() -> None:
    assert data_folder("cards") == Path(__file__).resolve().parents[2] / "cards"


def test_a_secret_that_does_not_fit_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="scrape_token: found a value that is kept secret") as error:
        load_settings(tmp_path, {"CDS_SCRAPE_TOKEN": "hunter2"})
    assert "hunter2" not in str(error.value)
    assert "hunter2" not in repr(Settings.model_construct(scrape_token="hunter2"))
