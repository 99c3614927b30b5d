"""``make bench``: run every measurement and print its ratio to the baseline of the same run."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from benchmarks import analysis, classification, enrichment, imports, merging, stock
from benchmarks import map as map_benchmark
from benchmarks.made_up import made_up_actors
from essmap import reference
from essmap.build.starter import load_geography
from essmap.schema.folding import fold
from essmap.view.filters import Filters, SearchIndex

ROUNDS = 7
SIZES = (1_000, 10_000, 100_000)
QUESTION = Filters(words="inventee mesure", axes=("insertion", "inclusion"), families=("association",), since=2020)


def main() -> None:
    """Run every measurement; ``--quick`` shortens those that take long, other options are those of `benchmarks.map`."""
    arguments = sys.argv[1:]
    quick = ["--quick"] if "--quick" in arguments else []
    classification.main([])
    filters()
    merging.main()
    enrichment.main(quick)
    stock.main(quick)
    imports.main(quick)
    analysis.main(quick)
    map_benchmark.main(arguments)


def filters() -> None:
    """Print one table: a filter as a mask, beside the same question asked row by row in plain Python."""
    communes = load_geography("31").communes
    labels = {**reference.domains()["label"], **reference.legal_forms()["label"]}
    print("Filter decided over made-up actors (median of", ROUNDS, "rounds)")
    print(f"{'actors':>8} {'mask, ms':>10} {'row by row, ms':>15} {'times faster':>13}")
    for size in SIZES:
        actors = made_up_actors(size, communes)
        index = SearchIndex.build(actors, communes, labels)
        rows = list(zip(index.text, actors["axes"], actors["family"], actors["source_year"], strict=True))
        mask = _median_ms(lambda index=index: index.mask(QUESTION))
        naive = _median_ms(lambda rows=rows: [_answers(*row) for row in rows])
        if index.mask(QUESTION).tolist() != [_answers(*row) for row in rows]:
            raise SystemExit("the mask and the baseline disagree")
        print(f"{size:>8} {mask:>10.2f} {naive:>15.2f} {naive / mask:>13.1f}")


def _answers(text: str, axes: list[str], family: str, year: int) -> bool:
    return (
        all(word in text for word in fold(QUESTION.words).split())
        and any(axis in axes for axis in QUESTION.axes)
        and family in QUESTION.families
        and year >= (QUESTION.since or 0)
    )


def _median_ms(action: Callable[[], object]) -> float:
    spent = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        action()
        spent.append((time.perf_counter() - start) * 1000)
    return statistics.median(spent)


if __name__ == "__main__":
    main()
