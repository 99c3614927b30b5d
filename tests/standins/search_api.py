"""A stand-in for the API Recherche d'entreprises, as its contract says it behaves, misbehaviour included.

Use `SearchStandIn.transport` in a test, `serve` for real HTTP on this machine, or
``python -m tests.standins.search_api --port 8123 --faults 429,cut`` by hand. Whatever happens follows from the seed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from essmap.schema.folding import fold

from .made_up_department import MadeUp, Site, Unit

MASK = "[NON-DIFFUSIBLE]"
CAP = 10_000
SECTIONS = set("ABCDEFGHIJKLMNOPQRSTU")
FLAGS = {"convention_collective_renseignee": 0, "est_organisme_formation": 1}
ON_UNITS = {
    "section_activite_principale", "activite_principale", "nature_juridique", "etat_administratif", "est_ess",
    "est_association", *FLAGS,
}  # fmt: skip
USABLE = {
    "q", "activite_principale", "section_activite_principale", "nature_juridique", "etat_administratif", "est_ess",
    "est_association", "code_postal", "code_commune", "departement", *FLAGS,
}  # fmt: skip
PLACES = ("code_commune", "code_postal", "departement")
FAULTS = ("429", "429-date", "500", "503", "cut", "truncated", "html", "slow")


class FakeClock:
    """A clock that moves when somebody waits."""

    def __init__(self, start: datetime = datetime(2026, 9, 1, 8, tzinfo=UTC)) -> None:
        self.seconds = 1_000.0
        self.start = start

    def now(self) -> float:
        """Return seconds that never go back."""
        return self.seconds

    def today(self) -> datetime:
        """Return the moment, in UTC."""
        return self.start + timedelta(seconds=self.seconds - 1_000)

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.seconds += seconds


def chance(*of: object) -> float:
    """Return a number from 0 to 1 that depends on its arguments alone."""
    digest = hashlib.blake2b(repr(of).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


class Refused(Exception):  # noqa: N818
    """A 400."""


@dataclass
class SearchStandIn:
    """The service.

    Attributes
    ----------
    units : list of Unit
        What its index holds.
    seed : int
    other_copy : float
        Share of requests answered by another copy of the index, where ties come in another order: pages then repeat
        some units and skip others.
    noise : float
        Largest relative error of a total above 1,000.
    faults : tuple of str
        Among `FAULTS`.
    fault_share : float
        Share of requests that get one.
    inner_pages : bool
        Whether the pages of establishments of a SIREN hold anything.
    ignored : frozenset of str
        Parameters that it ignores although it should not.
    lost : frozenset of str
        SIREN that are counted but never shown.
    dead_communes : frozenset of str
        Communes for which it answers 500 every time.
    retry_after : int
        Seconds that a 429 asks for.
    clock : FakeClock or None
        Time that passes in answers, with `transport`.
    """

    units: list[Unit]
    seed: int = 1
    other_copy: float = 0.1
    noise: float = 0.03
    faults: tuple[str, ...] = ()
    fault_share: float = 0.03
    inner_pages: bool = False
    ignored: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    dead_communes: frozenset[str] = frozenset()
    retry_after: int = 3
    clock: FakeClock | None = None
    times: list[float] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    served: dict[str, int] = field(default_factory=dict)
    agents: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._lists: dict[tuple[tuple[str, str], ...], tuple[list[Unit], list[Unit], int]] = {}
        self._words: dict[str, list[set[str]]] = {}
        self._by_commune: dict[str, dict[str, Unit]] = {}
        self._by_department: dict[str, dict[str, Unit]] = {}
        self._said = {unit.siren: self._values(unit) for unit in self.units}
        self._ranks = {
            copy: {unit.siren: (-unit.opened, chance(self.seed, copy, unit.siren)) for unit in self.units}
            for copy in ("main", "other")
        }
        self._by_siren = {unit.siren: unit for unit in self.units}
        for unit in self.units:
            for site in unit.sites:
                self._by_commune.setdefault(site.commune, {})[unit.siren] = unit
                self._by_department.setdefault(site.department, {})[unit.siren] = unit

    # What it answers.

    def answer(self, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Return the status and the JSON of an answer."""
        try:
            return 200, self._search({name: value for name, value in query.items() if name not in self.ignored})
        except Refused as error:
            return 400, {"erreur": str(error)}

    def _search(self, query: dict[str, str]) -> dict[str, Any]:
        if not USABLE & query.keys():
            raise Refused("Veuillez indiquer au moins un paramètre de recherche.")
        if query.get("include") and query.get("minimal") != "true":
            raise Refused("Veuillez indiquer si vous souhaitez une réponse minimale avec le filtre minimal.")
        page, size = self._number(query, "page", 1, 1000), self._number(query, "per_page", 10, 25)
        inner = self._number(query, "limite_matching_etablissements", 10, 100)
        if page * size > CAP:
            raise Refused("Le nombre total de résultats est restreint à 10 000.")
        q = query.get("q", "").replace(" ", "")
        if re.fullmatch(r"\d{9}|\d{14}", q):
            return self._by_number(q, query, page, size)
        main, other, total = self._list(query)
        copy = other if chance(self.seed, sorted(query.items())) < self.other_copy else main
        shown = copy[(page - 1) * size : page * size]
        results = [self._unit(unit, self._matching(unit, query)[:inner]) for unit in shown]
        return self._envelope(results, total, page, size)

    @staticmethod
    def _envelope(results: list[dict[str, Any]], total: int, page: int, size: int) -> dict[str, Any]:
        pages = -(-total // size)
        return {"results": results, "total_results": total, "page": page, "per_page": size, "total_pages": pages}

    @staticmethod
    def _number(query: dict[str, str], name: str, default: int, most: int) -> int:
        value = query.get(name, str(default))
        if not value.isdigit() or not 1 <= int(value) <= most:
            raise Refused(f"Veuillez indiquer un paramètre `{name}` entre `1` et `{most}`, par défaut `{default}`.")
        return int(value)

    def _by_number(self, q: str, query: dict[str, str], page: int, size: int) -> dict[str, Any]:
        unit = self._by_siren.get(q[:9])
        if unit is None or page > 1:
            return self._envelope([], int(unit is not None), page, size)
        if len(q) == 14:
            rows = [site for site in unit.sites if site.siret == q]
        else:
            first = 100 * (self._number(query, "page_etablissements", 1, 1000) - 1)
            rows = unit.sites[first : first + 100] if self.inner_pages else []
        return self._envelope([self._unit(unit, rows)], 1, page, size)

    def _list(self, query: dict[str, str]) -> tuple[list[Unit], list[Unit], int]:
        """Return the units that match in the orders of both copies, and the total that is said."""
        filters = {name: value for name, value in query.items() if name in USABLE}
        key = tuple(sorted(filters.items()))
        if key not in self._lists:
            allowed = {name: set(value.split(",")) for name, value in filters.items() if name in ON_UNITS}
            if not allowed.get("section_activite_principale", set()) <= SECTIONS:
                raise Refused("Au moins une section d'activité principale est non valide.")
            found = [unit for unit in self._candidates(filters) if self._is_match(unit, filters, allowed)]
            documents = sum(-(-len(unit.sites) // 100) for unit in found)
            error = (2 * chance(self.seed, "total", key) - 1) * self.noise if len(found) > 1000 else 0
            total = CAP if documents >= CAP else min(round(len(found) * (1 + error)), CAP - 1)
            shown = [unit for unit in found if unit.siren not in self.lost]
            main, other = (sorted(shown, key=lambda unit: ranks[unit.siren]) for ranks in self._ranks.values())
            self._lists[key] = (main, other, total)
        return self._lists[key]

    def _candidates(self, filters: dict[str, str]) -> list[Unit]:
        index, name = self._by_commune, "code_commune"
        if name not in filters:
            index, name = self._by_department, "departement"
        if name not in filters:
            return self.units
        found: dict[str, Unit] = {}
        for code in filters[name].split(","):
            found |= index.get(code, {})
        return list(found.values())

    def _is_match(self, unit: Unit, filters: dict[str, str], allowed: dict[str, set[str]]) -> bool:
        said = self._said[unit.siren]
        if any(said[name] not in values for name, values in allowed.items()):
            return False
        if not unit.is_searchable or not self._answers_to(unit, filters.get("q", "")):
            return False
        is_placed = bool(filters.keys() & set(PLACES))
        return not is_placed or bool(self._matching(unit, filters))

    def _answers_to(self, unit: Unit, q: str) -> bool:
        """Tell whether every word is in the name and acronym, or in the sign, street or commune of an establishment."""
        if not q:
            return True
        if unit.siren not in self._words:
            name = set(fold(f"{unit.name} {'' if unit.is_masked else unit.acronym}").split())
            sites = [
                set(
                    fold(f"{'' if site.is_masked else ' '.join([site.sign, *site.street])} {site.commune_name}").split()
                )
                for site in unit.sites
            ]
            self._words[unit.siren] = [name | words for words in sites] or [name]
        wanted = set(fold(q).split())
        return any(wanted <= words for words in self._words[unit.siren])

    @staticmethod
    def _values(unit: Unit) -> dict[str, str | None]:
        """Return what filters on the legal unit look at."""
        return {
            "section_activite_principale": unit.section,
            "activite_principale": unit.naf,
            "nature_juridique": unit.nature,
            "etat_administratif": "A" if unit.is_open else "C",
            "est_ess": str(unit.is_ess).lower(),
            "est_association": str(bool(unit.rna) or (unit.nature or "").startswith("92")).lower(),
            **{name: str(unit.flags[number]).lower() for name, number in FLAGS.items()},
        }

    @staticmethod
    def _matching(unit: Unit, filters: dict[str, str]) -> list[Site]:
        """Return the establishments that match, open ones first; of a large unit those of one document only."""
        communes, postcodes, departments = (
            filters[name].split(",") if name in filters else None
            for name in ("code_commune", "code_postal", "departement")
        )
        for first in range(0, len(unit.sites), 100):
            rows = [
                site
                for site in unit.sites[first : first + 100]
                if (communes is None or site.commune in communes)
                and (departments is None or site.department in departments)
                and (postcodes is None or (site.postcode in postcodes and not site.is_masked))
            ]
            if rows:
                return sorted(rows, key=lambda site: not site.is_open)
        return []

    def _unit(self, unit: Unit, rows: list[Site]) -> dict[str, Any]:
        name = MASK if unit.is_masked and unit.is_person else unit.name
        seat = next((site for site in unit.sites if site.is_seat), None)
        return {
            "siren": unit.siren,
            "nom_complet": f"{name} ({unit.acronym})" if unit.acronym and not unit.is_masked else name,
            "nom_raison_sociale": None if unit.is_person else name,
            "sigle": MASK if unit.is_masked else unit.acronym or None,
            "nombre_etablissements": len(unit.sites),
            "nombre_etablissements_ouverts": unit.opened,
            "activite_principale": unit.naf,
            "activite_principale_naf25": None,
            "section_activite_principale": unit.section,
            "nature_juridique": unit.nature,
            "categorie_entreprise": None,
            "caractere_employeur": unit.employer,
            "tranche_effectif_salarie": unit.band,
            "etat_administratif": "A" if unit.is_open else "C",
            "statut_diffusion": "P" if unit.is_masked else "O",
            "date_mise_a_jour_insee": "2026-05-04T02:11:00",
            "siege": {} if seat is None else {**self._site(seat), **self._parts(seat)},
            "matching_etablissements": [self._site(site) for site in rows],
            "complements": {
                "est_ess": unit.is_ess,
                "est_siae": bool(unit.siae),
                "type_siae": unit.siae or None,
                "est_association": bool(unit.rna),
                "est_entrepreneur_individuel": unit.is_person,
                "identifiant_association": unit.rna or None,
            },
        }

    @staticmethod
    def _site(site: Site) -> dict[str, Any]:
        line = [site.complement, *site.street, site.postcode, site.commune_name]
        said = {
            "siret": site.siret,
            "commune": site.commune,
            "libelle_commune": site.commune_name,
            "region": "76",
            "etat_administratif": "A" if site.is_open else "F",
            "est_siege": site.is_seat,
            "activite_principale": site.naf,
            "caractere_employeur": None,
            "tranche_effectif_salarie": None,
            "nom_commercial": None,
            "liste_enseignes": [site.sign] if site.sign else None,
            "statut_diffusion_etablissement": "P" if site.is_masked else "O",
            "adresse": " ".join(part for part in line if part),
            "code_postal": site.postcode,
            "latitude": site.lat or None,
            "longitude": site.lon or None,
        }
        masked = dict.fromkeys(("adresse", "code_postal", "latitude", "longitude"), MASK)
        return {**said, **masked} if site.is_masked else said

    @staticmethod
    def _parts(site: Site) -> dict[str, Any]:
        number, kind, name = site.street
        parts = {"numero_voie": number, "type_voie": kind, "libelle_voie": name}
        parts |= {"indice_repetition": None, "complement_adresse": site.complement or None}
        return {**dict.fromkeys(parts, MASK if site.is_masked else None), **({} if site.is_masked else parts)}

    # How it is reached.

    def _note(self, query: dict[str, str], agent: str, moment: float) -> str | None:
        """Note a request; return the fault that it gets."""
        with self._lock:
            self.times.append(moment)
            self.queries.append(query)
            self.agents.add(agent)
            number = len(self.times)
            if self.dead_communes & set(query.get("code_commune", "").split(",")):
                return "500"
            if not self.faults or chance(self.seed, "fault", number) >= self.fault_share:
                return None
            fault = self.faults[number % len(self.faults)]
            self.served[fault] = self.served.get(fault, 0) + 1
            return fault

    def transport(self) -> httpx.MockTransport:
        """Return what carries requests here without any network."""
        clock = self.clock or FakeClock()

        def handle(request: httpx.Request) -> httpx.Response:
            fault = self._note(dict(request.url.params), request.headers["User-Agent"], clock.now())
            clock.sleep(0.02)
            if fault == "cut":
                raise httpx.RemoteProtocolError("cut", request=request)
            status, headers, body = self._response(dict(request.url.params), fault, clock.today())
            if fault == "slow":
                return httpx.Response(status, stream=_Dripping(clock, body))
            return httpx.Response(status, headers=headers, content=body)

        return httpx.MockTransport(handle)

    def _response(self, query: dict[str, str], fault: str | None, today: datetime) -> tuple[int, dict[str, str], bytes]:
        headers = {"Content-Type": "application/json"}
        if fault == "429":
            return 429, {"Retry-After": str(self.retry_after)}, b""
        if fault == "429-date":
            date = format_datetime(today + timedelta(seconds=self.retry_after), usegmt=True)
            return 429, {"Retry-After": date}, b"Too many requests"
        if fault in {"500", "503"}:
            return int(fault), headers, b'{"erreur": "Une erreur inattendue"}'
        if fault == "html":
            return 200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><html><body>Maintenance</body></html>"
        status, answer = self.answer(query)
        body = json.dumps(answer).encode()
        return status, headers, body[: len(body) // 2] if fault == "truncated" else body

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer over real HTTP."""
        url = urlsplit(handler.path)
        query = dict(parse_qsl(url.query))
        if not url.path.endswith("/search"):
            handler.send_error(404)
            return
        fault = self._note(query, handler.headers.get("User-Agent", ""), datetime.now(UTC).timestamp())
        status, headers, body = self._response(query, fault, datetime.now(UTC))
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if fault == "slow":
            handler.connection.recv(1)  # nothing more until the client hangs up
        elif fault == "cut":
            handler.wfile.write(body[: len(body) // 2])
            handler.wfile.flush()
            handler.connection.shutdown(socket.SHUT_RDWR)
        else:
            handler.wfile.write(body)


class _Dripping(httpx.SyncByteStream):
    """A body that takes for ever."""

    def __init__(self, clock: FakeClock, body: bytes) -> None:
        self._clock, self._body = clock, body

    def __iter__(self) -> Iterator[bytes]:
        for number in range(len(self._body)):
            self._clock.sleep(10)
            yield self._body[number : number + 1]


@contextmanager
def serve(stand_in: SearchStandIn, port: int = 0) -> Iterator[str]:
    """Serve on this machine; give what `ESSMAP_API_URL` should be."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # an answer in two writes would wait for the client's word

        def do_GET(self) -> None:
            stand_in.handle(self)

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None: ...  # a client that hangs up is no fault of ours

    server = Server(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    """Serve the made-up department until interrupted."""
    parser = argparse.ArgumentParser(description="stand-in for the API Recherche d'entreprises")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--units", type=int, default=12_000)
    parser.add_argument("--in-the-city", type=int, default=10_300)
    parser.add_argument("--faults", default="", help=f"some of {','.join(FAULTS)}, or all")
    options = parser.parse_args()
    faults = FAULTS if options.faults == "all" else tuple(filter(None, options.faults.split(",")))
    units = MadeUp(options.units, options.in_the_city).units
    stand_in = SearchStandIn(units, faults=faults, retry_after=1)
    with serve(stand_in, options.port) as url:
        print(f"ESSMAP_API_URL={url}", flush=True)  # noqa: T201
        threading.Event().wait()


if __name__ == "__main__":
    main()
