"""`curio-tracking demo` as a newcomer runs it: in a process of its own, on a store of its own."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from curio_tracking.demo.story import USERS
from curio_tracking.records import FeatureCategory, FeatureRecord, FeatureStatus
from curio_tracking.runtime import open_reader
from curio_tracking.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from curio_tracking.summaries import Summary

Calls = Counter[tuple[str, str]]


@dataclass(frozen=True)
class Place:
    """A home, a temporary folder and a working folder that belong to nobody else."""

    base: Path

    @property
    def data_dir(self) -> Path:
        return self.base / "data"

    def environment(self, **variables: str) -> dict[str, str]:
        for name in ("home", "tmp", "work"):
            (self.base / name).mkdir(exist_ok=True)
        fixed = {"PATH": os.defpath, "HOME": str(self.base / "home"), "TMPDIR": str(self.base / "tmp")}
        return {**fixed, "PYTHONUTF8": "1", "COLUMNS": "200", **variables}

    def run(
        self, *arguments: str, before: Callable[[], None] | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the program with these arguments."""
        return subprocess.run(
            [sys.executable, "-m", "curio_tracking", *arguments],
            env=self.environment(**variables),
            cwd=self.base / "work",
            capture_output=True,
            text=True,
            timeout=600,
            preexec_fn=before,
        )

    def demo(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the demo on `data_dir`."""
        return self.run("--data-dir", str(self.data_dir), "demo", *arguments, **variables)

    def records(self, data_dir: Path | None = None, backend: str = "tinyflux") -> list[FeatureRecord]:
        """Return everything that the store holds."""
        reader = open_reader(load_settings({"data_dir": data_dir or self.data_dir, "backend": backend}, strict=True))
        found = list(reader.records(reader.where()))
        reader.close()
        return found

    def features(self) -> list[Summary]:
        """Return the totals that the store gives."""
        reader = open_reader(load_settings({"data_dir": self.data_dir}, strict=True))
        found = reader.features(reader.where())
        reader.close()
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, subprocess.CompletedProcess[str]]:
    """One run that many tests look at."""
    place = Place(tmp_path_factory.mktemp("shown"))
    return place, place.demo()


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Calls:
    """What the application does when nobody tracks it, counted by itself."""
    place = Place(tmp_path_factory.mktemp("done"))
    (place.base / "story").mkdir()
    script = str(Path(__file__).with_name("observed_story.py"))
    printed = subprocess.run(
        [sys.executable, script, str(place.base / "story")],
        env=place.environment(DO_NOT_TRACK="1"),
        capture_output=True,
        check=True,
        timeout=600,
    ).stdout
    return Counter({(feature, status): times for feature, status, times in json.loads(printed)["calls"]})


def calls_of(records: list[FeatureRecord]) -> Calls:
    return Counter((record.feature_name, record.status.value) for record in records)


def test_the_demo_ends_well_and_says_that_every_call_was_recorded(shown, done: Calls) -> None:
    _place, result = shown
    assert result.returncode == 0, result.stderr
    assert f"recorded {done.total()} of {done.total()} calls" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    assert "warning" not in result.stderr


def test_the_records_are_what_the_application_did_per_feature_and_status(shown, done: Calls) -> None:
    assert calls_of(shown[0].records()) == done


def test_the_totals_are_what_the_application_did_per_feature_and_status(shown, done: Calls) -> None:
    totals = {
        (summary.feature_name, status.value): summary.count(status)
        for summary in shown[0].features()
        for status in FeatureStatus
        if summary.count(status)
    }
    assert totals == done


def test_all_ten_categories_appear(shown) -> None:
    assert {record.category for record in shown[0].records()} == {category.value for category in FeatureCategory}


def test_several_users_appear_and_none_by_name(shown) -> None:
    users = {record.user_id for record in shown[0].records()}
    assert len(users) == len(USERS)
    assert not users & {user.user_id for user in USERS}


def test_the_plan_of_the_user_is_with_the_record(shown) -> None:
    assert {record.metadata.get("plan") for record in shown[0].records()} >= {user.plan for user in USERS}


def test_a_feature_that_nobody_called_is_listed_with_no_calls(shown) -> None:
    assert {summary.feature_name: summary.total_calls for summary in shown[0].features()}["fax_report"] == 0


def test_work_in_a_thread_of_the_pool_belongs_to_the_run_that_asked_for_it(shown) -> None:
    records = shown[0].records()
    crews = {record.record_id for record in records if record.feature_name == "run_crew"}
    assert {record.parent_id for record in records if record.feature_name == "archive_article"} == crews


def test_failures_carry_the_type_of_their_error(shown) -> None:
    errors = {record.error_type for record in shown[0].records() if record.status is FeatureStatus.FAILED}
    assert errors == {
        "CalledProcessError",
        "FileNotFoundError",
        "HTTPError",
        "IntegrityError",
        "LookupError",
        "RpcError",
        "TOMLDecodeError",
        "ValueError",
        "ZeroDivisionError",
    }


def test_the_output_has_the_tables_and_says_how_to_open_the_dashboard(shown) -> None:
    place, result = shown
    for text in ("read_report", "Success rate", "HTTP Error 404", f"--data-dir {place.data_dir} dashboard --open"):
        assert text in result.stdout


def test_nothing_is_left_outside_the_data_directory(shown) -> None:
    place, _result = shown
    assert {name: list((place.base / name).iterdir()) for name in ("home", "tmp", "work")} == {
        "home": [],
        "tmp": [],
        "work": [],
    }


def test_a_second_run_adds_up(place: Place, done: Calls) -> None:
    first, second = place.demo(), place.demo()
    assert (first.returncode, second.returncode) == (0, 0)
    assert calls_of(place.records()) == done + done
    assert f"recorded {done.total()} of {done.total()} calls" in second.stdout


def test_without_a_data_directory_of_its_own_the_demo_stays_out_of_the_real_records(place: Place, done: Calls) -> None:
    result = place.run("demo", FEATURE_TRACKING_DATA_DIR=str(place.data_dir))
    assert result.returncode == 0, result.stderr
    assert [path.name for path in place.data_dir.iterdir()] == ["demo"]
    assert place.records() == []
    assert calls_of(place.records(place.data_dir / "demo")) == done


def test_the_csv_backend_shows_the_same(place: Place, done: Calls) -> None:
    result = place.run("--backend", "csv", "--data-dir", str(place.data_dir), "demo")
    assert result.returncode == 0, result.stderr
    assert calls_of(place.records(backend="csv")) == done
    assert f"--backend csv --data-dir {place.data_dir}" in result.stdout


def test_the_memory_backend_shows_the_same_and_keeps_nothing(place: Place, done: Calls) -> None:
    result = place.run("--backend", "memory", "--data-dir", str(place.data_dir), "demo")
    assert result.returncode == 0, result.stderr
    assert f"recorded {done.total()} of {done.total()} calls" in result.stdout
    assert "Success rate" in result.stdout


@pytest.mark.parametrize("variables", [{"DO_NOT_TRACK": "1"}, {"FEATURE_TRACKING_ENABLED": "false"}])
def test_with_tracking_turned_off_the_demo_says_so_and_writes_nothing(place: Place, variables: dict[str, str]) -> None:
    result = place.demo(**variables)
    assert (result.returncode, result.stdout) == (1, "")
    assert "tracking is turned off" in result.stderr
    assert next(iter(variables)) in result.stderr
    assert not place.data_dir.exists()


def test_settings_that_leave_records_out_are_named_and_no_failure(place: Place, done: Calls) -> None:
    result = place.demo(FEATURE_TRACKING_FAILURES_ONLY="true", FEATURE_TRACKING_EXCLUDE="buy_article")
    assert result.returncode == 0, result.stderr
    assert "FAILURES_ONLY" in result.stderr
    assert "EXCLUDE" in result.stderr
    kept = {key: times for key, times in done.items() if key[1] != "success" and key[0] != "buy_article"}
    assert calls_of(place.records()) == kept


@pytest.mark.parametrize("inside", ["", "deep/inside"])
def test_a_data_directory_that_is_a_file_is_one_clear_error_before_anything_runs(place: Place, inside: str) -> None:
    place.data_dir.write_text("in the way", "utf-8")
    result = place.run("--data-dir", str(place.data_dir / inside), "demo")
    assert (result.returncode, result.stdout) == (2, "")
    assert f"{place.data_dir} is no directory" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_store_that_does_not_take_the_records_is_an_error(place: Place) -> None:
    place.data_dir.mkdir()
    (place.data_dir / "raw").write_text("in the way", "utf-8")
    result = place.demo()
    assert result.returncode == 1
    assert f"could not be written to {place.data_dir}" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_machine_that_refuses_some_work_is_told_and_the_rest_is_shown(place: Place) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (190_000, 190_000))

    result = place.run("--data-dir", str(place.data_dir), "demo", before=small_files)
    assert result.returncode == 1
    assert "files: OSError" in result.stderr
    assert "visit_page" in result.stdout
    assert "Traceback" not in result.stderr


def test_serve_opens_the_dashboard_on_the_demo(place: Place, done: Calls) -> None:
    command = [sys.executable, "-m", "curio_tracking", "--data-dir", str(place.data_dir), "demo", "--serve"]
    environment = place.environment(FEATURE_TRACKING_DASHBOARD_PORT="0")
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            address = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+/", line) for line in process.stderr)))[0]
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            features = json.load(opener.open(f"{address}api/features?limit=0", timeout=180))
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(180) == 130
    assert sum(feature["total_calls"] for feature in features) == done.total()


def test_a_start_of_the_program_does_not_load_the_application() -> None:
    code = (
        "import curio_tracking.cli.demo, sys; print({'sqlite3', 'wsgiref', 'curio_tracking.demo'} & set(sys.modules))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()"
