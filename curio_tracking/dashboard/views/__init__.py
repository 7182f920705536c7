"""The built-in pages, registered by `dashboard.pages`.

Each module offers one `render(reader, query)`, which returns the body of its page. They know `Reader`, the scope and
the templates, no Bottle and no server.
"""
