"""Cuts long error messages before Curio Tracking stores them."""
