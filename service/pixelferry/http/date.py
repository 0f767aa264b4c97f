"""The Date of answers."""

from email.utils import formatdate
from time import time


class _LastDate:
    second = -1
    text = ""


def http_date() -> str:
    """Return now as RFC 9110 5.6.7 writes it; made once a second. Belongs to the event loop."""
    second = int(time())
    if second != _LastDate.second:
        _LastDate.second, _LastDate.text = second, formatdate(second, usegmt=True)
    return _LastDate.text
