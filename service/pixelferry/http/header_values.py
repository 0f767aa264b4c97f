"""Header values with parameters: Content-Type and Content-Disposition, read and written.

Sources: RFC 9110 5.6.6 (parameters), RFC 8187 (ext-value), RFC 6266, RFC 7578 4.2.
"""

import re
import unicodedata
from urllib.parse import quote, unquote_to_bytes

_PARAMETER = re.compile(
    r"""\s*;\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"\s]*))\s*""",
    re.DOTALL,
)
_QUOTED_PAIR = re.compile(r'\\(["\\])')  # a lone backslash stays: it may part a Windows path
_MAX_NAME = 120  # characters; with UTF-8 and percent signs still well below 2 KiB


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """Split `value` into its lower-case token and its parameters; the first of a name counts.

    Raises ValueError for what follows no rule.
    """
    token, semicolon, rest = value.partition(";")
    parameters: dict[str, str] = {}
    rest, at = semicolon + rest, 0
    while at < len(rest):
        match = _PARAMETER.match(rest, at)
        if match is None:
            if rest[at:].strip(" \t;"):
                raise ValueError(value)
            break
        name, quoted, plain = match.groups()
        text = plain if quoted is None else _QUOTED_PAIR.sub(r"\1", quoted)
        parameters.setdefault(name.lower(), text)
        at = match.end()
    return token.strip().lower(), parameters


def filename_of(parameters: dict[str, str]) -> str | None:
    """Return the file name of a Content-Disposition; `filename*` goes before `filename`."""
    if extended := parameters.get("filename*"):
        charset, _, rest = extended.partition("'")
        _, apostrophe, encoded = rest.partition("'")
        if apostrophe and charset.lower() in {"utf-8", "iso-8859-1"}:
            return unquote_to_bytes(encoded).decode(charset, "replace")
    return parameters.get("filename")


def attachment(name: str, suffix: str) -> str | None:
    """Return the Content-Disposition that saves as `name` with its ending changed to `suffix`.

    `name` comes from a client: folders, control and invisible characters are dropped. None if
    nothing is left.
    """
    base = re.split(r"[/\\]", name)[-1]
    base = "".join(char for char in base if unicodedata.category(char)[0] != "C")
    base = base.strip(" .")
    if base.lower().endswith(".png"):
        base = base[: -len(".png")].rstrip(" .")
    if not base:
        return None
    wanted = base[:_MAX_NAME] + suffix
    plain = re.sub(r'["%\\]|[^ -~]', "_", wanted)
    value = f'attachment; filename="{plain}"'
    return value if plain == wanted else f"{value}; filename*=UTF-8''{quote(wanted, safe='')}"
