"""What a source tells of the hooks in it, without being imported."""

from __future__ import annotations

import pytest

from curio_tracking.plugins.survey import is_certain, names_in

HOOK = "@hookimpl\ndef curio_register_backends(register):\n    pass\n"
METHOD = "class Plugin{bases}:\n    @hookimpl\n    def curio_register_backends(self, register):\n        pass\n"
TELLING = {
    "a function": HOOK,
    "a name that is imported": "from .hooks import curio_register_backends\n",
    "several names in brackets": "from .hooks import (\n    curio_startup,\n    other,\n)\n",
    "a class of its own": METHOD.format(bases=""),
    "a function beside a class with a base": f"class Store(Base):\n    def append(self): pass\n\n{HOOK}",
    "a product": f"{HOOK}\narea = 2 * 3\n",
}
HIDING = {
    "no hook": "import os\n",
    "a star": f"from .hooks import *\n{HOOK}",
    "a star on the next line": f"from .hooks import \\\n    *\n{HOOK}",
    "a base class": METHOD.format(bases="(Base)"),
    "a base class of a generic one": METHOD.format(bases="[T](Base)"),
    "names that are set": f"globals()['curio_' + 'startup'] = print\n{HOOK}",
    "attributes on demand": f"{HOOK}\ndef __getattr__(name): ...\n",
    "code in a text": f"{HOOK}\nexec(other)\n",
    "attributes that are set": f"import sys\n{HOOK}\nsetattr(sys.modules[__name__], 'curio' + '_startup', print)\n",
}


@pytest.mark.parametrize("what", TELLING)
def test_source_that_shows_its_hooks_is_certain(what: str) -> None:
    assert is_certain(TELLING[what])


@pytest.mark.parametrize("what", HIDING)
def test_source_that_may_hide_hooks_is_not_certain(what: str) -> None:
    assert not is_certain(HIDING[what])


def test_every_name_of_a_hook_is_found_and_no_other() -> None:
    source = f"{HOOK}\ncurio_tracking = curio_cabinet = 1\nstart = curio_startup\n# curio_register_pages\n"
    assert names_in(source) == {"curio_register_backends", "curio_startup", "curio_register_pages"}
