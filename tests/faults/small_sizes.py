"""Small sizes for the engine, so that a few hundred records rotate, checkpoint, split into blocks and merge.

Shared by the programs that are killed and by the tests that look at what they left.
"""

from __future__ import annotations

from curio_tracking.storage.tinyflux import blocks, writer
from curio_tracking.storage.tinyflux.rollups import container, growing
from curio_tracking.storage.tinyflux.upkeep import compaction, joining, rounds


def make_sizes_small(*, segment_bytes: int = 1_500, block_bytes: int = 500, checkpoint_records: int = 8) -> None:
    """Patch the sizes of this process for good.

    Args:
        segment_bytes: when a segment is sealed.
        block_bytes: how large a block is, written and compressed.
        checkpoint_records: how many records bring about a checkpoint.
    """
    values = {
        (writer, "MAX_BYTES"): segment_bytes,
        (blocks, "LIVE_BYTES"): block_bytes,
        (blocks, "COMPRESSED_BYTES"): block_bytes * 2,
        (compaction, "COMPRESSED_BYTES"): block_bytes * 2,
        (growing, "FEWEST_RECORDS"): 2,
        (growing, "RECORDS_PER_CHECKPOINT"): checkpoint_records,
        (growing, "RECORDS_PER_CELL"): 0,
        (joining, "FEWEST"): 3,
        (joining, "SMALL_BYTES"): segment_bytes,
        (joining, "MOST_BYTES"): 4 * segment_bytes,
        (rounds, "MANY_SEGMENTS"): 3,
        (rounds, "LARGE_BYTES"): segment_bytes,
        # sections come from the file each time, as those of large rollups do, and not out of its first bytes
        (container, "_FIRST_READ"): 64,
    }
    for (module, name), value in values.items():
        assert hasattr(module, name), f"{module.__name__} has no {name} any more"
        setattr(module, name, value)
