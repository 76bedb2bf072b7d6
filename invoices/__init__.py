"""From unbilled work to issued invoices."""
