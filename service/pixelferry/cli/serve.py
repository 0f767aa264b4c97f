"""pixelferry serve: the HTTP service."""

import click

from pixelferry.cli.options import load_settings, setting_flags
from pixelferry.key_file import with_api_key


@click.command()
@setting_flags()
def serve(**flags: str | None) -> int:
    """Serve over HTTP until SIGTERM or Ctrl-C; SIGHUP replaces the workers one by one.

    A flag goes before its environment variable, that before the default.
    """
    settings = with_api_key(load_settings(flags).check_share())

    from pixelferry import supervisor  # noqa: PLC0415 - a wrong setting need not wait for it

    return supervisor.serve(settings)
