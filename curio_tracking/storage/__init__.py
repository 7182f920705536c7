"""The built-in storage backends: `memory`, `csv` and `tinyflux`, and what they share.

Each backend is a plugin like a third party's, registered by an entry point of its own module. Nothing here knows the
collecting side, a filter or a surface.
"""
