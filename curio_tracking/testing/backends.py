"""What every storage backend promises, as tests to inherit; the built-in ones pass the same suite.

    class TestMyBackend(BackendContract):
        @pytest.fixture
        def make_backend(self, tmp_path):
            return lambda: MyBackend(tmp_path / "store")

`make_backend()` returns a new instance on one and the same store, which is empty when a test begins. Needs pytest and
hypothesis; knows no backend.
"""

from __future__ import annotations

from curio_tracking.testing.backend_deletion import DeletionContract
from curio_tracking.testing.backend_erasure import ErasureContract
from curio_tracking.testing.backend_files import FileContract
from curio_tracking.testing.backend_keeping import KeepingContract
from curio_tracking.testing.backend_processes import ProcessContract
from curio_tracking.testing.backend_questions import QuestionContract
from curio_tracking.testing.backend_totals import TotalsContract


class BackendContract(
    KeepingContract, QuestionContract, TotalsContract, DeletionContract, ErasureContract, ProcessContract, FileContract
):
    """Inherit, name the class `Test...`, add the fixture `make_backend`.

    What may be overridden: `record_strategy` and `hostile_texts` (for a store that cannot hold all texts),
    `serves_processes` (None: what the backend says), the fixture `store_directory`.
    """
