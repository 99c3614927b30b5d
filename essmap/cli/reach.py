"""``essmap access`` and ``essmap siting``: how far people are from actors, and where new ones would help most."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from essmap.cli.frames import print_csv, print_json, print_table, records, require_format
from essmap.cli.report import err, out
from essmap.cli.themes import read_theme
from essmap.errors import SettingsError
from essmap.schema.folding import fold_place
from essmap.schema.withheld import read_withheld, shown
from essmap.settings import load_settings
from essmap.store import locate
from essmap.texts import t
from essmap.view.format import decimal, integer
from essmap.view.rows import each_row

if TYPE_CHECKING:  # each costs time to import: commands import what they need
    import geopandas as gpd
    import pandas as pd

    from essmap.analysis.access import Access
    from essmap.analysis.coverage import Theme
    from essmap.analysis.siting import Siting
    from essmap.schema.snapshot import Snapshot

_COUNTS: Final = ("all", "employers")

#: Columns of `essmap access`, in order.
_ACCESS_COLUMNS: Final = (
    "code", "name", "population", "distance", "unit", "kind", "actor_id", "actor_name", "actor_commune", "in_reach",
    "score_per_10k", "border_km", "border", "status", "completeness",
)  # fmt: skip

ThemeOption = Annotated[
    str,
    typer.Option(
        "--theme", help=t("reach.theme", axis="axis:CLÉ", domain="domain:CLÉ"), metavar=t("reach.metavars.theme")
    ),
]
CountOption = Annotated[str | None, typer.Option("--count", help=t("reach.count"), metavar=t("reach.metavars.count"))]
SnapshotOption = Annotated[
    str | None, typer.Option("--snapshot", help=t("cli.snapshot"), metavar=t("cli.metavars.folder"))
]
MatrixOption = Annotated[Path | None, typer.Option("--matrix", help=t("reach.matrix"), metavar=t("cli.metavars.file"))]
FormatOption = Annotated[str, typer.Option("--format", help=t("reach.format"), metavar=t("reach.metavars.format"))]


@dataclass(frozen=True, slots=True)
class _Question:
    """What both commands are asked about."""

    snapshot: Snapshot
    theme: Theme
    count: str
    actors: gpd.GeoDataFrame
    journeys: pd.DataFrame | None

    @property
    def completeness(self) -> Any:
        return self.snapshot.manifest.completeness["actors"]

    @property
    def crs(self) -> int:
        from essmap import reference

        return reference.projected_crs(self.snapshot.manifest.department)

    def about(self, status: str) -> dict[str, Any]:
        """Return what every output begins with."""
        return {
            "department": self.snapshot.manifest.department,
            "build_id": self.snapshot.manifest.build_id,
            "theme": str(self.theme),
            "count": self.count,
            "status": status,
            "completeness": self.completeness.status,
            "completeness_sentence": self.completeness.sentence,
        }


def access(
    theme: ThemeOption = "all",
    count: CountOption = None,
    snapshot: SnapshotOption = None,
    matrix: MatrixOption = None,
    output: FormatOption = "table",
) -> None:
    """Describe how far the inhabitants of each commune are from the actors of a theme.

    Raises
    ------
    SettingsError
        If an option makes no sense.
    """
    from essmap.analysis.access import access as compute

    require_format(output)
    question = _question(theme, count, snapshot, matrix)
    result = compute(
        question.actors,
        question.snapshot.layer("communes"),
        question.snapshot.layer("department"),
        theme=question.theme,
        completeness=question.completeness.status,
        crs=question.crs,
        journeys=question.journeys,
    )
    frame = _named(result, question.actors)
    if output == "json":
        summary, beyond = asdict(result.summary), records(result.beyond)
        print_json({**question.about(result.summary.status), "summary": summary, "beyond": beyond,
                    "communes": records(frame)})  # fmt: skip
        return
    say = err if output == "csv" else out
    for sentence in _access_sentences(question, result):
        say.print(sentence, markup=False)
    if output == "csv":
        print_csv(frame)
    else:
        _access_table(frame)


def siting(  # noqa: PLR0913  the parameters of a command are its options
    new: Annotated[int, typer.Option("--new", help=t("reach.new"), metavar=t("reach.metavars.number"), min=0)],
    theme: ThemeOption = "all",
    reach_km: Annotated[
        float | None, typer.Option("--reach-km", help=t("reach.reach_km"), metavar=t("reach.metavars.number"), min=0)
    ] = None,
    reach_minutes: Annotated[
        float | None,
        typer.Option("--reach-minutes", help=t("reach.reach_minutes"), metavar=t("reach.metavars.number"), min=0),
    ] = None,
    propose: Annotated[
        str | None, typer.Option("--propose", help=t("reach.propose"), metavar=t("reach.metavars.commune"))
    ] = None,
    exercise: Annotated[bool, typer.Option("--exercise", help=t("reach.exercise"))] = False,
    count: CountOption = None,
    snapshot: SnapshotOption = None,
    matrix: MatrixOption = None,
    output: FormatOption = "table",
) -> None:
    """Choose the communes where new sites would reach most inhabitants.

    Raises
    ------
    SettingsError
        If the list is partial and no exercise is asked for, or an option makes no sense.
    """
    from essmap.analysis.siting import siting as compute

    require_format(output)
    question = _question(theme, count, snapshot, matrix)
    is_partial = question.completeness.status != "exhaustive"
    if is_partial and not exercise:
        raise SettingsError(t("reach.siting_partial", sentence=question.completeness.sentence))
    result = compute(
        question.actors,
        question.snapshot.layer("communes"),
        theme=question.theme,
        new=new,
        reach=_reach(reach_km, reach_minutes, question.journeys),
        crs=question.crs,
        journeys=question.journeys,
    )
    proposed = result.candidates.iloc[:0]
    if propose is not None:
        proposed = result.candidates[result.candidates["code"] == _commune(propose, result.candidates)]
    about = question.about("exercise" if is_partial else "assessed")
    if output == "json":
        print_json({**about, **_siting_json(result), "proposed": next(iter(records(proposed)), None)})
        return
    say = err if output == "csv" else out
    for sentence in _siting_sentences(question, result, proposed, is_exercise=is_partial):
        say.print(sentence, markup=False)
    if output == "csv":
        print_csv(_siting_rows(result, proposed).assign(**{k: about[k] for k in ("status", "completeness")}))
    else:
        _siting_tables(result)


def _question(theme: str, count: str | None, snapshot: str | None, matrix: Path | None) -> _Question:
    from essmap.analysis.coverage import default_count, employers_known

    settings = load_settings()
    chosen = read_theme(theme)
    if count is not None and count not in _COUNTS:
        raise SettingsError(t("reach.count_unknown", count=count, known=", ".join(_COUNTS)))
    store, department, build_id = locate(snapshot or settings.snapshots, settings.department)
    loaded = shown(store.load(department, build_id), read_withheld(Path(settings.withhold)))
    actors = loaded.layer("actors")
    count = count or default_count(actors)
    if count == "employers":
        actors = actors[actors["is_employer"].eq(True).fillna(False).to_numpy(dtype=bool)]
        err.print(t("reach.employers", known=decimal(100 * employers_known(loaded.table("actors")), 0)), markup=False)
    journeys = None
    if matrix is not None:
        from essmap.build.journeys import read_journeys

        journeys = read_journeys(matrix, loaded.layer("communes"))
    return _Question(loaded, chosen, count, actors, journeys)


def _reach(km: float | None, minutes: float | None, journeys: pd.DataFrame | None) -> float:
    """Return the distance asked for, which must be in the unit of the journeys."""
    from essmap.analysis.distances import unit_of

    unit = unit_of(journeys)
    wanted, other = (km, minutes) if unit == "km" else (minutes, km)
    if wanted is None or other is not None or not math.isfinite(wanted):
        raise SettingsError(t(f"reach.reach_in_{unit}"))
    return wanted


def _commune(text: str, candidates: pd.DataFrame) -> str:
    """Return the code of a commune named by its code or its name."""
    if (candidates["code"] == text).any():
        return text
    found = candidates[candidates["name"].map(fold_place) == fold_place(text)]
    if len(found) != 1:
        codes = ", ".join(found["code"])
        raise SettingsError(t("reach.commune_several" if codes else "reach.commune_unknown", commune=text, codes=codes))
    return str(found["code"].iloc[0])


def _theme_words(theme: Theme) -> str:
    from essmap import reference

    if theme.kind == "all":
        return t("gaps.theme_all")
    table = reference.axes() if theme.kind == "axis" else reference.domains()
    return t(f"gaps.theme_{theme.kind}", name=table["label"][theme.key])


def _named(result: Access, actors: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the communes with the names of their nearest actors, rounded to what can be meant (a metre)."""
    of_actor = actors.set_index("actor_id")[["name", "commune_name"]].reindex(result.communes["actor_id"])
    frame = result.communes.assign(
        unit=result.summary.unit,
        actor_name=of_actor["name"].to_numpy(),
        actor_commune=of_actor["commune_name"].to_numpy(),
        status=result.summary.status,
    ).round({"distance": 3, "border_km": 3, "score_per_10k": 6})
    return frame[list(_ACCESS_COLUMNS)]


def _access_sentences(question: _Question, result: Access) -> list[str]:
    summary, unit = result.summary, t(f"reach.unit.{result.summary.unit}")
    said = [
        t("reach.access_title", theme=_theme_words(question.theme), name=question.snapshot.manifest.department_name),
        question.completeness.sentence,
    ]
    if summary.status == "no_actor":
        return [*said, t("reach.no_actor")]
    said.append(
        t("reach.access_actors", n=summary.actors, n_text=integer(summary.actors),
          located=integer(summary.actors_located), outside=integer(summary.actors_outside))
    )  # fmt: skip
    if summary.mean_distance is None:
        said.append(t("reach.no_mean"))
    else:
        share = decimal(100 * (summary.located_share or 0))
        said.append(t("reach.mean", distance=decimal(summary.mean_distance), unit=unit, share=share))
    said += [
        t("reach.beyond", threshold=integer(row.threshold), unit=unit, beyond=integer(row.beyond),
          share=decimal(100 * row.share_beyond), unknown=integer(row.unknown))
        for row in each_row(result.beyond) if summary.population
    ]  # fmt: skip
    said.append(t("reach.supply", n=summary.supply_in_reach, n_text=integer(summary.supply_in_reach)))
    if summary.border_communes:
        said.append(
            t("reach.border", n=summary.border_communes, n_text=integer(summary.border_communes),
              population=integer(summary.border_population))
        )  # fmt: skip
    return [*said, t("reach.straight" if question.journeys is None else "reach.by_table")]


def _access_table(frame: pd.DataFrame) -> None:
    headings = [t(f"reach.columns.{name}") for name in ("code", "commune", "population", "distance", "kind", "actor")]
    rows = [
        (row.code, row.name, integer(row.population),
         _distance(row),
         t(f"reach.kind.{row.kind}"), row.actor_name if row.kind != "unknown" else "–",
         "–" if math.isnan(row.score_per_10k) else decimal(row.score_per_10k, 2),
         t("reach.near_border") if row.border else "")
        for row in each_row(frame)
    ]  # fmt: skip
    print_table([*headings, t("reach.columns.score"), ""], rows, right={2: True, 3: True, 6: True})


def _distance(row: Any) -> str:
    """Return the distance of a commune in words; one that stands for a commune is said to be about that."""
    if math.isnan(row.distance):
        return "–"
    about = "" if row.kind in {"located", "journey"} else "≈\u00a0"
    return f"{about}{decimal(row.distance)}\u00a0{t(f'reach.unit.{row.unit}')}"


def _siting_sentences(question: _Question, result: Siting, proposed: pd.DataFrame, *, is_exercise: bool) -> list[str]:
    name = question.snapshot.manifest.department_name
    distance = f"{decimal(result.reach)}\u00a0{t(f'reach.unit.{result.unit}')}"
    said = [t("reach.exercise_mark")] if is_exercise else []
    said += [t("reach.siting_title", theme=_theme_words(question.theme), name=name), question.completeness.sentence]
    said.append(
        t("reach.reached", reached=integer(result.reached), population=integer(result.population), distance=distance)
    )
    if result.outcome != "planned":
        said.append(t(f"reach.outcome.{result.outcome}", distance=distance))
    else:
        sites = len(result.plan)
        said.append(t("reach.plan", n=sites, n_text=integer(sites), total=integer(result.total)))
        if sites < result.new:
            said.append(t("reach.fewer", asked=integer(result.new)))
        said.append(t("reach.proven" if result.is_proven else "reach.not_proven", bound=integer(result.bound)))
        said.append(t("reach.greedy", total=integer(result.greedy["gain"].sum())))
    for row in each_row(proposed):
        numbers = {"gain": integer(row.gain), "rank": integer(row.rank), "of": integer(len(result.candidates))}
        said.append(t("reach.proposed", n=row.ties, n_text=integer(row.ties), commune=row.name, **numbers))
    return [*said, t("reach.straight" if question.journeys is None else "reach.by_table")]


def _siting_json(result: Siting) -> dict[str, Any]:
    frames = {"plan": records(result.plan), "greedy": records(result.greedy)}
    names = ("outcome", "new", "reach", "unit", "population", "reached", "total", "bound", "gap", "is_proven")
    return {**{name: getattr(result, name) for name in names}, "candidates": len(result.candidates), **frames}


def _siting_rows(result: Siting, proposed: pd.DataFrame) -> pd.DataFrame:
    """Return the plan, the greedy plan and the proposed commune one below the other."""
    import pandas as pd

    parts = {"optimal": result.plan, "greedy": result.greedy, "proposed": proposed}
    frame = pd.concat([part.assign(plan=name) for name, part in parts.items()], ignore_index=True)
    integers = ["order", "population", "gain", "cumulated", "rank", "ties"]
    frame = frame.reindex(columns=["plan", "order", "code", "name", *integers[1:]])
    frame[integers] = frame[integers].astype("Int64")
    asked = {name: getattr(result, name) for name in ("new", "reach", "unit", "outcome", "reached", "total")}
    return frame.assign(**asked, bound=result.bound, is_proven=result.is_proven)


def _siting_tables(result: Siting) -> None:
    names = ("order", "code", "commune", "population", "gain", "cumulated")
    headings = [t(f"reach.columns.{name}") for name in names]
    right = dict.fromkeys((0, 3, 4, 5), True)
    for title, frame in ((t("reach.optimal"), result.plan), (t("reach.one_by_one"), result.greedy)):
        if frame.empty:
            continue
        out.print(f"\n{title}", markup=False)
        rows = [
            (str(row.order), row.code, row.name, *map(integer, (row.population, row.gain, row.cumulated)))
            for row in each_row(frame)
        ]
        print_table(headings, rows, right=right)
