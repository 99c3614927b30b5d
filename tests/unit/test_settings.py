"""Settings: where they come from, what is refused, what a deployment still needs."""

from __future__ import annotations

import pytest

from essmap.errors import SettingsError
from essmap.settings import REQUIRED_TO_DEPLOY, Settings, default_snapshot_root, load_settings, settings_file


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Run in an empty folder: no settings file but that of the test."""
    monkeypatch.chdir(tmp_path)


def test_defaults_need_no_setting():
    """Without any setting: Haute-Garonne, snapshots beside the checkout, nothing legal filled in."""
    found = load_settings()
    assert (found.department, found.snapshots) == ("31", default_snapshot_root())
    assert found.missing_to_deploy() == list(REQUIRED_TO_DEPLOY)
    assert settings_file() is None


def test_order_of_precedence(tmp_path, monkeypatch):
    """An argument wins over the environment, which wins over the file."""
    (tmp_path / "essmap.toml").write_text('department = "09"\npublisher = "file"\nsite_title = "file"\n')
    monkeypatch.setenv("ESSMAP_PUBLISHER", "environment")
    monkeypatch.setenv("ESSMAP_SITE_TITLE", "environment")
    found = load_settings(site_title="argument")
    assert (found.department, found.publisher, found.site_title) == ("09", "environment", "argument")


def test_file_named_by_the_environment(tmp_path, monkeypatch):
    """ESSMAP_SETTINGS names the file; the one of the folder is then left alone."""
    (tmp_path / "essmap.toml").write_text('publisher = "here"\n')
    named = tmp_path / "other.toml"
    named.write_text('publisher = "Conseil départemental"\n', encoding="utf-8")
    monkeypatch.setenv("ESSMAP_SETTINGS", str(named))
    assert load_settings().publisher == "Conseil départemental"
    assert settings_file() == named


def test_missing_named_file_is_said(monkeypatch):
    """A named file that is not there is an error, not a silent default."""
    monkeypatch.setenv("ESSMAP_SETTINGS", "nowhere.toml")
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load_settings()


@pytest.mark.parametrize("content", ['publisher = "a', "= 3", "publisher"])
def test_unreadable_file_is_a_sentence(tmp_path, content):
    """A file that is no TOML is named in one sentence."""
    (tmp_path / "essmap.toml").write_text(content)
    with pytest.raises(SettingsError, match=r"essmap\.toml"):
        load_settings()


@pytest.mark.parametrize("key", ["departement", "Publisher_", "snapshot", "debug"])
def test_unknown_key_is_refused_by_name(tmp_path, key):
    """A key that is no setting is refused, and named."""
    (tmp_path / "essmap.toml").write_text(f'{key} = "x"\n')
    with pytest.raises(SettingsError, match=f"Réglages à corriger.*{key}"):
        load_settings()


BAD = {
    "department": ["", "0", "99", "31 ", "2C", "975", "٣١"],
    "contact_email": ["ess", "ess@exemple", "a@b@c.fr", "a b@c.fr", "<a@b.fr>", "a@b.fr\n"],
    "primary_colour": ["red", "#12345", "#1234567", "123456", "#12345g", "#123456;x"],
    "accessibility_plan_url": ["exemple.fr", "javascript:alert(1)", "https://a b.fr", 'https://a.fr"'],
    "wfs_url": ["", "data.geopf.fr", "file:///etc/passwd", "https://a b.fr", "ftp://a.fr"],
    "wfs_timeout": ["0", "-1", "soon", "nan", "1e9"],
    "geocoder_url": ["", "data.geopf.fr", "file:///etc/passwd", "https://a b.fr"],
    "geocoder_timeout": ["0", "soon"],
    "geocoder_rows": ["0", "200001", "1.5", "all"],
    "cache": [""],
    "api_url": ["", "exemple.fr", "ftp://a.fr", "https://a b.fr", "https://a.fr/?x=1", "file:///etc/passwd"],
    "api_rate": ["0", "-1", "7.5", "many", "1001"],
    "api_timeout": ["0", "-1", "soon", "nan", "1e9"],
    "answers_max_age_days": ["0", "-1", "nan", "inf", "always"],
    "withhold": [""],
    "enrichment": [""],
    "show_non_employer_addresses": ["", "maybe", "2"],
    "frame_ancestors": ["'self'; script-src *", "a,b", "a\r\nX-Evil: 1"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_values_that_make_no_sense_are_refused_by_name(monkeypatch, name, value):
    """A bad value is refused from the environment and from the arguments, by the name of its setting."""
    with pytest.raises(SettingsError, match=name):
        load_settings(**{name: value})
    monkeypatch.setenv(f"ESSMAP_{name.upper()}", value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


def test_enrichment_stands_beside_the_withhold_list(monkeypatch, tmp_path):
    """Who moves the list of whom not to show moves what enrichment keeps too, unless it is set apart."""
    monkeypatch.setenv("ESSMAP_WITHHOLD", str(tmp_path / "withheld.csv"))
    assert load_settings().enrichment == str(tmp_path / "enrichment.csv")
    assert load_settings(enrichment="other.csv").enrichment == "other.csv"
    with pytest.raises(SettingsError, match=r"corriger\W+withhold\."):
        load_settings(withhold="")


def test_every_bad_value_is_named_at_once(monkeypatch):
    """Two bad values are named in one sentence."""
    monkeypatch.setenv("ESSMAP_DEPARTMENT", "99")
    monkeypatch.setenv("ESSMAP_CONTACT_EMAIL", "x")
    with pytest.raises(SettingsError, match="contact_email, department"):
        load_settings()


@pytest.mark.parametrize("department", ["01", "09", "31", "95", "2A", "2B", "971", "974", "976"])
def test_departments_are_their_codes(department):
    """Every kind of department code is accepted."""
    assert load_settings(department=department).department == department


def test_missing_to_deploy_follows_the_list():
    """Each legal setting that is empty or blank is named, in the order of the list; a full set misses nothing."""
    special = {"contact_email": "ess@exemple.fr", "accessibility_plan_url": "https://exemple.fr"}
    full = {name: special.get(name, "x") for name in REQUIRED_TO_DEPLOY}
    assert load_settings(**full).missing_to_deploy() == []
    for name in set(REQUIRED_TO_DEPLOY) - set(special):
        assert load_settings(**(full | {name: " "})).missing_to_deploy() == [name]
    assert set(REQUIRED_TO_DEPLOY) <= set(Settings.model_fields)


def test_search_service_is_asked_as_its_producer_wants(monkeypatch):
    """By default the national service, at the 7 requests a second that it allows; a mirror is a setting away."""
    found = load_settings()
    assert (found.api_url, found.api_rate) == ("https://recherche-entreprises.api.gouv.fr", 7)
    assert (found.api_timeout, found.answers_max_age_days) == (30, 1)
    monkeypatch.setenv("ESSMAP_API_URL", "http://127.0.0.1:8123/miroir")
    monkeypatch.setenv("ESSMAP_API_RATE", "100")
    monkeypatch.setenv("ESSMAP_API_TIMEOUT", "2.5")
    monkeypatch.setenv("ESSMAP_ANSWERS_MAX_AGE_DAYS", "0.5")
    found = load_settings()
    assert (found.api_url, found.api_rate) == ("http://127.0.0.1:8123/miroir", 100)
    assert (found.api_timeout, found.answers_max_age_days) == (2.5, 0.5)


def test_settings_do_not_change():
    """Settings are read once and never written."""
    with pytest.raises(ValueError, match="frozen"):
        load_settings().department = "09"


def test_tiles_are_asked_for_by_default():
    """By default the IGN's tiles wait for the visitor; « off » lets no other origin in."""
    found = load_settings()
    assert (found.tiles, found.tile_origins) == ("ask", ("https://data.geopf.fr",))
    assert load_settings(tiles="off").tile_origins == ()
    own = load_settings(tiles="on", tiles_url="http://127.0.0.1:9000/{z}/{x}/{y}.png")
    assert own.tile_origins == ("http://127.0.0.1:9000",)


@pytest.mark.parametrize(
    "url",
    [
        "", "https://tuiles.example.org/", "https://tuiles.example.org/{z}/{x}.png", "javascript:alert({z}{x}{y})",
        "https://{s}.example.org/{z}/{x}/{y}.png", "https://a.example.org/{z}/{x}/{y}.png; script-src *",
        "https://a.example.org;x/{z}/{x}/{y}", "https://user:pass@a.example.org/{z}/{x}/{y}", "https://a.org/{z}/{x}/{y}/{r}",
    ],
)  # fmt: skip
def test_address_that_is_no_tile_is_refused(url):
    """An address of tiles has z, x and y, one plain host, and nothing that a header or the map would misread."""
    with pytest.raises(SettingsError, match="tiles_url"):
        load_settings(tiles_url=url)
