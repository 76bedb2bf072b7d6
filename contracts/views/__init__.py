"""Pages of catalogue, contracts and work: one module per subject."""
