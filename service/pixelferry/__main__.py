"""`python -m pixelferry` is `pixelferry`."""

import sys

from pixelferry.cli import main

sys.exit(main())
