"""Rows with values like no other, planted in every source: whom we do not show is in no artefact of any path."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from made_up_stock import MadeUpStock, siren
from opened_files import text_of
from pypdf import PdfReader

from essmap.schema.folding import fold
from essmap.schema.withheld import Entry, withhold
from essmap.sources.starter import ACTORS_FILE, PROJECTS_FILE
from essmap.store import Store
from essmap.view import assets
from essmap.view.cards import actor_card
from essmap.view.layers import publish_actors
from essmap.view.opendata.package import FORMATS
from essmap.view.rows import each_row
from standins.geocoder import Hit, geocoder_stand_in
from standins.made_up_department import Site, Unit, with_key
from standins.search_api import SearchStandIn, serve

#: In Toulouse; nothing else of the data is near.
LON, LAT = "1.4412347", "43.6098761"
STREET = ("7890", "RUE", "DES MOTS-CACHES")
CHEZ = "CHEZ MME BIEN-GARDEE"
NAMED = ("MME BIEN-GARDEE MARIE", "BIEN-GARDEE MARIE")
TOULOUSE = ("31555", "TOULOUSE", "31987")

#: What must be found nowhere, folded; « 7654321 » begins every number, « 98765 » ends every SIRET.
SECRETS = (
    "7890 rue", "mots caches", "bien gardee", "31987", "7654321", "98765", "1 4412", "43 6098", "secret",
    "opposition planted",
)  # fmt: skip
PUBLIC = "les amis publics"


def number(kind: int) -> str:
    """Return the SIREN of a planted unit, the same in every source."""
    return with_key(f"7654321{kind}")


#: Kind of row: its name, and whether it must leave no trace at all.
NAMES = {
    1: "Unite Protegee", 2: "Etablissement Protege", 3: "Foyer de Femmes Victimes de Violences", 4: "Bureau Chez",
    5: "Association sans Personne", 6: "NOMSECRET PRENOMSECRET", 7: "OPPOSITION PLANTED", 8: "Voisins du Bureau",
}  # fmt: skip
PARTIAL_UNIT, PARTIAL_SITE, SENSITIVE, HOME, UNSTAFFED, PERSON, WITHHELD, NEIGHBOUR = NAMES


def planted_units() -> list[Unit]:
    """Return the rows as the search service holds them, and one that anybody may see."""
    units = []
    for kind, name in NAMES.items():
        unit = Unit(
            number(kind), name.upper(), f"SECRET{kind}" if kind == PARTIAL_UNIT else "", "9220", "88.99B", "Q",
            "N" if kind == UNSTAFFED else "O", "NN" if kind == UNSTAFFED else "11",
        )  # fmt: skip
        unit.is_masked = kind == PARTIAL_UNIT
        if kind == PERSON:
            unit.nature, unit.is_person = "1000", True
        site = Site(with_key(f"{number(kind)}9876"), *TOULOUSE, STREET, is_seat=True, lon=LON, lat=LAT)
        site.is_masked = kind in {PARTIAL_UNIT, PARTIAL_SITE}
        site.complement = CHEZ if kind in {HOME, NEIGHBOUR} else ""
        site.sign = "ENSEIGNE SECRETE" if site.is_masked else ""
        unit.sites.append(site)
        units.append(unit)
    second = Site(with_key(f"{number(NEIGHBOUR)}0002"), *TOULOUSE, STREET, lon=LON, lat=LAT)  # the same door, unsaid
    units[NEIGHBOUR - 1].sites.append(second)
    shown = Unit(with_key("90000001"), PUBLIC.upper(), "", "9220", "88.99B", "Q", "O", "11")
    street = ("123", "RUE", "PUBLIQUE")
    shown.sites.append(Site(with_key(f"{shown.siren}0001"), "31555", "TOULOUSE", "31000", street, is_seat=True))
    for place, complement in enumerate(NAMED, 2):  # the service puts it in front of the only line that it gives
        street = (f"{123 + place}", "RUE", "PUBLIQUE")
        named = Site(with_key(f"{shown.siren}000{place}"), "31555", "TOULOUSE", "31000", street)
        named.complement = complement
        shown.sites.append(named)
    return [*units, shown]


class Indiscreet(SearchStandIn):
    """A service that says partial diffusion and gives the values all the same."""

    def _said_anyway(self, site: Site) -> dict[str, str]:
        line = " ".join((*STREET, TOULOUSE[2], "TOULOUSE"))
        return {"adresse": line, "code_postal": site.postcode, "latitude": site.lat, "longitude": site.lon}

    def _site(self, site):
        said = super()._site(site)
        return {**said, **self._said_anyway(site)} if site.is_masked else said

    def _parts(self, site):
        said = super()._parts(site)
        kinds = ("numero_voie", "type_voie", "libelle_voie")
        return {**said, **dict(zip(kinds, STREET, strict=True))} if site.is_masked else said


def planted_stock() -> MadeUpStock:
    """Return the same rows as the files of the stock hold them."""
    stock = MadeUpStock()
    for kind, name in NAMES.items():
        own = int(f"7654321{kind}") - 90_000_000
        assert siren(own) == number(kind)
        unit = {"denomination": name.upper(), "caractereEmployeur": "N" if kind == UNSTAFFED else "O"}
        if kind == PARTIAL_UNIT:
            unit |= {"statutDiffusion": "P", "sigle": "SECRET"}
        if kind == PERSON:
            unit |= {"denomination": "", "nom": "NOMSECRET", "prenomUsuel": "PRENOMSECRET"}
            unit |= {"categorieJuridique": "1000"}
        site = {
            "numeroVoie": STREET[0], "typeVoie": STREET[1], "libelleVoie": STREET[2], "codePostal": TOULOUSE[2],
            "caractereEmployeur": unit["caractereEmployeur"], "trancheEffectifs": "NN" if kind == UNSTAFFED else "11",
            "statutDiffusion": "P" if kind in {PARTIAL_UNIT, PARTIAL_SITE} else "O",
            "complementAdresse": CHEZ if kind in {HOME, NEIGHBOUR} else "",
            "enseigne1": "ENSEIGNE SECRETE" if kind in {PARTIAL_UNIT, PARTIAL_SITE} else "",
        }  # fmt: skip
        stock.locate(stock.add(own, unit=unit, site=site, place=9876), x_longitude=LON, y_latitude=LAT)
        if kind == NEIGHBOUR:
            beside = {**site, "complementAdresse": ""}
            stock.locate(stock.add_site(own, 2, **beside), x_longitude=LON, y_latitude=LAT)
    stock.add(
        1, unit={"denomination": PUBLIC.upper()},
        site={"numeroVoie": "123", "libelleVoie": "PUBLIQUE", "caractereEmployeur": "O", "trancheEffectifs": "11"},
    )  # fmt: skip
    return stock


def plant_in_list(folder) -> None:
    """Put the same structures in the gathered list, which knows more of them than may be shown, and a support."""
    lines = folder.lines(ACTORS_FILE)
    for kind, name in NAMES.items():
        if kind == PERSON:
            continue
        cells = {
            "id": f"planted-{kind}", "name": name, "legal_form": "association", "domains": "inclusion_lien_social",
            "address": "7890 rue des Mots-Cachés", "postcode": "31000", "commune_code": "31555",
            "commune": "Toulouse", "lon": LON, "lat": LAT, "geo_precision": "housenumber", "source_kind": "press",
            "source_url": "https://secret.exemple.fr/page", "website": "https://secret.exemple.fr",
            "source_year": "2024",
        }  # fmt: skip
        if kind == HOME:
            cells["address"] = f"7890 rue des Mots-Cachés, {CHEZ.lower()}"
        if kind == WITHHELD:
            cells["id"] = "opposition-planted-31555"
        lines.append([cells.get(column, "") for column in lines[0]])
    folder.write(ACTORS_FILE, lines)
    lines = folder.lines(PROJECTS_FILE)
    project = dict(zip(lines[0], lines[1], strict=True)) | {
        "project_id": "p-opposition-planted", "title": "Aide à Opposition Planted", "holder_name": "Opposition Planted",
        "actor_id": "opposition-planted-31555", "year": "2023", "amount_eur": "4321", "commune_code": "31555",
        "commune": "Toulouse", "note": "Opposition Planted, 7890 rue des Mots-Cachés",
        "source_url": "https://secret.exemple.fr/opposition-planted",
    }  # fmt: skip
    lines.append([project[column] for column in lines[0]])
    folder.write(PROJECTS_FILE, lines)


def import_planted(cli, folder: Path) -> int:
    """Bring the same structures in as a list that knows their numbers too, and supports of them; return rows kept."""
    header = (
        "Nom;Forme juridique;SIREN;SIRET;Adresse;Code postal;Code INSEE;Longitude;Latitude;Précision;Site;Page source"
    )
    rows = [header]
    for kind, name in NAMES.items():
        siret = with_key(f"{number(kind)}9876")
        street = f"7890 rue des Mots-Cachés{f', {CHEZ.lower()}' if kind == HOME else ''}"
        shown = ("31000", "31555", LON, LAT, "housenumber", "https://secret.exemple.fr", "https://secret.exemple.fr/a")
        form = "Entreprise individuelle" if kind == PERSON else "Association"
        rows.append(";".join((name, form, number(kind), siret, street, *shown)))
    (folder / "structures.csv").write_text("\n".join(rows), encoding="utf-8")
    rows = ["Bénéficiaire;SIRET;Programme;Année;Montant;Commune;Note"]
    for kind, name in NAMES.items():
        if kind != PERSON:
            siret = with_key(f"{number(kind)}9876")
            rows.append(f"{name};{siret};Aide inventée;2024;{4320 + kind};Toulouse;")
    (folder / "soutiens.csv").write_text("\n".join(rows), encoding="utf-8")
    about = ("--title", "Liste inventée", "--licence", "Licence Ouverte 2.0")
    structures = cli("import", "structures.csv", "--kind", "actors", *about)
    assert structures.code == 1, structures.err
    assert cli("import", "soutiens.csv", "--kind", "projects", *about).code == 0
    listed = json.loads(cli("imports", "list", "--json").out)
    return sum(one["rows"] for one in listed)


@pytest.fixture
def deployment(tmp_path, monkeypatch) -> Iterator[Path]:
    """An empty deployment with somebody on its list, and a geocoder that places any address at the secret point."""
    monkeypatch.chdir(tmp_path)
    for name in ("snapshots", "cache", "local_lists"):
        monkeypatch.setenv(f"ESSMAP_{name.upper()}", str(tmp_path / name))
    monkeypatch.setenv("ESSMAP_WITHHOLD", str(tmp_path / "withheld.csv"))
    monkeypatch.setenv("ESSMAP_API_RATE", "1000")
    withhold(tmp_path / "withheld.csv", Entry("siren", number(WITHHELD)))
    with geocoder_stand_in(default=Hit(1.46, 43.59)) as geocoder:
        monkeypatch.setenv("ESSMAP_GEOCODER_URL", geocoder.url)
        yield tmp_path
    asked = fold(json.dumps(geocoder.files))
    assert "123 rue publique" in asked
    assert [secret for secret in SECRETS if secret in asked] == []


PATHS = ("api", "stock", "api+starter", "stock+starter", "api+lists", "stock+lists")


@pytest.mark.parametrize("source", PATHS)
def test_no_planted_value_is_in_any_artefact(cli, deployment, starter_copy, source):
    """Build by the real command, then read all that it and the app can give: what is hidden is nowhere."""
    arguments = ["build", "--source", source.removesuffix("+lists"), "--report", "out/told.json"]
    if source.endswith("lists"):
        assert import_planted(cli, deployment) == len(NAMES) - 2 + len(NAMES) - 1
    if source.endswith("starter"):
        plant_in_list(starter_copy)
        arguments += ["--starter-dir", starter_copy.path]
    if source.startswith("stock"):
        (deployment / "stock").mkdir()
        files = planted_stock().write(deployment / "stock")
        arguments += ["--stock-establishments", files.establishments, "--stock-units", files.units]
        arguments += ["--stock-geolocation", files.geolocation]
        texts = artefacts(cli, deployment, cli(*arguments))
    else:
        with serve(Indiscreet(planted_units())) as url, pytest.MonkeyPatch.context() as patch:
            patch.setenv("ESSMAP_API_URL", url)
            texts = artefacts(cli, deployment, cli(*arguments))
    assert all(PUBLIC in texts[name] for name in ("actors.parquet", "export", "map", "cards"))
    found = {(name, secret) for name, text in texts.items() for secret in SECRETS if secret in text}
    assert found == set()
    kept = [path for path in (deployment / "cache").rglob("*") if path.is_file() and path.suffix == ".json"]
    assert kept
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}
    on_disk = fold(" ".join(path.read_text(encoding="utf-8") for path in kept))
    assert [secret for secret in ("bien gardee", "secret") if secret in on_disk] == []
    snapshot = Store(str(deployment / "snapshots")).load("31")
    actors = snapshot.table("actors")
    precisions = actors.set_index(actors["name"].map(fold))["geo_precision"]
    for kind in (PARTIAL_UNIT, PARTIAL_SITE, SENSITIVE, HOME, UNSTAFFED, NEIGHBOUR):
        assert set(precisions[[fold(NAMES[kind])]]) == {"municipality"}, NAMES[kind]
    assert snapshot.report.rejected["natural_person"] == 1
    assert snapshot.report.rejected["withheld"] == (2 if source.endswith("starter") else 1)
    hidden = snapshot.report.hidden
    homes = 4 if source.startswith("api") else 3  # one line begins with the name of somebody
    assert hidden == {"partial_diffusion": 2, "sensitive": 1, "home": homes, "non_employer": 1}
    if source.endswith("lists"):
        supports = snapshot.table("projects").set_index("amount_eur")["holder_name"]
        assert supports[4320 + WITHHELD] == "titulaire non affiché"
        assert supports[4320 + SENSITIVE] == NAMES[SENSITIVE]
    if source.endswith("starter"):
        support = snapshot.table("projects").set_index("amount_eur").loc[4321]
        assert (support["holder_name"], support["year"]) == ("titulaire non affiché", 2023)


def artefacts(cli, deployment: Path, built) -> dict[str, str]:
    """Return the text of all that the build left, and of all that commands and app make of it, folded."""
    assert (built.code, built.err) == (0, "")
    root = deployment / "snapshots"
    texts = {"printed": built.out, "told": (deployment / "out/told.json").read_text(encoding="utf-8")}
    for path in sorted(root.rglob("*")):
        if path.suffix == ".json":
            texts[path.name] = path.read_text(encoding="utf-8")
        elif path.suffix == ".parquet":
            texts[path.name] = "" if path.stem in GEOGRAPHY else _cells(path)
            texts[f"raw {path.name}"] = path.read_bytes().decode("latin-1") if path.stem not in GEOGRAPHY else ""
    assert {"manifest.json", "report.json", "current.json", "actors.parquet", "merges.parquet"} <= set(texts)
    snapshot = Store(str(root)).load("31")
    actors, projects = snapshot.layer("actors"), snapshot.table("projects")
    texts |= exported(cli)
    texts["export"] = texts["out/structures-ess-31.csv"]
    asset = assets.get(publish_actors(actors))
    assert asset is not None
    texts["map"] = asset.content.decode()
    if asset.gzipped is not None:
        assert gzip.decompress(asset.gzipped) == asset.content
    texts["cards"] = " ".join(
        actor_card(actor, projects[projects["actor_id"].eq(actor.actor_id)], report_address="", page_url="")
        for actor in each_row(actors)
    )
    for name, arguments in COMMANDS.items():
        answer = cli(*arguments)
        assert answer.code == 0, (name, answer.err)
        texts[name] = answer.out + answer.err
    assert cli("sheet", "31555", "3199", "--exercise", "--out", "sheets").code == 0
    for path in Path("sheets").iterdir():
        texts[path.name] = " ".join(page.extract_text() for page in PdfReader(path).pages)
    return {name: fold(text) for name, text in texts.items()}


def exported(cli) -> dict[str, str]:
    """Return what anybody reads in the open data, for people and for machines, by the name of the file."""
    formats = [word for name in FORMATS for word in ("--format", name)]
    what = ("--what", "actors", "--what", "projects", "--what", "gaps", "--level", "commune")
    assert cli("export", *formats, *what, "--out", "open").code == 0
    assert cli("export", "--format", "csv", "--format", "xlsx", "--machine", *what, "--out", "machine").code == 0
    texts = {f"out/{path.name}": text_of(path) for path in Path("open").iterdir()}
    assert len(texts) == 3 * len(FORMATS) + 1
    texts |= {f"machine/{path.name}": text_of(path) for path in Path("machine").iterdir()}
    # Rates and outlines of places have any digits; names of people they must not have.
    return {name: re.sub("[0-9]", "", text) if "ecarts" in name else text for name, text in texts.items()}


#: Tables of places: populations and outlines have any digits, and nobody.
GEOGRAPHY = {"communes", "cantons", "canton_parts", "epci", "department", "figures"}
COMMANDS = {
    "info": ("info", "--json"),
    "gaps": ("gaps", "--level", "commune", "--exercise", "--format", "csv"),
    "access": ("access", "--format", "csv"),
    "siting": ("siting", "--new", "2", "--reach-km", "10", "--exercise", "--format", "json"),
}


def _cells(path: Path) -> str:
    """Return every cell of a table, points as numbers."""
    import geopandas as gpd

    try:
        frame = gpd.read_parquet(path)
        frame = pd.DataFrame(frame.assign(lon=frame.geometry.x, lat=frame.geometry.y).drop(columns="geometry"))
    except ValueError:
        frame = pd.read_parquet(path)
    return str(frame.to_csv())
