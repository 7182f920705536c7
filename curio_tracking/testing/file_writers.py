"""What every writer of an export format promises, as tests to inherit.

    class TestMyFormat(RoundTripContract):                      # it is a FileWriterContract
        @pytest.fixture
        def file_writer(self):
            return write_my_format
        @pytest.fixture
        def read_back(self):
            return read_my_format

A file writer takes records and an open binary stream and returns how many records it wrote. Needs pytest and
hypothesis; knows no format.
"""
# ruff: noqa: D102 - the names of the tests are the promises

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, BinaryIO, ClassVar, TypeAlias, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curio_tracking.records import FeatureRecord
from curio_tracking.testing.backend_examples import property_test
from curio_tracking.testing.example_records import make_record, stored_odd_records
from curio_tracking.testing.strategies import batches, records

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed import ReadableBuffer

FileWriter: TypeAlias = Callable[[Iterable[FeatureRecord], BinaryIO], int]
ReadBack: TypeAlias = Callable[[bytes], list[FeatureRecord]]
A_FEW = 7


class WriteOnlyStream(io.RawIOBase):
    """A stream like a pipe: it takes bytes, and has neither positions nor anything to read.

    Attributes:
        taken: the bytes so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.taken = bytearray()

    def writable(self) -> bool:
        """Whether it takes bytes: yes."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Take bytes."""
        if self.closed:
            raise ValueError("the stream is closed")
        self.taken += data
        return memoryview(data).nbytes


class FullStream(WriteOnlyStream):
    """A stream on a full disk."""

    def write(self, _data: ReadableBuffer, /) -> int:
        """Take nothing."""
        raise OSError("no space left")


class FileWriterContract:
    """Inherit, name the class `Test...`, add the fixture `file_writer`.

    Attributes:
        many_records: how many records are too many for memory: of so many, the format holds at most half back.
    """

    many_records: ClassVar[int] = 20_000

    @pytest.mark.parametrize("count", [0, 1, A_FEW])
    def test_returns_how_many_records_it_wrote(self, file_writer: FileWriter, count: int) -> None:
        assert file_writer(iter([make_record(number) for number in range(count)]), open_stream()) == count

    def test_takes_every_odd_record(self, file_writer: FileWriter) -> None:
        assert file_writer(iter(stored_odd_records()), open_stream()) == len(stored_odd_records())

    def test_leaves_the_records_as_they_are(self, file_writer: FileWriter) -> None:
        batch = stored_odd_records()
        before = deepcopy(batch)
        file_writer(iter(batch), open_stream())
        assert batch == before

    def test_writes_while_it_reads(self, file_writer: FileWriter) -> None:
        stream = WriteOnlyStream()
        before_the_end: list[int] = []

        def many() -> Iterator[FeatureRecord]:
            for number in range(self.many_records):
                yield make_record(number, user_id=f"user {number * 7919 % 9973}", duration=number / 7919)
            before_the_end.append(len(stream.taken))

        assert file_writer(many(), cast("BinaryIO", stream)) == self.many_records
        assert before_the_end[0] >= len(stream.taken) / 2, "a store may have more records than memory can hold"

    def test_leaves_the_stream_open(self, file_writer: FileWriter) -> None:
        stream = open_stream()
        file_writer(iter([make_record(1)]), stream)
        assert not stream.closed, "it may be the standard output; who opened it closes it"

    def test_writes_to_the_stream_only(
        self,
        file_writer: FileWriter,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        work = tmp_path / "empty"
        work.mkdir()
        monkeypatch.chdir(work)
        capfd.readouterr()
        file_writer(iter([make_record(number) for number in range(A_FEW)]), open_stream())
        assert tuple(capfd.readouterr()) == ("", "")
        assert list(work.iterdir()) == []

    def test_failure_of_the_store_goes_on_to_the_command(self, file_writer: FileWriter) -> None:
        def failing() -> Iterator[FeatureRecord]:
            yield make_record(1)
            raise OSError("the store cannot be read")

        # otherwise half a file would look like a whole one
        with pytest.raises(OSError, match="the store cannot be read"):
            file_writer(failing(), open_stream())

    def test_failure_of_the_stream_goes_on_to_the_command(self, file_writer: FileWriter) -> None:
        with pytest.raises(OSError, match="no space left"):
            file_writer(iter([make_record(1)]), cast("BinaryIO", FullStream()))


class RoundTripContract(FileWriterContract):
    """For a format that can be read again: add the fixtures `file_writer` and `read_back`.

    `read_back(content)` returns the records of a file. `record_strategy` may be overridden by a format that cannot
    hold every record exactly.
    """

    def record_strategy(self) -> st.SearchStrategy[FeatureRecord]:
        """Return the records that the format must keep exactly."""
        return records()

    def test_file_of_nothing_is_a_valid_one(self, file_writer: FileWriter, read_back: ReadBack) -> None:
        assert read_back(written(file_writer, [])) == []

    def test_order_is_kept(self, file_writer: FileWriter, read_back: ReadBack) -> None:
        batch = [make_record(number) for number in (3, 1, 2)]
        assert read_back(written(file_writer, batch)) == batch

    @property_test
    @given(data=st.data())
    def test_records_come_back_equal(self, file_writer: FileWriter, read_back: ReadBack, data: st.DataObject) -> None:
        batch = data.draw(batches(self.record_strategy()))
        assert read_back(written(file_writer, batch)) == batch


def open_stream() -> BinaryIO:
    """Return a stream to write to."""
    return cast("BinaryIO", WriteOnlyStream())


def written(file_writer: FileWriter, batch: list[FeatureRecord]) -> bytes:
    """Return the file that the writer makes of these records."""
    stream = WriteOnlyStream()
    file_writer(iter(batch), cast("BinaryIO", stream))
    return bytes(stream.taken)
