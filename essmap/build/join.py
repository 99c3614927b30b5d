"""Put the actors of a register and of lists together, and show no more than each of them allows.

Who is who is decided by `essmap.build.merge`. Here is what must hold whatever it decides: an actor that the register
protects is not shown more precisely because a list knows it too, and an opposition to one of its rows is an opposition
to the actor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from essmap.build.doors import same_door
from essmap.build.merge import Merged, merge_actors
from essmap.build.overrides import Overrides
from essmap.build.privacy import MASKED_FIELDS, at_commune
from essmap.build.register import HOME, PARTIAL, SENSITIVE, RegisterActors, hidden_identifier
from essmap.errors import Problem
from essmap.schema.folding import fold_series
from essmap.schema.holders import NO_HOLDER, Holders
from essmap.schema.masked import NUMBER
from essmap.schema.withheld import NOBODY, Withheld
from essmap.texts import t

#: A point of a list this close to a registered office that is a home is that home, in degrees (about 100 m).
_SAME_PLACE: Final = 0.001
#: What is known of the register where none was read (`essmap.build.register.RegisterActors.identities`).
_NOBODY: Final = pd.DataFrame(
    columns=["siret", "siren", "commune_code", "address", "lon", "lat", "hidden"], index=pd.Index([], dtype="str")
).astype("str")


#: Of a list that holds none.
_NO_NUMBERS: Final = pd.DataFrame(columns=["siren", "siret"], index=pd.Index([], dtype="str")).astype("str")


def numbers_of(raw: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers of rows of a list, before anything is masked (`Listed.numbers`).

    Parameters
    ----------
    raw : DataFrame of str
        ``id``, ``siren``, ``siret``.
    """
    siren = raw["siren"].where(raw["siren"].ne(""), raw["siret"].str[:9])
    return pd.DataFrame({"siren": siren.to_numpy(), "siret": raw["siret"].to_numpy()}, index=raw["id"].to_numpy())


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """Actors of a list: the gathered one, or one that somebody brought in.

    Attributes
    ----------
    key : str
        Of the source.
    frame : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.ACTORS`, masked.
    homes : frozenset of str
        Identifiers of those of which nothing finer than the commune may be shown: their address was that of a home, or
        what was found of them says so.
    withheld : frozenset of str
        Identifiers of those that asked not to be shown by a number that the list does not hold.
    numbers : DataFrame, indexed by identifier
        ``siren`` and ``siret`` that the list holds, of masked rows too; empty: not said. They serve to find who is
        who, and for that alone.
    derived : mapping
        Per field of `essmap.build.merge`, identifiers of those of which nobody said it.
    """

    key: str
    frame: gpd.GeoDataFrame
    homes: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    numbers: pd.DataFrame = field(default_factory=lambda: _NO_NUMBERS)
    derived: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def is_masked(self) -> pd.Series[bool]:
        """Tell of which nothing finer than the commune may be shown."""
        is_masked = self.frame["is_sensitive"].to_numpy(dtype=bool) | self.frame["actor_id"].isin(list(self.homes))
        return pd.Series(is_masked, index=self.frame.index, dtype=bool)

    def with_numbers(self) -> gpd.GeoDataFrame:
        """Return actors with the numbers of those that are masked."""
        told = self.frame[["actor_id"]].join(self.numbers, on="actor_id")
        own = {name: self.frame[name] for name in ("siren", "siret")}
        is_told = {name: self.is_masked & told[name].fillna("").ne("") for name in own}
        return gpd.GeoDataFrame(
            self.frame.assign(**{name: own[name].where(~is_told[name], told[name]) for name in own})
        )


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the rows of one source: ``kept + merged + withheld`` are all of them."""

    kept: int
    merged: int
    withheld: int


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """Actors that asked not to be shown: the build alone needs them, to know which supports not to name.

    Attributes
    ----------
    actors : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.ACTORS`.
    merges : DataFrame
        `essmap.schema.tables.MERGES`: what was put together with them.
    siren, siret : frozenset of str
        Their numbers, those that would not be shown too.
    unnumbered : frozenset of pairs of str
        Folded name and code of the commune of those that have none.
    """

    actors: gpd.GeoDataFrame
    merges: pd.DataFrame
    siren: frozenset[str] = frozenset()
    siret: frozenset[str] = frozenset()
    unnumbered: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Actors of all sources, one row each.

    Attributes
    ----------
    actors : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.ACTORS`.
    merges : DataFrame
        `essmap.schema.tables.MERGES`.
    fates : mapping
        Per source.
    contested : mapping
        Names, by identifier, of actors left alone because several rows of another source could be them.
    unused : tuple of Problem
        Decisions that name an actor no source has.
    withheld : Holders
        Who was left out because they asked.
    left_out : LeftOut or None
        The same actors whole. None: nobody.
    protected : frozenset of str
        Identifiers of actors that are at their commune because somebody lives there or the register protects them.
    """

    actors: gpd.GeoDataFrame
    merges: pd.DataFrame
    fates: Mapping[str, Fate] = field(default_factory=dict)
    contested: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[Problem, ...] = ()
    withheld: Holders = NO_HOLDER
    left_out: LeftOut | None = None
    protected: frozenset[str] = frozenset()


def join(
    registered: RegisterActors | None,
    listed: Sequence[Listed],
    communes: gpd.GeoDataFrame,
    *,
    withheld: Withheld = NOBODY,
    overrides: Overrides | None = None,
) -> Joined:
    """Put a register and lists together.

    Parameters
    ----------
    registered : RegisterActors or None
        None: no register was read.
    listed : sequence of Listed
        May be empty: the register alone.
    communes : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.COMMUNES`.
    withheld : Withheld
        Who asked not to be shown.
    overrides : Overrides or None
        Decisions on who is who.

    Returns
    -------
    Joined
        No actor holds the number of a unit whose address is hidden. ``is_supported`` is false everywhere: the projects
        tell it later.

    Notes
    -----
    Partial diffusion, a sensitive place and a home in the list hide the actor, whatever another source knows. A
    registered office that is a home hides what the list says only where it says the same place: an association may
    well meet elsewhere than at its president's.
    """
    identities = registered.identities if registered is not None else _NOBODY
    tables = []
    if registered is not None:
        # The numbers serve to find who is who, and for that alone: they are taken away again below.
        register = _flagged(registered.frame, withheld.matches(_with_ids(identities)).to_numpy(dtype=bool)).assign(
            siren=identities["siren"].to_numpy(), siret=identities["siret"].to_numpy()
        )
        tables.append((registered.source, register))
    protected = set(identities.index[identities["hidden"].isin([PARTIAL, SENSITIVE])])
    guarded: set[str] = set()
    for one in listed:
        frame = one.with_numbers()
        asked = withheld.matches(frame) | frame["actor_id"].isin(list(one.withheld))
        tables.append((one.key, _flagged(frame, asked.to_numpy(dtype=bool))))
        protected |= one.homes
        guarded |= set(frame.loc[one.is_masked, "siret"].dropna())
    derived: dict[str, set[tuple[str, str]]] = {}
    for one in listed:
        for name, of_rows in one.derived.items():
            derived.setdefault(name, set()).update((one.key, identifier) for identifier in of_rows)
    merged = merge_actors(tables, overrides, masked=protected, derived=derived)
    fates = {key: _fate(frame, key, merged) for key, frame in tables}
    actors, merges = _protect(merged, identities, communes, protected, guarded)
    is_withheld = actors["is_supported"].astype(bool)
    alone = actors[merged.actors["actor_id"].isin(merged.contested) & ~is_withheld]
    contested = dict(zip(alone["actor_id"], alone["name"], strict=True))
    gone = list(actors.loc[is_withheld, "actor_id"])
    withheld_rows = merges[merges["kept_id"].isin(gone)]
    theirs = actors[is_withheld]
    members = merged.members[merged.members["kept_id"].isin(list(merged.actors.loc[is_withheld, "actor_id"]))]
    place = theirs.set_index("actor_id")["commune_code"]
    holders = Holders.of(
        {*gone, *withheld_rows["merged_id"]} - {t("merge.hidden_id")},
        [*theirs["name"], *withheld_rows["merged_name"]],
        [*theirs["commune_code"], *withheld_rows["kept_id"].map(place)],
    )
    siren, siret = (frozenset(members[name].dropna()) - {""} for name in ("siren", "siret"))
    has_number = members.assign(told=members["siren"].fillna("").ne("")).groupby("kept_id")["told"].any()
    left_out = LeftOut(theirs, withheld_rows, siren, siret, _unnumbered(merged, members, has_number))
    actors = actors[~is_withheld].assign(is_supported=False).reset_index(drop=True)
    merges = merges[~merges["kept_id"].isin(gone)].reset_index(drop=True)
    homes = protected | set(identities.index[identities["hidden"].eq(HOME)])
    at_commune_only = actors[list(MASKED_FIELDS)].isna().all(axis=1)
    shut = frozenset(actors.loc[at_commune_only & actors["actor_id"].isin(list(homes)), "actor_id"])
    return Joined(actors, merges, fates, contested, merged.unused, holders, left_out, shut)


def _flagged(frame: gpd.GeoDataFrame, is_withheld: np.ndarray) -> gpd.GeoDataFrame:
    """Return actors with who is withheld in ``is_supported``: the one column of which a merge keeps any yes."""
    return frame.assign(is_supported=is_withheld)


def _unnumbered(merged: Merged, members: pd.DataFrame, has_number: pd.Series[bool]) -> frozenset[tuple[str, str]]:
    """Return name and commune of the actors, among those of some rows, of which no source tells a number."""
    place = merged.actors.set_index("actor_id")["commune_code"]
    alone = members[~members["kept_id"].map(has_number).astype(bool)]
    pairs = zip(fold_series(alone["name"]), alone["kept_id"].map(place), strict=True)
    return frozenset((str(name), str(code)) for name, code in pairs)


def _with_ids(identities: pd.DataFrame) -> pd.DataFrame:
    return identities.rename_axis("actor_id").reset_index()


def _protect(
    merged: Merged, identities: pd.DataFrame, communes: gpd.GeoDataFrame, protected: set[str], guarded: set[str]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return actors and merges that show no more than every row of an actor allows, or of one that it could be."""
    actors, merges = merged.actors, merged.merges
    hidden = identities[identities["hidden"].ne("")]
    numbers = {*hidden.loc[hidden.index.isin(list(protected)), "siret"], *guarded}
    is_masked = actors["is_sensitive"].astype(bool) | actors["siret"].isin(list(numbers))
    is_masked |= actors["actor_id"].isin(
        [*protected, *merges.loc[merges["merged_id"].isin(list(protected)), "kept_id"]]
    )
    rivals = [*merged.rivals, *((other, one) for one, other in merged.rivals)]
    is_masked |= actors["actor_id"].isin([one for one, other in rivals if other in protected])
    is_masked |= _is_at_home(actors, merges, hidden, rivals)
    masked = at_commune(actors, is_masked, communes)
    has_hidden_number = masked["siret"].isin(list(hidden["siret"]))
    masked.loc[has_hidden_number, ["siren", "siret"]] = None
    return _without_numbers(masked, merges, is_masked)


def _is_at_home(
    actors: gpd.GeoDataFrame, merges: pd.DataFrame, hidden: pd.DataFrame, rivals: Sequence[tuple[str, str]]
) -> pd.Series[bool]:
    """Tell which actors are shown where the register says that somebody lives."""
    found = pd.Series(False, index=actors.index)
    is_finer = actors["address"].notna() | actors["geo_precision"].ne("municipality")
    finer = actors[is_finer.to_numpy(dtype=bool)]
    of_number = dict(zip(hidden["siret"], hidden.index, strict=True))
    merged = merges[merges["kept_id"].isin(list(finer["actor_id"])) & merges["merged_id"].isin(list(hidden.index))]
    pairs = list(zip(merged["kept_id"], merged["merged_id"], strict=True))
    pairs += [(kept, of_number[number]) for kept, number in zip(finer["actor_id"], finer["siret"], strict=True)
              if number in of_number]  # fmt: skip
    rows = dict(zip(finer["actor_id"], finer.index, strict=True))
    pairs += [(one, other) for one, other in rivals if one in rows and other in hidden.index]
    for kept, identifier in pairs:
        found.loc[rows[kept]] |= _is_same_place(finer.loc[rows[kept]], hidden.loc[identifier])
    return found


def _is_same_place(actor: pd.Series, home: pd.Series) -> bool:
    """Tell whether an actor may be shown at a home: by its point, by its address, or because neither can be compared.

    An address without a point is placed later: only one that is clearly elsewhere may be shown.
    """
    lon, lat = pd.to_numeric(pd.Series([home["lon"], home["lat"]]), errors="coerce")
    far = max(abs(actor.geometry.x - lon), abs(actor.geometry.y - lat))
    has_points = actor["geo_precision"] != "municipality" and bool(np.isfinite(far))
    if has_points and far < _SAME_PLACE:
        return True
    told = same_door(actor["address"], home["address"]) if isinstance(actor["address"], str) else None
    return not has_points if told is None else told


def _without_numbers(
    actors: gpd.GeoDataFrame, merges: pd.DataFrame, is_masked: pd.Series[bool]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return masked actors under identifiers that hold no number, here and among what was merged into them."""
    taken = set(actors["actor_id"])
    names: dict[str, str] = {}
    for row in actors[is_masked & actors["actor_id"].str.contains(NUMBER, regex=True).astype(bool)].itertuples():
        plain = hidden_identifier(str(row.commune_code), str(row.name))
        free = (plain if rank == 1 else f"{plain}--{rank}" for rank in range(1, len(taken) + 2))
        names[str(row.actor_id)] = next(name for name in free if name not in taken)
        taken.add(names[str(row.actor_id)])
    of_masked = merges["kept_id"].isin(list(actors.loc[is_masked, "actor_id"]))
    tells = of_masked & merges["merged_id"].str.contains(NUMBER, regex=True).astype(bool)
    merged_id = merges["merged_id"].where(~tells, merges["kept_id"].replace(names))
    renamed = merges.assign(kept_id=merges["kept_id"].replace(names), merged_id=merged_id)
    return actors.assign(actor_id=actors["actor_id"].replace(names)), renamed


def _fate(frame: gpd.GeoDataFrame, key: str, merged: Merged) -> Fate:
    """Count what became of the rows of one source."""
    actors, merges = merged.actors, merged.merges
    gone = list(actors.loc[actors["is_supported"].astype(bool), "actor_id"])
    of_source = merges[merges["source"].eq(key)]
    with_gone = int(of_source["kept_id"].isin(gone).sum())
    own_gone = int(frame["actor_id"].isin(gone).sum())
    return Fate(len(frame) - len(of_source) - own_gone, len(of_source) - with_gone, own_gone + with_gone)
