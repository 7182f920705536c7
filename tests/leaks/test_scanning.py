"""A scan of a store: records and every file of it, and nothing of what was found in what it says."""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from curio_tracking.leaks.canaries import CanarySearch
from curio_tracking.leaks.scanning import HIDDEN, Leak, Scan
from curio_tracking.leaks.secrets import SecretSearch
from curio_tracking.storage.tinyflux.backend import TinyFluxBackend
from curio_tracking.testing import make_record

CANARY: Final = "canary-of-the-mine"
ADDRESS: Final = "ada@example.org"


def scan(*canaries: str) -> Scan:
    return Scan(CanarySearch(canaries), SecretSearch())


def nothing(_what: str, _done: int, _total: int) -> None: ...


def in_files(data_dir: Path, *canaries: str) -> list[Leak]:
    return list(scan(*canaries).files(data_dir, nothing))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"user_id": CANARY}, "user_id"),
        ({"error_message": f"of {CANARY}!"}, "error_message"),
        ({"metadata": {"a": {"b": [0, CANARY]}}}, "metadata.a.b[1]"),
        ({"metadata": {"a": {CANARY: 1}}}, "metadata.a (a key)"),
        ({"metadata": {"a": base64.b64encode(CANARY.encode()).decode()}}, "metadata.a"),
    ],
)
def test_canary_in_a_record_is_found_in_its_field(changes: dict[str, Any], field: str) -> None:
    leaks = scan("another", CANARY).records([make_record(1), make_record(2, **changes)])
    assert field in {leak.field for leak in leaks if (leak.found, leak.record_id) == ("canary 2", "record-00000002")}


PLACES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "raw/2026-11-01/vm-1-a-0.csv": bytes,
    "raw/2026-11-01/vm-1-a-0.123.csv.gz": gzip.compress,
    "quarantine/2026-11-01/vm-1-a-0.rows": bytes,
    "rollups/2026-11.rollup": lambda text: b"curio-rollup\n0000" + gzip.compress(text),
    "staging/vm/raw/2026-11-01/a.csv": bytes,
    "csv/records-2026-11-01.csv": bytes,
    "features.jsonl": bytes,
    "what-a-plugin-left.db": bytes,
}


@pytest.mark.parametrize("place", PLACES)
def test_canary_in_any_file_is_found(data_dir: Path, place: str) -> None:
    path = data_dir / place
    path.parent.mkdir(parents=True)
    path.write_bytes(PLACES[place](b"0123456789" + CANARY.encode()))
    [leak] = in_files(data_dir, CANARY)
    assert (leak.found, leak.encoding, leak.length) == ("canary 1", "plain", len(CANARY))
    assert leak.file is not None
    assert leak.file.removesuffix(" (compressed)") == place


def test_canary_in_a_real_rollup_is_found(data_dir: Path) -> None:
    backend = TinyFluxBackend(data_dir)
    backend.append([make_record(number, feature_name=CANARY) for number in range(2_000)])
    backend.maintain(nothing)
    backend.close()
    files = {leak.file for leak in in_files(data_dir, "canary-of-the")}
    assert any(".rollup" in (file or "") for file in files)


def test_offset_leads_to_the_place(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "a").write_bytes(b"x" * 3_000_000 + CANARY.encode())
    assert [leak.offset for leak in in_files(data_dir, CANARY)] == [3_000_000]


def test_secret_in_quarantine_is_found(data_dir: Path) -> None:
    path = data_dir / "quarantine" / "2026-11-01" / "a.rows"
    path.parent.mkdir(parents=True)
    path.write_text(f"half a row\nhalf,mail {ADDRESS}\n")
    assert [(leak.found, leak.offset) for leak in in_files(data_dir)] == [("e-mail address", 11)]


def test_key_of_the_pseudonyms_is_left_alone(data_dir: Path) -> None:
    (data_dir / "keys").mkdir(parents=True)
    (data_dir / "keys" / "1.key").write_text(CANARY)
    assert in_files(data_dir, CANARY) == []


def test_symbolic_links_are_not_followed(data_dir: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text(CANARY)
    data_dir.mkdir()
    (data_dir / "a.csv").symlink_to(outside)
    (data_dir / "raw").symlink_to(tmp_path)
    assert in_files(data_dir, CANARY) == []


def test_pipe_in_the_directory_holds_nobody_up(data_dir: Path) -> None:
    data_dir.mkdir()
    os.mkfifo(data_dir / "pipe")
    assert in_files(data_dir, CANARY) == []


def test_file_that_came_while_others_were_searched_is_searched_as_well(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "first").write_text("x")

    def move(_what: str, _done: int, _total: int) -> None:
        (data_dir / "a new one").write_text(CANARY)

    assert [leak.file for leak in scan(CANARY).files(data_dir, move)] == ["a new one"]


def test_directory_that_does_not_exist_has_no_leak(data_dir: Path) -> None:
    search = scan(CANARY)
    assert list(search.files(data_dir, nothing)) == []
    assert search.problems == []


def test_directory_that_cannot_be_listed_is_a_problem(data_dir: Path) -> None:
    data_dir.write_text("a file stands in its place")
    search = scan(CANARY)
    assert list(search.files(data_dir, nothing)) == []
    assert search.problems == [f"cannot be searched: {data_dir}: Not a directory"]


@pytest.mark.parametrize("private", [CANARY, ADDRESS])
def test_no_finding_repeats_what_was_found(data_dir: Path, private: str) -> None:
    search = scan(private)
    record = make_record(
        feature_name=f"f {private}",
        record_id=f"r-{private}",
        error_message=private,
        metadata={private: {private: [private]}},
    )
    data_dir.mkdir()
    (data_dir / f"{private}.rows").write_text(private)
    leaks = [*search.records([record]), *search.files(data_dir, nothing)]
    assert len(leaks) > 5
    assert HIDDEN in {leak.feature_name for leak in leaks}
    assert private not in json.dumps([leak.as_dict() for leak in leaks])
