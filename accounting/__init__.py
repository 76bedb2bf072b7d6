"""The accounting connection: staged by a wizard, exported exactly once, undone at any time."""
