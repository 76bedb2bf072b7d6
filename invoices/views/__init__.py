"""Pages of invoices, payments and batches."""
