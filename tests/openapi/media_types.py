"""What schemathesis sends as bodies of these media types. Its command loads this file."""

import schemathesis
from hypothesis import strategies as st

from png_strategies import any_bytes

schemathesis.openapi.media_type("image/png", any_bytes())
schemathesis.openapi.media_type("application/octet-stream", st.binary(max_size=1000))


@schemathesis.hook
def filter_body(context: schemathesis.HookContext, body: object) -> bool:
    """Leaves out forms whose file is said to be a number, say: what is sent is a file of digits."""
    if not isinstance(body, dict) or body.keys() != {"file"}:
        return True
    return isinstance(body["file"], str | bytes)
