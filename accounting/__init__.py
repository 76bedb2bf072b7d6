"""The room of the accounting connection: nothing is exported yet."""
