"""What the tests of the file backends share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from curio_tracking.storage.tinyflux.backend import TinyFluxBackend

MakeTinyFlux = Callable[..., TinyFluxBackend]


@pytest.fixture
def make_tinyflux(data_dir: Path) -> Iterator[MakeTinyFlux]:
    """Return what makes tinyflux backends on the test's data directory; they are closed at the end."""
    made: list[TinyFluxBackend] = []

    def make(*, durable: bool = False) -> TinyFluxBackend:
        made.append(TinyFluxBackend(data_dir, durable=durable))
        return made[-1]

    yield make
    for backend in made:
        backend.close()


@pytest.fixture
def tinyflux(make_tinyflux: MakeTinyFlux) -> TinyFluxBackend:
    """Return one backend, nothing written yet."""
    return make_tinyflux()


@pytest.fixture
def segments(data_dir: Path) -> Callable[[], list[Path]]:
    """Return what lists the segments there are, oldest day first."""
    return lambda: sorted((data_dir / "raw").glob("*/*.csv"))
