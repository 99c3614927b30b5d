"""What one answer of the API Recherche d'entreprises must look like, what of it is kept, and whether it obeys.

The contract is the producer's code and documentation as read in July 2026. A field that is needed and missing means
that the service changed; a filter that the rows do not follow means that the service ignores it: both stop the read,
since the result would be silently wrong. Of natural persons nothing but numbers and places is kept, not even on disk;
of partial diffusion nothing finer than the commune, and of an address at somebody's home not whose it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from essmap.errors import SourceError
from essmap.sources.search_addresses import kept_of_site
from essmap.texts import t

#: What the service writes instead of a value that must not be shown.
MASK: Final = "[NON-DIFFUSIBLE]"
#: Establishments at most in the inner list of a unit; a unit that has more is several documents of the index.
INNER_AT_MOST: Final = 100

_NUMBERS: Final = ("siren", "nombre_etablissements", "nombre_etablissements_ouverts", "section_activite_principale",
                   "activite_principale", "nature_juridique", "etat_administratif", "statut_diffusion")  # fmt: skip
_UNIT: Final = (*_NUMBERS, "nom_complet", "nom_raison_sociale", "sigle", "activite_principale_naf25",
                "caractere_employeur", "tranche_effectif_salarie", "date_mise_a_jour_insee")  # fmt: skip
_PLACE: Final = ("siret", "commune", "code_postal", "etat_administratif", "statut_diffusion_etablissement")
_SITE: Final = (*_PLACE, "adresse", "numero_voie", "dernier_numero_voie", "indice_repetition", "type_voie",
                "libelle_voie", "complement_adresse", "libelle_commune", "latitude", "longitude",
                "activite_principale", "activite_principale_naf25", "caractere_employeur", "tranche_effectif_salarie",
                "date_mise_a_jour_insee", "est_siege", "nom_commercial", "liste_enseignes")  # fmt: skip
_COMPLEMENTS: Final = ("est_ess", "est_siae", "type_siae", "est_entrepreneur_individuel", "identifiant_association")
#: Without these nothing can be judged.
_NEEDED: Final = ("siren", "nombre_etablissements", "nombre_etablissements_ouverts", "etat_administratif",
                  "nature_juridique", "statut_diffusion", "siege", "matching_etablissements",
                  "complements")  # fmt: skip
_NEEDED_OF_A_SITE: Final = ("siret", "commune", "etat_administratif", "statut_diffusion_etablissement")

#: How many establishments the service shows of a unit when the limit that was asked for is ignored.
INNER_DEFAULT: Final = 10

#: Filters on the legal unit, and the field that shows whether they were obeyed.
UNIT_FILTERS: Final = {
    "section_activite_principale": "section_activite_principale",
    "activite_principale": "activite_principale",
    "nature_juridique": "nature_juridique",
    "etat_administratif": "etat_administratif",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of units.

    Attributes
    ----------
    units : list of dict
        What is kept of each unit.
    total : int
        Units that the service says match: capped at 10,000, approximate from some thousands on.
    """

    units: list[dict[str, Any]]
    total: int


def read_answer(content: bytes) -> dict[str, Any]:
    """Return what is kept of an answer.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    dict
        ``results``, ``total_results``, and ``page`` and ``per_page`` as the service understood them.

    Raises
    ------
    ValueError
        If it is no JSON: HTML, or JSON cut short.
    SourceError
        If it is JSON of another shape: the service has changed.
    """
    answer = json.loads(content)
    if not isinstance(answer, dict):
        raise SourceError(t("search_api.errors.changed", what=t("search_api.expected.object")))
    results, total = answer.get("results"), answer.get("total_results")
    if not isinstance(results, list):
        raise SourceError(t("search_api.errors.changed", what="results"))
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise SourceError(t("search_api.errors.changed", what="total_results"))
    return {
        "results": [_kept(unit) for unit in results],
        "total_results": total,
        "page": answer.get("page"),
        "per_page": answer.get("per_page"),
    }


def _kept(unit: Any) -> dict[str, Any]:
    """Return what is needed of a unit; of a natural person only numbers and places."""
    if not isinstance(unit, dict):
        raise SourceError(t("search_api.errors.changed", what="results"))
    for name in _NEEDED:
        if name not in unit:
            raise SourceError(t("search_api.errors.changed", what=name))
    for name in ("nombre_etablissements", "nombre_etablissements_ouverts"):
        if not isinstance(unit[name], int):
            raise SourceError(t("search_api.errors.changed", what=name))
    complements = unit["complements"]
    if not isinstance(complements, dict) or not isinstance(complements.get("est_ess"), bool):
        raise SourceError(t("search_api.errors.changed", what="complements.est_ess"))
    is_person = is_natural_person(unit)
    fields, of_a_site = (_NUMBERS, _PLACE) if is_person else (_UNIT, _SITE)
    seat = unit["siege"] or {}
    said = {name: unit[name] for name in fields if name in unit}
    if unit["statut_diffusion"] != "O":  # its acronym is protected, its name is not
        said.pop("sigle", None)
        if said.get("nom_raison_sociale"):
            said.pop("nom_complet", None)
    return {
        **said,
        "siren": str(unit["siren"]),
        "natural_person": is_person,
        "siege": _site(unit, seat, of_a_site) if seat else {},
        "matching_etablissements": [_site(unit, site, of_a_site) for site in unit["matching_etablissements"] or []],
        "complements": {name: complements[name] for name in _COMPLEMENTS if name in complements},
    }


def _site(unit: Mapping[str, Any], site: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    for name in _NEEDED_OF_A_SITE:
        if not isinstance(site, dict) or name not in site:
            raise SourceError(t("search_api.errors.changed", what=f"matching_etablissements.{name}"))
    kept = {name: site[name] for name in fields if site.get(name) is not None}
    return kept_of_site(kept, is_hidden=is_partial(unit, site))


def is_natural_person(unit: Mapping[str, Any]) -> bool:
    """Tell whether a unit is a natural person, or a group of them without a personality of its own.

    Parameters
    ----------
    unit : mapping
        A unit as the service gives it.

    Returns
    -------
    bool
        Legal category 1xxx or 2xxx, sole trader, or a name that the service masks (that of a legal person never is).
    """
    names = (unit.get("nom_complet"), unit.get("nom_raison_sociale"))
    return (
        str(unit.get("nature_juridique") or "")[:1] in {"1", "2"}
        or (unit.get("complements") or {}).get("est_entrepreneur_individuel") is True
        or any(isinstance(name, str) and MASK in name for name in names)
    )


def sites_of(unit: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the establishments that an answer shows of a unit: those that match, then the head office."""
    yield from unit["matching_etablissements"]
    if unit["siege"]:
        yield unit["siege"]


def check_obeyed(answer: Mapping[str, Any], asked: Mapping[str, str]) -> None:
    """Refuse an answer that does not follow what was asked: unknown parameters are ignored by the service, not refused.

    Parameters
    ----------
    answer : mapping
        From `read_answer`.
    asked : mapping
        The parameters.

    Raises
    ------
    SourceError
        If a unit is not of the ESS, closed, of another section, activity or legal category than asked, shows no
        establishment in the places asked or more than were asked for; if the page is another one.
    """
    for name in ("page", "per_page"):
        if answer[name] is not None and str(answer[name]) != asked[name]:
            raise SourceError(t("search_api.errors.ignored", name=name))
    units = answer["results"]
    if len(units) > int(asked["per_page"]):
        raise SourceError(t("search_api.errors.ignored", name="per_page"))
    if asked.get("est_ess") and not all(unit["complements"]["est_ess"] for unit in units):
        raise SourceError(t("search_api.errors.ignored", name="est_ess"))
    for name, field in UNIT_FILTERS.items():
        allowed = asked[name].split(",") if name in asked else []
        if allowed and any(unit.get(field) not in allowed for unit in units):
            raise SourceError(t("search_api.errors.ignored", name=name))
    most = int(asked.get("limite_matching_etablissements", INNER_AT_MOST))
    if any(len(unit["matching_etablissements"]) > most for unit in units):
        raise SourceError(t("search_api.errors.ignored", name="limite_matching_etablissements"))
    for name in ("code_commune", "departement", "code_postal"):
        places = set(asked[name].split(",")) if name in asked else set()
        if places and not all(_is_in(unit, name, places) for unit in units):
            raise SourceError(t("search_api.errors.ignored", name=name))


def _is_in(unit: Mapping[str, Any], name: str, places: set[str]) -> bool:
    """Tell whether a unit shows itself in one of the places; one that shows only a part of itself may hide it."""
    if unit["nombre_etablissements"] > INNER_AT_MOST:
        return True
    return any(_place(site, name) in places or _hides(unit, site, name) for site in sites_of(unit))


def _place(site: Mapping[str, Any], name: str) -> str:
    code = str(site.get("commune") or "")
    if name == "code_postal":
        return str(site.get("code_postal") or "")
    return code if name == "code_commune" else department_of(code)


def _hides(unit: Mapping[str, Any], site: Mapping[str, Any], name: str) -> bool:
    return name == "code_postal" and is_partial(unit, site)


def is_partial(unit: Mapping[str, Any], site: Mapping[str, Any]) -> bool:
    """Tell whether nothing finer than the commune may be known of an establishment.

    Parameters
    ----------
    unit, site : mapping
        As the service gives them.

    Returns
    -------
    bool
        Unless the service says of both that all of it may be shown.
    """
    return not (unit.get("statut_diffusion") == site.get("statut_diffusion_etablissement") == "O")


def may_be_cut(answer: Mapping[str, Any], at: int) -> bool:
    """Tell whether an answer shows just so many establishments of a unit that has more."""
    return any(len(unit["matching_etablissements"]) == at < unit["nombre_etablissements"] for unit in answer["results"])


def check_parted(true: Sequence[str], false: Sequence[str], name: str) -> None:
    """Refuse two halves of a list, with a flag and without, that begin with the same units: the flag is ignored.

    Parameters
    ----------
    true, false : sequence of str
        SIREN of the first page of each.
    name : str
        Of the flag.

    Raises
    ------
    SourceError
        If most units of the shorter page are on the other one too.
    """
    shared = len(set(true) & set(false))
    if shared and 2 * shared > min(len(set(true)), len(set(false))):
        raise SourceError(t("search_api.errors.ignored", name=name))


def department_of(commune_code: str) -> str:
    """Return the department of a commune.

    Examples
    --------
    >>> department_of("31555"), department_of("97411"), department_of("2A004")
    ('31', '974', '2A')
    """
    return commune_code[:3] if commune_code[:2] in {"97", "98"} else commune_code[:2]
