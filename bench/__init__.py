"""What `docs` and the readme say about speed, measured: one module a subject, each runs alone."""
