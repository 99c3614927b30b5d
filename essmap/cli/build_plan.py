"""What one run of ``essmap build`` is to do, how far it has come, and the geographies it builds on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from essmap.cli.progress import Steps
from essmap.cli.registers import StockPlaces
from essmap.errors import SourceError
from essmap.settings import Settings
from essmap.texts import t

if TYPE_CHECKING:
    from essmap.build.geography import Geography
    from essmap.build.live import LiveOptions

STARTER: Final = "starter"
ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run of the command is to do."""

    settings: Settings
    source: str
    departments: tuple[str, ...]  # (« all »,): every one of the stock
    starter_folder: Path | None
    geography: Path | None
    cantons: str | None
    canton_populations: Path | None
    stock: StockPlaces | None
    overrides: Path | None
    is_offline: bool
    is_geocoded: bool
    is_forced: bool

    @property
    def register(self) -> str:
        """``api``, ``stock``, or the empty string."""
        return "" if self.source == STARTER else self.source.partition("+")[0]

    @property
    def is_several(self) -> bool:
        """Whether several departments are asked for, or all: one that fails does not hold up the others."""
        return len(self.departments) > 1 or self.departments == (ALL,)


def geography_folder(plan: Plan, department: str) -> Path | None:
    """Return the folder of the geography of a department: the one given, the one of its code there, or our own."""
    from essmap.build.geography_files import PROVENANCE
    from essmap.reference import data_dir

    own = data_dir() / "departments" / department / "geography"
    given = plan.geography
    places = [own] if given is None else [given / department, given / department / "geography"]
    if given is not None and plan.departments == (department,):
        places.append(given)
    return next((place for place in places if (place / PROVENANCE).is_file()), None)


def territory_of(plan: Plan, department: str, steps: Steps) -> Geography:
    """Return the geography of a department, with the cantons asked for.

    Raises
    ------
    SourceError
        If there is none, or the one given is that of another department.
    """
    from essmap.build.geography_files import read_geography

    steps.say(t("build.geography"))
    folder = geography_folder(plan, department)
    if folder is None:
        raise SourceError(t("errors.no_geography", department=department))
    found = read_geography(folder)
    if found.department_code != department:
        raise SourceError(t("build_command.other_geography", found=found.department_code, department=department))
    if plan.cantons is None:
        return found
    steps.say(t("build.cantons"))
    return _with_cantons(found, plan.cantons, plan)


def _with_cantons(geography: Geography, cantons: str, plan: Plan) -> Geography:
    """Return the geography with the electoral cantons of the service or of a file; keep what the service gave."""
    from essmap.build.electoral import Loaded, with_electoral_cantons
    from essmap.sources.canton_outlines import read_outlines
    from essmap.sources.canton_populations import read_canton_populations
    from essmap.sources.ign_cantons import Service, read_ign_cantons

    settings, populations = plan.settings, plan.canton_populations
    table = read_canton_populations(geography.department_code, populations)
    if cantons == "ign":
        contact = settings.contact_email or settings.site_url
        service = Service(settings.wfs_url, settings.wfs_timeout, Path(settings.cache), contact, plan.is_offline)
        outlines, keep = read_ign_cantons(service, geography.department_code)
    else:
        outlines, keep = read_outlines(Path(cantons)), lambda: None
    result = with_electoral_cantons(geography, Loaded(outlines, table, is_embedded=populations is None))
    keep()
    return result


def check_departments(plan: Plan, departments: Sequence[str], options: LiveOptions, steps: Steps) -> None:
    """Check that departments have a geography, and files and lists that can be read, before the register is.

    Raises
    ------
    SourceError, DataError
        If one has not.
    """
    without_cantons = replace(plan, cantons=None)
    for department in departments:
        check_gathered(plan.settings, territory_of(without_cantons, department, steps), options)


def check_gathered(settings: Settings, territory: Geography, options: LiveOptions) -> None:
    """Check that the gathered files and local lists of a department can be read, before a long reading begins.

    Raises
    ------
    SourceError, DataError
        If one cannot.
    """
    from essmap.build.live import check_starter
    from essmap.build.locals import read_lists

    check_starter(territory.department_code, territory, options)
    read_lists(Path(settings.local_lists), territory.department_code)
