"""Tracks every URL that a program opens with urllib."""
