"""A sensitive place gives no page, note, number or address from which somebody would find it."""

from __future__ import annotations

from essmap.build.privacy import MASKED_FIELDS
from essmap.view import cards


def test_sensitive_rows_keep_nothing_that_leads_to_an_address(starter_snapshot):
    """Every field that is masked is empty on every sensitive row, and no other field holds a web address."""
    actors = starter_snapshot.table("actors")
    rows = actors[actors["is_sensitive"]]
    assert len(rows) >= 10
    assert rows[list(MASKED_FIELDS)].isna().all(axis=None)
    assert (
        not rows.drop(columns="geometry").astype(str).apply(lambda column: column.str.contains("http")).any(axis=None)
    )


def test_card_of_a_sensitive_place_has_no_link_to_follow(starter_snapshot):
    """The card of each sensitive place holds no link at all while nobody has set a contact address."""
    actors, projects = starter_snapshot.table("actors"), starter_snapshot.table("projects")
    for actor in actors[actors["is_sensitive"]].itertuples():
        card = cards.actor_card(actor, projects.iloc[:0], report_address="", page_url="")
        assert "<a " not in card
        assert actor.commune_name in card.replace("&#x27;", "'")
