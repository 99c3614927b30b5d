"""How well the domains of register rows are found: measured on the starter rows, whose domains were given by hand.

::

    python -m benchmarks.classification            # print the scores, the confusions and the share without domain
    python -m benchmarks.classification --write    # and write the scores to data/reference/classification_scores.json
    python -m benchmarks.classification --tuning   # print the tuning rows that are read otherwise, and their score

The tables were tuned on the rows whose id has an even SHA-256 digest (the digest read as one whole number) and are
scored on the others, which nobody looked at while tuning. Micro-averaged: every pair of a row and a domain counts once.

Three scores: the name alone; the name and the activity, which our starter rows say in a few words of ours (a register
says no such thing); the name and the activity code that a register would give. The starter rows carry no code, and
guessing one from what we know would only test ourselves: a code is given only to rows whose name or activity uses a
word that a French law gives to one sort of establishment, or that names a class of the NAF (``stated_naf.csv``). That
is few rows, all easy ones, and their code is deduced from the same text as their domains: the third score says what a
certain code adds to a name, not how well a whole register is read.

Whoever tunes the tables looks at the tuning rows only: ``--tuning`` prints each of them that is read otherwise.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from essmap import reference
from essmap.build.classify import domains_of, naf_domains
from essmap.build.starter_files import STARTER_VINTAGE
from essmap.build.words import WordFinder, telling_words
from essmap.reference.scores import SCORES_FILE, ClassificationScores, Score

STATED_NAF: Final = Path(__file__).with_name("stated_naf.csv")
NOTHING: Final = "rien"
SEED: Final = 20261130
#: Made-up register rows: activity code, share of the rows, words of their names. Codes are real, everything else is
#: invented for this measure: nobody counted these shares, no structure bears these names.
MADE_UP: Final = (
    (
        "94.99Z",
        0.46,
        ("Amicale", "Comité", "Les Amis", "Association", "Collectif", "Union", "Comité des fêtes", "Entraide"),
    ),
    ("93.12Z", 0.14, ("Club", "Football club", "Union sportive", "Pétanque", "Judo", "Gymnastique")),
    ("90.01Z", 0.09, ("Compagnie", "Théâtre", "Chorale", "Collectif", "Les")),
    ("93.29Z", 0.05, ("Foyer rural", "Comité des fêtes", "Loisirs", "Les Joyeux")),
    ("88.99B", 0.06, ("Centre social", "Solidarité", "Accueil", "Maison", "Les")),
    ("85.59B", 0.04, ("Formation", "Institut", "Atelier", "Les")),
    ("85.52Z", 0.03, ("École de musique", "Atelier", "Les")),
    ("88.91A", 0.02, ("Crèche", "Les P’tits", "Les")),
    ("88.10A", 0.02, ("Aide à domicile", "Association", "ADMR")),
    ("94.12Z", 0.02, ("Syndicat", "Groupement", "Union")),
    ("68.20B", 0.01, ("Société", "Foyer")),
    ("70.22Z", 0.02, ("Coopérative", "Conseil", "Les")),
    ("01.61Z", 0.02, ("CUMA", "Coopérative")),
    ("88.99Y", 0.01, ("Association", "Les")),  # a code of the NAF 2025, which the table does not know
    ("", 0.01, ("Association", "Les")),
)
MADE_UP_ENDINGS: Final = ("Inventées", "Imaginaire", "du Bourg Rêvé", "Sans Lieu", "de l’Étoile Feinte", "d’Autrepart")


def starter_rows() -> pd.DataFrame:
    """Return the starter rows, all text; `domains` holds keys separated by ``;``."""
    path = reference.data_dir() / "departments" / "31" / "starter_actors.csv"
    return pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8")


def is_held_out(ids: pd.Series) -> pd.Series:
    """Tell which rows are scored: those whose id, in UTF-8, has an odd SHA-256 digest read as one whole number."""
    return ids.map(lambda key: int(hashlib.sha256(key.encode()).hexdigest(), 16) % 2 == 1).astype(bool)


def stated_naf(rows: pd.DataFrame) -> pd.Series:
    """Return the activity code that words of the name or the activity make sure of, "" where none or several do."""
    table = pd.read_csv(STATED_NAF, dtype="str", keep_default_na=False, encoding="utf-8")
    finder = WordFinder(list(table["words"]))
    found = [
        {table["naf"].iat[place] for text in texts for place in finder.find(telling_words(text))}
        for texts in zip(rows["name"], rows["activity"], strict=True)
    ]
    return pd.Series([codes.pop() if len(codes) == 1 else "" for codes in found], index=rows.index, dtype="str")


def found_domains(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the domains found from the name, from name and activity, and from the name and a stated code."""
    nothing = pd.Series("", index=rows.index, dtype="str")
    return {
        "name": domains_of(nothing, rows["name"], nothing),
        "name_activity": domains_of(nothing, rows["name"], rows["activity"]),
        "name_naf": domains_of(stated_naf(rows), rows["name"], nothing),
    }


def micro(given: Sequence[set[str]], found: Sequence[Sequence[str]], *, with_naf: int = 0) -> Score:
    """Return micro-averaged precision, recall and F1 of the domains found, row by row."""
    right = sum(len(keys & set(listed)) for keys, listed in zip(given, found, strict=True))
    told, true = sum(map(len, found)), sum(map(len, given))
    shares = (right / max(told, 1), right / max(true, 1), 2 * right / max(told + true, 1))
    return Score(len(given), with_naf, *(round(share, 3) for share in shares))


def measure() -> ClassificationScores:
    """Score the rows that were not tuned on."""
    rows = starter_rows()
    held = rows[is_held_out(rows["id"])]
    given = [set(cell.split(";")) for cell in held["domains"]]
    coded = int(stated_naf(held).ne("").sum())
    scores = {
        key: micro(given, list(found), with_naf=coded if key == "name_naf" else 0)
        for key, found in found_domains(held).items()
    }
    return ClassificationScores(STARTER_VINTAGE, len(rows) - len(held), scores)


def confusions(given: Sequence[set[str]], found: Sequence[Sequence[str]]) -> Counter[tuple[str, str]]:
    """Count, over rows, each domain given and missed beside each domain found and not given (or nothing)."""
    counts: Counter[tuple[str, str]] = Counter()
    for keys, listed in zip(given, found, strict=True):
        wrong = [key for key in listed if key not in keys] or [NOTHING]
        missed = sorted(keys - set(listed)) or [NOTHING]
        counts.update((one, other) for one in missed for other in wrong if one != other)
    return counts


def made_up_register(n: int, *, seed: int = SEED) -> pd.DataFrame:
    """Return ``n`` made-up register rows, ``naf`` and ``name``, drawn from `MADE_UP`."""
    rng = np.random.default_rng(seed)
    shares = np.array([share for _, share, _ in MADE_UP])
    kinds = rng.choice(len(MADE_UP), size=n, p=shares / shares.sum())
    names = [f"{rng.choice(MADE_UP[kind][2])} {rng.choice(MADE_UP_ENDINGS)}".upper() for kind in kinds]
    return pd.DataFrame({"naf": [MADE_UP[kind][0] for kind in kinds], "name": names}, dtype="str")


def written(scores: ClassificationScores) -> str:
    """Return the content of ``data/reference/classification_scores.json``."""
    return json.dumps(asdict(scores), ensure_ascii=False, indent=2) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the measure; ``--write`` puts the scores where the page « Méthode » reads them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write data/reference/classification_scores.json")
    parser.add_argument("--tuning", action="store_true", help="print the tuning rows read otherwise, and nothing else")
    options = parser.parse_args(arguments)
    if options.tuning:
        _print_tuning()
        return
    scores = measure()
    _print_scores(scores)
    _print_confusions()
    _print_made_up(4_000)
    if options.write:
        path = reference.data_dir() / "reference" / SCORES_FILE
        path.write_text(written(scores), encoding="utf-8")
        print(f"written: {path.name}")


def _print_tuning() -> None:
    rows = starter_rows()
    rows = rows[~is_held_out(rows["id"])]
    given = [set(cell.split(";")) for cell in rows["domains"]]
    found = list(found_domains(rows)["name_activity"])
    for name, keys, listed in zip(rows["name"], given, found, strict=True):
        if keys != set(listed):
            print(f"{name}: missed {sorted(keys - set(listed))}, too many {sorted(set(listed) - keys)}")
    print(micro(given, found))


def _print_scores(scores: ClassificationScores) -> None:
    print(f"Domains of the starter rows of {scores.data_date} (tables tuned on {scores.tuned_on} others)")
    print(f"{'read from':<16} {'rows':>5} {'with a code':>12} {'precision':>10} {'recall':>7} {'F1':>6}")
    for key, score in scores.scores.items():
        figures = f"{score.precision:>10.3f} {score.recall:>7.3f} {score.f1:>6.3f}"
        print(f"{key:<16} {score.n:>5} {score.with_naf:>12} {figures}")
    rows = starter_rows()
    held = rows[is_held_out(rows["id"]) & stated_naf(rows).ne("")]
    given = [set(cell.split(";")) for cell in held["domains"]]
    found = found_domains(held)
    plain, coded = micro(given, list(found["name"])), micro(given, list(found["name_naf"]))
    print(f"on the {plain.n} rows with a code alone: F1 {plain.f1:.3f} by name, {coded.f1:.3f} by name and code")


def _print_confusions() -> None:
    rows = starter_rows()
    held = rows[is_held_out(rows["id"])]
    given = [set(cell.split(";")) for cell in held["domains"]]
    found = found_domains(held)
    for key in ("name", "name_activity"):
        print(f"\nConfusions by {key}: given and missed -> found and not given, rows ({NOTHING}: nothing)")
        for (missed, wrong), count in confusions(given, list(found[key])).most_common(25):
            print(f"{count:>5}  {missed} -> {wrong}")
        print(f"rows without domain: {sum(not keys for keys in found[key])} of {len(held)}")


def _print_made_up(n: int) -> None:
    rows = made_up_register(n)
    nothing = pd.Series("", index=rows.index, dtype="str")
    read = domains_of(rows["naf"], rows["name"], nothing)
    empty = ~read.map(bool)
    status = naf_domains(rows["naf"])["status"]
    print(f"\nMade-up register rows ({n}, shares of codes and names invented): {empty.mean():.0%} without domain")
    for key, count in status.value_counts().sort_index().items():
        print(f"{count:>6} {key:<13} {empty[status == key].mean():>5.0%} without domain")


if __name__ == "__main__":
    main()
