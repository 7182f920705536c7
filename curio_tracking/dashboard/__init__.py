"""The dashboard: pages and JSON about one store, read-only, on this machine unless told otherwise.

`server.serve` runs it, `app.make_app` builds the WSGI application, `pages` registers the built-in views. May not import
collecting, storage or the CLI.
"""
