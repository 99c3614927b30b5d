"""Files of canton outlines and populations are read as they are, or refused with a sentence."""

from __future__ import annotations

import geopandas as gpd
import pytest
from made_up_cantons import rectangle

from essmap.errors import SourceError
from essmap.sources.canton_outlines import read_outlines
from essmap.sources.canton_populations import COLUMNS, read_canton_populations

SQUARE = gpd.GeoDataFrame({"code": [3101.0], "nom": [None]}, geometry=[rectangle(0, 0, 1, 1)], crs=4326)


def test_geopackage_texts_and_system(tmp_path):
    """Numbers and missing cells become texts; the declared system is kept."""
    SQUARE.to_crs(2154).to_file(tmp_path / "a.gpkg")
    frame = read_outlines(tmp_path / "a.gpkg").frame
    assert frame.crs.to_epsg() == 2154
    assert frame.drop(columns="geometry").to_dict("records") == [{"code": "3101", "nom": ""}]


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_geopackage_without_system_is_refused(tmp_path):
    """Coordinates of an unknown system are never guessed."""
    SQUARE.set_crs(None, allow_override=True).to_file(tmp_path / "a.gpkg")
    with pytest.raises(SourceError, match="ne dit pas dans quel système"):
        read_outlines(tmp_path / "a.gpkg")


def test_layer_is_chosen_by_name_or_asked(tmp_path):
    """Among several layers the one named canton is read; none or two: the layers are listed."""
    path = tmp_path / "a.gpkg"
    SQUARE.to_file(path, layer="communes")
    SQUARE.assign(code=3102.0).to_file(path, layer="CANTON_2024")
    assert read_outlines(path).frame["code"].tolist() == ["3102"]
    SQUARE.to_file(path, layer="canton_2")
    with pytest.raises(SourceError, match="communes, CANTON_2024, canton_2"):
        read_outlines(path)


def test_broken_geopackage_is_said(tmp_path):
    """A file that only begins like a GeoPackage is a sentence."""
    (tmp_path / "a.gpkg").write_bytes(b"SQLite format 3\x00" + b"x" * 200)
    with pytest.raises(SourceError, match=r"a\.gpkg"):
        read_outlines(tmp_path / "a.gpkg")


def test_embedded_populations_and_none():
    """Haute-Garonne comes with its table; another department must be given one."""
    table = read_canton_populations("31")
    assert table.problems == ()
    assert set(COLUMNS) < set(table.frame.columns)
    assert table.frame["population_in_toulouse"].replace("", "0").astype(int).sum() == 475_438
    with pytest.raises(SourceError, match="--canton-populations"):
        read_canton_populations("09")
