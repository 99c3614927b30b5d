"""The command ``essmap withhold``: for the person who answers those who ask not to be shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from essmap.cli.registers import read_found
from essmap.cli.report import out
from essmap.errors import SettingsError, SnapshotError
from essmap.schema.folding import fold
from essmap.schema.snapshot import Snapshot
from essmap.schema.withheld import Entry, Withheld, read_withheld, show_again, who_goes, withhold
from essmap.settings import Settings, load_settings
from essmap.store import Store
from essmap.texts import t

_DIGITS: Final = {9: "siren", 14: "siret"}
#: Structures that are named one by one; the others are counted.
_NAMED: Final = 20
#: Proposals for what may have been meant, and how alike they are at least (0-100, RapidFuzz).
_PROPOSED: Final = 5
_ALIKE: Final = 70


@dataclass(slots=True)
class _Known:
    """Whom an entry is about, in the snapshots that are in use.

    ``names``: what is said of each actor by its identifier; ``sirets``: numbers that they show; ``supports``: supports
    that no longer name anybody.
    """

    names: dict[str, str] = field(default_factory=dict)
    sirets: set[str] = field(default_factory=set)
    supports: int = 0


def hide(
    code: Annotated[str | None, typer.Argument(help=t("withhold.help.code"), metavar=t("withhold.metavar"))] = None,
    reason: Annotated[
        str | None, typer.Option(help=t("withhold.help.reason"), metavar=t("withhold.metavar_reason"))
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help=t("withhold.help.undo"))] = False,
    listed: Annotated[bool, typer.Option("--list", help=t("withhold.help.list"))] = False,
) -> None:
    """Hide somebody who asks for it, show them again, or list who is hidden.

    Raises
    ------
    SettingsError
        If the words typed do not go together, or nobody can be meant by them.
    """
    settings = load_settings()
    path = Path(settings.withhold)
    if listed:
        if code is not None or reason is not None or undo:
            raise SettingsError(t("withhold.list_alone"))
        _list(settings, path)
        return
    if code is None or not code.strip():
        raise SettingsError(t("withhold.nobody"))
    kind, value = _read(code)
    if undo:
        if reason is not None:
            raise SettingsError(t("withhold.undo_alone"))
        _show_again(settings, path, kind, value)
        return
    if reason is None or not reason.strip():
        raise SettingsError(t("withhold.why"))
    _hide(settings, path, Entry(kind, value, " ".join(reason.split()), f"{datetime.now(UTC):%Y-%m-%d}"))


def _read(code: str) -> tuple[str, str]:
    """Return what was typed as a kind and a value: nine digits are a SIREN, fourteen a SIRET, anything else an id."""
    digits = "".join(code.split())
    if digits.isascii() and digits.isdecimal():
        if len(digits) not in _DIGITS:
            raise SettingsError(t("withhold.digits", value=digits))
        return _DIGITS[len(digits)], digits
    return "actor_id", code.strip()


def _hide(settings: Settings, path: Path, entry: Entry) -> None:
    snapshots = _snapshots(settings)
    known = _about(snapshots, entry)
    if not known.names:
        _require_plausible(entry)
    # By identifier too: the number stands in what enrichment found, which somebody may take back.
    also = sorted(read_found(settings).named_by(Withheld((entry,))))
    is_new = withhold(path, entry)
    for actor_id in also:
        withhold(path, Entry("actor_id", actor_id, entry.reason, entry.date, entry.value))
        if actor_id in known.names:
            continue
        found = _about(snapshots, Entry("actor_id", actor_id))
        known.names |= found.names or {actor_id: actor_id}
        known.supports += found.supports
    # By number too: an identifier is gone with the list that bore it, or may be somebody else's then.
    sirets = sorted(known.sirets) if entry.kind == "actor_id" else []
    written = [one for one in sirets if withhold(path, Entry("siret", one, entry.reason, entry.date, entry.value))]
    _say(t("withhold.done" if is_new else "withhold.already", value=entry.value))
    if written:
        _say(t("withhold.number_too", n=len(written), numbers=", ".join(written)))
    if known.names:
        _say(t("withhold.hidden", n=len(known.names)))
        _name(known)
        if known.supports:
            _say(t("withhold.supports", n=known.supports))
        _say(t("withhold.at_once"))
        _say(t("withhold.older"))
    else:
        _say(t("withhold.unknown", value=entry.value))
        if entry.kind == "actor_id" and (proposals := _proposals(snapshots, entry.value)):
            _say(t("withhold.proposals", names="; ".join(proposals)))


def _show_again(settings: Settings, path: Path, kind: str, value: str) -> None:
    if not show_again(path, kind, value):
        raise SettingsError(t("withhold.not_there", value=value))
    _say(t("withhold.shown", value=value))
    left = read_withheld(path)
    linked = read_found(settings).named_by(Withheld((Entry(kind, value),)))
    still = [one.value for one in left.entries if one.kind == "actor_id" and one.value in linked]
    known = _about(_snapshots(settings), Entry(kind, value))
    _name(known)
    if still:
        _say(t("withhold.still", n=len(still), names=", ".join(still)))


def _list(settings: Settings, path: Path) -> None:
    entries = read_withheld(path).entries
    snapshots = _snapshots(settings)
    _say(t("withhold.list", n=len(entries)))
    for entry in entries:
        names = "; ".join(_about(snapshots, entry).names.values()) or t("withhold.nobody_known")
        said = (entry.kind, entry.value, entry.date or "—", entry.reason or "—", names)
        _say("- " + " | ".join(said))


def _snapshots(settings: Settings) -> list[Snapshot]:
    """Return the snapshots in use, whole; one that cannot be read hides nobody and shows nobody."""
    store = Store(settings.snapshots)
    found = []
    try:
        departments = store.departments()
    except SnapshotError:
        return []
    for department in departments:
        try:
            found.append(store.load(department))
        except SnapshotError:
            _say(t("withhold.unreadable", department=department))
    return found


def _about(snapshots: list[Snapshot], entry: Entry) -> _Known:
    known = _Known()
    withheld = Withheld((entry,))
    for snapshot in snapshots:
        gone = who_goes(snapshot, withheld)
        actors = snapshot.table("actors")
        for actor in actors[actors["actor_id"].isin(list(gone))].itertuples():
            known.names[str(actor.actor_id)] = f"{actor.name}, {actor.commune_name}"
            known.sirets |= {actor.siret} if isinstance(actor.siret, str) and actor.siret else set()
        known.supports += int(snapshot.table("projects")["actor_id"].isin(list(gone)).sum())
    return known


def _require_plausible(entry: Entry) -> None:
    """Refuse what nobody can have: a number with a wrong key, a name instead of an identifier.

    Raises
    ------
    SettingsError
        Says what is wrong with it.
    """
    from stdnum.fr import siren, siret

    checks = {"siren": siren.is_valid, "siret": siret.is_valid}
    if entry.kind in checks and not checks[entry.kind](entry.value):
        raise SettingsError(t("withhold.wrong_key", value=entry.value))
    if any(sign.isspace() for sign in entry.value):
        raise SettingsError(t("withhold.not_an_identifier", value=entry.value))


def _proposals(snapshots: list[Snapshot], typed: str) -> list[str]:
    from rapidfuzz import fuzz, process

    choices = {
        str(actor.actor_id): fold(f"{actor.actor_id} {actor.name}")
        for snapshot in snapshots
        for actor in snapshot.table("actors").itertuples()
    }
    found = process.extract(fold(typed), choices, scorer=fuzz.token_set_ratio, score_cutoff=_ALIKE, limit=_PROPOSED)
    return [str(actor_id) for _, _, actor_id in found]


def _name(known: _Known) -> None:
    for actor_id, name in list(known.names.items())[:_NAMED]:
        _say(f"- {name} ({actor_id})")
    if len(known.names) > _NAMED:
        _say(t("withhold.more", n=len(known.names) - _NAMED))


def _say(line: str) -> None:
    out.print(line, markup=False)
