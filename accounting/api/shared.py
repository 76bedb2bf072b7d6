"""Permissions and limits of these endpoints."""

SEE, CHANGE = "accounting.view_connection", "accounting.change_connection"
EXPORT, ANSWER = "accounting.export", "accounting.answer_finding"
VOID = "invoices.void_invoice"
MOST = 1000  # objects that one request may name
