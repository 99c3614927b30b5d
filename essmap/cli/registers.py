"""Where the command ``essmap build`` gets its register from: the service, or the files of the stock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import geopandas as gpd

from essmap.settings import Settings

if TYPE_CHECKING:
    from essmap.build.enrichment import Enrichment
    from essmap.build.geocode import GeocodeReport
    from essmap.build.geography import Geography
    from essmap.build.overrides import Overrides
    from essmap.schema.register import RegisterRead
    from essmap.sources.search_api import SearchService
    from essmap.sources.stock import Stock

#: Told how much is done and how much there is in all, None where that is not known.
Tell = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class StockPlaces:
    """Where the files of the stock are: paths or addresses."""

    establishments: str
    units: str
    dinum: str | None
    geolocation: str | None
    memory: str


def read_service(settings: Settings, geography: Geography, *, offline: bool, tell: Tell) -> RegisterRead:
    """Read a department from the API Recherche d'entreprises.

    Parameters
    ----------
    settings : Settings
    geography : Geography
    offline : bool
        True: only answers that are on disk are used.
    tell : callable
    """
    from essmap.sources.search_api import read_api

    service = service_of(settings, offline=offline)
    return read_api(service, geography.department_code, geography.communes, progress=tell)


@contextmanager
def open_stock(settings: Settings, places: StockPlaces, *, offline: bool, tell: Tell) -> Iterator[Stock]:
    """Open the files of the stock.

    Parameters
    ----------
    settings : Settings
    places : StockPlaces
    offline : bool
        True: only files that were fetched before are used.
    tell : callable

    Yields
    ------
    Stock
    """
    from essmap.sources.download import Downloads
    from essmap.sources.stock import StockFiles
    from essmap.sources.stock import open_stock as opened_stock

    downloads = Downloads(
        Path(settings.cache),
        contact=_contact(settings),
        offline=offline,
        progress=lambda _name, done, total: tell(done, total),
    )
    files = StockFiles(places.establishments, places.units, places.dinum, places.geolocation)
    cache = Path(settings.cache)
    cache.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(dir=cache, prefix="stock-") as folder,
        opened_stock(files, memory_limit=places.memory, temp_dir=Path(folder), downloads=downloads) as opened,
    ):
        yield opened


def geocoder(
    settings: Settings, *, offline: bool, tell: Tell
) -> Callable[[gpd.GeoDataFrame, Geography], tuple[gpd.GeoDataFrame, GeocodeReport]]:
    """Return what looks for the position of addresses, with the geocoder of the Géoplateforme."""
    from essmap.build.geocode import geocode
    from essmap.sources.geocoder import GeocoderService

    def look_up(actors: gpd.GeoDataFrame, geography: Geography) -> tuple[gpd.GeoDataFrame, GeocodeReport]:
        service = GeocoderService(
            url=settings.geocoder_url,
            cache=Path(settings.cache),
            timeout_s=settings.geocoder_timeout,
            rows=settings.geocoder_rows,
            contact=_contact(settings),
            offline=offline,
        )
        return geocode(actors, geography, service, tell)

    return look_up


def read_decisions(path: Path | None) -> Overrides | None:
    """Return the decisions of a file on who is who; None: no file."""
    from essmap.build.overrides import read_overrides

    return None if path is None else read_overrides(path)


def read_found(settings: Settings) -> Enrichment:
    """Return what `essmap enrich` found, as far as it may be used."""
    from essmap.build.enrichment import read_enrichment

    return read_enrichment(Path(settings.enrichment), show_non_employer_addresses=settings.show_non_employer_addresses)


def service_of(settings: Settings, *, offline: bool) -> SearchService:
    """Return where and how the API Recherche d'entreprises is asked."""
    from essmap.sources.client import Manners
    from essmap.sources.search_api import SearchService

    manners = Manners(rate=settings.api_rate, timeout_s=settings.api_timeout, contact=_contact(settings))
    return SearchService(settings.api_url, Path(settings.cache), manners, settings.answers_max_age_days, offline)


def with_geography(wanted: Sequence[str], has_geography: Callable[[str], bool]) -> tuple[list[str], list[str]]:
    """Return the departments of a list that have a geography, and the others."""
    kept = [code for code in wanted if has_geography(code)]
    return kept, [code for code in wanted if code not in set(kept)]


def _contact(settings: Settings) -> str:
    return settings.contact_email or settings.site_url
