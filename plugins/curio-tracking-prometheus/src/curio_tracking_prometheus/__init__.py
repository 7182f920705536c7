"""Feature usage for Prometheus, as a plugin of Curio Tracking.

`exporter` counts the calls of a tracked process in its own metrics; `page` serves the totals of a whole store. Both are
found through entry points: nothing needs to be imported by hand.
"""
