"""Wiring of the project, and the small kernel that every app may use."""

from .celery import app as celery_app

__all__ = ["celery_app"]
