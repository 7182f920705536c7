"""What the tracker says of plugins whose import takes long, as on a busy machine; other tests are not about that."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SAID = re.compile(r'plugin "[^"]+" .* (took [\d.]+ s to import|is still being imported after \d+ s); ')


def without_slow_imports(lines: Iterable[str]) -> list[str]:
    """Return what else was said."""
    return [line for line in lines if not _SAID.match(line)]
