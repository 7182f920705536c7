"""Sends the records of Curio Tracking on, as lines of JSON to a file."""
