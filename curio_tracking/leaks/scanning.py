"""Scanning: a whole store searched for canaries and for what looks like a secret.

Records come from the backend, whichever it is; the files of the data directory are searched as they lie there, with
quarantine, rollups and everything else, what is compressed in them included. Findings say where something is, never
what.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from curio_tracking.leaks.files import QUARANTINE, files_in, open_file
from curio_tracking.leaks.layers import blocks, inflated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from curio_tracking.leaks.canaries import CanarySearch
    from curio_tracking.leaks.secrets import SecretSearch
    from curio_tracking.records import FeatureRecord

HIDDEN: Final = "[hidden]"
"""Stands for a name, in a finding, that is itself what was found."""
_MOST_ROUNDS: Final = 3
"""How often files that have come meanwhile are looked at: upkeep moves what was not searched yet."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One finding.

    Attributes:
        found: what: "canary 2", "card number", "e-mail address" and so on.
        encoding: how it is written: plain, base64, hex or URL.
        length: characters of the text that it stands in; of a canary, bytes that it takes.
        feature_name, record_id, field: in which record, and where in it; None in files.
        file, offset: in which file of the data directory, and how many bytes from its beginning; None in records.
    """

    found: str
    encoding: str
    length: int
    feature_name: str | None = None
    record_id: str | None = None
    field: str | None = None
    file: str | None = None
    offset: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return asdict(self)


class Scan:
    """One search of one store.

    Attributes:
        problems: what could not be searched, one sentence each.
        records_searched, files_searched: how many there were.
    """

    def __init__(self, canaries: CanarySearch, secrets: SecretSearch) -> None:
        self._canaries = canaries
        self._secrets = secrets
        self.problems: list[str] = []
        self.records_searched = 0
        self.files_searched = 0

    def records(self, records: Iterable[FeatureRecord]) -> Iterator[Leak]:
        """Yield what is found in records."""
        for record in records:
            self.records_searched += 1
            for leak in self._in_record(record):
                yield self._masked(leak)

    def _in_record(self, record: FeatureRecord) -> Iterator[Leak]:
        name, record_id = record.feature_name, record.record_id
        for field, kind, length in self._secrets.in_record(record):
            yield Leak(kind, "plain", length, name, record_id, field)
        values = record.as_dict()
        if any(self._canaries.find(_bytes_of(values))):
            for field, text in _leaves(values, ""):
                for hit in self._canaries.find(text):
                    yield Leak(f"canary {hit.canary}", hit.encoding, hit.length, name, record_id, field)

    def files(self, data_dir: Path, tell: Callable[[str, int, int], None]) -> Iterator[Leak]:
        """Yield what is found in the files of a data directory.

        Args:
            tell: told what is being done, and how many bytes of how many are done.
        """
        seen: set[tuple[Path, int]] = set()
        for _ in range(_MOST_ROUNDS):
            listed = [file for file in files_in(data_dir, self._unreadable) if file not in seen]
            seen.update(listed)
            done, total = 0, sum(size for _path, size in listed)
            for path, size in listed:
                tell("searching files", done, total)
                for leak in self._in_file(path, str(path.relative_to(data_dir))):
                    yield self._masked(leak)
                self.files_searched += 1
                done += size
            if not listed:
                break

    def _in_file(self, path: Path, name: str) -> Iterator[Leak]:
        yield from self._hits(name.encode("utf-8", "surrogateescape"), f"{name} (its name)", 0)
        try:
            with open_file(path) as stream:
                yield from self._in_stream(stream, name)
                if path.suffix == QUARANTINE:
                    yield from self._in_lines(stream, name)
        except FileNotFoundError:  # upkeep was faster; what was in it is in another one now
            return
        except OSError as error:
            self._unreadable(error)

    def _in_stream(self, stream: BinaryIO, name: str) -> Iterator[Leak]:
        if not self._canaries:
            return
        for offset, data in blocks(stream, self._canaries.longest):
            yield from self._hits(data, name, offset)
        for offset, data in inflated(stream):
            # where it stands in there is of no use to anybody
            yield from self._hits(data, f"{name} (compressed)", offset, is_inflated=True)

    def _hits(self, data: bytes, file: str, offset: int, *, is_inflated: bool = False) -> Iterator[Leak]:
        for hit in self._canaries.find(data):
            place = offset if is_inflated else offset + hit.offset
            yield Leak(f"canary {hit.canary}", hit.encoding, hit.length, file=file, offset=place)

    def _in_lines(self, stream: BinaryIO, name: str) -> Iterator[Leak]:
        stream.seek(0)
        offset = 0
        for line in stream:
            for kind, length in self._secrets.in_line(line):
                yield Leak(kind, "plain", length, file=name, offset=offset)
            offset += len(line)

    def _unreadable(self, error: OSError) -> None:
        self.problems.append(f"cannot be searched: {error.filename}: {error.strerror}")

    def _masked(self, leak: Leak) -> Leak:
        """Return the finding without names that are themselves a find."""
        return replace(
            leak,
            feature_name=self._shown(leak.feature_name, named_by_people=True),
            record_id=self._shown(leak.record_id),
            field=self._shown(leak.field, named_by_people=True),
            file=self._shown(leak.file),
        )

    def _shown(self, name: str | None, *, named_by_people: bool = False) -> str | None:
        if name is None:
            return None
        is_find = any(self._canaries.find(_bytes_of(name))) or (named_by_people and self._secrets.kinds(name))
        return HIDDEN if is_find else name


def _leaves(value: Any, path: str) -> Iterator[tuple[str, bytes]]:
    """Yield (dotted path, text) for every key and every value that is no container."""
    if isinstance(value, dict):
        for key, part in value.items():
            inner = f"{path}.{key}" if path else str(key)
            if path:
                yield f"{path} (a key)", _bytes_of(key)
            yield from _leaves(part, inner)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _leaves(part, f"{path}[{number}]")
    else:
        yield path, _bytes_of(value)


def _bytes_of(value: object) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text.encode("utf-8", "surrogatepass")
