"""Settings as command line flags, made from their declarations."""

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from pixelferry.settings import DECLARED, Setting, Settings, flag, variable

F = TypeVar("F", bound=Callable[..., Any])


def setting_flags(*names: str) -> Callable[[F], F]:
    """Give a command the flags of these settings, or of all; it takes them as `**flags`."""

    def add_all(command: F) -> F:
        for name in reversed(names or list(DECLARED)):
            command = click.option(
                flag(name), name, metavar="VALUE", help=_help(name, DECLARED[name])
            )(command)
        return command

    return add_all


def given(flags: Mapping[str, str | None]) -> dict[str, str]:
    """Only the flags that were typed."""
    return {name: text for name, text in flags.items() if text is not None}


def load_settings(flags: Mapping[str, str | None]) -> Settings:
    """The settings from a command's flags and the environment; raises SettingsError."""
    return Settings.load(given(flags), os.environ)


def _help(name: str, setting: Setting[Any]) -> str:
    about = f"{setting.about}  [{variable(name)}; {setting.kind.brief}"
    return f"{about}; default: {setting.default_text}]"
