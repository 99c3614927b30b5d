"""Put the actors of several sources together: one row per actor, each field from the source trusted for it.

Which rows are one actor is decided in `essmap.build.merge_links`; here their fields are chosen by a declared order of
trust (``data/reference/trust.csv``), never by arrival, so that the result does not depend on the order of sources or
rows. An actor that must not be placed (a sensitive place, a unit whose diffusion is partial) is masked again: what
another source knows of it is not shown either.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from essmap import reference
from essmap.build.merge_links import Links, link_rows, rules_of
from essmap.build.overrides import Overrides
from essmap.build.privacy import hide
from essmap.errors import DataError, Problem
from essmap.schema.folding import fold_series
from essmap.schema.snapshot import LIST
from essmap.schema.tables import ACTORS, CRS, MERGES, empty
from essmap.texts import t

REGISTER: Final = "register"
#: From the most precise to the commune alone.
_FINEST_FIRST: Final = {"housenumber": 0, "street": 1, "locality": 2, "municipality": 3}
_COMMUNE_ONLY: Final = "municipality"

#: Columns that are chosen together, by the line of the table of trust that decides.
_CHOSEN: Final = {
    "id": ("actor_id",),
    "name": ("name",),
    "activity": ("activity",),
    "domains": ("domains", "axes"),
    "website": ("website",),
    "source": ("source", "source_kind", "source_url", "source_note", "source_year"),
    "naf": ("naf",),
    "workforce_band": ("workforce_band",),
    "is_employer": ("is_employer",),
    "legal_form": ("legal_form", "family"),
}
_PLACE: Final = ("commune_code", "commune_name", "canton_code", "epci_code", "geo_precision", "geometry")
_MEMBER: Final = ["table", "actor_id", "name", "siren", "siret"]
#: What people write for want of a better word.
_VAGUE_FORM: Final = "association"
_DTYPES: Final = {"text": "str", "texts": "object", "integer": "Int64", "boolean": "boolean", "geometry": "object"}


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """What became of the rows of one source: ``rows_in = kept + merged``."""

    rows_in: int
    kept: int
    merged: int


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """Several sources put together.

    Attributes
    ----------
    actors : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.ACTORS`, one row per actor, by commune then name.
    merges : DataFrame
        `essmap.schema.tables.MERGES`, one row per row that was merged into another.
    counts : mapping
        Per source, in alphabetical order.
    contested : tuple of str
        Identifiers of actors left alone because several rows of one source could be them, or
        because they have but initials in common with a row that could be them.
    unused : tuple of Problem
        Decisions that name an actor no source has.
    rivals : tuple of pairs of str
        Identifiers of actors that were left alone although one could be the other.
    members : DataFrame
        Every row: ``table``, ``actor_id``, ``name``, ``siren``, ``siret`` as they were given, and ``kept_id``, the
        actor that it is a row of. For the build alone: it holds what is not shown.
    """

    actors: gpd.GeoDataFrame
    merges: pd.DataFrame
    counts: Mapping[str, SourceCounts]
    contested: tuple[str, ...]
    unused: tuple[Problem, ...]
    rivals: tuple[tuple[str, str], ...]
    members: pd.DataFrame


def merge_actors(
    tables: Sequence[tuple[str, gpd.GeoDataFrame]],
    overrides: Overrides | None = None,
    *,
    trust: Mapping[str, Sequence[str]] | None = None,
    masked: Collection[str] = frozenset(),
    derived: Mapping[str, Collection[tuple[str, str]]] | None = None,
) -> Merged:
    """Put the actors of several sources together.

    Parameters
    ----------
    tables : sequence of (str, GeoDataFrame)
        Key of each source and its actors, EPSG:4326, columns of `essmap.schema.tables.ACTORS`, already masked.
    overrides : Overrides or None
        What somebody decided. None: nothing.
    trust : mapping or None
        Per field, keys or kinds of sources, the most trusted first. None: ``data/reference/trust.csv``.
    masked : collection of str
        Identifiers of actors, not sensitive, of which nothing finer than the commune may be shown whatever another
        source says: partial diffusion, a home.
    derived : mapping or None
        Per field, key of the source and identifier of the rows whose value no source says: it was read from the rest
        of the row, and comes last.

    Returns
    -------
    Merged
        The same whatever the order of ``tables`` and of their rows.

    Raises
    ------
    ValueError
        If two sources have one key: a fault of the caller.
    DataError
        If a source gives an identifier twice, or places an actor that must not be placed.

    Notes
    -----
    The position is the most precise of those in the actor's commune, with its address; it never leaves the commune.
    Where one row is not to be placed, the actor stands where that row does, on its commune's reference point.
    ``is_confirmed`` is missing where no register is among the sources, and for a contested actor. A page that can be
    opened is a better source than a list without one, and a form of its own tells more than a list's « association ».
    """
    keys = [key for key, _ in tables]
    if len(set(keys)) < len(keys):
        raise ValueError(f"sources given twice: {sorted(keys)}")
    overrides = overrides or Overrides()
    order = {field: list(sources) for field, sources in (trust or _declared_trust()).items()}
    rows = _one_table(tables)
    rows["is_hidden"] = rows["is_sensitive"] | rows["actor_id"].isin(list(masked))
    _require_masked(rows)
    links = link_rows(rows, overrides)
    group = pd.factorize(np.asarray(links.group))[0]
    chosen = _Choice(rows, group, order, derived or {})
    actors = _actors(rows, chosen, links)
    kept = chosen.of("id")
    merges = _merges(rows, links, kept, actors["actor_id"].tolist(), actors["name"].tolist())
    by_place = actors[["commune_code", "actor_id"]].assign(name=fold_series(actors["name"]))
    ordered = by_place.sort_values(["commune_code", "name", "actor_id"]).index

    def name_of(row: int) -> str:
        return str(rows["actor_id"].iat[kept[group[row]]])

    contested = sorted({name_of(row) for row in links.contested})
    return Merged(
        actors.loc[ordered].reset_index(drop=True),
        merges,
        _counts(rows, kept, keys),
        tuple(contested),
        overrides.unused(set(rows["actor_id"])),
        tuple(sorted((name_of(one), name_of(other)) for one, other in links.rivals)),
        rows[_MEMBER].assign(kept_id=[name_of(row) for row in range(len(rows))]),
    )


def _declared_trust() -> dict[str, list[str]]:
    return {str(field): str(sources).split(";") for field, sources in reference.trust()["sources"].items()}


def _one_table(tables: Sequence[tuple[str, gpd.GeoDataFrame]]) -> pd.DataFrame:
    """Return all rows in an order of their own, with ``table``, the key of the source each was read from.

    Raises
    ------
    DataError
        If a source gives an identifier twice.
    """
    types = {column.name: _DTYPES[column.type] for column in ACTORS.columns}
    frames = []
    for key, frame in sorted(tables, key=lambda item: item[0]):
        repeated = frame["actor_id"][frame["actor_id"].duplicated()]
        if len(repeated):
            problems = [
                Problem(key, None, "actor_id", str(name), t("merge.expected.once_id"), "repeated_id")
                for name in repeated
            ]
            raise DataError(t("merge.errors.repeated_id", source=key), problems)
        plain = pd.DataFrame({name: frame[name].astype(types[name]) for name in ACTORS.column_names})
        frames.append(plain.assign(table=key).sort_values("actor_id"))
    if not frames:
        frames = [empty(ACTORS).astype(types).assign(table="")]
    return pd.concat(frames, ignore_index=True).astype({"table": "str", "is_sensitive": bool, "is_supported": bool})


def _require_masked(rows: pd.DataFrame) -> None:
    bad = rows["is_hidden"] & rows["geo_precision"].ne(_COMMUNE_ONLY)
    if bad.any():
        found = rows[bad]
        problems = [
            Problem(key, None, "geo_precision", precision, _COMMUNE_ONLY, "not_masked")
            for key, precision in zip(found["table"], found["geo_precision"], strict=True)
        ]
        raise DataError(t("merge.errors.not_masked", source=found["table"].iloc[0]), problems)


class _Choice:
    """Which row of each actor gives a field."""

    def __init__(
        self,
        rows: pd.DataFrame,
        group: np.ndarray,
        trust: Mapping[str, Sequence[str]],
        derived: Mapping[str, Collection[tuple[str, str]]],
    ) -> None:
        self.rows = rows
        self._derived = {field: set(of_rows) for field, of_rows in derived.items()}
        self.group = group
        self.actors = int(group.max()) + 1 if len(group) else 0
        self._trust = trust
        year = rows["source_year"].astype("float64").fillna(-np.inf).to_numpy()
        self._last = (-year, np.arange(len(rows)))  # the latest first; rows are in an order of their own

    def of(self, field: str, *before: np.ndarray | pd.Series) -> np.ndarray:
        """Return the row of each actor: the least by ``before``, then by trust in the field, then the latest.

        Parameters
        ----------
        field : str
            A line of the table of trust.
        *before : arrays, one value per row
            What counts more than trust; booleans: False first.
        """
        keys = [self.group, *(np.asarray(key) for key in before), self._rank(field), *self._last]
        order = np.lexsort(keys[::-1])
        return order[np.unique(self.group[order], return_index=True)[1]]

    def is_derived(self, field: str) -> np.ndarray:
        """Tell which rows give a field a value that no source says, or less than another row may say.

        Of a list the brought-in word alone counts for little: its title is no page, and « association » no form.
        """
        pairs = zip(self.rows["table"], self.rows["actor_id"], strict=True)
        found = np.array([pair in self._derived.get(field, ()) for pair in pairs], dtype=bool)
        is_list = self.rows["source"].str.startswith(LIST).to_numpy(dtype=bool)
        if field == "source":
            has_page = self.rows["source_url"].notna()
            found |= is_list & ~has_page.to_numpy(dtype=bool) & self.any(has_page)[self.group]
        if field == "legal_form":
            found |= is_list & self.rows["legal_form"].eq(_VAGUE_FORM).to_numpy(dtype=bool)
        return found

    def any(self, flags: pd.Series) -> np.ndarray:
        """Tell of each actor whether a flag holds for one of its rows."""
        return np.bincount(self.group, weights=flags.to_numpy(dtype=float), minlength=self.actors) > 0

    def _rank(self, field: str) -> np.ndarray:
        """Return how little each row is trusted for a field: by the key of its source, else by its kind."""
        names = self._trust[field]
        place = {name: rank for rank, name in reversed(list(enumerate(names)))}
        of_key, of_kind = (self.rows[column].map(place).fillna(len(names)) for column in ("source", "source_kind"))
        return np.minimum(of_key.to_numpy(dtype=float), of_kind.to_numpy(dtype=float))


def _actors(rows: pd.DataFrame, choice: _Choice, links: Links) -> gpd.GeoDataFrame:
    """Return one row per actor, in the order of groups."""
    columns: dict[str, pd.Series] = {}

    def take(names: Sequence[str], positions: np.ndarray) -> None:
        columns.update({name: rows[name].take(positions).reset_index(drop=True) for name in names})

    for field, names in _CHOSEN.items():
        lead = rows[names[0]]
        is_missing = lead.isna() if field != "domains" else lead.map(len).eq(0)
        if field == "legal_form":
            is_missing |= lead.eq("unknown")
        take(names, choice.of(field, is_missing, choice.is_derived(field)))
    siret = choice.of("identifiers", rows["siret"].isna())
    take(["siret"], siret)
    take(["siren"], np.where(rows["siret"].take(siret).notna(), siret, choice.of("identifiers", rows["siren"].isna())))
    hidden = choice.any(rows["is_hidden"])
    commune = choice.of("place", ~rows["is_hidden"])
    elsewhere = rows["commune_code"].to_numpy() != rows["commune_code"].to_numpy()[commune][choice.group]
    precision = rows["geo_precision"].map(_FINEST_FIRST)
    place = choice.of("place", elsewhere, ~rows["is_hidden"], precision)
    take(_PLACE, place)
    is_place = np.isin(np.arange(len(rows)), place)
    address = choice.of("place", elsewhere, rows["address"].isna(), ~is_place, precision)
    is_address = np.isin(np.arange(len(rows)), address)
    take(["address"], address)
    take(["postcode"], choice.of("place", elsewhere, rows["postcode"].isna(), ~is_address, ~is_place))
    for flag in ("is_sensitive", "is_supported"):
        columns[flag] = pd.Series(choice.any(rows[flag]))
    columns["is_confirmed"] = _confirmed(rows, choice, links)
    frame = pd.DataFrame(columns)[ACTORS.column_names]
    hide(frame, hidden)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=CRS)


def _confirmed(rows: pd.DataFrame, choice: _Choice, links: Links) -> pd.Series:
    """Tell of each actor whether a register has it; missing where none was read or it could be several of its rows."""
    is_register, said = rows["source_kind"].eq(REGISTER), rows["is_confirmed"].notna()
    found = choice.any(is_register | rows["is_confirmed"].fillna(False).astype(bool))
    was_read = bool(is_register.any())
    # What an earlier merge left open stays open.
    left_open = said.groupby(rows["table"]).transform("any") & ~said
    unsure = choice.any(left_open | rows.index.isin(list(links.contested))) & ~found
    return pd.Series(found, dtype="boolean").mask(unsure | ~(found | was_read), pd.NA)


def _merges(rows: pd.DataFrame, links: Links, kept: np.ndarray, ids: list[str], names: list[str]) -> pd.DataFrame:
    """Return what was merged into what and why; a masked actor's other identifiers and names are not written."""
    actor = {links.group[row]: number for number, row in enumerate(kept)}
    hidden = {links.group[row] for row in rows.index[rows["is_hidden"]]}
    records = []
    for row, link in rules_of(links, {links.group[row]: int(row) for row in kept}):
        first = links.group[row]
        merged_id, name = rows["actor_id"].iat[row], rows["name"].iat[row]
        if first in hidden:
            merged_id, name = t("merge.hidden_id"), names[actor[first]]
        records.append((ids[actor[first]], merged_id, name, rows["table"].iat[row], link.rule, link.score))
    frame = pd.DataFrame(records, columns=MERGES.column_names)
    frame = frame.astype({**dict.fromkeys(MERGES.column_names, "str"), "score": "float64"})
    return frame.sort_values(["kept_id", "source", "merged_id"], ignore_index=True)


def _counts(rows: pd.DataFrame, kept: np.ndarray, keys: Sequence[str]) -> dict[str, SourceCounts]:
    read = rows["table"].value_counts()
    stay = rows["table"].take(kept).value_counts()
    counts = {key: (int(read.get(key, 0)), int(stay.get(key, 0))) for key in sorted(keys)}
    return {key: SourceCounts(rows_in, stays, rows_in - stays) for key, (rows_in, stays) in counts.items()}
