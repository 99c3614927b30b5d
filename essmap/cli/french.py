"""Say in French what typer says in English: help pages and usage errors.

typer takes some of its words from gettext and writes the others in its code, so no catalogue can translate them all.
Its help pages are therefore laid out here, and its errors are told by their class; its own sentences are never shown.
"""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from essmap.errors import SettingsError
from essmap.texts import t

#: Class of a usage error of typer, and the text that says it. Any other class is told by ``cli.usage_errors.unknown``.
_ERRORS = {
    "NoSuchOption": "no_option",
    "BadOptionUsage": "bad_option",
    "MissingParameter": "missing",
    "BadParameter": "bad_value",
}


def usage_error(error: typer.TyperException) -> str:
    """Return a usage error of typer as French sentences: what is wrong, and where the help is."""
    kind = type(error).__name__
    context: Any = getattr(error, "ctx", None)
    if kind == "NoArgsIsHelpError":
        return str(context.get_help())
    parameter: Any = getattr(error, "param", None)
    name = getattr(error, "option_name", None) or (_names(parameter) if parameter is not None else "")
    said = t(f"cli.usage_errors.{_ERRORS.get(kind, 'unknown')}", name=name)
    return f"{said} {t('cli.help_hint', command=context.command_path if context else 'essmap')}"


class FrenchCommand(TyperCommand):
    """A command whose help page is French."""

    allow_extra_args = True  # they are refused below, in our words

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line; arguments beyond those that are asked for are refused.

        Raises
        ------
        SettingsError
            If there are any.
        """
        rest = super().parse_args(ctx, args)
        if rest:
            said = t("cli.usage_errors.too_many", n=len(rest), names=", ".join(rest))
            raise SettingsError(f"{said} {t('cli.help_hint', command=ctx.command_path)}")
        return rest

    def get_help_option(self, ctx: Any) -> Any:
        """Return ``--help`` with its French description."""
        return _in_french(super().get_help_option(ctx))

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the line that shows how the command is typed."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=t("cli.usage"))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write what the command takes."""
        _write_parameters(self, ctx, formatter)


class FrenchGroup(TyperGroup):
    """The group of all commands, whose help page is French."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that was typed.

        Raises
        ------
        SettingsError
            If there is none of that name.
        """
        if self.get_command(ctx, args[0]) is None:
            known = ", ".join(self.commands)
            said = t("cli.usage_errors.no_command", name=args[0], known=known)
            raise SettingsError(f"{said} {t('cli.help_hint', command=ctx.command_path)}")
        return super().resolve_command(ctx, args)

    def get_help_option(self, ctx: Any) -> Any:
        """Return ``--help`` with its French description."""
        return _in_french(super().get_help_option(ctx))

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the line that shows how a command is typed."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=t("cli.usage"))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options of all commands, then the commands."""
        _write_parameters(self, ctx, formatter)
        with formatter.section(t("cli.headings.commands")):
            formatter.write_dl([(name, str(command.help)) for name, command in self.commands.items()])


def _in_french(option: Any) -> Any:
    if option is not None:
        option.help = t("cli.help_option")
    return option


def _write_parameters(command: Any, ctx: Any, formatter: Any) -> None:
    for kind in ("argument", "option"):
        rows = [_described(p) for p in command.get_params(ctx) if p.param_type_name == kind]
        if rows:
            with formatter.section(t(f"cli.headings.{kind}")):
                formatter.write_dl(rows)


def _described(parameter: Any) -> tuple[str, str]:
    """Return how a parameter is typed and what it is for."""
    meaning = parameter.help or ""
    return _names(parameter), t("cli.required", meaning=meaning) if parameter.required else meaning


def _names(parameter: Any) -> str:
    """Return the names of a parameter with what stands for its value."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name)
    typed = ", ".join(sorted((*parameter.opts, *parameter.secondary_opts), key=len))
    return typed if parameter.is_flag else f"{typed} {parameter.metavar or ''}".rstrip()
