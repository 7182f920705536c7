"""The plugin host: finds plugins, imports each in a guard of its own when it is needed, and holds what they register.

`host` is where to start reading; `discovery` finds plugins without importing them, `registry` holds their parts. Loaded
by `runtime` and by the surfaces, never by `import curio_tracking`.
"""

from __future__ import annotations

from curio_tracking.plugins.host import PluginHost
from curio_tracking.plugins.registry import Page, Part, with_methods
from curio_tracking.plugins.states import PluginState, State, normal_name

__all__ = ["Page", "Part", "PluginHost", "PluginState", "State", "normal_name", "with_methods"]
