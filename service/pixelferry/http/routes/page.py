"""GET /: how to use the service, as curl lines that work when copied."""

from aiohttp import hdrs, web

from pixelferry.http.allowed_hosts import HOST
from pixelferry.http.problems import Refusal

_CURL_WITH_KEY = 'curl -H "Authorization: Bearer $KEY"'
_PAGE = """\
pixelferry turns PNG into BMP, with as few copies as physics allows.

Convert a picture:
  {curl} --data-binary @photo.png {base}convert -o photo.bmp
  {curl} -F file=@photo.png {base}convert -OJ

Look at its header, and whether it would be accepted:
  {curl} --data-binary @photo.png {base}inspect

Rotate bytes; by=13 turns ABC into NOP:
  {curl} --data-binary ABC "{base}rotate?by=13"

Watch:
  {curl} {base}livez
  {curl} {base}readyz
  {curl} {base}metrics

The API in full: {base}openapi.json
"""


async def get_page(request: web.Request) -> web.StreamResponse:
    """Show the curl lines for the address that the client used."""
    host = request.headers.get(hdrs.HOST, "127.0.0.1")
    if not HOST.fullmatch(host):  # it goes into lines that people run
        raise Refusal("malformed_request", "the Host header names no host")
    # Where a key is needed, nobody sees this page without one.
    curl = _CURL_WITH_KEY if hdrs.AUTHORIZATION in request.headers else "curl"
    text = _PAGE.format(curl=curl, base=f"{request.scheme}://{host}/")
    return web.Response(text=text, headers={"Cache-Control": "no-store"})
