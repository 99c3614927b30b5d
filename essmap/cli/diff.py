"""The command ``essmap diff``: what is new, gone, changed or moved from one build to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from essmap.cli.frames import print_csv, print_json, records, require_format
from essmap.cli.report import out
from essmap.errors import SettingsError, SnapshotError
from essmap.schema.holders import Holders
from essmap.schema.withheld import Withheld, read_withheld, shown, who_goes
from essmap.settings import Settings, load_settings
from essmap.store import BUILD_ID, locate
from essmap.texts import t

if TYPE_CHECKING:
    import pandas as pd

    from essmap.schema.snapshot import Snapshot

_TABLES: Final = ("actors", "projects")


def diff(
    first: Annotated[str, typer.Argument(help=t("export.diff.first"), metavar=t("export.metavars.before"))],
    second: Annotated[str, typer.Argument(help=t("export.diff.second"), metavar=t("export.metavars.after"))],
    snapshot: Annotated[str | None, typer.Option(help=t("export.diff.root"), metavar=t("cli.metavars.folder"))] = None,
    output: Annotated[str, typer.Option("--format", help=t("cli.gaps_format"), metavar=t("cli.metavars.format"))] = (
        "table"
    ),
) -> None:
    """Compare two builds row by row; who asked not to be shown is in neither.

    Raises
    ------
    SettingsError
        If the format is unknown, or the builds are of two departments.
    """
    import pandas as pd

    from essmap.build.report import compare
    from essmap.schema.tables import TABLES

    require_format(output)
    settings = load_settings()
    withheld = read_withheld(Path(settings.withhold))
    loaded = [_load(name, snapshot or settings.snapshots, settings) for name in (first, second)]
    before, after = _shown(loaded, withheld)
    departments = {"first": before.manifest.department, "second": after.manifest.department}
    if len(set(departments.values())) > 1:
        raise SettingsError(t("export.diff.departments", **departments))
    found = pd.concat([compare(before, after, TABLES[name]).assign(table=name) for name in _TABLES], ignore_index=True)
    found = _unnamed(found, before, withheld)
    found = found[["table", "change", "id", "name", "commune_code", "fields", "metres"]]
    found["metres"] = found["metres"].round(1)
    if output == "csv":
        print_csv(found.assign(fields=found["fields"].map(";".join)))
    elif output == "json":
        rows = records(found.assign(fields=found["fields"].map(list)))
        print_json({"before": before.manifest.build_id, "after": after.manifest.build_id, "changes": rows})
    else:
        _print(found, before.manifest.build_id, after.manifest.build_id)


def _load(name: str, root: str, settings: Settings) -> Snapshot:
    """Load a build given by its identifier in the root, or by its folder."""
    if not BUILD_ID.fullmatch(name):
        store, department, build_id = locate(name, settings.department)
        return store.load(department, build_id)
    store, department, _ = locate(root, settings.department)
    known = store.builds(department)
    if name not in known:
        raise SnapshotError(t("export.diff.unknown", build=name, root=root, known=", ".join(known)))
    return store.load(department, name)


def _shown(snapshots: Sequence[Snapshot], withheld: Withheld) -> list[Snapshot]:
    """Return builds without those who asked not to be shown; a support of one build may name an actor of another."""
    theirs = [one.table("actors")[one.table("actors")["actor_id"].isin(who_goes(one, withheld))] for one in snapshots]
    columns = ("actor_id", "name", "commune_code")
    holders = Holders.of(*([cell for rows in theirs for cell in rows[column]] for column in columns))
    result = []
    for one in (shown(snapshot, withheld) for snapshot in snapshots):
        projects = holders.without(one.layer("projects"), one.layer("communes"))
        result.append(replace(one, tables={**one.tables, "projects": projects}))
    return result


def _unnamed(found: pd.DataFrame, before: Snapshot, withheld: Withheld) -> pd.DataFrame:
    """Return the changes without the names of those who are gone and could be on the list by a number not shown.

    Of a home no build holds the number, nor of a holder that is no actor: whoever objected by it is gone from the later
    build, and named in the earlier.
    """
    if not any(one.kind in {"siren", "siret"} for one in withheld.entries):
        return found
    actors = before.table("actors")
    numberless = set(actors.loc[actors["siren"].isna() & actors["siret"].isna(), "actor_id"])
    gone = set(found.loc[found["table"].eq("actors") & found["change"].eq("gone") & found["id"].isin(numberless), "id"])
    projects = before.table("projects")
    is_theirs = projects["actor_id"].isin(gone) | projects["actor_id"].isna()
    theirs = projects.loc[is_theirs, "project_id"]
    is_theirs = found["table"].eq("actors") & found["id"].isin(gone)
    is_gone = found["change"].eq("gone") | found["id"].isin(projects.loc[projects["actor_id"].isin(gone), "project_id"])
    is_theirs |= found["table"].eq("projects") & is_gone & found["id"].isin(theirs)
    return found.assign(
        id=found["id"].mask(is_theirs, ""),
        name=found["name"].mask(is_theirs, t("export.diff.unnamed")),
        commune_code=found["commune_code"].mask(is_theirs, None),
    )


def _print(found: pd.DataFrame, before: str, after: str) -> None:
    from essmap.build.report import CHANGES
    from essmap.view.format import decimal, integer, one_line

    out.print(t("export.diff.title", before=before, after=after), markup=False)
    if found.empty:
        out.print(t("export.diff.nothing"), markup=False)
    for table in _TABLES:
        for kind in CHANGES:
            rows = found[(found["table"] == table) & (found["change"] == kind)]
            if rows.empty:
                continue
            counted = t(f"export.diff.counts.{kind}", n=integer(len(rows)))
            out.print(f"\n{t(f'export.diff.tables.{table}')}, {counted}", markup=False)
            for row in records(rows):
                said = [f"{row['name']} ({row['id']})" if row["id"] else row["name"], *row["fields"]]
                if kind == "moved":
                    metres = row["metres"]
                    told = t("export.diff.no_metres") if metres is None else t("export.diff.metres", n=decimal(metres))
                    said.append(told)
                out.print(one_line("- " + ", ".join(said)), markup=False)
