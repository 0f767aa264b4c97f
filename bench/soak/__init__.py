"""A service under a mixed load, and whether it keeps its promises; `scripts/soak` runs it."""
