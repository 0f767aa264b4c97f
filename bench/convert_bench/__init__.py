"""The conversion measured beside its peers; `scripts/bench` runs it."""
