"""Pages of the accounting connection."""
