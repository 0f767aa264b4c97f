"""Sends a file with Python requests; prints the status and the body of the answer.

Arguments: URL, file, yes if the body is to be chunked, headers as JSON.
"""

import json
import sys
from collections.abc import Iterator
from typing import BinaryIO

import requests


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """An iterator has no length, so it is sent in chunks."""
    while piece := file.read(64 * 1024):
        yield piece


url, path, chunked, headers = sys.argv[1:]
with open(path, "rb") as file:  # noqa: PTH123 - a plain script
    answer = requests.post(
        url,
        data=pieces(file) if chunked == "yes" else file,
        headers=json.loads(headers),
        timeout=60,
    )
print(answer.status_code)
print(answer.text)
