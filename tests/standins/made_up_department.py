"""A made-up department of ESS units over the real communes of Haute-Garonne: every trap of the register, and the truth.

No unit, name or address is real; names say so. Only codes, names and populations of communes are.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd
from stdnum import luhn

from essmap.build.starter import load_geography
from essmap.schema.register import REGISTER_COLUMNS

CITY = "31555"
CITY_POSTCODES = ("31000", "31100", "31200", "31300", "31400", "31500")
CEDEX = "31076"
#: A commune that no table of communes has (a former one): only the filter on the department finds its units.
FORMER_COMMUNE = ("31999", "ANCIENNE-COMMUNE-INVENTEE", "31990")
ELSEWHERE = (("09122", "FOIX", "09000"), ("81004", "ALBI", "81000"), ("75056", "PARIS", "75011"))

#: NAF rév. 2 with its section and its weight: most associations have the same.
NAFS = {
    "94.99Z": ("S", 42), "93.12Z": ("R", 12), "90.01Z": ("R", 11), "88.99B": ("Q", 7), "85.59B": ("P", 6),
    "93.29Z": ("R", 4), "94.12Z": ("S", 3), "70.22Z": ("M", 3), "55.20Z": ("I", 2), "59.11A": ("J", 2),
    "87.10A": ("Q", 2), "47.79Z": ("G", 2), "38.32Z": ("E", 1), "81.30Z": ("N", 1),
    "65.12Z": ("K", 1), "01.13Z": ("A", 1),
}  # fmt: skip
NATURES = {"9220": 930, "9230": 15, "5710": 20, "5458": 12, "5560": 8, "8210": 5, "9300": 6, "9221": 4, None: 6}


@dataclass(slots=True)
class Site:
    """One establishment."""

    siret: str
    commune: str
    commune_name: str
    postcode: str
    street: tuple[str, str, str]
    is_open: bool = True
    is_seat: bool = False
    is_masked: bool = False
    complement: str = ""
    sign: str = ""
    naf: str | None = None
    lon: str = ""
    lat: str = ""

    @property
    def department(self) -> str:
        """Department of the commune."""
        return self.commune[:2]


@dataclass(slots=True)
class Unit:
    """One legal unit."""

    siren: str
    name: str
    acronym: str
    nature: str | None
    naf: str | None
    section: str | None
    employer: str | None
    band: str | None
    rna: str = ""
    siae: str = ""
    is_open: bool = True
    is_ess: bool = True
    is_person: bool = False
    is_masked: bool = False
    flags: tuple[bool, bool] = (False, False)
    sites: list[Site] = field(default_factory=list)

    @property
    def opened(self) -> int:
        """Open establishments."""
        return sum(site.is_open for site in self.sites)

    @property
    def is_searchable(self) -> bool:
        """Whether searches by filters return it: natural persons with partial diffusion never are."""
        return not (self.is_person and self.is_masked)


def with_key(digits: str) -> str:
    """Return a SIREN or a SIRET with its last digit."""
    return digits + luhn.calc_check_digit(digits)


class MadeUp:
    """Makes units.

    Parameters
    ----------
    size : int
        Units of the ESS with an establishment, open or closed, in the department.
    in_the_city : int
        How many of them have one in the city.
    seed : int
    """

    def __init__(self, size: int, in_the_city: int, seed: int = 31) -> None:
        self._random = random.Random(seed)  # noqa: S311
        communes = load_geography("31").communes
        rows = zip(communes["commune_code"], communes["commune_name"], communes["postcodes"], strict=True)
        self._places = {code: (code, name.upper(), next(iter(postcodes))) for code, name, postcodes in rows}
        self._weights = dict(zip(communes["commune_code"], communes["population"], strict=True))
        self._codes = [code for code in self._places if code != CITY]
        self._code_weights = [int(self._weights[code]) for code in self._codes]
        self._serial = 0
        self.units: list[Unit] = []
        networks = [self._federation(), self._national(), self._city_network()]
        city_left = in_the_city - 2
        for number in range(size - len(networks)):
            self.units.append(self._ordinary(number - city_left))
        self.units += networks
        self.units += list(self._not_to_be_found(size // 40))
        self._random.shuffle(self.units)

    def _unit(self, label: str, **said: object) -> Unit:
        self._serial += 1
        naf = self._random.choices(list(NAFS), [weight for _, weight in NAFS.values()])[0]
        nature = self._random.choices(list(NATURES), list(NATURES.values()))[0]
        values = {
            "siren": with_key(f"{90_000_000 + self._serial:08}"),
            "name": f"{label} INVENTÉE N° {self._serial}",
            "acronym": f"I{self._serial}" if self._serial % 7 == 0 else "",
            "nature": nature,
            "naf": naf,
            "section": NAFS[naf][0],
            "employer": self._random.choice(["O", "N", "N", None]),
            "band": self._random.choice(["NN", None, "01", "11"]),
            "rna": f"W31{self._serial:07}" if (nature or "").startswith("92") else "",
            "siae": "ACI, EI" if self._serial % 90 == 0 else "",
            "flags": (self._random.random() < 0.1, self._random.random() < 0.05),
        }
        if self._serial % 400 == 0:
            values |= {"naf": None, "section": None}
        return Unit(**{**values, **said})  # type: ignore[arg-type]

    def _site(self, unit: Unit, place: tuple[str, str, str], **said: object) -> Site:
        number = len(unit.sites) + 1
        code, name, postcode = place
        if code == CITY:
            is_cedex = self._random.random() < 0.01 and unit.section is not None
            postcode = CEDEX if is_cedex else self._random.choice(CITY_POSTCODES)
        values = {
            "street": (str(self._random.randint(1, 99)), "RUE", f"INVENTÉE {self._random.randint(1, 500)}"),
            "is_seat": number == 1,
            "is_masked": unit.is_masked,
            "sign": f"ENSEIGNE INVENTÉE {unit.siren[-4:]}" if self._random.random() < 0.05 else "",
            "naf": self._random.choice(list(NAFS)) if number > 1 and self._random.random() < 0.2 else None,
            "lon": f"{self._random.uniform(1, 2):.6f}" if self._random.random() < 0.9 else "",
            "lat": f"{self._random.uniform(43, 44):.6f}",
            "complement": "BATIMENT INVENTE" if number == 1 and self._random.random() < 0.1 else "",
        }
        site = Site(with_key(f"{unit.siren}{number:04}"), code, name, postcode, **{**values, **said})  # type: ignore[arg-type]
        unit.sites.append(site)
        return site

    def _somewhere(self) -> tuple[str, str, str]:
        return self._places[self._random.choices(self._codes, self._code_weights)[0]]

    def _ordinary(self, number: int) -> Unit:
        """Return a unit with one of the traps, or none; it has an establishment in the city below 0."""
        in_the_city = number < 0
        kind = self._random.random()
        unit = self._unit("ASSOCIATION")
        unit.is_masked = kind < 0.04 and unit.section is not None
        home = self._places[CITY] if in_the_city else self._somewhere()
        if number in {5, 9}:
            home, kind = FORMER_COMMUNE, 0.5
        if kind > 0.995:
            unit.is_person, unit.nature, unit.name = True, "1000", f"PERSONNE INVENTÉE {unit.siren}"
        if 0.90 < kind <= 0.95:  # here only what is closed
            self._site(unit, self._random.choice(ELSEWHERE))
            self._site(unit, home, is_open=False)
            return unit
        self._site(unit, home, is_seat=kind > 0.002)
        if 0.80 < kind <= 0.88:
            for _ in range(self._random.randint(1, 4)):
                place = self._random.choice([home, home, self._somewhere(), self._random.choice(ELSEWHERE)])
                if place[0] != CITY or in_the_city:
                    chez = "CHEZ MME INVENTÉE" if self._random.random() < 0.1 else ""
                    self._site(unit, place, is_open=self._random.random() < 0.8, complement=chez)
        if 0.88 < kind <= 0.89:  # one establishment alone with partial diffusion
            self._site(unit, home, is_masked=True)
        return unit

    def _federation(self) -> Unit:
        """More than 100 open establishments, all here, in many communes."""
        unit = self._unit("FÉDÉRATION", nature="9220")
        communes = self._random.sample(self._codes, 60)
        for number in range(155):
            self._site(unit, self._places[communes[number % 60]], is_open=number % 6 != 5)
        return unit

    def _national(self) -> Unit:
        """Hundreds of establishments in France, some of them here, spread over the documents of the index."""
        unit = self._unit("UNION NATIONALE", nature="9230")
        here = {8 * number: self._places[self._random.choice(self._codes)] for number in range(18)}
        here |= dict.fromkeys((5, 7, 105), self._places[CITY])
        for number in range(150):
            self._site(unit, here.get(number, ELSEWHERE[number % 3]), is_open=number % 4 != 3)
        return unit

    def _city_network(self) -> Unit:
        """More than 100 open establishments in one commune."""
        unit = self._unit("RÉSEAU", nature="8210")
        for _ in range(150):
            self._site(unit, self._places[CITY])
        return unit

    def _not_to_be_found(self, count: int) -> Iterator[Unit]:
        """Yield what no answer should hold: not of the ESS, closed, natural persons with partial diffusion."""
        for number in range(count):
            unit = self._unit("SOCIÉTÉ", is_ess=number % 3 != 0, is_open=number % 3 != 1)
            if number % 3 == 2:
                unit.is_person, unit.is_masked, unit.nature = True, True, "1000"
            self._site(unit, self._places[CITY] if number % 2 else self._somewhere(), is_open=unit.is_open)
            yield unit


def truth(units: list[Unit]) -> pd.DataFrame:
    """Return the register rows that a whole and honest read must give, made without the API's shape."""
    rows = [
        _row(unit, site)
        for unit in units
        if unit.is_ess and unit.is_open and not unit.is_person
        for site in unit.sites
        if site.is_open and site.department == "31"
    ]
    frame = pd.DataFrame(rows, columns=list(REGISTER_COLUMNS), dtype="str")
    return frame.sort_values("siret", ignore_index=True)


def _row(unit: Unit, site: Site) -> dict[str, str]:
    is_masked = unit.is_masked or site.is_masked
    has_point = not is_masked and site.lon != ""
    return {
        "siret": site.siret,
        "siren": unit.siren,
        "name": unit.name,
        "sign": "" if is_masked else site.sign,
        "acronym": "" if unit.is_masked else unit.acronym,
        "legal_category": unit.nature or "",
        "naf": site.naf or unit.naf or "",
        "naf25": "",
        "workforce_band": unit.band or "",
        "employer": unit.employer or "",
        "ess": "yes",
        "siae": unit.siae,
        "rna": unit.rna,
        "is_head_office": "yes" if site.is_seat else "no",
        "diffusion": "P" if is_masked else "O",
        "address": "" if is_masked else " ".join(site.street),
        "complement": _complement(site, is_masked=is_masked),
        "postcode": "" if is_masked else site.postcode,
        "commune_code": site.commune,
        "lon": site.lon if has_point else "",
        "lat": site.lat if has_point else "",
        "position_quality": "",
        "updated": "2026-05-04",
    }


def _complement(site: Site, *, is_masked: bool) -> str:
    """Return what may be known: that it is somebody's home, or the building of a head office, which has it apart."""
    if site.complement.startswith("CHEZ") and not is_masked:
        return "CHEZ"
    return site.complement if site.is_seat and not is_masked else ""
