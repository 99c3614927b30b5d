"""What a deployer may set: environment variables ``ESSMAP_*`` or a file ``essmap.toml``. Read once, passed down.

Importing this module reads nothing; `load_settings` does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from essmap.errors import SettingsError
from essmap.texts import t

_CHECKOUT = Path(__file__).resolve().parent.parent

#: Plan IGN v2 by WMTS: no key, no limit on requests (documentation of the Géoplateforme, 2026).
PLAN_IGN = (
    "https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2"
    "&STYLE=normal&FORMAT=image/png&TILEMATRIXSET=PM&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}"
)

SETTINGS_FILE_VARIABLE = "ESSMAP_SETTINGS"

#: Legal statements that French law asks of a public site; `essmap check --deploy` fails while one is empty.
REQUIRED_TO_DEPLOY = (
    "publisher",
    "publisher_address",
    "publisher_phone",
    "publication_director",
    "host",
    "host_address",
    "host_phone",
    "dpo",
    "contact_email",
    "site_url",
    "log_retention",
    "accessibility_plan_url",
)


def default_snapshot_root() -> str:
    """Return where snapshots live unless a setting says otherwise.

    Returns
    -------
    str
        ``snapshots/`` of the checkout, or the user's data folder when essmap is installed from a wheel.
    """
    if (_CHECKOUT / "pyproject.toml").is_file():
        return str(_CHECKOUT / "snapshots")
    return str(platformdirs.user_data_path("essmap") / "snapshots")


def default_cache_folder() -> str:
    """Return where what was fetched from services is kept unless a setting says otherwise.

    Returns
    -------
    str
        ``.cache/`` of the checkout, or the user's cache folder when essmap is installed from a wheel.
    """
    if (_CHECKOUT / "pyproject.toml").is_file():
        return str(_CHECKOUT / ".cache")
    return str(platformdirs.user_cache_path("essmap"))


def default_withhold_file() -> str:
    """Return where the list of whom not to show is kept unless a setting says otherwise: never inside the package.

    Returns
    -------
    str
        ``local/withheld.csv`` of the checkout, or ``withheld.csv`` in the user's data folder when essmap is installed
        from a wheel.
    """
    if (_CHECKOUT / "pyproject.toml").is_file():
        return str(_CHECKOUT / "local" / "withheld.csv")
    return str(platformdirs.user_data_path("essmap") / "withheld.csv")


def default_local_lists() -> str:
    """Return where local lists are kept unless a setting says otherwise: never inside the package.

    Returns
    -------
    str
        ``local/lists/`` of the checkout, or ``lists/`` in the user's data folder when essmap is installed from a wheel.
    """
    if (_CHECKOUT / "pyproject.toml").is_file():
        return str(_CHECKOUT / "local" / "lists")
    return str(platformdirs.user_data_path("essmap") / "lists")


def default_enrichment_file(data: Mapping[str, Any]) -> str:
    """Return where what `essmap enrich` found is kept unless a setting says otherwise: beside the withhold list.

    Parameters
    ----------
    data : mapping
        Settings read so far.

    Returns
    -------
    str
    """
    return str(Path(data.get("withhold") or default_withhold_file()).with_name("enrichment.csv"))


class Settings(BaseSettings):
    """Settings of one deployment. Environment variables win over the file; unknown keys in the file are refused."""

    model_config = SettingsConfigDict(env_prefix="ESSMAP_", extra="forbid", frozen=True)

    department: str = Field("31", pattern=r"^(0[1-9]|[1-8]\d|9[0-5]|2[AB]|97[1-46])$")
    snapshots: str = Field(default_factory=default_snapshot_root)

    cache: str = Field(default_factory=default_cache_folder, min_length=1)
    wfs_url: str = Field("https://data.geopf.fr/wfs/ows", pattern=r"^https?://[^\s<>\"']+$")
    wfs_timeout: float = Field(60, gt=0, le=3600)

    #: The part before ``/search``. The service allows 7 requests a second; only a mirror of one's own takes more.
    api_url: str = Field("https://recherche-entreprises.api.gouv.fr", pattern=r"^https?://[^\s<>\"'?#]+$")
    api_rate: int = Field(7, ge=1, le=1000)
    api_timeout: float = Field(30, gt=0, le=3600)
    #: The index of the service is made anew every day: answers of two days may not fit together.
    answers_max_age_days: float = Field(1, gt=0, le=3660)
    geocoder_url: str = Field("https://data.geopf.fr/geocodage", pattern=r"^https?://[^\s<>\"']+$")
    geocoder_timeout: float = Field(300, gt=0, le=3600)
    geocoder_rows: int = Field(5000, ge=1, le=200_000)

    withhold: str = Field(default_factory=default_withhold_file, min_length=1)
    enrichment: str = Field(default_factory=default_enrichment_file, min_length=1)
    #: Folder of the lists that somebody brought in (`essmap.build.locals`).
    local_lists: str = Field(default_factory=default_local_lists, min_length=1)
    show_non_employer_addresses: bool = False

    site_title: str = "essmap"
    site_url: str = ""
    publisher: str = ""
    publisher_address: str = ""
    publisher_phone: str = ""
    publication_director: str = ""
    host: str = ""
    host_address: str = ""
    host_phone: str = ""
    dpo: str = ""
    log_retention: str = ""
    accessibility_plan_url: str = Field("", pattern=r"^$|^https?://[^\s<>\"']+$")
    contact_email: str = Field("", pattern=r"^$|^[^@\s<>\"']+@[^@\s<>\"']+\.[A-Za-z]{2,}$")
    primary_colour: str = Field("", pattern=r"^$|^#[0-9A-Fa-f]{6}$")
    logo: str = ""

    frame_ancestors: str = "'self'"

    tiles: Literal["ask", "on", "off"] = "ask"
    tiles_url: str = PLAN_IGN
    tiles_credit: str = "© IGN – Plan IGN v2, Licence Ouverte 2.0"
    tiles_provider: str = "IGN"

    @field_validator("frame_ancestors")
    @classmethod
    def _one_header_value(cls, value: str) -> str:
        if any(mark in value for mark in ";,\r\n"):
            raise ValueError("frame_ancestors")
        return value

    @field_validator("tiles_url")
    @classmethod
    def _one_tile(cls, value: str) -> str:
        """Refuse what Leaflet could not fill in, or a header could not carry."""
        filled = value.replace("{z}", "1").replace("{x}", "1").replace("{y}", "1")
        is_whole = all(name in value for name in ("{z}", "{x}", "{y}")) and not set("{}<>\"'\\") & set(filled)
        if not is_whole or not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/[!-~]*", filled):
            raise ValueError("tiles_url")
        return value

    @property
    def tile_origins(self) -> tuple[str, ...]:
        """Origins that a browser may load background tiles from; none where they are off."""
        parts = urlsplit(self.tiles_url)
        return () if self.tiles == "off" else (f"{parts.scheme}://{parts.netloc}",)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments first, then the environment, then the settings file."""
        path = settings_file()
        if path is None:
            return init_settings, env_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path)

    def missing_to_deploy(self) -> list[str]:
        """Return the names of the legal settings that are still empty, in the order of `REQUIRED_TO_DEPLOY`."""
        return [name for name in REQUIRED_TO_DEPLOY if not getattr(self, name).strip()]


def settings_file() -> Path | None:
    """Return the settings file in use, or None.

    Returns
    -------
    Path or None
        The file named by ``ESSMAP_SETTINGS``, else ``essmap.toml`` of the current folder if there is one.

    Raises
    ------
    SettingsError
        If ``ESSMAP_SETTINGS`` names a file that does not exist.
    """
    named = os.environ.get(SETTINGS_FILE_VARIABLE)
    if named:
        path = Path(named)
        if not path.is_file():
            raise SettingsError(t("errors.settings_file_missing", path=named))
        return path
    here = Path("essmap.toml")
    return here if here.is_file() else None


def load_settings(**overrides: str) -> Settings:
    """Read the settings.

    Parameters
    ----------
    **overrides : str
        Values that win over environment and file (command line options).

    Returns
    -------
    Settings

    Raises
    ------
    SettingsError
        If a value makes no sense or the file has an unknown key; names every one of them.
    """
    try:
        values: dict[str, Any] = dict(overrides)
        return Settings(**values)
    except ValidationError as error:
        faults = [item for item in error.errors() if item["type"] != "default_factory_not_called"]
        names = ", ".join(sorted({str(item["loc"][0]) if item["loc"] else "?" for item in faults}))
        raise SettingsError(t("errors.settings_invalid", names=names)) from error
    except ValueError as error:  # the TOML itself cannot be read
        raise SettingsError(t("errors.settings_unreadable", path=str(settings_file()), reason=error)) from error
