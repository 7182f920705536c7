"""One program, one file of records, and what is answered about them, whatever the backend.

For the tests of any distribution that brings a backend: `answers_of_calls(name, ...)`, `answers_of_file(name, ...)` and
`answers_of_process(name, ...)` must be those of another backend.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from curio_tracking.privacy.keys import KeyRing
from curio_tracking.records import FeatureRecord, FeatureStatus

START_US: Final = 1_790_000_000_000_000
BUILT_IN: Final = ("tinyflux", "csv")
EPHEMERAL: Final = "memory"
"""Ends with its process, so only the process can be asked."""
FEATURES: Final = ("translate", "import_csv", "nightly", "never_called")
COMMANDS: Final = (
    ("list-features",),
    *(("feature-stats", name) for name in FEATURES),
    ("feature-stats", "translate", "--category", "ai_provider"),
    ("list-records", "--limit", "0"),
    ("list-records", "--status", "failed"),
    ("list-records", "--user", "u1", "--limit", "5"),
)
MEASURED: Final = frozenset({"start_time", "duration", "first_used", "last_used", "efficiency_score", "avg_efficiency"})
"""What depends on a clock, in every run anew."""
OF_THE_PROCESS: Final = frozenset({"record_id", "parent_id", "process_id", "thread_id"})

PROGRAM: Final = """
from curio_tracking import FeatureCategory, FeatureStatus, feature_tracker, track, track_feature, tracking_context


@track_feature("translate", FeatureCategory.AI_PROVIDER)
def translate(text, language="de"):
    if language == "xx":
        raise ValueError("no such language")
    return text.upper()


@track_feature("never_called")
def never_called():
    pass


for number in range(40):
    with tracking_context(user_id=f"u{number % 7}", session_id=f"s{number % 11}", plan="pro"):
        try:
            translate("word " * number, "xx" if number % 7 == 3 else "de")
        except ValueError:
            pass
        with track("import_csv", FeatureCategory.FILE_OPERATION) as run:
            run.add_metadata(rows=number)
            run.iterations = number + 1
            run.output_size = 1000 * number
            if number % 5 == 0:
                run.partial("two rows skipped")
    metadata = {"queue": "a;b,\\"c\\""}
    record_id = feature_tracker.start_custom_tracking("nightly", FeatureCategory.SYSMON, metadata=metadata)
    feature_tracker.complete_custom_tracking(
        record_id,
        status=[FeatureStatus.SUCCESS, FeatureStatus.TIMEOUT][number % 13 == 12],
        input_size=number,
        output_size=None if number % 3 else number * 2,
        efficiency_score=number / 40,
        iterations=2,
        error_message=None if number % 13 < 12 else "too late",
    )
assert feature_tracker.flush(60)
"""
QUESTIONS: Final = f"""
import json

print(json.dumps({{
    "top_features": feature_tracker.top_features(limit=0),
    "stats": [feature_tracker.stats(name) for name in {FEATURES}],
    "stats of a category": feature_tracker.stats("translate", category=FeatureCategory.AI_PROVIDER),
    "records": [record.as_dict() for record in feature_tracker.records(limit=0)],
    "failed": [record.as_dict() for record in feature_tracker.records(status="failed")],
    "of a user": [record.as_dict() for record in feature_tracker.records(user_id="u1", limit=5)],
}}))
"""


def run(arguments: list[str], backend: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with a backend."""
    settings = {"BACKEND": backend, "DATA_DIR": str(data_dir), "EXIT_TIMEOUT": "60", "RETENTION_DAYS": "0"}
    environment = os.environ | {f"FEATURE_TRACKING_{name}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def call(backend: str, data_dir: Path) -> None:
    """Run the program."""
    ended = run(["-c", PROGRAM], backend, data_dir)
    assert ended.returncode == 0, ended.stderr


def same_records() -> list[FeatureRecord]:
    """Return the same records in every run, with durations that no two orders add up alike."""
    chance = random.Random(7)
    return [
        FeatureRecord(
            f"r{number:04}",
            FEATURES[number % 3],
            ("ai_provider", "file_operation", "sysmon")[number % 3],
            list(FeatureStatus)[number * 7 % 4],
            START_US + number * 3_600_000_000 + chance.randrange(10**9),
            chance.expovariate(3),
            input_size=chance.randrange(10**6),
            output_size=None if number % 4 == 0 else chance.randrange(10**6),
            efficiency_score=None if number % 5 == 0 else chance.random(),
            iterations=1 + number % 3,
            user_id=f"1:{number % 37:032x}",
            metadata={"queue": 'a;b,"c"', "rows": number},
            sample_weight=1.0 if number % 2 else 1 + 9 * chance.random(),
        )
        for number in range(600)
    ]


def write_records(file: Path) -> None:
    """Write the records to a file to import."""
    file.write_text("".join(json.dumps(record.as_dict()) + "\n" for record in same_records()), encoding="utf-8")


def command(backend: str, data_dir: Path, *arguments: str) -> str:
    """Run a command and return what it printed, or how it failed."""
    ended = run(["-m", "curio_tracking", *arguments], backend, data_dir)
    return ended.stdout if ended.returncode == 0 else json.dumps([ended.returncode, ended.stderr])


def answers(backend: str, data_dir: Path) -> dict[str, str]:
    """Return what the commands say about a store, as JSON text by command line."""
    return {" ".join(line): command(backend, data_dir, *line, "--format", "json") for line in COMMANDS}


def answers_of_calls(backend: str, data_dir: Path) -> dict[str, Any]:
    """Run the program with a backend and return what the commands say, without what differs from run to run.

    Args:
        data_dir: the same one for all backends that are compared: it holds the key that pseudonyms are made with.
    """
    call(backend, data_dir)
    return {line: _without_clocks(json.loads(text)) for line, text in answers(backend, data_dir).items()}


def answers_of_process(backend: str, data_dir: Path, shared: Path) -> dict[str, Any]:
    """Run the program with a backend and return what it is told about itself, without what differs from run to run.

    Args:
        data_dir: one of its own for each backend, as the program is told of whatever is in it.
        shared: the same for all backends that are compared: it holds the key that pseudonyms are made with.
    """
    KeyRing(shared / "keys").newest_or_new()
    shutil.copytree(shared / "keys", data_dir / "keys")
    ended = run(["-c", PROGRAM + QUESTIONS], backend, data_dir)
    assert ended.returncode == 0, ended.stderr
    return dict(_without_clocks(json.loads(ended.stdout)))


def answers_of_file(backend: str, data_dir: Path, file: Path) -> dict[str, str]:
    """Import a file with a backend and return what the commands say, to the letter."""
    command(backend, data_dir, "import", str(file))
    return answers(backend, data_dir)


def _without_clocks(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_clocks(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: one for key, one in value.items() if key not in MEASURED and not key.endswith("_duration")}
    return {key: _without_clocks(one) for key, one in kept.items() if key not in OF_THE_PROCESS}
