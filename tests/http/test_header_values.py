"""Header values come from strangers: they are read strictly and written so that nothing escapes."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelferry.http.header_values import attachment, filename_of, parse_parameters


@pytest.mark.parametrize(
    ("value", "token", "parameters"),
    [
        ("", "", {}),
        ("Text/HTML", "text/html", {}),
        ("a; b=c", "a", {"b": "c"}),
        ('a;B="c d"; e=f', "a", {"b": "c d", "e": "f"}),
        ('a; b="\\"\\\\"', "a", {"b": '"\\'}),
        ('a; b="c\\d"', "a", {"b": "c\\d"}),
        ('a; b="x;y=z"', "a", {"b": "x;y=z"}),
        ("a; b=1; b=2", "a", {"b": "1"}),
        ("a; b=", "a", {"b": ""}),
        ("a;", "a", {}),
        ("a; ;", "a", {}),
    ],
)
def test_parameters(value: str, token: str, parameters: dict[str, str]) -> None:
    assert parse_parameters(value) == (token, parameters)


@pytest.mark.parametrize("value", ["a; b", 'a; b="c', "a; b=c d", 'a; b="c"d', "a; (b)=c", "a; =c"])
def test_what_is_no_parameter(value: str) -> None:
    with pytest.raises(ValueError, match=re.escape(value)):
        parse_parameters(value)


@given(st.text(max_size=300))
def test_no_text_takes_long_or_does_worse_than_an_error(value: str) -> None:
    try:
        parse_parameters(value)
    except ValueError as error:
        assert str(error) == value


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({}, None),
        ({"filename": "a"}, "a"),
        ({"filename": "a", "filename*": "UTF-8''b"}, "b"),
        ({"filename*": "utf-8'en'%E2%82%AC"}, "€"),
        ({"filename*": "iso-8859-1''%fc"}, "ü"),
        ({"filename*": "utf-8''%ff"}, "�"),
        ({"filename": "a", "filename*": "utf-16''x"}, "a"),
        ({"filename": "a", "filename*": "no-quotes"}, "a"),
    ],
)
def test_filename_of(parameters: dict[str, str], name: str | None) -> None:
    assert filename_of(parameters) == name


@given(st.text(max_size=300))
def test_a_disposition_is_one_harmless_line(name: str) -> None:
    value = attachment(name, ".bmp")
    if value is None:
        return
    assert value.isascii()
    assert value.isprintable()
    match = re.fullmatch(
        r'attachment; filename="([^"\\/%]+)\.bmp"(?:; filename\*=UTF-8\'\'([A-Za-z0-9._~%-]+))?',
        value,
    )
    assert match is not None, value
    plain, extended = match.groups()
    assert not plain.startswith((".", " "))
    if extended is not None:
        assert "/" not in unquote(extended)
        assert len(unquote(extended)) == len(plain) + len(".bmp")


def test_a_long_name_is_cut() -> None:
    value = attachment("x" * 10_000 + ".png", ".bmp")
    assert value == f'attachment; filename="{"x" * 120}.bmp"'
