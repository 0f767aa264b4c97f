"""Settings are declared once, so what is declared is what users get: order, forms and messages.

A service that starts with a value it misread fails later and elsewhere; it must not start.
"""

from dataclasses import fields

import pytest

from pixelferry import units
from pixelferry.settings import (
    DECLARED,
    MAX_UDS,
    Setting,
    Settings,
    SettingsError,
    flag,
    markdown_table,
    resolve,
    variable,
)
from pixelferry.units import split_address


def mistake(flags: dict[str, str], environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.load(flags, environ)
    return str(caught.value)


def test_without_flags_and_variables_the_defaults_hold() -> None:
    assert Settings.load({}, {"PATH": "/bin"}) == Settings()


def test_flag_goes_before_variable_before_fallback_before_default() -> None:
    given = {"PIXELFERRY_PORT": "2", "PORT": "3"}
    assert Settings.load({"port": "1"}, given).port == 1
    assert Settings.load({}, given).port == 2
    assert Settings.load({}, {"PORT": "3"}).port == 3
    assert Settings.load({}, {}).port == 8080


def test_source_names_what_gave_the_value() -> None:
    environ = {"PORT": "3", "PIXELFERRY_GRACE": "1s"}
    sources = {one.name: one.source for one in resolve({"threads": "2"}, environ)}
    assert sources["threads"] == "--threads"
    assert sources["grace"] == "PIXELFERRY_GRACE"
    assert sources["port"] == "PORT"
    assert sources["host"] == "default"


def test_empty_variable_counts_as_unset() -> None:
    assert Settings.load({}, {"PIXELFERRY_PORT": "", "PORT": "3"}).port == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1024", 1024),
        ("64MiB", 64 * 2**20),
        ("64mib", 64 * 2**20),
        ("64 KiB", 64 * 2**10),
        ("64KB", 64_000),
        ("2GB", 2 * 10**9),
        ("4GiB", 4 * 2**30),
        ("4096B", 4096),
    ],
)
def test_sizes(text: str, value: int) -> None:
    assert Settings.load({"max_body": text}, {}).max_body == value


@pytest.mark.parametrize(
    ("text", "value"), [("10s", 10), ("500ms", 0.5), ("10", 10), ("1.5", 1.5), ("0.25 s", 0.25)]
)
def test_times(text: str, value: float) -> None:
    assert Settings.load({"read_timeout": text}, {}).read_timeout == value


@pytest.mark.parametrize(("text", "value"), [("50_000_000", 50_000_000), ("007", 7)])
def test_counts(text: str, value: int) -> None:
    assert Settings.load({"max_pixels": text}, {}).max_pixels == value


def test_a_budget_that_is_too_small_for_so_many_workers_is_refused() -> None:
    enough = Settings(memory_budget=2**25, workers=8)
    assert enough.check_share() is enough
    with pytest.raises(SettingsError, match="too small for 9 workers: expected at least 4194304 "):
        Settings(memory_budget=2**25, workers=9).check_share()


def test_auto_workers_are_the_cpus_available(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load({}, {"WEB_CONCURRENCY": "3"}).workers == 3
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {1})
    assert Settings.load({"workers": "AUTO"}, {"WEB_CONCURRENCY": "3"}).workers == 1


@pytest.mark.parametrize(
    ("given", "threads"),
    [
        ({}, 6),
        ({"threads": "auto"}, 6),
        ({"workers": "2"}, 3),
        ({"workers": "4"}, 1),
        ({"workers": "9"}, 1),
        ({"workers": "2", "threads": "8"}, 8),
    ],
)
def test_auto_threads_are_the_share_of_a_worker(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], threads: int
) -> None:
    monkeypatch.setattr("pixelferry.settings.available_cpus", lambda: 6)
    assert Settings.load(given, {}).threads_of_worker == threads


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "0.0.0.0", "::", "::1", "fe80::1%lo", "localhost", "a-1.example"]
)
def test_hosts(text: str) -> None:
    assert Settings.load({"host": text}, {}).host == text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9090", ("127.0.0.1", 9090)),
        ("[0::1]:0", ("::1", 0)),
        ("localhost:65535", ("localhost", 65_535)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert split_address(Settings.load({"admin_bind": text}, {}).admin_bind) == address


@pytest.mark.parametrize("text", ["9090", ":9090", "a:", "a:65536", "::1:9090", "[x]:1", "a b:1"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(SettingsError, match=r"expected an address such as 127.0.0.1:9090"):
        Settings.load({"admin_bind": text}, {})


@pytest.mark.parametrize(
    "text",
    ["", "0123456789abcdef", "AZaz09-._~+/=====", "+" * 1024, "c29tZSBiYXNlNjQ="],
)
def test_keys(text: str) -> None:
    assert Settings.load({"api_key": text}, {}).api_key == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ()),
        ("*", ("*",)),
        ("https://www.example.org", ("https://www.example.org",)),
        ("http://a:80,https://a:443,http://a:443", ("http://a", "https://a", "http://a:443")),
        (" HTTPS://A.example:8443 , http://a ", ("https://a.example:8443", "http://a")),
        ("http://[0:0::1]:3000,http://127.0.0.1", ("http://[::1]:3000", "http://127.0.0.1")),
        ("capacitor://localhost,http://a,http://a", ("capacitor://localhost", "http://a")),
    ],
)
def test_origins_are_written_as_browsers_write_them(text: str, value: tuple[str, ...]) -> None:
    assert Settings.load({"cors_origins": text}, {}).cors_origins == value
    kind = DECLARED["cors_origins"].kind
    assert kind.parse(kind.show(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ()),
        ("A.example, *.b.example", ("a.example", "*.b.example")),
        ("my_service,10.0.0.1", ("my_service", "10.0.0.1")),
        ("[0::1],::1", ("::1",)),
    ],
)
def test_host_names(text: str, value: tuple[str, ...]) -> None:
    assert Settings.load({"allowed_hosts": text}, {}).allowed_hosts == value
    kind = DECLARED["allowed_hosts"].kind
    assert kind.parse(kind.show(value)) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("host", "127.0.0.1:80"),
        ("host", "http://here"),
        ("host", "two words"),
        ("host", "[::1]"),
        ("host", "a..b"),
        ("host", "\N{SNOWMAN}"),
        ("port", "-1"),
        ("port", "65536"),
        ("port", "8080.0"),
        ("port", "0x50"),
        ("port", " 80"),
        ("port", "٣"),
        ("port", "1__0"),
        ("port", "tcp://10.0.0.1:80"),
        ("threads", "0"),
        ("workers", "257"),
        ("workers", "automatic"),
        ("uds", "x" * (MAX_UDS + 1)),
        ("uds", "é" * MAX_UDS),
        ("uds", "a\0b"),
        ("threads", "9" * 5000),
        ("max_body", "64M"),
        ("max_body", "1.5MiB"),
        ("max_body", "1023"),
        ("max_body", "5GiB"),
        ("max_body", "-64MiB"),
        ("read_timeout", "1m"),
        ("read_timeout", "0"),
        ("read_timeout", "inf"),
        ("read_timeout", "nan"),
        ("read_timeout", "1e3"),
        ("read_timeout", "3601"),
        ("log_level", "loud"),
        ("cors_origins", "example.org"),
        ("cors_origins", "https://example.org/"),
        ("cors_origins", "https://example.org/path"),
        ("cors_origins", "https://*.example.org"),
        ("cors_origins", "https://user@example.org"),
        ("cors_origins", "https://example.org:"),
        ("cors_origins", "https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example"),
        ("cors_origins", "https://[::1"),
        ("cors_origins", "https://[v1.x]"),
        ("cors_origins", "https://::1"),
        ("cors_origins", "null"),
        ("cors_origins", "*, https://example.org"),
        ("cors_origins", "https://example.org,"),
        ("cors_origins", "https://a https://b"),
        ("allowed_hosts", "*"),
        ("allowed_hosts", "*.*.example"),
        ("allowed_hosts", "*example"),
        ("allowed_hosts", "a.*.example"),
        ("allowed_hosts", "example.org:80"),
        ("allowed_hosts", "[::1]:80"),
        ("allowed_hosts", "https://example.org"),
        ("allowed_hosts", "a..b"),
        ("allowed_hosts", "a,,b"),
        ("allowed_hosts", "a b"),
    ],
)
def test_wrong_value_is_refused_by_name_value_and_form(name: str, text: str) -> None:
    form = DECLARED[name].kind.form
    assert mistake({name: text}, {}) == f"{flag(name)}={text}: expected {form}"
    assert mistake({}, {variable(name): text}) == f"{variable(name)}={text}: expected {form}"


def test_wrong_fallback_is_named_as_such() -> None:
    assert mistake({}, {"PORT": "x"}).startswith("PORT=x: expected a whole number from 0 to 65535")


def test_form_names_the_range() -> None:
    message = mistake({}, {"PIXELFERRY_MAX_BODY": "0"})
    assert message.endswith("64MiB, 64MB or 67108864 (bytes) from 1KiB to 4GiB")


def test_unknown_name_is_refused_with_the_nearest_one() -> None:
    message = mistake({}, {"PIXELFERRY_MAX_BODDY": "1MiB"})
    assert message == "PIXELFERRY_MAX_BODDY is not a setting; did you mean PIXELFERRY_MAX_BODY?"
    message = mistake({}, {"PIXELFERRY_XYZZY": "1"})
    assert message == "PIXELFERRY_XYZZY is not a setting; 'pixelferry serve --help' lists them all"


def test_names_are_case_sensitive_and_those_of_tests_are_left_alone() -> None:
    assert Settings.load({}, {"PIXELFERRY_TEST_X": "1", "MY_PIXELFERRY_X": "1"}) == Settings()
    assert "PIXELFERRY_PORT?" in mistake({}, {"PIXELFERRY_Port": "1"})


def test_all_mistakes_are_told_at_once() -> None:
    message = mistake({"port": "x"}, {"PIXELFERRY_GRACE": "y", "PIXELFERRY_HOTS": "z"})
    assert [line.split("=")[0].split()[0] for line in message.splitlines()] == [
        "PIXELFERRY_HOTS",
        "--port",
        "PIXELFERRY_GRACE",
    ]


@pytest.mark.parametrize("name", DECLARED)
def test_shown_value_is_read_back_as_the_same(name: str) -> None:
    setting = DECLARED[name]
    value = getattr(Settings(), name)
    assert setting.kind.parse(setting.kind.show(value)) == value


def test_every_field_is_declared_and_has_a_row() -> None:
    assert list(DECLARED) == [one.name for one in fields(Settings)]
    table = markdown_table()
    assert all(table.count(f"`{variable(name)}`") == 1 for name in DECLARED)
    assert {line.count("|") for line in table.splitlines()} == {5}


def test_secret_is_never_shown() -> None:
    key = Setting("A key.", units.choice("sesame"), str, "", secret=True)
    assert key.show("sesame") == "***"
    assert key.show("") == ""  # so that one sees that there is none
    with pytest.raises(SettingsError) as caught:
        key.parse("hunter2", "PIXELFERRY_KEY")
    assert "hunter2" not in str(caught.value)
    assert "PIXELFERRY_KEY" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        *("fifteen-letters", "x" * 1025, "sixteen letters!", "sixteen-letters!", "a,b" * 10),
        *("=" * 20, "x" * 20 + "=x", " " + "x" * 20, "x" * 20 + "\n", "\N{KELVIN SIGN}" * 20),
    ],
)
def test_wrong_key_is_refused_and_not_shown(text: str) -> None:
    form = DECLARED["api_key"].kind.form
    assert mistake({"api_key": text}, {}) == f"--api-key=***: expected {form}"
    environ = {"PIXELFERRY_API_KEY": text}
    assert mistake({}, environ) == f"PIXELFERRY_API_KEY=***: expected {form}"


def test_key_is_in_no_representation() -> None:
    key = "0123456789abcdef"
    settings = Settings.load({"api_key": key}, {})
    assert settings.api_key == key
    assert key not in repr(settings)
    assert key not in str(settings)
