"""The zoo: plugins that are broken in every way one can be, for every hook there is."""

from __future__ import annotations

from itertools import product

from curio_tracking.hookspecs import HOOK_NAMES

ARGUMENTS = {
    **dict.fromkeys(HOOK_NAMES, "register"),
    "curio_register_commands": "app",
    "curio_startup": "tracker",
    "curio_shutdown": "tracker",
}
ASKED_BY_THE_HOST = tuple(
    name
    for name in HOOK_NAMES
    if name not in ("curio_register_backends", "curio_register_commands", "curio_register_pages")
)
"""Hooks that a tracked application calls whatever its settings say."""

IMPORT_FAULTS = {
    "missing-module": "import a_module_that_does_not_exist",
    "raises": "raise RuntimeError('not today')",
    "exits": "import sys; sys.exit(3)",
    "interrupts": "raise KeyboardInterrupt",
    "recurses": "def again(): again()\nagain()",
    "syntax": "def broken(:",
}
"""What a module does when it is imported, with a hook below it that nobody gets to."""

HOOK_FAULTS = {
    "raises": "raise RuntimeError('not today')",
    "raises-unprintable": "class Odd(Exception):\n        def __str__(self): raise ValueError\n    raise Odd",
    "exits": "import sys; sys.exit(3)",
    "interrupts": "raise KeyboardInterrupt",
    "recurses": "again = lambda: again()\n    again()",
    "runs-out-of-memory": "raise MemoryError",
}
"""What a hook does when it is called."""


def hook_source(hook: str, body: str, *, mark: str = "@hookimpl", arguments: str | None = None) -> str:
    """Return a module with one hook."""
    taken = ARGUMENTS[hook] if arguments is None else arguments
    return f"from curio_tracking import hookimpl\n\n{mark}\ndef {hook}({taken}):\n    {body}\n"


def zoo() -> dict[str, tuple[str, str]]:
    """Return every inhabitant: its name, the hook it is about, its source."""
    found = {}
    for hook, (fault, code) in product(HOOK_NAMES, IMPORT_FAULTS.items()):
        found[f"import-{fault}-{hook}"] = (hook, f"{code}\n{hook_source(hook, 'pass')}")
    for hook, (fault, code) in product(HOOK_NAMES, HOOK_FAULTS.items()):
        found[f"hook-{fault}-{hook}"] = (hook, hook_source(hook, code))
    for hook in HOOK_NAMES:
        plain = hook_source(hook, "raise RuntimeError")
        found[f"arguments-{hook}"] = (hook, hook_source(hook, "pass", arguments="nothing_like_it"))
        found[f"wrapper-{hook}"] = (hook, hook_source(hook, "yield", mark="@hookimpl(wrapper=True)"))
        found[f"coroutine-{hook}"] = (hook, plain.replace("def curio", "async def curio"))
        found[f"unmarked-{hook}"] = (hook, plain.replace("@hookimpl", ""))
        found[f"no-function-{hook}"] = (hook, f"{hook} = type('Odd', (), {{'curio_tracking_impl': {{}}}})()\n")
    return found


ZOO = zoo()
