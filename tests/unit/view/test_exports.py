"""The CSV of a result: every actor, in words, as spreadsheets read it, and never more than the card shows."""

from __future__ import annotations

import csv
import io

import pytest

from essmap.view.exports import actors_csv


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_every_starter_actor_has_its_line(starter_snapshot):
    """One line an actor, in order, with labels instead of keys."""
    actors = starter_snapshot.layer("actors")
    content = actors_csv(actors)
    assert content.startswith("\ufeff".encode())
    lines = read(content)
    assert [line["Identifiant"] for line in lines] == list(actors["actor_id"])
    first = next(line for line in lines if line["Identifiant"] == "la-cafetiere-31028")
    assert (first["Nom"], first["Commune"], first["Forme"]) == ("La Cafetière", "Aurignac", "Association")
    assert (first["Axes"], first["Projet soutenu"]) == ("Inclusion", "oui")


def test_only_linked_sources_and_shown_places_are_told(starter_snapshot):
    """A source that the card does not link has no address; a sensitive place has nothing finer than its commune."""
    lines = {line["Identifiant"]: line for line in read(actors_csv(starter_snapshot.layer("actors")))}
    assert lines["arbres-et-paysages-d-autan-31004"]["Source"] == ""
    hidden = lines["la-colline-cites-caritas-31555"]
    assert (hidden["Adresse"], hidden["Code postal"], hidden["Commune"]) == ("", "", "Toulouse")


@pytest.mark.parametrize("value", ["=1+1", " @x", "a;b\nc", '"', "\u202egpj", "-2"])
def test_hostile_names_are_cells(starter_snapshot, value):
    """A name stays in its cell, on its line, and no spreadsheet runs it."""
    actors = starter_snapshot.layer("actors").iloc[:1].assign(name=value)
    [line] = read(actors_csv(actors))
    assert not line["Nom"].lstrip().startswith(("=", "+", "-", "@"))
    assert line["Nom"].removeprefix("'") == "".join(sign if sign.isprintable() else " " for sign in value)


def test_nothing_found_is_a_heading(starter_snapshot):
    """An empty result is a file with its headings."""
    content = actors_csv(starter_snapshot.layer("actors").iloc[:0])
    assert content.decode("utf-8-sig").startswith("Identifiant;Nom;")
    assert read(content) == []
