"""A QuickBooks Online stand-in. `switches` lists everything about it that is a guess."""
