"""Made-up actors and projects for measurements and trials. Nobody in these tables exists; every name says so.

::

    python -m benchmarks.made_up --rows 12000 --exhaustive --out DIR     # then ESSMAP_SNAPSHOTS=DIR essmap serve

makes a snapshot over real communes, declared exhaustive or partial. Its manifest says `is_made_up`, so every page says
so; its notes tell which lacks and excesses were put in, so that whoever looks at the pages knows what they should find.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from essmap import __version__, reference
from essmap.build.geography import Geography
from essmap.build.starter import load_geography, new_build_id
from essmap.schema.snapshot import Completeness, Manifest, Snapshot, SourceRecord
from essmap.schema.tables import ACTORS, CRS, FIGURES, MERGES, PROJECTS, SCHEMA_VERSION, TABLES, Table, empty, validate
from essmap.store import Store

SEED = 20261123
#: How many pairs of a canton and a domain get much fewer, or many more, actors than the others, and how much.
LACKS, LACK = 6, 0.1
EXCESSES, EXCESS = 6, 3.0
#: The same for all actors of a canton, whatever the domain.
WHOLE_LACK, WHOLE_EXCESS = 0.6, 1.5
#: Spread around the reference point, as a share of the square root of the commune's surface.
SPREAD = 0.25
PROGRAMMES = ("Programme inventé A", "Programme inventé B", "Programme inventé C")
YEARS = (2019, 2026)
#: A name that can never be a site (RFC 2606).
NO_PAGE = "https://donnee-inventee.invalid/"

#: How many times as many actors as elsewhere, by (canton, domain); domain None: all domains of the canton.
Tilts = Mapping[tuple[str, str | None], float]


def made_up_actors(
    n: int, communes: gpd.GeoDataFrame, *, seed: int = SEED, tilts: Tilts | None = None
) -> gpd.GeoDataFrame:
    """Return ``n`` made-up actors spread like the inhabitants.

    Parameters
    ----------
    n : int
    communes : GeoDataFrame, EPSG:4326
    seed : int
    tilts : mapping, optional
        Lacks and excesses to put in. A tilted domain is rarer or commoner among the actors of the canton; with the
        domain None the canton itself has fewer or more actors.

    Returns
    -------
    GeoDataFrame, n rows, EPSG:4326, columns of `essmap.schema.tables.ACTORS`
    """
    rng = np.random.default_rng(seed)
    tilts = tilts or {}
    keys = reference.domains().index.to_numpy()
    pull = communes["population"].to_numpy(dtype=float)
    weights = np.ones((len(communes), len(keys)))
    for (canton, domain), factor in tilts.items():
        inside = communes["canton_code"].eq(canton).fillna(False).to_numpy(dtype=bool)
        if domain is None:
            pull = np.where(inside, pull * factor, pull)
        else:
            weights[np.ix_(inside, keys == domain)] *= factor
    rows = rng.choice(len(communes), size=n, p=pull / pull.sum())
    place = communes.iloc[rows].reset_index(drop=True)
    # The first places of a draw without replacement, weighted: the largest of log weight + Gumbel noise.
    drawn = np.argsort(-(np.log(weights)[rows] + rng.gumbel(size=(n, len(keys)))), axis=1)
    domains = [list(keys[order[:size]]) for order, size in zip(drawn, rng.integers(1, 4, size=n), strict=True)]
    forms = reference.legal_forms()
    legal_form = rng.choice(forms.index.to_numpy(), size=n)
    precision = rng.choice(["housenumber", "street", "locality", "municipality"], size=n, p=[0.4, 0.2, 0.1, 0.3])
    frame = pd.DataFrame(
        {
            "actor_id": [f"invente-{number}" for number in range(n)],
            "name": [f"Structure inventée {number}" for number in range(n)],
            "family": forms.loc[legal_form, "family"].to_numpy(),
            "legal_form": legal_form,
            "domains": domains,
            "axes": [reference.domain_axes(keys) for keys in domains],
            "activity": "Donnée inventée pour une mesure",
            "address": None,
            "postcode": None,
            **{name: place[name] for name in ("commune_code", "commune_name", "canton_code", "epci_code")},
            **dict.fromkeys(("siren", "siret", "naf", "workforce_band", "website", "source_url", "source_note")),
            "is_employer": pd.Series(rng.random(n) < 0.3, dtype="boolean"),
            "is_sensitive": False,
            "geo_precision": precision,
            "is_supported": rng.random(n) < 0.05,
            "is_confirmed": pd.Series([pd.NA] * n, dtype="boolean"),
            "source": "made_up",
            "source_kind": "other",
            "source_year": pd.Series(rng.integers(2015, 2027, size=n), dtype="Int64"),
        }
    )
    points = _points(place, precision, rng)
    return gpd.GeoDataFrame(frame, geometry=points, crs=CRS)[ACTORS.column_names]


def _points(place: gpd.GeoDataFrame, precision: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a point per row: the commune's own, or one within its outline where the precision is finer."""
    centre = place[["point_lon", "point_lat"]].to_numpy(dtype=float)
    outlines = place.geometry.to_numpy()
    reach = SPREAD * np.sqrt(shapely.area(outlines))  # degrees
    moved = centre + rng.normal(size=centre.shape) * reach[:, None]
    is_moved = (precision != "municipality") & shapely.contains_xy(outlines, moved[:, 0], moved[:, 1])
    return shapely.points(np.where(is_moved[:, None], moved, centre))


def made_up_projects(n: int, actors: gpd.GeoDataFrame, *, seed: int = SEED) -> gpd.GeoDataFrame:
    """Return ``n`` made-up supported projects, most of them held by one of the actors; a tenth without amount.

    Parameters
    ----------
    n : int
    actors : GeoDataFrame, EPSG:4326
    seed : int

    Returns
    -------
    GeoDataFrame, n rows, EPSG:4326, columns of `essmap.schema.tables.PROJECTS`
    """
    rng = np.random.default_rng(seed)
    holder = actors.iloc[rng.integers(len(actors), size=n)].reset_index(drop=True)
    is_actor = pd.Series(rng.random(n) < 0.9)
    programme = rng.choice(PROGRAMMES, size=n)
    amount = pd.Series(np.round(rng.lognormal(9, 0.8, size=n), -2))  # euros, around 8,000
    frame = pd.DataFrame(
        {
            "project_id": [f"projet-invente-{number}" for number in range(n)],
            "title": [f"Projet inventé {number}" for number in range(n)],
            "holder_name": holder["name"].where(is_actor, "Porteur inventé"),
            "actor_id": holder["actor_id"].where(is_actor, None),
            "programme": programme,
            "programme_raw": programme,
            "support_kind": rng.choice(
                ["grant", "label", "capital", "technical", "other"], size=n, p=[0.7, *[0.075] * 4]
            ),
            "year": pd.Series(rng.integers(*YEARS, size=n), dtype="Int64"),
            "amount_eur": amount.where(rng.random(n) < 0.9),
            **{name: holder[name] for name in ("axes", "domains", "commune_code")},
            "served_codes": [[] for _ in range(n)],
            "source": "made_up_projects",
            "source_url": NO_PAGE,
            "note": "Donnée inventée",
        }
    )
    return gpd.GeoDataFrame(frame, geometry=holder.geometry.to_numpy(), crs=CRS)[PROJECTS.column_names]


def made_up_tilts(cantons: pd.DataFrame, *, seed: int = SEED) -> dict[tuple[str, str | None], float]:
    """Return lacks and excesses to put in: of some domains in some cantons, and of all actors in two cantons.

    Parameters
    ----------
    cantons : DataFrame
        At least 14 rows. The most populous third is left out: what is tilted there would bend the average itself.
    seed : int
    """
    rng = np.random.default_rng(seed)
    middle = cantons.sort_values("population", ascending=False)["canton_code"].iloc[len(cantons) // 3 :]
    codes = rng.permutation(middle.to_numpy())
    domains = rng.choice(reference.domains().index.to_numpy(), size=LACKS + EXCESSES, replace=False)
    factors = [LACK] * LACKS + [EXCESS] * EXCESSES
    tilts: dict[tuple[str, str | None], float] = {
        (str(codes[k % len(codes)]), str(domain)): factor
        for k, (domain, factor) in enumerate(zip(domains, factors, strict=True))
    }
    return tilts | {(str(codes[-1]), None): WHOLE_LACK, (str(codes[-2]), None): WHOLE_EXCESS}


def nobody(table: Table) -> gpd.GeoDataFrame:
    """Return a table with a geometry and no row."""
    return gpd.GeoDataFrame(empty(table), geometry="geometry", crs=CRS)


def made_up_snapshot(
    n: int, *, department: str = "31", is_exhaustive: bool = False, projects: int = 300, seed: int = SEED
) -> Snapshot:
    """Return a snapshot of made-up actors and projects over the real communes of a department.

    Parameters
    ----------
    n : int
        Actors; as many rows as the snapshot's table will have. None at all: no project either.
    department : str
    is_exhaustive : bool
        What the manifest declares. Exhaustive: the actors carry the lacks and excesses that the notes name.
    projects : int
    seed : int

    Returns
    -------
    Snapshot
    """
    geography = load_geography(department)
    tilts = made_up_tilts(geography.cantons, seed=seed) if is_exhaustive else {}
    actors = made_up_actors(n, geography.communes, seed=seed, tilts=tilts) if n else nobody(ACTORS)
    held = made_up_projects(projects, actors, seed=seed) if n and projects else nobody(PROJECTS)
    actors["is_supported"] = actors["actor_id"].isin(held["actor_id"].dropna())
    tables: dict[str, pd.DataFrame] = {
        "actors": actors,
        "projects": held,
        "communes": geography.communes,
        "cantons": geography.cantons,
        "canton_parts": geography.canton_parts,
        "epci": geography.epci,
        "department": geography.department,
        "merges": empty(MERGES),
        "figures": empty(FIGURES),
    }
    for name, table in TABLES.items():
        tables[name] = tables[name][table.column_names]
        validate(tables[name], table)
    return Snapshot(_manifest(tables, geography, tilts, is_exhaustive=is_exhaustive), tables)


def _manifest(
    tables: Mapping[str, pd.DataFrame], geography: Geography, tilts: Tilts, *, is_exhaustive: bool
) -> Manifest:
    now = datetime.now(UTC)
    row = geography.department.iloc[0]
    status = "exhaustive" if is_exhaustive else "partial"
    said = "complète" if is_exhaustive else "partielle"
    span = f"{YEARS[0]} à {YEARS[1] - 1}"
    records = [
        SourceRecord(
            key=key,
            title=f"Données inventées : {title}",
            publisher="essmap, essais",
            url="",
            licence="aucune : rien n’existe",
            vintage="inventé",
            fetched_at=None,
            sha256=hashlib.sha256(key.encode()).hexdigest(),
            rows_in=len(tables[name]),
            rows_kept=len(tables[name]),
        )
        for key, title, name in (("made_up", "structures", "actors"), ("made_up_projects", "projets", "projects"))
    ]
    return Manifest(
        schema_version=SCHEMA_VERSION,
        code_version=__version__,
        build_id=new_build_id(now),
        built_at=now.isoformat(timespec="seconds"),
        department=geography.department_code,
        department_name=str(row["department_name"]),
        population=int(row["population"]),
        counts={name: len(frame) for name, frame in tables.items()},
        completeness={
            "actors": Completeness(status, f"Structures inventées, liste déclarée {said} pour les essais."),
            "projects": Completeness(
                status, f"Projets inventés, liste déclarée {said} pour les essais ({', '.join(PROGRAMMES)}, {span})."
            ),
        },
        sources=(*records, *geography.sources),
        rows_in=len(tables["actors"]),
        merged=0,
        rejected=0,
        notes=_notes(tilts, tables["cantons"]),
        is_made_up=True,
    )


def _notes(tilts: Tilts, cantons: pd.DataFrame) -> tuple[str, ...]:
    """Return what was put in, in French: the answer that an analysis should find."""
    places, domains = cantons.set_index("canton_code")["label"], reference.domains()["label"]
    return tuple(
        f"Donnée inventée, écart voulu : {places[canton]}, "
        f"{'toutes les structures' if domain is None else domains[domain]}, × {str(factor).replace('.', ',')}."
        for (canton, domain), factor in tilts.items()
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Make a snapshot, keep it and say where."""
    parser = argparse.ArgumentParser(prog="benchmarks.made_up", description="Make a snapshot of made-up data.")
    parser.add_argument("--rows", type=int, default=12_000, help="actors (12,000 by default)")
    parser.add_argument("--projects", type=int, default=300)
    parser.add_argument("--exhaustive", action="store_true", help="declare the lists exhaustive, with lacks to find")
    parser.add_argument("--department", default="31")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", required=True, help="root of the snapshots to make it current in; not your real one")
    asked = parser.parse_args(arguments)
    snapshot = made_up_snapshot(
        asked.rows,
        department=asked.department,
        is_exhaustive=asked.exhaustive,
        projects=asked.projects,
        seed=asked.seed,
    )
    Store(asked.out).save(snapshot)
    print(f"{asked.rows} made-up actors, {asked.projects} made-up projects: {asked.out}, {snapshot.manifest.build_id}")
    print("\n".join(snapshot.manifest.notes))
    print(f"See them: ESSMAP_SNAPSHOTS={asked.out} essmap serve")


if __name__ == "__main__":
    main()
