"""Holds one installed plugin to the suites of its parts: what `curio-tracking plugins check` runs for each plugin.

A process of its own (`__main__`), because a plugin may hang, exit or crash. `subject` loads the plugin and names its
parts, `latency` times them, `promises` is the module of tests that pytest runs, `report` tells what happened.
"""
