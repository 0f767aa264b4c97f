"""The HTTP service: routes, bodies, problem documents, connections."""
