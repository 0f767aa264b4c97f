"""What schemathesis sends as bodies of these media types. Its command loads this file."""

import schemathesis
from hypothesis import strategies as st

from png_strategies import any_bytes

schemathesis.openapi.media_type("image/png", any_bytes())
schemathesis.openapi.media_type("application/octet-stream", st.binary(max_size=1000))
