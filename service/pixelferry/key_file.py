"""The file that may hold the key, so that the key stands in no environment and no process list."""

from dataclasses import replace
from pathlib import Path

from pixelferry.settings import DECLARED, Settings, SettingsError, variable

_MAX_FILE = 4096  # bytes that are read; more than any key has


def with_api_key(settings: Settings) -> Settings:
    """Return the settings with the key itself in the place of the file that holds it.

    Without such a file they are returned as they are. Raises SettingsError if a key is given as
    well, or if the file cannot be read or does not hold exactly one key.
    """
    path = settings.api_key_file
    if not path:
        return settings
    name = variable("api_key_file")
    if settings.api_key:
        raise SettingsError(f"{variable('api_key')} and {name} exclude each other: set only one")
    return replace(settings, api_key=_read_key(name, path), api_key_file="")


def _read_key(name: str, path: str) -> str:
    kind = DECLARED["api_key"].kind
    try:
        with Path(path).open("rb") as file:
            key = str(kind.parse(file.read(_MAX_FILE).decode("ascii").strip()))
    except OSError as error:
        raise SettingsError(f"{name}={path}: {error.strerror}") from None
    except ValueError:
        key = ""
    if not key:
        raise SettingsError(f"{name}={path}: expected a file that holds {kind.form}")
    return key
