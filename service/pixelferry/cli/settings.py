"""pixelferry settings: what takes effect, and why."""

import json
import os

import click

from pixelferry.cli.options import given, load_settings, setting_flags
from pixelferry.cli.report import show
from pixelferry.key_file import with_api_key
from pixelferry.settings import Resolved, resolve, variable


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object for all.")
@setting_flags()
def settings(as_json: bool, **flags: str | None) -> int:
    """Print the settings that take effect.

    They are those that serve would start with, given the same flags and environment.
    """
    with_api_key(load_settings(flags).check_share())  # complains as serve would
    effective = resolve(given(flags), os.environ)
    if as_json:
        show(json.dumps({variable(one.name): _members(one) for one in effective}, indent=2))
        return 0
    for one in effective:
        value = one.setting.show(one.value)
        show(f"{variable(one.name)}={value}  # {one.source}; {one.setting.about}")
    return 0


def _members(one: Resolved) -> dict[str, object]:
    value = one.setting.show(one.value) if one.setting.secret else one.value
    return {"value": value, "source": one.source, "help": one.setting.about}
