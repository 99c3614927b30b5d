"""Measure the analysis, the siting and a sheet on made-up data: ``python -m benchmarks.analysis [--quick]``.

12,000 made-up actors declared exhaustive (`benchmarks.made_up`). Each part is measured alone, from fresh tables; the
whole shares what its parts have in common, as a page does. Beside each baseline: the same thing done without what
makes ours fast, in the same run, its answer compared with ours. Targets are printed, never asserted.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Any

import numpy as np
import pandas as pd
import typst
from scipy.stats import binomtest, chi2

from benchmarks.made_up import made_up_snapshot
from essmap import reference
from essmap.analysis import exact
from essmap.analysis.access import CATCHMENTS, WEIGHTS, access
from essmap.analysis.clusters import contiguity, local_moran
from essmap.analysis.coverage import Question, Tables, Theme, coverage
from essmap.analysis.distances import centres, distances, places_of_actors
from essmap.analysis.funnel import funnel
from essmap.analysis.priority import priority
from essmap.analysis.robustness import badges
from essmap.analysis.similar import areas_km2, closest, features
from essmap.analysis.siting import siting
from essmap.analysis.smoothing import empirical_bayes
from essmap.schema.snapshot import Snapshot
from essmap.view.sheet import axes_of_the_department, axis_gaps, sheet_content, sheet_pdf

ROWS = 12_000
ROUNDS, QUICK_ROUNDS = 7, 3
THEME = Theme("axis", "insertion")
LEVELS = {"canton": "cantons", "epci": "epci", "commune": "communes"}
NEW, REACHES_KM = 5, (2.0, 3.0, 5.0)
#: Seconds, on the machine of the tests.
TARGETS = {"analysis": 1.0, "siting": 10.0, "sheet": 5.0}
COMPARED = ["observed", "expected", "ratio_low", "ratio_high", "poisson_low", "poisson_high"]
FONTS = files("font_source_sans_pro").joinpath("files")


@dataclass(frozen=True)
class Part:
    """Something to measure: what we do, and the baseline that gives the same answer, if there is one."""

    name: str
    ours: Callable[[], Any]
    baseline: Callable[[], Any] | None = None
    agrees: Callable[[Any, Any], bool] = lambda ours, baseline: bool(np.allclose(ours, baseline, rtol=1e-9))
    target: float | None = None


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.analysis", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three rounds of each")
    rounds = QUICK_ROUNDS if parser.parse_known_args(arguments)[0].quick else ROUNDS
    snapshot = made_up_snapshot(ROWS, is_exhaustive=True)
    print(f"\nAnalysis of {THEME}, {ROWS} made-up actors declared exhaustive (median of {rounds} rounds)")
    print(f"{'':<44} {'ms':>8} {'baseline, ms':>13} {'baseline/ours':>13}  target")
    for part in [*analysis_parts(snapshot), *siting_parts(snapshot), *sheet_parts(snapshot)]:
        print(measured(part, rounds), flush=True)


def measured(part: Part, rounds: int) -> str:
    """Measure one part and return its line."""
    ours, answer = _median_s(part.ours, rounds)
    line = f"{part.name:<44} {ours * 1000:>8.1f}"
    if part.baseline is None:
        line += f" {'':>13} {'':>13}"
    else:
        baseline, expected = _median_s(part.baseline, QUICK_ROUNDS)
        if not part.agrees(answer, expected):
            raise SystemExit(f"{part.name}: the baseline gives another answer")
        line += f" {baseline * 1000:>13.1f} {baseline / ours:>13.2f}"
    if part.target is not None:
        line += f"  {part.target:g} s: {'met' if ours < part.target else 'MISSED'}"
    return line


def _median_s(action: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    spent, answer = [], None
    for _ in range(rounds):
        start = time.perf_counter()
        answer = action()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent), answer


def analysis_parts(snapshot: Snapshot) -> list[Part]:
    """Return all that is said of one theme, level by level, and the whole."""
    communes = snapshot.layer("communes")
    tables = {level: coverage(Tables.of(snapshot), Question(level, THEME)) for level in LEVELS}
    judged = tables["commune"].set_index("code").reindex(communes["commune_code"])
    rates = judged["eb_rate_per_10k"].to_numpy(dtype="float64", na_value=np.nan)
    counts = judged[["observed", "base"]].to_numpy(dtype="float64").T
    parts = []
    for level in LEVELS:
        asked = Question(level, THEME)
        parts += [
            Part(
                f"coverage, {level}",
                lambda asked=asked: coverage(Tables.of(snapshot), asked)[COMPARED].to_numpy("float64"),
                lambda level=level: _coverage_by_hand(snapshot, level),
            ),
            Part(f"funnel, {level}", lambda level=level: funnel(tables[level])),
            Part(f"badges, {level}", lambda asked=asked: badges(Tables.of(snapshot), asked)),
            Part(f"priority, {level}", lambda asked=asked: _priority(Tables.of(snapshot), asked)),
            Part(f"similar territories, {level}", lambda level=level: _similar(snapshot, Tables.of(snapshot), level)),
        ]
    return [
        *parts,
        Part("empirical Bayes, commune", lambda: empirical_bayes(*counts)),
        Part("local Moran, commune", lambda: local_moran(communes["commune_code"], rates, contiguity(communes))),
        Part("access and E2SFCA", lambda: _scores(snapshot), lambda: _scores_by_hand(snapshot)),
        Part("all of these together", lambda: _everything(snapshot), target=TARGETS["analysis"]),
    ]


def _everything(snapshot: Snapshot) -> None:
    tables, communes = Tables.of(snapshot), snapshot.layer("communes")
    for level in LEVELS:
        table = coverage(tables, Question(level, THEME))
        funnel(table)
        badges(tables, Question(level, THEME))
        _priority(tables, Question(level, THEME))
        _similar(snapshot, tables, level)
    rates = table.set_index("code")["eb_rate_per_10k"].reindex(communes["commune_code"])
    local_moran(communes["commune_code"], rates.to_numpy("float64", na_value=np.nan), contiguity(communes))
    _scores(snapshot)


def _priority(tables: Tables, asked: Question) -> pd.DataFrame:
    return priority(tables, asked, dict.fromkeys(axes_of_the_department(), 1.0))


def _similar(snapshot: Snapshot, tables: Tables, level: str) -> pd.DataFrame:
    layer, crs = snapshot.layer(LEVELS[level]), reference.projected_crs(snapshot.manifest.department)
    table = features(tables, level, areas_km2(layer[layer.geometry.notna()], f"{level}_code", crs))
    return closest(table, table.index[0])


def _scores(snapshot: Snapshot) -> np.ndarray:
    layers = (snapshot.layer(name) for name in ("actors", "communes", "department"))
    crs = reference.projected_crs(snapshot.manifest.department)
    found = access(*layers, theme=THEME, completeness="exhaustive", crs=crs)
    return found.communes["score_per_10k"].to_numpy()


def _coverage_by_hand(snapshot: Snapshot, level: str) -> list[tuple[float, ...]]:
    """Count actor by actor, then test territory by territory with SciPy's own tests, widened by phi as ours are."""
    column, communes = f"{level}_code", snapshot.table("communes")
    actors = snapshot.table("actors")
    people: Counter[str] = Counter()
    for code, population in zip(communes[column], communes["population"], strict=True):
        people[code] += population
    seen = Counter(
        code
        for code, axes, employs in zip(actors[column], actors["axes"], actors["is_employer"], strict=True)
        if THEME.key in axes and employs
    )
    total, everybody = sum(seen.values()), sum(people.values())
    expected = {code: total * people[code] / everybody for code in sorted(people)}
    phi = exact.overdispersion([seen[code] for code in expected], list(expected.values()))
    confidence = 1 - exact.exact_level(exact.ALPHA, phi)
    answer = []
    for code, e in expected.items():
        test = binomtest(seen[code], total, e / total)
        interval = test.proportion_ci(confidence, method="exact")
        low = chi2.ppf(0.025, 2 * seen[code]) / (2 * e) if seen[code] else 0.0
        high = chi2.ppf(0.975, 2 * seen[code] + 2) / (2 * e)
        answer.append((seen[code], e, interval.low * total / e, interval.high * total / e, low, high))
    return answer


def _scores_by_hand(snapshot: Snapshot) -> list[float]:
    """Two loops over communes and places in plain Python; their distances are given."""
    actors, crs = snapshot.layer("actors"), reference.projected_crs(snapshot.manifest.department)
    table = distances(snapshot.layer("communes"), places_of_actors(actors[THEME.mask(actors)], crs=crs), crs=crs)
    rows, people, counts = table.matrix().tolist(), list(table.communes["population"]), list(table.places["count"])
    steps = list(zip(CATCHMENTS["km"], WEIGHTS, strict=False))

    def weight(km: float) -> float:
        return next((weight for upper, weight in steps if km <= upper), 0.0)

    demand = [0.0] * len(counts)
    for row, population in zip(rows, people, strict=True):
        for place, km in enumerate(row):
            demand[place] += population * weight(km)
    ratios = [count / wanted if wanted else 0.0 for count, wanted in zip(counts, demand, strict=True)]
    return [10_000 * sum(ratio * weight(km) for ratio, km in zip(ratios, row, strict=True)) for row in rows]


def siting_parts(snapshot: Snapshot) -> list[Part]:
    """Return the siting of five actors at several reaches; the greedy choice alone beside it."""
    crs = reference.projected_crs(snapshot.manifest.department)
    actors, communes = snapshot.layer("actors"), snapshot.layer("communes")

    def best_plan(reach: float) -> int:
        found = siting(actors, communes, theme=THEME, new=NEW, reach=reach, crs=crs)
        if not found.is_proven:
            raise SystemExit(f"siting within {reach} km is not proven best")
        return found.total

    return [
        Part(
            f"siting, {NEW} new within {reach:g} km, proven",
            lambda reach=reach: best_plan(reach),
            lambda reach=reach: _greedy_by_hand(snapshot, reach),
            lambda best, greedy: best >= greedy,
            TARGETS["siting"],
        )
        for reach in REACHES_KM
    ]


def _greedy_by_hand(snapshot: Snapshot, reach: float) -> int:
    """Choose one commune after the other, each for what it adds, in plain Python; return the inhabitants gained."""
    crs = reference.projected_crs(snapshot.manifest.department)
    actors, communes = snapshot.layer("actors"), snapshot.layer("communes")
    nearest, _ = distances(communes, places_of_actors(actors[THEME.mask(actors)], crs=crs), crs=crs).nearest()
    table = distances(communes, centres(communes, crs=crs), crs=crs)
    near = [{row for row, km in enumerate(column) if km <= reach} for column in table.matrix().T.tolist()]
    left = {row: int(n) for row, n in enumerate(table.communes["population"]) if nearest[row] > reach}
    gained = 0
    for _ in range(NEW):
        best = max(near, key=lambda rows: sum(left.get(row, 0) for row in rows))
        gained += sum(left.pop(row, 0) for row in best)
    return gained


def sheet_parts(snapshot: Snapshot) -> list[Part]:
    """Return the sheet of a canton; an empty document, set and tagged by the same program, beside it."""
    code = str(snapshot.table("cantons")["canton_code"].iloc[0])

    def sheet() -> bytes:
        content = sheet_content(
            snapshot,
            "canton",
            code,
            label="Canton",
            gaps=axis_gaps(Tables.of(snapshot), "canton", code),
            built_on="1er janvier 2026",
            site_title="essmap",
        )
        return sheet_pdf(content)

    def empty() -> bytes:
        with as_file(FONTS) as fonts:
            return typst.compile(
                b'#set document(title: "Rien")\n#set text(font: "Source Sans Pro")\nRien',
                font_paths=typst.Fonts(include_system_fonts=False, font_paths=[fonts]),
                pdf_standards="ua-1",
                format="pdf",
            )

    return [Part("one PDF sheet", sheet, empty, lambda full, bare: len(full) > len(bare), TARGETS["sheet"])]


if __name__ == "__main__":
    main()
