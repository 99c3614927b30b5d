"""Builds that lose too much do not take the place of the current one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from essmap.build.guards import EXPECTED, Before, refusals
from essmap.schema.snapshot import Completeness


def with_actors(manifest, actors, rows_in=1000):
    return replace(manifest, counts={**manifest.counts, "actors": actors}, rows_in=rows_in)


@pytest.mark.parametrize(
    ("before", "after", "is_refused"),
    [(100, 100, False), (100, 80, False), (100, 79, True), (100, 1, True), (100, 200, False), (1, 1, False)],
)
def test_fall_of_more_than_a_fifth_is_refused(starter_snapshot, before, after, is_refused):
    """Four fifths are enough, less is not; growth never is against it."""
    manifest = starter_snapshot.manifest
    found = refusals(with_actors(manifest, after), {}, Before(before))
    assert bool(found) is is_refused
    if is_refused:
        assert f"{before} à {after}" in found[0]


def test_empty_build_is_refused_even_as_the_first(starter_snapshot):
    """A build without any actor would empty the map."""
    assert len(refusals(with_actors(starter_snapshot.manifest, 0), {}, None)) == 1
    assert refusals(with_actors(starter_snapshot.manifest, 1), {}, None) == ()


@pytest.mark.parametrize(("rejected", "is_refused"), [(50, False), (51, True)])
def test_too_many_unexpected_rejections_are_refused(starter_snapshot, rejected, is_refused):
    """More than one row in twenty rejected for a reason that is no part of the plan is refused."""
    found = refusals(with_actors(starter_snapshot.manifest, 500), {"unknown_commune": rejected}, None)
    assert bool(found) is is_refused


def test_expected_reasons_do_not_count(starter_snapshot):
    """Closed establishments, natural persons and oppositions may be any number."""
    assert refusals(with_actors(starter_snapshot.manifest, 10), dict.fromkeys(EXPECTED, 10**6), None) == ()


def test_all_reasons_are_told_at_once(starter_snapshot):
    """A fall and rejections are both said."""
    manifest = starter_snapshot.manifest
    found = refusals(with_actors(manifest, 10), {"malformed": 900}, Before(100))
    assert len(found) == 2


@pytest.mark.parametrize(
    ("was_exhaustive", "status", "is_refused"),
    [(True, "partial", True), (True, "exhaustive", False), (False, "partial", False), (False, "exhaustive", False)],
)
def test_partial_list_does_not_replace_a_complete_one(starter_snapshot, was_exhaustive, status, is_refused):
    """Where everything was there, a list with gaps is refused, however many actors it has."""
    manifest = with_actors(starter_snapshot.manifest, 200)
    manifest = replace(manifest, completeness={**manifest.completeness, "actors": Completeness(status, "")})
    found = refusals(manifest, {}, Before(100, was_exhaustive))
    assert [text for text in found if "partielle" in text] == list(found)
    assert bool(found) is is_refused


def test_current_build_of_unknown_size_refuses_every_other(starter_snapshot):
    """Where nobody can tell what would be lost, somebody has to insist."""
    (said,) = refusals(with_actors(starter_snapshot.manifest, 10**6), {}, Before(None))
    assert "ne peut pas être lu" in said


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"counts": {"actors": 7}, "completeness": {"actors": {"status": "exhaustive"}}}, Before(7, True)),
        ({"counts": {"actors": 7}}, Before(7)),
        ({"counts": {"actors": "7"}, "completeness": []}, Before(None)),
        ({"counts": [7]}, Before(None)),
        ({}, Before(None)),
    ],
)
def test_manifest_of_another_version_is_read_as_far_as_it_goes(content, expected):
    """What it does not say is not known, whatever its form."""
    assert Before.written(content) == expected
