"""`POST /convert` measured beside its peers; `scripts/bench-http` runs it."""
