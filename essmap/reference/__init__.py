"""Nomenclatures: what is named, coloured, grouped and how, from the files of ``data/reference``.

`tables` reads them; `legal`, `themes` and `sensitive` classify with them; `scores` says how well register rows are.
Nothing here knows an actor.
"""

from essmap.reference.cantons import (
    canton_populations_file,
    cantons_not_loaded,
    electoral_cantons,
    how_to_load_cantons,
)
from essmap.reference.legal import classify_legal_category
from essmap.reference.scores import classification_scores
from essmap.reference.sensitive import is_sensitive_activity, is_sensitive_text
from essmap.reference.tables import (
    axes,
    capitals,
    data_dir,
    departments,
    domains,
    families,
    form_words,
    header_words,
    legal_categories,
    legal_forms,
    listed_forms,
    naf_patterns,
    name_words,
    positions,
    projected_crs,
    source_kinds,
    support_kinds,
    trust,
    value_words,
    word_roles,
)
from essmap.reference.themes import NO_AXIS, SEVERAL_AXES, domain_axes, main_axis, naf_to_domains

__all__ = [
    "NO_AXIS",
    "SEVERAL_AXES",
    "axes",
    "canton_populations_file",
    "cantons_not_loaded",
    "capitals",
    "classification_scores",
    "classify_legal_category",
    "data_dir",
    "departments",
    "domain_axes",
    "domains",
    "electoral_cantons",
    "families",
    "form_words",
    "header_words",
    "how_to_load_cantons",
    "is_sensitive_activity",
    "is_sensitive_text",
    "legal_categories",
    "legal_forms",
    "listed_forms",
    "main_axis",
    "naf_patterns",
    "naf_to_domains",
    "name_words",
    "positions",
    "projected_crs",
    "source_kinds",
    "support_kinds",
    "trust",
    "value_words",
    "word_roles",
]
