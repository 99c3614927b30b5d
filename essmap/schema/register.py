"""What a national register says of an establishment, before anything is judged: the one shape of every register source.

A source (`essmap.sources`) fills it and repairs nothing but masks; `essmap.build.register` turns it into actors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

#: One row per active establishment. Every column is text (``str``); the empty string: not said, or masked.
REGISTER_COLUMNS: Final = (
    "siret",  # 14 digits
    "siren",  # 9 digits
    "name",  # denomination of the legal unit, as the register writes it
    "sign",  # name of this establishment (enseigne, dénomination usuelle)
    "acronym",
    "legal_category",  # 4 digits, INSEE
    "naf",  # NAF rév. 2 of the establishment, else of the unit: 88.99B
    "naf25",  # NAF 2025, where the source has it
    "workforce_band",  # of the establishment: NN, 00, 01, 02, 03, 11...
    "employer",  # O, N
    "ess",  # yes: the unit is of the ESS (law, list or flag); no
    "siae",  # kinds of structure for work integration, parted by commas: ACI, EI
    "rna",  # W + 9 digits
    "is_head_office",  # yes, no
    "diffusion",  # O; P: partial diffusion of the unit or of the establishment
    "address",  # number, type and name of the street, on one line, without postcode and commune
    "complement",  # complement of the address: a building, « CHEZ MME... »
    "postcode",
    "commune_code",  # INSEE
    "lon",  # degrees east, WGS84, decimal point
    "lat",
    "position_quality",  # qualite_xy of the INSEE geolocation file: 11, 12, 21, 22, 33 (33: only the commune)
    "updated",  # ISO date of the last treatment
)


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """One file or service that was read.

    Attributes
    ----------
    key : str
        Stable key in the manifest: ``api_search``, ``sirene_units``, ``sirene_establishments``...
    title, publisher, url, licence, vintage : str
        As `essmap.schema.snapshot.SourceRecord`. ``vintage`` is an ISO date, or words where the date is not known.
    fetched_at : str or None
        ISO date.
    sha256 : str
        Of the file; of the sorted digests of all answers for a service.
    """

    key: str
    title: str
    publisher: str
    url: str
    licence: str
    vintage: str
    fetched_at: str | None
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class RegisterRead:
    """What was read of one department.

    Attributes
    ----------
    frame : DataFrame
        `REGISTER_COLUMNS`, one row per SIRET, sorted by SIRET; only active establishments of active units in the
        department, natural persons already left out.
    rows_in : int
        Rows the source gave for the department: ``len(frame) + sum(rejected.values())``.
    rejected : mapping
        Rows left out, by reason (``closed``, ``natural_person``, ``repeated``, ``malformed``...).
    files : tuple of RegisterFile
        What was read; the first is the one the rows are counted on.
    is_complete : bool
        Whether everything that the source has for the department was read.
    shortfalls : tuple of str
        French sentences, one per part that could not be read whole; empty where complete.
    figures : mapping
        Counts worth a line in the report (requests, answers from disk, slices...), by stable key.
    """

    frame: pd.DataFrame
    rows_in: int
    rejected: Mapping[str, int]
    files: tuple[RegisterFile, ...]
    is_complete: bool
    shortfalls: tuple[str, ...] = ()
    figures: Mapping[str, int] = field(default_factory=dict)
