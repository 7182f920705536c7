"""A small, honest application that shows what Curio Tracking records: `curio-tracking demo`.

One module per category does real work with the standard library, some of it failing or slow on purpose, and uses the
public API as any application would. `story` lets several users run it. Nothing but the `demo` command imports this.
"""
