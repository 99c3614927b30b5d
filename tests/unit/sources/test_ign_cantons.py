"""The outlines of the IGN service: what is asked, how a bad moment is survived, what is kept."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from made_up_cantons import feature, send

from essmap.errors import SourceError
from essmap.sources.client import Manners
from essmap.sources.ign_cantons import LAYER, Service, read_ign_cantons

ATTEMPTS = Manners().attempts


@pytest.fixture
def service(wfs, tmp_path):
    return Service(wfs.url, 5.0, tmp_path / "cache", "contact@exemple.fr")


def codes(outlines):
    return outlines.frame["code_insee"].tolist()


def test_schema_is_read_before_features_are_asked(wfs, service):
    """One feature tells which property holds the department; then only the department is asked, sorted."""
    wfs.features.append(feature("3101", code_departement="09"))
    outlines, _ = read_ign_cantons(service, "31")
    assert codes(outlines) == ["3101", "3102", "3103", "3104"]
    first, second = wfs.requests
    assert (first["count"], "CQL_FILTER" in first) == ("1", False)
    assert second["CQL_FILTER"] == "code_departement='31'"
    assert second["sortBy"] == "code_insee"
    assert {first["typeNames"], second["typeNames"]} == {LAYER}
    assert all(agent.startswith("essmap/") and "contact@exemple.fr" in agent for agent in wfs.agents)


@pytest.mark.parametrize(
    ("renamed", "asked"),
    [
        ({"INSEE_DEP": "31", "INSEE_CAN": "01"}, "INSEE_DEP='31'"),
        ({"code_insee_du_departement": "31", "nom": "x"}, "code_insee_du_departement='31'"),
        ({"CODE_INSEE": "3101"}, "CODE_INSEE LIKE '31%'"),
        ({"nom": "Ouest"}, None),
    ],
)
def test_properties_of_other_editions_are_found(wfs, service, renamed, asked):
    """The department is asked by whatever name the edition gives it, else everything is."""
    for one in wfs.features:
        one["properties"] = dict(renamed)
    read_ign_cantons(service, "31")
    assert wfs.requests[1].get("CQL_FILTER") == asked


@pytest.mark.parametrize("says_how_many", [True, False])
@pytest.mark.parametrize("page_size", [1, 2, 3, 4])
def test_pages_are_put_together(wfs, service, page_size, says_how_many):
    """However few features an answer holds, all are read, each once."""
    wfs.page_size, wfs.says_how_many = page_size, says_how_many
    outlines, _ = read_ign_cantons(service, "31")
    assert codes(outlines) == ["3101", "3102", "3103", "3104"]


def test_service_that_holds_back_features_is_said(wfs, service):
    """Fewer features than the service says it has is an error, not a smaller result."""
    wfs.page_size = 0
    with pytest.raises(SourceError, match="aucun contour"):
        read_ign_cantons(service, "31")
    empty = b'{"type": "FeatureCollection", "features": [], "numberMatched": 4}'
    wfs.page_size, wfs.bad = 2, [lambda h: send(h, 200, b'{"features": [{"properties": {"code": 1}}]}')]
    wfs.bad += [lambda h: send(h, 200, empty)]
    with pytest.raises(SourceError, match="0 contours sur 4"):
        read_ign_cantons(service, "31")


def cut(handler):
    """Promise more than is sent."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"type": "Feat')


def hang_up(handler):
    """Say nothing at all."""
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "bad",
    [
        lambda h: send(h, 500, b"oops"),
        lambda h: send(h, 503, b"maintenance"),
        lambda h: send(h, 429, b"", Retry_After="0"),
        lambda h: send(h, 429, b"", Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"),
        cut,
        hang_up,
    ],
)
def test_bad_moments_are_tried_again(wfs, service, bad):
    """A busy or broken answer is asked again, and the result is whole."""
    wfs.bad = [bad] * (ATTEMPTS - 1)
    outlines, _ = read_ign_cantons(service, "31")
    assert codes(outlines) == ["3101", "3102", "3103", "3104"]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (lambda h: send(h, 500, b""), "réponse 500"),
        (cut, "coupée"),
        (lambda h: send(h, 429, b"", Retry_After="0"), "429"),
    ],
)
def test_attempts_are_bounded(wfs, service, bad, words):
    """A service that stays bad is given up after a fixed number of attempts, with its reason."""
    wfs.bad = [bad] * 50
    with pytest.raises(SourceError, match=words):
        read_ign_cantons(service, "31")
    assert len(wfs.requests) == ATTEMPTS


@pytest.mark.parametrize(
    ("status", "words"), [(400, "réponse 400"), (403, "réponse 403"), (404, "réponse 404"), (302, "autre hôte")]
)
def test_refusals_are_not_tried_again(wfs, service, status, words):
    """What the service refuses is said at once."""
    wfs.bad = [lambda h: send(h, status, b"", Location="http://127.0.0.1:1/")] * 2
    with pytest.raises(SourceError, match=words):
        read_ign_cantons(service, "31")
    assert len(wfs.requests) == 1


@pytest.mark.parametrize(
    "body",
    [b"<html>Maintenance</html>", b"<ows:ExceptionReport/>", b"[]", b"", b"{", b'{"features": 3}', b"\xff\xfe",
     b'{"features": [NaN]}', b'{"a": 1}'],
)  # fmt: skip
def test_answers_that_are_no_features_are_said(wfs, service, body):
    """HTML with a 200, an error report or broken JSON: one sentence that shows how it begins."""
    wfs.bad = [lambda h: send(h, 200, body)]
    with pytest.raises(SourceError, match="n’a pas répondu en GeoJSON"):
        read_ign_cantons(service, "31")


@pytest.mark.parametrize(
    "features",
    [b'[{"properties": {"code": 1}}]', b'[{"properties": {"code": 1}, "geometry": {"type": "Polygon"}}]',
     b'[{"properties": {"code": 1}, "geometry": {"type": "Cube", "coordinates": []}}]', b'[3]', b'[null]'],
)  # fmt: skip
def test_broken_features_are_said(wfs, service, features):
    """A feature without geometry or of an unknown kind is a sentence, not a traceback."""
    wfs.bad = [lambda h: send(h, 200, b'{"numberMatched": 1, "features": ' + features + b"}")] * 2
    with pytest.raises(SourceError):
        read_ign_cantons(service, "31")


def test_answer_that_drips_is_given_up(wfs, tmp_path):
    """An answer that never stops coming is cut by the time it may take, byte after byte."""

    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b" " * 65536)
        except OSError:
            return

    wfs.bad = [drip] * 50
    with pytest.raises(SourceError, match=r"trop lente|coupée"):
        read_ign_cantons(Service(wfs.url, 0.0001, tmp_path), "31")


def test_unreachable_service_is_said(tmp_path, waits):
    """Nobody at that address: a sentence with the address and another way."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/wfs"
    with pytest.raises(SourceError, match=f"{url}.*injoignable.*--cantons"):
        read_ign_cantons(Service(url, 5.0, tmp_path), "31")


def test_offline_nobody_is_asked(wfs, service):
    """What is kept serves; nothing kept is said, with what to do."""
    with pytest.raises(SourceError, match="--offline"):
        read_ign_cantons(replace(service, offline=True), "31")
    assert wfs.requests == []
    outlines, keep = read_ign_cantons(service, "31")
    keep()
    asked = len(wfs.requests)
    assert codes(read_ign_cantons(replace(service, offline=True), "31")[0]) == codes(outlines)
    assert len(wfs.requests) == asked


def test_kept_answer_is_read_without_the_service(wfs, service):
    """Once kept, the same outlines are read with no request; before that nothing is on disk."""
    outlines, keep = read_ign_cantons(service, "31")
    assert not service.cache.exists()
    keep()
    assert len(list(service.cache.iterdir())) == 1
    wfs.requests.clear()
    again, keep_again = read_ign_cantons(service, "31")
    keep_again()
    assert wfs.requests == []
    assert again.sha256 == outlines.sha256
    assert again.fetched_at == outlines.fetched_at
    assert again.frame.equals(outlines.frame)


@pytest.mark.parametrize("damage", [b"", b"{", b'{"features": []}', b"\x00\xff"])
def test_damaged_kept_answer_is_fetched_again(wfs, service, damage):
    """A broken file in the cache is no answer: the service is asked again and the file replaced."""
    read_ign_cantons(service, "31")[1]()
    (path,) = service.cache.iterdir()
    path.write_bytes(damage)
    outlines, keep = read_ign_cantons(service, "31")
    keep()
    assert codes(outlines) == ["3101", "3102", "3103", "3104"]
    assert len(path.read_bytes()) > len(damage)


def test_other_service_or_department_has_its_own_answer(wfs, service, tmp_path):
    """What is kept for one address or department never answers for another."""
    read_ign_cantons(service, "31")[1]()
    for one in wfs.features:
        one["properties"]["code_departement"] = "09"
    assert codes(read_ign_cantons(service, "09")[0]) == ["3101", "3102", "3103", "3104"]
    other = Service(f"{wfs.url}?map=1", 5.0, service.cache)
    wfs.requests.clear()
    read_ign_cantons(other, "09")
    assert wfs.requests


def test_cache_that_cannot_be_written_is_said(service, tmp_path):
    """A file where the folder should be: a sentence that names the setting."""
    _, keep = read_ign_cantons(service, "31")
    service.cache.write_bytes(b"")
    with pytest.raises(SourceError, match="ESSMAP_CACHE"):
        keep()
