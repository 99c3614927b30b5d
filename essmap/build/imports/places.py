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

from essmap.build.imports.place_names import department_names, department_of, plain_place, without_article
from essmap.build.imports.values import NOTHING, Reading, clean, is_no_text, is_unknown, joined_postcode
from essmap.schema.folding import fold
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

_ENOUGH_ALIKE: Final = 75
_PROPOSED: Final = 3
#: Communes that are named of those whose name holds what was typed, and the fewest letters that tell anything.
_NAMED: Final = 12
_TELLING_LETTERS: Final = 4
_TELLS_NOTHING: Final = frozenset({"saint", "sainte", "sous", "dans", "grand"})

#: INSEE codes and postcodes.
_FIVE: Final = re.compile(r"(?<![\dA-Za-z])(?:\d{5}|2[AB]\d{3})(?!\w)")
_CODE_BESIDE: Final = re.compile(r"(\d[0-9AB]\d{3})\s*[-–:]|.*\((\d[0-9AB]\d{3})\)\s*$")
#: A department beside a name: « 38 - Roussillon », « Roussillon (38) », « Roussillon (Isère) ».
_DEPARTMENT_BEFORE: Final = re.compile(r"(0?\d{2}|97\d|2[AB])\s*[-–:]\s*[^\W\d_]", re.IGNORECASE)
_DEPARTMENT_BEHIND: Final = re.compile(r".*\(\s*(0?\d{2}|97\d|2[AB]|[^\W\d_][\w\s'’-]*)\s*\)\s*", re.IGNORECASE)

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
    _departments: set[str] = field(init=False)
    _found: dict[tuple[str, str, bool], Reading] = field(init=False, default_factory=dict)
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
        self._departments = {department_of(str(code)) for code in self._names}
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

    def is_elsewhere(self, code: str) -> bool:
        """Tell whether a postcode or an INSEE code is of another department; both may be empty.

        A postcode that a commune of the department has is of the department, whatever it begins with.
        """
        if not code or code in self._by_postcode or code in self._names:
            return False
        departments = {"2A", "2B"} if code.startswith("20") else {department_of(code)}
        return departments.isdisjoint(self._departments)

    def find(self, name: str, postcode: str = "", *, codes_first: bool = False) -> Reading:
        """Find a commune by its name, with its postcode where several bear it.

        Parameters
        ----------
        name : str
            As people write it: « ST GAUDENS », « Fousseret (Le) », « 31000 Toulouse cedex 9 », « L Isle en Dodon »; an
            INSEE code or a postcode alone.
        postcode : str
            The empty string where it is not known.
        codes_first : bool
            Whether a number that is an INSEE code and a postcode is the code.

        Returns
        -------
        Reading
            The INSEE code; a fault names the nearest communes.
        """
        key = (name, postcode, codes_first)
        if key not in self._found:
            self._found[key] = self._find(name, postcode, codes_first=codes_first)
        return self._found[key]

    def _find(self, name: str, postcode: str, *, codes_first: bool) -> Reading:
        if is_no_text(name):
            return self._of_postcode(postcode)
        written = joined_postcode(clean(name))
        if (elsewhere := self._elsewhere(written, postcode)) is not None:
            return elsewhere
        if re.fullmatch(r"\d[0-9AB]\d{3}", written):
            return self._of_number(written, codes_first=codes_first)
        plain = plain_place(written)
        codes = next((self._by_name[key] for key in (plain, without_article(plain)) if key in self._by_name), [])
        exact = [code for code in codes if plain_place(self._names[code]) == plain]
        codes = exact if len(exact) == 1 else codes
        postcode = postcode or next((five for five in _FIVE.findall(written) if five in self._by_postcode), "")
        if len(codes) > 1:
            codes = [code for code in codes if code in self._by_postcode.get(postcode, ())] or codes
        if len(codes) == 1:
            return self._agreed(codes[0], written)
        if codes:
            names = self._listed(codes)
            return Reading(fault=t("imports.expected.which_commune", names=names), rule="ambiguous_commune")
        near = self.near(plain, postcode)
        expected = (
            t("imports.expected.commune_near", names=self._listed(near)) if near else t("imports.expected.commune")
        )
        return Reading(fault=expected, rule="unknown_commune")

    def _elsewhere(self, written: str, postcode: str) -> Reading | None:
        """Return what is wrong where a code or a department beside a name is another one."""
        for number in (postcode, *_FIVE.findall(written)):
            if self.is_elsewhere(number):
                return Reading(fault=t("imports.expected.other_department", code=number), rule="other_department")
        before, behind = _DEPARTMENT_BEFORE.match(written), _DEPARTMENT_BEHIND.fullmatch(written)
        for said in (found[1] for found in (before, behind) if found is not None):
            department = said[1:] if re.fullmatch(r"0\d{2}", said) else said.upper()
            department = department_names().get(fold(said), department)
            if department in department_names().values() and department not in self._departments:
                fault = t("imports.expected.other_department_name", said=said)
                return Reading(fault=fault, rule="other_department")
        return None

    def _of_number(self, number: str, *, codes_first: bool) -> Reading:
        """Return the commune of an INSEE code or of a postcode, where it can be but one."""
        if number not in self._by_postcode or (codes_first and number in self._names):
            known = number in self._names
            return Reading(number) if known else Reading(fault=t("imports.expected.commune"), rule="unknown_commune")
        if number in self._names and self._by_postcode[number] != [number]:
            names = self._listed([number, *self._by_postcode[number]])
            return Reading(fault=t("imports.expected.which_number", names=names), rule="ambiguous_commune")
        return self._of_postcode(number)

    def _agreed(self, code: str, written: str) -> Reading:
        """Return a commune unless the INSEE code beside its name is another's.

        « 31059 Toulouse » is a postcode (CEDEX) before a name, « 31059 - Toulouse » a code.
        """
        beside = _CODE_BESIDE.match(written)
        five = (beside[1] or beside[2]) if beside is not None else ""
        if five in self._names and five not in self._by_postcode and five != code:
            return Reading(fault=t("check.commune_name", name=self._names[five]), rule="commune_name")
        return Reading(code)

    def _of_postcode(self, postcode: str) -> Reading:
        codes = self._by_postcode.get(postcode, [])
        if len(codes) == 1:
            return Reading(codes[0])
        if self.is_elsewhere(postcode):
            return Reading(fault=t("imports.expected.other_department", code=postcode), rule="other_department")
        if not codes:
            return NOTHING
        return Reading(fault=t("imports.expected.which_commune", names=self._listed(codes)), rule="ambiguous_commune")

    def of_postcode(self, postcode: str) -> str:
        """Return the names of the communes that have a postcode, with their codes."""
        return self._listed(self._by_postcode.get(postcode, []))

    def _listed(self, codes: list[str]) -> str:
        named = ", ".join(f"{self._names[code]} ({code})" for code in codes[:_NAMED])
        return f"{named}…" if len(codes) > _NAMED else named

    def near(self, name: str, postcode: str = "") -> list[str]:
        """Return the communes that a name may mean: those that hold its words, then those it is nearest to.

        Those of the postcode come first.

        Parameters
        ----------
        name : str
            Folded (`plain_place`).
        postcode : str
        """
        holding = []
        if len(name) >= _TELLING_LETTERS and name not in _TELLS_NOTHING:
            holding = [(100.0, code) for key, codes in self._by_name.items() if f" {name} " in f" {key} "
                       for code in codes]  # fmt: skip
        found = process.extract(name, list(self._by_name), scorer=fuzz.ratio, limit=6, score_cutoff=_ENOUGH_ALIKE)
        alike = [(score, code) for key, score, _ in found for code in self._by_name[key]]
        here = self._by_postcode.get(postcode, ())

        def ordered(scored: list[tuple[float, str]]) -> list[str]:
            return [code for _, _, code in sorted((code not in here, -score, code) for score, code in scored)]

        holders, nearest = list(dict.fromkeys(ordered(holding))), list(dict.fromkeys(ordered(alike)))
        return list(dict.fromkeys([*holders[: _NAMED + 1], *nearest[:_PROPOSED]]))

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
