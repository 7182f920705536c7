"""Keeps the records of Curio Tracking in one SQLite file."""
