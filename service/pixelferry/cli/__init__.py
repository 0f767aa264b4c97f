"""The command line: `pixelferry serve`, and the same work on files.

Commands return their exit code: 0 all went well, 1 something failed, 2 usage, 130 interrupted.
Whatever is slow to import (the server, the progress bar) is imported by the command that needs it.
"""

import signal
import sys
from collections.abc import Sequence
from types import FrameType

import click

from pixelferry._native import __version__
from pixelferry.cli.convert import convert
from pixelferry.cli.health import health
from pixelferry.cli.inspect import inspect
from pixelferry.cli.report import tell
from pixelferry.cli.rotate import rotate
from pixelferry.cli.serve import serve
from pixelferry.cli.settings import settings
from pixelferry.settings import SettingsError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pixelferry", message="%(prog)s %(version)s")
def commands() -> None:
    """Turn PNG into BMP, over HTTP or on files, with as few copies as possible."""


for command in (serve, convert, rotate, inspect, health, settings):
    commands.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        return int(commands.main(arguments, prog_name="pixelferry", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SettingsError as error:
        for line in str(error).splitlines():
            tell(line)
        return 2
    except click.Abort:  # Ctrl-C
        return 128 + signal.SIGINT


def _terminate(number: int, _frame: FrameType | None) -> None:
    """Leave by way of every `finally`, so that no temporary file stays behind."""
    sys.exit(128 + number)
