"""Customers of the MSP and the people there."""
