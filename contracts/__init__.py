"""What was agreed and what was done: catalogue, contracts, tickets, time."""
