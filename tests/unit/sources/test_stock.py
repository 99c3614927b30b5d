"""What is read of the stock: which rows, what they say, in every format and whatever the order of the files."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_stock import FORMATS, MadeUpStock, siren, siret

from essmap.errors import SettingsError, SourceError
from essmap.schema.register import REGISTER_COLUMNS
from essmap.sources.stock import StockFiles, open_stock

LOCATED = {"coordonneeLambertAbscisse": "574000.1", "coordonneeLambertOrdonnee": "6279000.2"}


@contextmanager
def opened(stock: MadeUpStock, folder: Path, form: str = "csv", **options):
    folder.mkdir(parents=True, exist_ok=True)
    files = stock.write(folder, form)
    with open_stock(files, memory_limit="1GiB", temp_dir=folder / "work", threads=1, **options) as one:
        yield one


def read(stock: MadeUpStock, folder: Path, department: str = "31", form: str = "csv"):
    with opened(stock, folder, form) as one:
        return one.read(department)


def row(stock: MadeUpStock, folder: Path, own: str, department: str = "31") -> dict[str, str]:
    frame = read(stock, folder, department).frame.set_index("siret")
    return {str(key): value for key, value in frame.loc[own].items()}


def every_trap() -> MadeUpStock:
    """Return a stock with one row of each kind."""
    stock = MadeUpStock()
    stock.add(1, site=LOCATED)
    stock.add(2, unit={"sigle": "INV"}, site={"trancheEffectifs": "03", "etablissementSiege": "false"})
    stock.add(3, unit={"statutDiffusion": "P"})
    stock.add(4, unit={"categorieJuridique": "1000"})
    stock.add(5, unit={"categorieJuridique": "2110", "economieSocialeSolidaire": "N"})
    stock.add(6, unit={"etatAdministratif": "C"})
    stock.add(7, site={"etatAdministratif": "F"})
    stock.add(8, unit={"categorieJuridique": "5710"}, site={"codeCommune": "31395", "libelleVoie": "UNE\nINVENTEE"})
    stock.add(9, unit={"economieSocialeSolidaire": "N", "categorieJuridique": "9230"})
    stock.add(10, unit={"economieSocialeSolidaire": "", "categorieJuridique": "5499"})
    stock.add(11, site={"codeCommune": "2A004"})
    stock.add_site(2, 2, enseigne1="ENSEIGNE INVENTEE, « A »", codeCommune="974411")
    stock.sites.append(dict(stock.sites[0]))
    stock.add_site(1, 3, siret="12345678901234")
    stock.enlist(2, est_siae="True", type_siae="['EI', 'ACI']")
    stock.enlist(10)
    stock.enlist(1, est_ess="False")
    for number in (1, 3, 10):
        stock.locate(siret(number))
    return stock


def test_row_says_what_the_files_say(tmp_path):
    """One establishment with everything filled in: every column of the contract."""
    stock = MadeUpStock()
    own = stock.add(
        1,
        unit={"sigle": "INV", "identifiantAssociation": "W310000000"},
        site={"enseigne1": "ENSEIGNE INVENTEE", "caractereEmployeur": "O", "trancheEffectifs": "11",
              "complementAdresse": "BATIMENT  INVENTE", "activitePrincipaleNAF25": "88.99Y"},
    )  # fmt: skip
    stock.enlist(1, est_siae="True", type_siae="['ACI', 'EI']")
    stock.locate(own)
    assert row(stock, tmp_path, own) == {
        "siren": siren(1), "name": "ASSOCIATION INVENTEE 1", "sign": "ENSEIGNE INVENTEE", "acronym": "INV",
        "legal_category": "9220", "naf": "88.99B", "naf25": "88.99Y", "workforce_band": "11", "employer": "O",
        "ess": "yes", "siae": "ACI, EI", "rna": "W310000000", "is_head_office": "yes", "diffusion": "O",
        "address": "1 RUE INVENTEE", "complement": "BATIMENT INVENTE", "postcode": "31000", "commune_code": "31555",
        "lon": "1.4400000", "lat": "43.6000000", "position_quality": "11", "updated": "2026-08-02",
    }  # fmt: skip


def test_counts_add_up(tmp_path):
    """Each establishment of an ESS unit of the department is kept or counted under one reason."""
    result = read(every_trap(), tmp_path)
    assert result.rejected == {"closed": 2, "malformed": 1, "natural_person": 1, "repeated": 1}
    assert result.rows_in == len(result.frame) + 5
    assert result.frame["siret"].tolist() == sorted(siret(number) for number in (1, 2, 3, 8, 10))
    assert tuple(result.frame.columns) == REGISTER_COLUMNS
    assert all(dtype == "str" for dtype in result.frame.dtypes)
    assert result.is_complete
    assert result.shortfalls == ()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("cut", "is_whole"), [(0, True), (1, True), (2, False), (500, False)])
def test_file_cut_between_two_lines_is_not_whole(tmp_path, form, cut, is_whole):
    """Head offices that units name and no establishment is, wherever they are, tell that the end of a file is gone."""
    stock = MadeUpStock()
    for number in range(1, 1001):
        stock.add(number, site={"codeCommune": "31555" if number < 400 else "75056"})
    stock.add(2000, unit={"etatAdministratif": "C"})
    stock.add(2001, unit={"categorieJuridique": "1000"})
    del stock.sites[1000 - cut :]
    result = read(stock, tmp_path, form=form)
    assert len(result.frame) == 399
    assert result.figures["head_offices_missing"] == cut
    assert (result.is_complete, len(result.shortfalls)) == (is_whole, 0 if is_whole else 1)
    if not is_whole:
        assert f"{cut} sièges" in result.shortfalls[0]


def test_closed_head_office_is_there_all_the_same(tmp_path):
    """An active unit whose head office is closed misses nothing; another department's is no row of this one."""
    stock = MadeUpStock()
    stock.add(1, site={"etatAdministratif": "F"})
    stock.add(2, site={"codeCommune": "75056"})
    stock.add_site(2, 2)
    result = read(stock, tmp_path)
    assert (result.is_complete, result.figures["head_offices_missing"], len(result.frame)) == (True, 0, 1)
    with opened(stock, tmp_path / "all") as one:
        assert one.departments() == ["31", "75"]


def test_units_that_name_no_head_office_are_said_to_prove_nothing(tmp_path):
    """Without that column nothing tells whether the establishments are whole: a note says so."""
    stock = MadeUpStock()
    stock.add(1)
    with opened(stock, tmp_path / "with") as one:
        before = one.notes
    for unit in stock.units:
        del unit["nicSiegeUniteLegale"]
    with opened(stock, tmp_path / "without") as one:
        (more,) = set(one.notes) - set(before)
        assert "sièges" in more
        assert one.read("31").is_complete


def test_law_flag_and_list_are_told_apart(tmp_path):
    """Units of an ESS form without the flag, of the flag without the form, and of the list without the flag."""
    figures = read(every_trap(), tmp_path).figures
    assert figures["units_ess"] == 5
    assert figures["units_form_without_flag"] == 1
    assert figures["units_flag_without_form"] == 1
    assert figures["units_list_without_flag"] == 1
    assert figures["partial_diffusion"] == 1


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_the_same(tmp_path, form):
    """CSV, zip, gzip and Parquet with its own types: the same rows and counts."""
    expected, found = read(every_trap(), tmp_path / "a"), read(every_trap(), tmp_path / "b", form=form)
    pd.testing.assert_frame_equal(found.frame, expected.frame)
    assert (found.rejected, found.figures, found.rows_in) == (expected.rejected, expected.figures, expected.rows_in)


@settings(max_examples=10)
@given(st.randoms(use_true_random=False), st.sampled_from(FORMATS))
def test_order_of_rows_and_format_change_nothing(random, form):
    """However the files are sorted and packed, the result is the same, twins of a SIREN or SIRET included."""
    stock = every_trap()
    stock.add(1, unit={"statutDiffusion": "P", "sigle": "JUMELLE"})
    stock.add_site(8, 1, etatAdministratif="A", enseigne1="JUMELLE INVENTEE")
    stock.locate(siret(1), qualite_xy="12", x_longitude="1.5")
    with tempfile.TemporaryDirectory() as folder:
        expected = read(stock, Path(folder) / "a")
        for rows in (stock.units, stock.sites, stock.dinum, stock.places):
            random.shuffle(rows)
        found = read(stock, Path(folder) / "b", form=form)
    pd.testing.assert_frame_equal(found.frame, expected.frame)
    assert found.rejected == expected.rejected


def test_twin_that_hides_most_wins(tmp_path):
    """A SIREN or a SIRET that comes twice, once under partial diffusion, is under partial diffusion."""
    stock = MadeUpStock()
    stock.add(1)
    stock.add(1, unit={"statutDiffusion": "P"})
    stock.add(2)
    stock.add_site(2, 1, statutDiffusion="P")
    result = read(stock, tmp_path)
    assert result.frame["diffusion"].tolist() == ["P", "P"]
    assert result.rejected == {"repeated": 2}


SECRETS = [f"SECRET{number}" for number in range(20)]


def test_private_values_go_no_further(tmp_path):
    """Values of natural persons, closed units and what partial diffusion hides are in no cell, masked or not."""
    stock = MadeUpStock()
    private_unit = {"sigle": "SECRET0", "denominationUsuelle1": "SECRET1", "identifiantAssociation": "SECRET2"}
    private_site = {
        "enseigne1": "SECRET3", "denominationUsuelle": "SECRET4", "complementAdresse": "SECRET5",
        "numeroVoie": "SECRET6", "libelleVoie": "SECRET7", "codePostal": "SECRET8", "typeVoie": "SECRET9",
        "distributionSpeciale": "SECRET10", **LOCATED,
    }  # fmt: skip
    everything = {"denomination": "SECRET11", "nom": "SECRET12", "prenomUsuel": "SECRET13", **private_unit}
    stock.add(1, unit={"statutDiffusion": "P", **private_unit}, site=private_site)
    stock.add(2, unit=private_unit, site={"statutDiffusion": "P", **private_site})
    stock.add(3, unit={"statutDiffusion": "N", **private_unit}, site=private_site)
    stock.add(4, unit={"categorieJuridique": "1000", **everything}, site=private_site)
    stock.add(5, unit={"categorieJuridique": "2310", **everything}, site=private_site)
    stock.add(6, unit={"etatAdministratif": "C", **everything}, site=private_site)
    stock.add(7, unit={"nom": "SECRET14", "prenomUsuel": "SECRET15"}, site={"distributionSpeciale": "SECRET16"})
    stock.add(8, unit={"categorieJuridique": "", **everything}, site=private_site)
    for number in range(1, 9):
        stock.locate(siret(number), x_longitude="1.23456", y_latitude="43.54321")
        stock.enlist(number, nom_complet="SECRET17")
    result = read(stock, tmp_path)
    assert result.rejected == {"closed": 1, "malformed": 1, "natural_person": 2}
    frame = result.frame.set_index("siret")
    partial = frame.loc[[siret(1), siret(2), siret(3)]]
    assert (partial["diffusion"] == "P").all()
    hidden = ["lon", "lat", "position_quality", "address", "complement", "postcode", "sign", "acronym", "rna"]
    assert (partial[hidden] == "").all(axis=None)
    assert frame.loc[siret(7), "lon"] == "1.2345600"
    cells = [*partial.to_numpy().ravel(), *frame.loc[siret(7)].drop(["lon", "lat"])]
    assert [cell for cell in cells if any(secret in cell for secret in [*SECRETS, "1.23456", "43.54321"])] == []
    assert set(frame.index) == {siret(1), siret(2), siret(3), siret(7)}


def test_closed_site_of_an_open_unit_is_closed(tmp_path):
    """The state of the unit and that of the establishment both count."""
    stock = MadeUpStock()
    own = stock.add(1)
    stock.add_site(1, 2, etatAdministratif="F")
    result = read(stock, tmp_path)
    assert (result.frame["siret"].tolist(), result.rejected) == ([own], {"closed": 1})


def test_without_the_list_the_flag_alone_decides(tmp_path):
    """Without the DINUM file a unit of the list only is not there, and the notes say why."""
    stock = every_trap()
    stock.dinum.clear()
    with opened(stock, tmp_path) as one:
        assert siret(10) not in set(one.read("31").frame["siret"])
        assert len(one.notes) == 1
        assert "DINUM" in one.notes[0]
        assert [file.key for file in one.read("31").files] == [
            "sirene_establishments", "sirene_units", "sirene_geolocation"
        ]  # fmt: skip


def test_nothing_is_lacking_with_all_four_files(tmp_path):
    """With every file there is nothing to say."""
    with opened(every_trap(), tmp_path) as one:
        assert one.notes == ()


def test_department_is_the_beginning_of_the_commune(tmp_path):
    """Two characters, three overseas, Corsica by its letter; what is no department is in none."""
    stock = MadeUpStock()
    inside = {
        "01001": "01",
        "2A004": "2A",
        "2b033": "2B",
        "75101": "75",
        "97101": "971",
        "97302": "973",
        "97608": "976",
    }
    outside = ["97502", "97701", "98818", "", "[ND]", "99100", "3155", "00001"]
    for number, commune in enumerate([*inside, *outside]):
        stock.add(number, site={"codeCommune": commune})
    with opened(stock, tmp_path) as one:
        assert one.departments() == sorted(inside.values())
        for number, (commune, department) in enumerate(inside.items()):
            frame = one.read(department).frame
            assert frame[["siret", "commune_code"]].to_numpy().tolist() == [[siret(number), commune.upper()]]


def test_all_departments_in_one_reading(tmp_path):
    """The files are read once for all departments: they may be gone after the first."""
    stock = MadeUpStock()
    codes = ["01", "2B", "31", "974"]
    for number, code in enumerate(codes):
        stock.add(number, site={"codeCommune": f"{code}001"[:5]})
    with opened(stock, tmp_path) as one:
        each = one.read_each("all")
        first = next(each)
        for file in tmp_path.glob("*.csv"):
            file.unlink()
        found = [first, *each]
    assert [department for department, _ in found] == codes
    assert [read.frame["siret"].tolist() for _, read in found] == [[siret(number)] for number in range(4)]


def test_departments_one_by_one_are_those_together(tmp_path):
    """A list, all of them, or each alone: the same rows."""
    with opened(every_trap(), tmp_path) as one:
        alone = {code: one.read(code) for code in ("31", "2A")}
        for departments in (["31", "2A"], "all"):
            for code, together in one.read_each(departments):
                pd.testing.assert_frame_equal(together.frame, alone[code].frame)
                assert together.figures == alone[code].figures


def test_unknown_department_is_said(tmp_path):
    """A code of no department is an argument to mend, before anything is read."""
    with opened(every_trap(), tmp_path) as one, pytest.raises(SettingsError, match="99"):
        one.read("99")


def test_department_without_a_row_is_said(tmp_path):
    """A file of another department is not an empty department."""
    with opened(every_trap(), tmp_path) as one, pytest.raises(SourceError, match=r"Aucun établissement .* 09"):
        one.read("09")


def test_address_is_one_line(tmp_path):
    """Number, repetition, last number, type and name of the street; never the special distribution."""
    cases: list[tuple[dict[str, str], str]] = [
        ({}, "1 RUE INVENTEE"),
        ({"indiceRepetition": "B"}, "1 B RUE INVENTEE"),
        ({"dernierNumeroVoie": "5"}, "1-5 RUE INVENTEE"),
        ({"dernierNumeroVoie": "1"}, "1 RUE INVENTEE"),
        ({"indiceRepetition": "BIS", "dernierNumeroVoie": "5"}, "1 BIS-5 RUE INVENTEE"),
        ({"numeroVoie": "", "typeVoie": ""}, "INVENTEE"),
        ({"numeroVoie": "", "dernierNumeroVoie": "5"}, "5 RUE INVENTEE"),
        ({"numeroVoie": "[ND]", "typeVoie": "[ND]", "libelleVoie": "[ND]"}, ""),
        ({"libelleVoie": "DU \n PONT\tINVENTE"}, "1 RUE DU PONT INVENTE"),
    ]
    stock = MadeUpStock()
    owns = [stock.add(number, site=cells) for number, (cells, _) in enumerate(cases)]
    frame = read(stock, tmp_path).frame.set_index("siret")
    assert frame.loc[owns, "address"].tolist() == [address for _, address in cases]


def test_names_and_codes_are_chosen(tmp_path):
    """Names of the unit and of the place, activity in NAF rév. 2 only."""
    cases: list[tuple[dict[str, str], dict[str, str], dict[str, str]]] = [
        ({}, {}, {"name": "ASSOCIATION INVENTEE 0", "sign": ""}),
        ({"denomination": "", "denominationUsuelle1": "USUELLE INVENTEE"}, {}, {"name": "USUELLE INVENTEE"}),
        ({"denomination": "[ND]"}, {}, {"name": ""}),
        ({}, {"denominationUsuelle": "SITE INVENTE"}, {"sign": "SITE INVENTE"}),
        ({}, {"enseigne1": "ENSEIGNE", "denominationUsuelle": "SITE INVENTE"}, {"sign": "ENSEIGNE"}),
        ({}, {"nomenclatureActivitePrincipale": "NAP"}, {"naf": "94.99Z"}),
        ({"nomenclatureActivitePrincipale": "NAF1993"}, {"activitePrincipale": ""}, {"naf": ""}),
        ({"activitePrincipaleNAF25": "94.99Y"}, {}, {"naf25": "94.99Y"}),
        ({}, {"etablissementSiege": "false"}, {"is_head_office": "no"}),
        ({}, {"dateDernierTraitement": ""}, {"updated": ""}),
        ({"categorieJuridique": "0000"}, {}, {"legal_category": "0000"}),
    ]
    stock = MadeUpStock()
    owns = [stock.add(number, unit=unit, site=site) for number, (unit, site, _) in enumerate(cases)]
    for form in ("csv", "parquet"):
        frame = read(stock, tmp_path / form, form=form).frame.set_index("siret")
        for own, (_, _, expected) in zip(owns, cases, strict=True):
            assert frame.loc[own, list(expected)].to_dict() == expected


def test_columns_of_naf_2025_may_be_absent(tmp_path):
    """Files from before the double coding are read as well."""
    stock = MadeUpStock()
    stock.add(1)
    for rows in (stock.units, stock.sites):
        for cells in rows:
            del cells[next(name for name in cells if "NAF25" in name)]
    assert read(stock, tmp_path).frame["naf25"].tolist() == [""]


def test_kinds_of_work_integration(tmp_path):
    """Kinds are read however they are listed, sorted; an SIAE whose kind is not said stays one."""
    cases = [("True", "['ACI', 'EI']", "ACI, EI"), ("true", "EI, ACI", "ACI, EI"), ("True", "", "SIAE"),
             ("False", "['EA']", ""), ("", "", "")]  # fmt: skip
    stock = MadeUpStock()
    owns = [stock.add(number) for number in range(len(cases))]
    for number, (is_siae, kinds, _) in enumerate(cases):
        stock.enlist(number, est_siae=is_siae, type_siae=kinds)
    frame = read(stock, tmp_path).frame.set_index("siret")
    assert frame.loc[owns, "siae"].tolist() == [expected for *_, expected in cases]


def test_work_integration_alone_is_not_the_ess(tmp_path):
    """A commercial company may be an SIAE: that does not make it a unit of the ESS."""
    stock = MadeUpStock()
    stock.add(1)
    stock.add(2, unit={"economieSocialeSolidaire": "N", "categorieJuridique": "5499"})
    stock.enlist(1)
    stock.enlist(2, est_ess="False", est_siae="True", type_siae="['EI']")
    result = read(stock, tmp_path)
    assert (len(result.frame), result.rows_in) == (1, 1)


def test_malformed_siret_is_counted(tmp_path):
    """A SIRET with a wrong check digit, length or sign, or of another unit, is left out and counted."""
    stock = MadeUpStock()
    own = stock.add(1)
    wrong = ["90000001900018", "9000000190001", "900 000 019 00019", "ABCDEFGHIJKLMN", "", siret(2)]
    for place, number in enumerate(wrong, start=2):
        stock.add_site(1, place, siret=number)
    result = read(stock, tmp_path)
    assert (result.frame["siret"].tolist(), result.rejected) == ([own], {"malformed": len(wrong)})


def test_files_are_described(tmp_path):
    """Four files, the counted one first, with their digest, their producer and the day of the last treatment."""
    result = read(every_trap(), tmp_path)
    assert [file.key for file in result.files] == [
        "sirene_establishments", "sirene_units", "dinum_units", "sirene_geolocation"
    ]  # fmt: skip
    first, second, third, _ = result.files
    assert first.sha256 == hashlib.sha256((tmp_path / "establishments.csv").read_bytes()).hexdigest()
    assert (first.vintage, second.vintage, third.vintage) == ("2026-08-02", "2026-08-01", "date non précisée")
    assert {file.fetched_at for file in result.files} == {None}
    assert first.url.startswith("https://www.data.gouv.fr/")


def test_names_of_files_are_no_patterns(tmp_path):
    """A path with signs of patterns, quotes or « key=value » is a path, and the columns stay those of the file."""
    stock = MadeUpStock()
    own = stock.add(1)
    folder = tmp_path / "l'année=2026 [*]"
    assert read(stock, folder).frame["siret"].tolist() == [own]
    shutil.copytree(folder, tmp_path / "l'année=2026 x")
    for form in ("zip", "parquet"):
        assert read(stock, folder, form=form).frame["siret"].tolist() == [own]


def test_work_folder_is_emptied(tmp_path):
    """Nothing stays behind, whether all went well or not."""
    with opened(every_trap(), tmp_path) as one:
        one.read("31")
        assert list((tmp_path / "work").iterdir())
    assert list((tmp_path / "work").iterdir()) == []
    with pytest.raises(ZeroDivisionError), opened(every_trap(), tmp_path):
        raise ZeroDivisionError
    assert list((tmp_path / "work").iterdir()) == []


def test_two_files_are_enough(tmp_path):
    """Only establishments and units are required, as paths or as texts."""
    stock = MadeUpStock()
    own = stock.add(1)
    files = stock.write(tmp_path)
    texts = StockFiles(str(files.establishments), str(files.units))
    with open_stock(texts, temp_dir=tmp_path / "work", memory_limit="512MB") as one:
        assert one.read("31").frame["siret"].tolist() == [own]
        assert len(one.notes) == 2
