"""Place the actors that have an address and no position, by what a geocoder answers and we accept.

A geocoder always finds something: « ok » is no mark of quality. An answer moves an actor only if it is a street or
better (or a hamlet), sure enough, in the commune that the source names by code and by outline. Nobody whom we do not
place is asked for: a sensitive place, a home, a masked row.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from essmap.build.addresses import prepare_addresses
from essmap.build.electoral import place_in_cantons
from essmap.build.geography import Geography
from essmap.build.privacy import at_home
from essmap.schema.register import RegisterFile
from essmap.sources.geocoder import Geocoded, GeocoderService, ask_geocoder
from essmap.sources.geocoder_rows import Answer, Question
from essmap.texts import t

#: Score (0-1) from which an answer is taken. Ours: the producer names none. Addresses that are written as in the Base
#: Adresse Nationale score above 0.9; 0.7 lets an abbreviation or a missing word pass; nonsense was seen at 0.34.
ACCEPTED_FROM: Final = 0.7
#: From here to `ACCEPTED_FROM` somebody might look; under it the answer is another street.
REVIEWED_FROM: Final = 0.5
#: Types of answers that place an actor, as its precision. ``municipality`` never does: it is the commune's centre.
PLACING_TYPES: Final = frozenset({"housenumber", "street", "locality"})

#: What becomes of an actor: placed with that precision; answered and not taken; not asked for.
PLACED: Final = ("housenumber", "street", "locality")
NOT_TAKEN: Final = (
    "review", "low_score", "municipality", "other_type", "elsewhere", "outside_commune",
    "not_found", "skipped", "error", "offline",
)  # fmt: skip
NOT_ASKED: Final = ("has_position", "not_to_place", "no_address", "unusable_address")
OUTCOMES: Final = (*PLACED, *NOT_TAKEN, *NOT_ASKED)


@dataclass(frozen=True, slots=True)
class GeocodeReport:
    """What became of each actor, and what it took.

    Attributes
    ----------
    outcomes : mapping
        Number of actors per outcome, in the order of `OUTCOMES`, zeros included; they add up to all actors.
    requests : int
        Files sent to the service.
    sent, kept : int
        Different addresses sent; those whose answer was on disk.
    source : RegisterFile or None
        Whom the positions come from; None where no actor was placed.
    """

    outcomes: Mapping[str, int]
    requests: int = 0
    sent: int = 0
    kept: int = 0
    source: RegisterFile | None = None

    @property
    def placed(self) -> int:
        """Actors that got a position."""
        return sum(self.outcomes[name] for name in PLACED)

    @property
    def counts(self) -> dict[str, int]:
        """What is worth a line of a report: outcomes that happened as ``outcomes.<name>``, then what it took."""
        happened = {f"outcomes.{name}": count for name, count in self.outcomes.items() if count}
        return {**happened, "requests": self.requests, "sent": self.sent, "kept": self.kept}


def geocode(
    actors: gpd.GeoDataFrame,
    geography: Geography,
    service: GeocoderService,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> tuple[gpd.GeoDataFrame, GeocodeReport]:
    """Place the actors that have an address and stand on their commune's reference point.

    Parameters
    ----------
    actors : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.ACTORS`, already masked; left unchanged.
    geography : Geography
    service : GeocoderService
    progress : callable
        Called with the number of addresses answered and their number in all.

    Returns
    -------
    actors : GeoDataFrame
        The same rows in the same order; those that were placed have their point, its precision and their canton.
    report : GeocodeReport

    Raises
    ------
    SourceError
        If the service does not answer as it must; what it answered before is kept on disk.
    """
    address = prepare_addresses(actors["address"])
    outcomes = _not_asked(actors, address)
    questions = {
        row: Question(*texts)
        for row, texts in enumerate(zip(address, actors["commune_name"], actors["commune_code"], strict=True))
        if outcomes[row] is None
    }
    result = ask_geocoder(service, list(questions.values()), progress=progress)
    outlines = geography.communes.set_index("commune_code").geometry.to_dict()
    points, precisions = actors.geometry.to_numpy().copy(), actors["geo_precision"].tolist()
    for row, question in questions.items():
        answer = result.answers[question]
        outcomes[row] = outcome = judge(answer, question.citycode, outlines.get(question.citycode))
        if outcome in PLACED:
            points[row], precisions[row] = shapely.Point(answer.lon, answer.lat), outcome
    placed = actors.assign(geo_precision=pd.Series(precisions, index=actors.index, dtype="str"))
    placed = placed.set_geometry(gpd.GeoSeries(points, index=actors.index, crs=actors.crs))
    counted = Counter(outcomes)
    source = _source(service, result) if any(counted[name] for name in PLACED) else None
    report = GeocodeReport(
        {name: counted[name] for name in OUTCOMES}, result.requests, result.sent, result.kept, source
    )
    return place_in_cantons(placed, geography), report


def _french(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _source(service: GeocoderService, result: Geocoded) -> RegisterFile:
    """Return whom to name for the positions, with the days of the answers and one digest for all of them."""
    first, last = min(result.days), max(result.days)
    lines = sorted(f"{asdict(question)} {asdict(answer)}" for question, answer in result.answers.items())
    return RegisterFile(
        key="geocoder",
        title=t("geocoder.title"),
        publisher=t("geocoder.publisher"),
        url=service.url,
        licence="Licence Ouverte 2.0",
        vintage=last.isoformat() if first == last else t("geocoder.vintage", first=_french(first), last=_french(last)),
        fetched_at=last.isoformat(),
        sha256=hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    )


def judge(answer: Answer, citycode: str, outline: BaseGeometry | None) -> str:
    """Return what an answer is worth for an actor of a commune.

    Parameters
    ----------
    answer : Answer
    citycode : str
        INSEE code of the actor's commune.
    outline : geometry or None
        Of the commune, EPSG:4326; None: not known, and nothing is taken.

    Returns
    -------
    str
        One of `PLACED` or `NOT_TAKEN`.
    """
    if answer.status != "ok":
        return answer.status.replace("-", "_")
    if answer.citycode != citycode:
        return "elsewhere"
    if answer.type not in PLACING_TYPES:
        return "municipality" if answer.type == "municipality" else "other_type"
    if answer.score < ACCEPTED_FROM:
        return "review" if answer.score >= REVIEWED_FROM else "low_score"
    if outline is None or not outline.covers(shapely.Point(answer.lon, answer.lat)):
        return "outside_commune"
    return answer.type


def _not_asked(actors: gpd.GeoDataFrame, address: pd.Series[str]) -> list[str | None]:
    """Return why each actor is not asked for, None where it is; the first reason wins: whom we hide is not read."""
    reasons = {
        "not_to_place": actors["is_sensitive"] | at_home(actors["address"]),
        "has_position": actors["geo_precision"].ne("municipality"),
        "no_address": actors["address"].isna(),
        "unusable_address": address.eq(""),
    }
    flags = zip(*(holds.tolist() for holds in reasons.values()), strict=True)
    return [next((name for name, holds in zip(reasons, row, strict=True) if holds), None) for row in flags]
