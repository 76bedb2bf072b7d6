"""One package per accounting system, behind the port. Nobody here knows Django or our models."""
