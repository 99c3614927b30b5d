"""Made-up stock files with the real columns, in every format; nobody in them exists, and every name says so."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from stdnum import luhn

from essmap.sources.stock import StockFiles

FORMATS = ("csv", "zip", "gzip", "parquet")

#: Columns of the published files, in their order where it is known; those that are not read are there as well.
UNIT = dict.fromkeys(
    ("siren", "statutDiffusionUniteLegale", "unitePurgeeUniteLegale", "dateCreationUniteLegale", "sigleUniteLegale",
     "prenomUsuelUniteLegale", "nomUniteLegale", "nomUsageUniteLegale", "denominationUniteLegale",
     "denominationUsuelle1UniteLegale", "categorieJuridiqueUniteLegale", "activitePrincipaleUniteLegale",
     "nomenclatureActivitePrincipaleUniteLegale", "activitePrincipaleNAF25UniteLegale", "nicSiegeUniteLegale",
     "economieSocialeSolidaireUniteLegale", "societeMissionUniteLegale", "caractereEmployeurUniteLegale",
     "trancheEffectifsUniteLegale", "etatAdministratifUniteLegale", "identifiantAssociationUniteLegale",
     "dateDernierTraitementUniteLegale"), "",
) | {
    "statutDiffusionUniteLegale": "O", "categorieJuridiqueUniteLegale": "9220",
    "activitePrincipaleUniteLegale": "94.99Z", "nomenclatureActivitePrincipaleUniteLegale": "NAFRev2",
    "economieSocialeSolidaireUniteLegale": "O", "etatAdministratifUniteLegale": "A",
    "dateDernierTraitementUniteLegale": "2026-08-01T10:00:00",
}  # fmt: skip
SITE = dict.fromkeys(
    ("siren", "nic", "siret", "statutDiffusionEtablissement", "dateCreationEtablissement",
     "trancheEffectifsEtablissement", "anneeEffectifsEtablissement", "caractereEmployeurEtablissement",
     "dateDernierTraitementEtablissement", "etablissementSiege", "complementAdresseEtablissement",
     "numeroVoieEtablissement", "indiceRepetitionEtablissement", "dernierNumeroVoieEtablissement",
     "typeVoieEtablissement", "libelleVoieEtablissement", "codePostalEtablissement", "libelleCommuneEtablissement",
     "distributionSpecialeEtablissement", "codeCommuneEtablissement", "identifiantAdresseEtablissement",
     "coordonneeLambertAbscisseEtablissement", "coordonneeLambertOrdonneeEtablissement",
     "etatAdministratifEtablissement", "enseigne1Etablissement", "denominationUsuelleEtablissement",
     "activitePrincipaleEtablissement", "nomenclatureActivitePrincipaleEtablissement",
     "activitePrincipaleNAF25Etablissement"), "",
) | {
    "statutDiffusionEtablissement": "O", "trancheEffectifsEtablissement": "NN",
    "dateDernierTraitementEtablissement": "2026-08-02T10:00:00", "etablissementSiege": "true",
    "numeroVoieEtablissement": "1", "typeVoieEtablissement": "RUE", "libelleVoieEtablissement": "INVENTEE",
    "codePostalEtablissement": "31000", "codeCommuneEtablissement": "31555",
    "distributionSpecialeEtablissement": "BP INVENTEE", "etatAdministratifEtablissement": "A",
    "activitePrincipaleEtablissement": "88.99B", "nomenclatureActivitePrincipaleEtablissement": "NAFRev2",
}  # fmt: skip
DINUM = {"siren": "", "nom_complet": "", "est_association": "True", "est_ess": "True", "est_siae": "False",
         "type_siae": ""}  # fmt: skip
PLACE = {"siret": "", "x": "574000.1", "y": "6279000.2", "qualite_xy": "11", "epsg": "2154", "plg_qp24": "",
         "plg_code_commune": "31555", "y_latitude": "43.6", "x_longitude": "1.44"}  # fmt: skip
SEPARATORS = {"geolocation": ";"}


def siren(number: int) -> str:
    """Return a number of nine digits that is well formed."""
    digits = f"{90_000_000 + number:08d}"
    return digits + luhn.calc_check_digit(digits)


def siret(number: int, place: int = 1) -> str:
    """Return a number of fourteen digits that is well formed, of the unit `siren` makes."""
    digits = f"{siren(number)}{place:04d}"
    return digits + luhn.calc_check_digit(digits)


@dataclass
class MadeUpStock:
    """Rows of the four files; `write` puts them in a folder."""

    units: list[dict[str, str]] = field(default_factory=list)
    sites: list[dict[str, str]] = field(default_factory=list)
    dinum: list[dict[str, str]] = field(default_factory=list)
    places: list[dict[str, str]] = field(default_factory=list)

    def add(
        self,
        number: int,
        *,
        unit: Mapping[str, str] | None = None,
        site: Mapping[str, str] | None = None,
        place: int = 1,
    ) -> str:
        """Add a unit with one establishment and return its SIRET; columns are named without their ending."""
        self.units.append(
            UNIT
            | {"siren": siren(number), "denominationUniteLegale": f"ASSOCIATION INVENTEE {number}"}
            | {"nicSiegeUniteLegale": siret(number, place)[9:]}
            | {_full(name, UNIT, "UniteLegale"): value for name, value in (unit or {}).items()}
        )
        return self.add_site(number, place, **(site or {}))

    def add_site(self, number: int, place: int, **cells: str) -> str:
        """Add an establishment to a unit and return its SIRET."""
        own = siret(number, place)
        self.sites.append(
            SITE
            | {"siren": siren(number), "siret": own, "nic": own[9:]}
            | {_full(name, SITE, "Etablissement"): value for name, value in cells.items()}
        )
        return own

    def enlist(self, number: int, **cells: str) -> None:
        """Add a unit to the file of the DINUM."""
        self.dinum.append(DINUM | {"siren": siren(number), "nom_complet": f"INVENTEE {number}"} | cells)

    def locate(self, own: str, **cells: str) -> None:
        """Add an establishment to the geolocation file."""
        self.places.append(PLACE | {"siret": own} | cells)

    def write(self, folder: Path, form: str = "csv") -> StockFiles:
        """Write the files; the optional ones where they have rows."""
        written = {
            kind: write(folder / f"{kind}.{form}", rows, form, SEPARATORS.get(kind, ","))
            for kind, rows in (
                ("establishments", self.sites), ("units", self.units), ("dinum", self.dinum),
                ("geolocation", self.places),
            )
            if rows
        }  # fmt: skip
        return StockFiles(**written)


def _full(name: str, columns: Mapping[str, str], ending: str) -> str:
    return name if name in columns else name + ending


def write(path: Path, rows: Sequence[Mapping[str, str]], form: str, separator: str = ",") -> Path:
    """Write rows of text in a format, as the producers do: Parquet has numbers, dates, booleans and lists."""
    frame = pd.DataFrame(rows, dtype="str")
    if form == "parquet":
        typed(frame).to_parquet(path, index=False)
        return path
    plain = io.BytesIO()
    frame.to_csv(plain, index=False, sep=separator)
    path.write_bytes(packed(plain.getvalue(), form))
    return path


def packed(content: bytes, form: str) -> bytes:
    """Return a CSV as it is, or in a gzip or a zip."""
    if form == "gzip":
        return gzip.compress(content, mtime=0)
    if form == "zip":
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("Stock_utf8.csv", content)
        return target.getvalue()
    return content


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return text columns with the types of the Parquet twins."""
    result = frame.copy()
    for name in frame.columns:
        text = frame[name]
        if name.startswith("categorieJuridique"):
            result[name] = pd.to_numeric(text, errors="coerce").astype("Int32")
        elif name.startswith("dateDernierTraitement"):
            result[name] = pd.to_datetime(text, errors="coerce")
        elif name == "etablissementSiege" or name.startswith("est_"):
            result[name] = text.str.lower().map({"true": True, "false": False}).astype("boolean")
        elif name == "type_siae":
            result[name] = [[kind for kind in value.strip("[]'").split("', '") if kind] for value in text]
        elif name in {"x_longitude", "y_latitude", "x", "y"}:
            result[name] = pd.to_numeric(text, errors="coerce")
    return result.mask(result == "", None)
