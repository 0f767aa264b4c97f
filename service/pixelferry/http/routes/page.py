"""GET /: how to use the service, as curl lines that work when copied."""

from aiohttp import web

from pixelferry.http.problems import Refusal

_PAGE = """\
pixelferry turns PNG into BMP, with as few copies as physics allows.

Convert a picture:
  curl --data-binary @photo.png {base}convert -o photo.bmp
  curl -F file=@photo.png {base}convert -OJ

Look at its header, and whether it would be accepted:
  curl --data-binary @photo.png {base}inspect

Rotate bytes; by=13 turns ABC into NOP:
  curl --data-binary ABC "{base}rotate?by=13"

Watch:
  curl {base}livez
  curl {base}readyz
  curl {base}metrics

The API in full: {base}openapi.json
"""


async def get_page(request: web.Request) -> web.StreamResponse:
    """Show the curl lines for the address that the client used."""
    try:
        base = request.url.with_path("/").with_query(None)
    except ValueError:
        raise Refusal("malformed_request", "the Host header names no host") from None
    return web.Response(text=_PAGE.format(base=base), headers={"Cache-Control": "no-store"})
