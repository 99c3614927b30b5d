"""What the commands print: the report of a build for people, and the same for programs."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Console

from essmap.schema.report import BuildReport
from essmap.schema.snapshot import Manifest
from essmap.texts import t
from essmap.view.build_report import sections
from essmap.view.format import one_line

out: Final = Console(soft_wrap=True, highlight=False, emoji=False)
err: Final = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)

#: Tables whose rows are counted for people.
_COUNTED: Final = ("actors", "projects", "communes", "cantons", "epci")


def as_json(manifest: Manifest, report: BuildReport | None) -> dict[str, Any]:
    """Return what a manifest and the report of its build say as a JSON-ready dictionary."""
    content = manifest.as_dict()
    names = ("department", "department_name", "build_id", "built_at")
    more = (
        "population",
        "rows_in",
        "merged",
        "rejected",
        "sources",
        "schema_version",
        "code_version",
        "canton_division",
    )
    return {
        **{name: content[name] for name in names},
        **{name: manifest.counts[name] for name in _COUNTED},
        "completeness": {table: value.status for table, value in manifest.completeness.items()},
        **{name: content[name] for name in more},
        "notes": list(manifest.notes),
        "report": None if report is None else report.as_dict(),
    }


def print_report(manifest: Manifest, root: str, report: BuildReport | None) -> None:
    """Print what a manifest says: counts, what became of the rows, sources and limits; then the report of its build."""
    _say(t("cli.report_title", name=manifest.department_name, code=manifest.department))
    _say(t("cli.report_build", build=manifest.build_id, built=manifest.built_at, root=root))
    table = [("", t("cli.rows"), t("cli.completeness"))]
    for name in _COUNTED:
        completeness = manifest.completeness.get(name)
        state = t(f"cli.status.{completeness.status}") if completeness else ""
        table.append((t(f"cli.table_{name}"), str(manifest.counts[name]), state))
    first, second, _ = (max(map(len, column)) for column in zip(*table, strict=True))
    for title, count, state in table:
        _say(f"{title:{first}}  {count:>{second}}  {state}".rstrip())
    _say(t(f"cli.division.{manifest.canton_division}"))
    _say(t("cli.report_rows", rows=manifest.rows_in, merged=manifest.merged, rejected=manifest.rejected))
    for source in manifest.sources:
        counts = {"rows": source.rows_in, "kept": source.rows_kept}
        if source.rows_in:
            _say(t("cli.report_source", title=source.title, vintage=source.vintage, **counts))
        else:  # a file that only tells more of the rows of another one
            _say(t("cli.report_source_beside", title=source.title, vintage=source.vintage))
    for note in (*(c.sentence for c in manifest.completeness.values()), *manifest.notes):
        _say(f"- {note}")
    if report is not None and not report.is_comparable:
        _say(f"- {t('report.not_comparable')}")
    for section in sections(manifest, report) if report is not None else ():
        _say(f"\n{section.title}")
        for what, *cells in section.rows:
            said = " | ".join(one_line(cell) for cell in cells if cell)
            _say(f"- {one_line(what)}" + (f"\u00a0: {said}" if said else ""))


def _say(line: str) -> None:
    out.print(line, markup=False)
