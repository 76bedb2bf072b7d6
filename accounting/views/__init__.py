"""Pages of the accounting connection. Each is a door to a verb."""
