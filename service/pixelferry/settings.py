"""Every setting, declared once: one field makes variable, flag, README row and error message.

A flag goes before the environment, the environment before the default. An empty variable counts as
unset.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, Self, TypeVar

from pixelferry import units
from pixelferry.cpus import available_cpus
from pixelferry.memory import LEAST_SHARE, default_budget

PREFIX = "PIXELFERRY_"
_TEST_PREFIX = "PIXELFERRY_TEST_"  # for the project's own tests; never a setting

# 107 bytes are the most that the kernel takes, less those for a worker's number.
MAX_UDS = 100

T = TypeVar("T")


class SettingsError(ValueError):
    """A wrong value or an unknown name. The message has one line for each mistake."""


@dataclass(frozen=True)
class Setting(Generic[T]):
    """What is known of one setting beside its value."""

    about: str
    kind: units.Kind[T]
    default: Callable[[], T]
    default_text: str
    fallback: str | None = None  # a variable without our prefix that is looked at next
    secret: bool = False  # the value is never shown

    def show(self, value: T) -> str:
        """The value as text; stars for a secret that is set."""
        return "***" if self.secret and value else self.kind.show(value)

    def parse(self, text: str, name: str) -> T:
        """Read `text`, given by the flag or variable `name`; SettingsError if it does not fit."""
        try:
            return self.kind.parse(text)
        except ValueError:
            shown = "***" if self.secret else text
            raise SettingsError(f"{name}={shown}: expected {self.kind.form}") from None


def _setting(
    kind: units.Kind[T],
    default: T | Callable[[], T],
    about: str,
    *,
    default_text: str | None = None,
    fallback: str | None = None,
    secret: bool = False,
) -> T:
    factory = default if callable(default) else lambda: default
    text = default_text or kind.show(factory())
    known = Setting(about, kind, factory, text, fallback, secret)
    return field(default_factory=factory, repr=not secret, metadata={"setting": known})


@dataclass(frozen=True)
class Resolved:
    """One setting as it takes effect."""

    name: str  # the field of Settings
    setting: Setting[Any]
    value: Any
    source: str  # the flag or variable that gave the value, or "default"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The effective settings. Sizes are in bytes, times in seconds, rates in bytes per second."""

    host: str = _setting(
        units.host(), "127.0.0.1", "Address to listen on; 0.0.0.0 and :: mean every interface."
    )
    port: int = _setting(
        units.count(0, 65_535),
        8080,
        "TCP port to listen on; 0 takes a free one.",
        fallback="PORT",
    )
    uds: str = _setting(
        units.path(MAX_UDS),
        "",
        "Unix socket to listen on instead of HOST and PORT; several workers listen on this path "
        "with .0, .1 and so on.",
        default_text="none",
    )
    admin_bind: str = _setting(
        units.address(),
        "",
        "Address and port of the supervisor's own /livez, /readyz and /metrics, which answer even "
        "while all workers are busy.",
        default_text="none",
    )
    workers: int = _setting(
        units.or_auto(units.count(1, 256), available_cpus),
        1,
        "Processes that serve; auto is the CPUs available.",
        fallback="WEB_CONCURRENCY",
    )
    threads: int | None = _setting(
        units.or_auto(units.count(1, 1024), lambda: None),
        None,
        "Conversions that run at the same time in a worker; auto is its share of the CPUs "
        "available, at least 1.",
    )
    max_body: int = _setting(
        units.size(1024, 4 * 2**30), 64 * 2**20, "Largest request body that is accepted."
    )
    max_pixels: int = _setting(
        units.count(1, 2**32), 50_000_000, "Largest picture that is converted: width x height."
    )
    max_dimension: int = _setting(
        units.count(1, 2**31 - 1), 65_535, "Largest width, and largest height, in pixels."
    )
    memory_budget: int | None = _setting(
        units.or_auto(units.size(LEAST_SHARE, 2**50), lambda: None),
        None,
        "Memory that all requests together may hold, at least 4 MiB a worker; auto is 60 % of the "
        "container's memory, or of half the machine's, without 80 MiB a worker; at least 64 MiB.",
    )
    max_queue: int = _setting(
        units.count(0, 1_000_000),
        256,
        "Requests that wait for memory, in each of two lanes: up to 1 MiB, and larger.",
    )
    queue_timeout: float = _setting(units.seconds(0.01, 3600), 10.0, "Longest wait for memory.")
    pool_idle: float = _setting(
        units.seconds(0, 3600),
        10.0,
        "After this time without use the memory of outputs and bodies goes back to the system.",
    )
    max_connections: int = _setting(
        units.count(1, 1_000_000),
        1024,
        "Connections that are served; more are told to come back later, twice as many are closed.",
    )
    header_timeout: float = _setting(
        units.seconds(0.01, 3600), 10.0, "Time in which the head of a request must arrive."
    )
    read_timeout: float = _setting(
        units.seconds(0.01, 3600), 30.0, "Longest pause while a request body arrives."
    )
    write_timeout: float = _setting(
        units.seconds(0.01, 3600), 30.0, "Longest pause while a client takes its answer."
    )
    min_rate: int = _setting(
        units.rate(0, 2**30),
        32 * 2**10,
        "Slowest upload or download, averaged after its first 10 seconds; 0 allows any.",
    )
    keepalive_timeout: float = _setting(
        units.seconds(0.01, 3600),
        75.0,
        "How long an idle connection stays open; keep it above the idle time of a proxy in front.",
    )
    drain_delay: float = _setting(
        units.seconds(0, 3600),
        0.0,
        "After SIGTERM: time in which new connections are still accepted while /readyz is red.",
    )
    grace: float = _setting(
        units.seconds(0, 3600), 20.0, "After that: time in which running requests may end."
    )
    ingest: str = _setting(
        units.choice("direct", "plain"),
        "direct",
        "How bodies of 64 KiB and more come in: direct is from the kernel into the request's own "
        "memory; plain is by way of the event loop and the parser, which copies them three times.",
    )
    # Together they keep the worst case found below 1 ms (2 ms without zlib-ng):
    # bench/inline_worst_case.py.
    inline_max_input: int = _setting(
        units.size(0, 16 * 2**20),
        4 * 2**10,
        "Bodies up to this size are worked on without a thread, if the output is small as well.",
    )
    inline_max_output: int = _setting(
        units.size(0, 16 * 2**20), 64 * 2**10, "The same bound for the output."
    )
    api_key: str = _setting(
        units.bearer_token(16, 1024),
        "",
        "Key that every request but health checks must carry as Authorization: Bearer; as a flag, "
        "others on the machine can see it.",
        default_text="none",
        secret=True,
    )
    api_key_file: str = _setting(
        units.path(4095),
        "",
        "File that holds the key instead; read at the start.",
        default_text="none",
    )
    cors_origins: tuple[str, ...] = _setting(
        units.origins(),
        (),
        "Origins whose pages browsers let use the service; * is all.",
        default_text="none",
    )
    allowed_hosts: tuple[str, ...] = _setting(
        units.host_names(),
        (),
        "Names under which the service may be asked; *.example.org is all below example.org.",
        default_text="any",
    )
    log_level: str = _setting(
        units.choice("debug", "info", "warning", "error"), "info", "Least severe message logged."
    )

    @classmethod
    def load(cls, flags: Mapping[str, str], environ: Mapping[str, str]) -> Self:
        """Read all settings. `flags` maps field names to the text given; any may be missing.

        Raises SettingsError for wrong values and for unknown names of our prefix in `environ`.
        """
        return cls(**{one.name: one.value for one in resolve(flags, environ)})

    def check_share(self) -> Self:
        """Return these settings. Raises SettingsError if a share is too little."""
        if self.budget < LEAST_SHARE * self.workers:
            raise SettingsError(
                f"a memory budget of {self.budget} bytes is too small for {self.workers} workers: "
                f"expected at least {LEAST_SHARE} for each"
            )
        return self

    @property
    def threads_of_worker(self) -> int:
        """THREADS as a number."""
        return self.threads or max(1, available_cpus() // self.workers)

    @property
    def budget(self) -> int:
        """MEMORY_BUDGET in bytes."""
        return self.memory_budget or default_budget(self.workers)

    def share(self) -> Self:
        """The settings of one worker: its part of what bounds the whole service."""
        return replace(
            self,
            threads=self.threads_of_worker,
            memory_budget=self.budget // self.workers,
            max_queue=-(-self.max_queue // self.workers),
            max_connections=-(-self.max_connections // self.workers),
        )


DECLARED: Mapping[str, Setting[Any]] = {
    one.name: one.metadata["setting"] for one in fields(Settings)
}


def variable(name: str) -> str:
    """The environment variable of a field: max_body is PIXELFERRY_MAX_BODY."""
    return PREFIX + name.upper()


def flag(name: str) -> str:
    """The command line flag of a field: max_body is --max-body."""
    return "--" + name.replace("_", "-")


def resolve(flags: Mapping[str, str], environ: Mapping[str, str]) -> list[Resolved]:
    """Every setting with its value and where that comes from; errors as in Settings.load."""
    resolved = []
    mistakes = list(_unknown_names(environ))
    for name, setting in DECLARED.items():
        try:
            resolved.append(_resolve(name, setting, flags, environ))
        except SettingsError as error:
            mistakes.append(str(error))
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return resolved


def markdown_table() -> str:
    """The table of all settings, as it stands in the README."""
    rows = ["| Variable | Default | Value | Meaning |", "|---|---|---|---|"]
    for name, setting in DECLARED.items():
        also = f", else `{setting.fallback}`" if setting.fallback else ""
        rows.append(
            f"| `{variable(name)}`{also} | {setting.default_text} | {setting.kind.brief} "
            f"| {setting.about} |"
        )
    return "\n".join(rows) + "\n"


def _resolve(
    name: str, setting: Setting[T], flags: Mapping[str, str], environ: Mapping[str, str]
) -> Resolved:
    if name in flags:
        return Resolved(name, setting, setting.parse(flags[name], flag(name)), flag(name))
    for key in filter(None, (variable(name), setting.fallback)):
        if text := environ.get(key):
            return Resolved(name, setting, setting.parse(text, key), key)
    return Resolved(name, setting, setting.default(), "default")


def _unknown_names(environ: Mapping[str, str]) -> Iterator[str]:
    known = {name.upper() for name in DECLARED}
    for key in sorted(environ):
        rest = key.removeprefix(PREFIX)
        if rest != key and rest not in known and not key.startswith(_TEST_PREFIX):
            from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

            near = get_close_matches(rest.upper(), known, n=1)
            hint = (
                f"did you mean {PREFIX}{near[0]}?"
                if near
                else "'pixelferry serve --help' lists them all"
            )
            yield f"{key} is not a setting; {hint}"
