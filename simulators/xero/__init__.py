"""A simulated Xero: accounting API, OAuth, connections, limits, webhooks, and people."""
