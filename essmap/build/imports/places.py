"""Understand where a row says that it is: a commune by its code, its name or its postcode; a point in two systems."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, Final

import geopandas as gpd
import shapely
from pyproj import Transformer
from rapidfuzz import fuzz, process
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from essmap.build.imports.values import NOTHING, Reading, clean, is_unknown
from essmap.schema.folding import fold_place
from essmap.schema.tables import CRS
from essmap.texts import t

#: Least and greatest longitude (x), then latitude (y).
Box = tuple[tuple[float, float], tuple[float, float]]

LAMBERT_93: Final = 2154
#: Where metropolitan France is, in degrees and in metres of Lambert-93 (EPSG 2154, area of use, rounded outwards).
_DEGREES: Final[Box] = ((-6.0, 11.0), (40.5, 52.0))
_METRES: Final[Box] = ((0.0, 1_400_000.0), (5_900_000.0, 7_300_000.0))
#: Beyond a department overseas.
_WIDER_DEGREES, _WIDER_METRES = 1.0, 100_000.0
#: A point this near to its commune is an outline drawn another way, in metres.
_NEAR_M: Final = 250.0

_ARTICLES: Final = ("le", "la", "les", "l")
_NOT_NAME: Final = re.compile(
    r"\bcedex\b(?:\s*\d{1,2}\b)?|^\s*(?:f\s*-\s*)?\d{5}\b|\b\d{5}\s*$|\((?:\d{2,5}|haute[- ]garonne)\)|\bfrance\s*$",
    re.IGNORECASE,
)
_ARTICLE_BEHIND: Final = re.compile(r"^(.*?)[\s,]*\(?\b(l['’]?|le|la|les)\)?\s*$", re.IGNORECASE)
_SHORT_WORDS: Final = {
    "s": "sur",
    "ss": "sous",
    "les": "les",
    "lez": "les",
    "lès": "les",
    "gd": "grand",
    "ste": "sainte",
}
_ENOUGH_ALIKE: Final = 75
_PROPOSED: Final = 3

_PAIR: Final = re.compile(r"\s*\(?\s*(-?\d+(?:[.,]\d+)?)\s*(?:[;,/]\s*|\s+)(-?\d+(?:[.,]\d+)?)\s*\)?\s*")
_WKT: Final = re.compile(r"\s*point\s*z?\s*\(\s*(-?\d+(?:\.\d+)?)\s+(-?\d+(?:\.\d+)?)[^)]*\)\s*", re.IGNORECASE)
_NUMBER: Final = re.compile(r"-?\d+(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Located:
    """A point of a row: degrees as essmap writes them, or what was expected."""

    lon: str = ""
    lat: str = ""
    fault: str | None = None
    rule: str = ""
    remark: str | None = None


NOWHERE: Final = Located()


@dataclass(eq=False)
class Places:
    """The communes of a department, to be found by what people write.

    Attributes
    ----------
    communes : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.COMMUNES`.
    metric_crs : int
        EPSG code in which distances are taken, and in which points in metres are read: 2154, Lambert-93, in
        metropolitan France.
    """

    communes: gpd.GeoDataFrame
    metric_crs: int
    _names: dict[str, str] = field(init=False)
    _by_name: dict[str, list[str]] = field(init=False)
    _by_postcode: dict[str, list[str]] = field(init=False)
    _outlines: dict[str, BaseGeometry] = field(init=False)
    _tree: shapely.STRtree = field(init=False)
    _degrees_box: Box = field(init=False)
    _metres_box: Box = field(init=False)
    _to_degrees: Any = field(init=False)
    _to_metres: Any = field(init=False)

    def __post_init__(self) -> None:
        """Index names, postcodes and outlines."""
        table = self.communes
        self._names = dict(zip(table["commune_code"], table["commune_name"], strict=True))
        self._by_name, self._by_postcode = {}, {}
        for code, name, postcodes in zip(table["commune_code"], table["commune_name"], table["postcodes"], strict=True):
            for written in {plain_place(name), without_article(plain_place(name))}:
                self._by_name.setdefault(written, []).append(code)
            for postcode in postcodes:
                self._by_postcode.setdefault(postcode, []).append(code)
        self._outlines = dict(zip(table["commune_code"], table.geometry, strict=True))
        self._tree = shapely.STRtree(list(table.geometry))
        self._to_degrees = Transformer.from_crs(self.metric_crs, CRS, always_xy=True)
        self._to_metres = Transformer.from_crs(CRS, self.metric_crs, always_xy=True)
        is_metropolitan = self.metric_crs == LAMBERT_93
        self._degrees_box = _DEGREES if is_metropolitan else _box(table, _WIDER_DEGREES)
        self._metres_box = _METRES if is_metropolitan else _box(table.to_crs(self.metric_crs), _WIDER_METRES)

    def name(self, code: str) -> str:
        """Return the name of a commune; the empty string for another code."""
        return self._names.get(code, "")

    def postcodes(self, code: str) -> list[str]:
        """Return the postcodes of a commune."""
        return sorted(postcode for postcode, codes in self._by_postcode.items() if code in codes)

    def has_postcode(self, postcode: str) -> bool:
        """Tell whether a commune of the department has a postcode."""
        return postcode in self._by_postcode

    def find(self, name: str, postcode: str = "") -> Reading:
        """Find a commune by its name, with its postcode where several bear it.

        Parameters
        ----------
        name : str
            As people write it: « ST GAUDENS », « Fousseret (Le) », « 31000 Toulouse cedex 9 », « L Isle en Dodon ».
        postcode : str
            The empty string where it is not known.

        Returns
        -------
        Reading
            The INSEE code; a fault names the nearest communes.
        """
        if is_unknown(name):
            return self._of_postcode(postcode)
        plain = plain_place(name)
        if re.fullmatch(r"\d[0-9AB]\d{3}", clean(name)) and clean(name) in self._names:
            return Reading(clean(name))
        codes = next((self._by_name[key] for key in (plain, without_article(plain)) if key in self._by_name), [])
        exact = [code for code in codes if plain_place(self._names[code]) == plain]
        codes = exact if len(exact) == 1 else codes
        if len(codes) > 1:
            codes = [code for code in codes if code in self._by_postcode.get(postcode, ())] or codes
        if len(codes) == 1:
            return Reading(codes[0])
        if codes:
            names = self._listed(codes)
            return Reading(fault=t("imports.expected.which_commune", names=names), rule="ambiguous_commune")
        near = self.near(plain, postcode)
        expected = (
            t("imports.expected.commune_near", names=self._listed(near)) if near else t("imports.expected.commune")
        )
        return Reading(fault=expected, rule="unknown_commune")

    def _of_postcode(self, postcode: str) -> Reading:
        codes = self._by_postcode.get(postcode, [])
        if len(codes) == 1:
            return Reading(codes[0])
        if not codes:
            return NOTHING
        return Reading(fault=t("imports.expected.which_commune", names=self._listed(codes)), rule="ambiguous_commune")

    def _listed(self, codes: list[str]) -> str:
        return ", ".join(f"{self._names[code]} ({code})" for code in codes[:_PROPOSED])

    def near(self, name: str, postcode: str = "") -> list[str]:
        """Return the communes that a name is nearest to, those of the postcode first.

        Parameters
        ----------
        name : str
            Folded (`plain_place`).
        postcode : str
        """
        found = process.extract(name, list(self._by_name), scorer=fuzz.ratio, limit=6, score_cutoff=_ENOUGH_ALIKE)
        scored = [(code in self._by_postcode.get(postcode, ()), score, code)
                  for key, score, _ in found for code in self._by_name[key]]  # fmt: skip
        ordered = sorted(scored, key=lambda one: (-one[0], -one[1], one[2]))
        return list(dict.fromkeys(code for _, _, code in ordered))[:_PROPOSED]

    def at(self, lon: float, lat: float) -> str:
        """Return the commune that a point lies in; the empty string outside the department."""
        for place in self._tree.query(Point(lon, lat), predicate="intersects"):
            return str(self.communes["commune_code"].iat[int(place)])
        return ""

    def locate(self, first: str, second: str, commune: str) -> Located:
        """Read a point: degrees or metres (Lambert-93), either order, checked against the commune.

        Parameters
        ----------
        first, second : str
            Longitude and latitude, or x and y, as people write them.
        commune : str
            INSEE code; the empty string where it is not known: then anywhere in the department.

        Returns
        -------
        Located
            Nothing where both are empty. A remark where the two were the other way round, or the point is just outside
            of its commune and not used.
        """
        pair = (clean(first), clean(second))
        if all(is_unknown(text) for text in pair):
            return NOWHERE
        numbers = [_number(text) for text in pair]
        if numbers[0] is None or numbers[1] is None:
            return Located(fault=t("imports.expected.coordinates"), rule="coordinates")
        x, y = numbers[0], numbers[1]
        if x == y == 0:
            return Located(remark=t("imports.remarks.zero_point"))
        read = [(self._degrees(*one), one != (x, y)) for one in ((x, y), (y, x))]
        possible = [(point, swapped) for point, swapped in read if point is not None]
        if not possible:
            return Located(fault=t("imports.expected.coordinates"), rule="coordinates")
        return self._checked([(point, swapped) for point, swapped in possible], commune)

    def _degrees(self, x: float, y: float) -> tuple[float, float] | None:
        """Return a point in degrees, from whichever system it must be in; None: neither."""
        if _within(x, y, self._degrees_box):
            return x, y
        if _within(x, y, self._metres_box):
            lon, lat = self._to_degrees.transform(x, y)
            return (lon, lat) if math.isfinite(lon) and math.isfinite(lat) else None
        return None

    def _checked(self, points: list[tuple[tuple[float, float], bool]], commune: str) -> Located:
        for (lon, lat), is_swapped in points:
            here = self.at(lon, lat)
            inside = (
                shapely.covers(self._outlines[commune], Point(lon, lat)) if commune in self._outlines else bool(here)
            )
            if inside:
                remark = t("imports.remarks.swapped") if is_swapped else None
                return Located(f"{lon:.6f}", f"{lat:.6f}", remark=remark)
        (lon, lat), _ = points[0]
        if commune in self._outlines and self._distance_m(lon, lat, commune) <= _NEAR_M:
            return Located(remark=t("imports.remarks.just_outside", name=self._names[commune]))
        here = self.at(lon, lat)
        where = self._names[here] if here else t("imports.expected.outside_department")
        if commune in self._outlines:
            fault = t("imports.expected.point", name=self._names[commune], where=where)
            return Located(fault=fault, rule="point_outside_commune")
        return Located(fault=t("imports.expected.point_department"), rule="point_outside_department")

    def _distance_m(self, lon: float, lat: float, commune: str) -> float:
        outline = shapely.transform(self._outlines[commune], self._to_metres.transform, interleaved=False)
        return float(outline.distance(Point(*self._to_metres.transform(lon, lat))))


def plain_place(name: str) -> str:
    """Return a place name as names are compared: without postcode, cedex, brackets; article in front; words in full.

    Examples
    --------
    >>> plain_place("31000 TOULOUSE CEDEX 9"), plain_place("Fousseret (Le)"), plain_place("Rouffiac s/ Tolosan")
    ('toulouse', 'le fousseret', 'rouffiac sur tolosan')
    """
    bare = _NOT_NAME.sub(" ", clean(name)).strip(" ,-–")
    behind = _ARTICLE_BEHIND.fullmatch(bare)
    if behind is not None and behind[1].strip():
        bare = f"{behind[2]} {behind[1]}"
    words = fold_place(bare).split()
    return " ".join(_SHORT_WORDS.get(word, word) if place else word for place, word in enumerate(words))


def without_article(name: str) -> str:
    """Return a folded place name without the article it begins with.

    Examples
    --------
    >>> without_article("L'Isle-en-Dodon")
    'isle en dodon'
    """
    words = fold_place(name).split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in _ARTICLES else words)


def read_pair(text: str) -> tuple[str, str] | None:
    """Return the two numbers of a cell that holds a point: « 43,6 ; 1,44 », « POINT(1.44 43.6) »; None: it does not.

    Examples
    --------
    >>> read_pair("43.6045, 1.444"), read_pair("POINT (1.444 43.6045)")
    (('43.6045', '1.444'), ('1.444', '43.6045'))
    """
    found = _WKT.fullmatch(text) or _PAIR.fullmatch(text)
    return (found[1], found[2]) if found else None


def _number(text: str) -> float | None:
    plain = text.replace(" ", "").rstrip("°")
    return float(plain.replace(",", ".")) if _NUMBER.fullmatch(plain) else None


def _box(communes: gpd.GeoDataFrame, wider: float) -> Box:
    west, south, east, north = (float(edge) for edge in communes.total_bounds)
    return (west - wider, east + wider), (south - wider, north + wider)


def _within(x: float, y: float, box: Box) -> bool:
    return box[0][0] <= x <= box[0][1] and box[1][0] <= y <= box[1][1]
