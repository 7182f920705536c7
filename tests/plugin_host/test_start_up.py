"""Settings, plugins and the backend are loaded beside the host, which never waits; earlier calls are judged later."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any


def program(tmp_path: Path, body: str) -> str:
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(body), encoding="utf-8")
    return str(path)


def test_tracked_calls_return_while_plugins_are_still_loading(run: Any, install: Any, tmp_path: Path) -> None:
    install(
        "slow-to-load",
        """
        import os, time

        # loading ends only after the host's calls have returned: if they waited, nobody would ever go on
        while not os.path.exists(os.environ["FEATURE_TRACKING_DATA_DIR"] + ".called"):
            time.sleep(0.01)
        """,
    )
    path = program(
        tmp_path,
        """
        import os
        from curio_tracking import feature_tracker, track_feature

        @track_feature("work")
        def work(number):
            return number

        print(sum(work(number) for number in range(500)))
        open(os.environ["FEATURE_TRACKING_DATA_DIR"] + ".called", "w").close()
        print(feature_tracker.flush(60), feature_tracker.health()["written"])
        """,
    )
    assert run(path).stdout == "124750\nTrue 500\n"


def test_calls_before_the_settings_are_read_are_judged_by_them(run: Any, tmp_path: Path) -> None:
    Path("curio-tracking.toml").write_text('exclude = ["hidden*"]\nmin_duration = 0.5\n', encoding="utf-8")
    path = program(
        tmp_path,
        """
        import time
        from curio_tracking import feature_tracker, track_feature

        hidden = track_feature("hidden_thing")(lambda: time.sleep(0.6))
        quick = track_feature("quick")(lambda: None)  # beside a thread that imports much, on a busy machine
        slow = track_feature("slow")(lambda: time.sleep(0.6))
        for function in (hidden, quick, slow):
            function()
        feature_tracker.flush(60)
        print([record.feature_name for record in feature_tracker.records()], feature_tracker.health()["dropped"])
        """,
    )
    assert run(path).stdout == "['slow'] {'min_duration': 1}\n"


def test_tracking_turned_off_in_a_file_discards_what_was_buffered(run: Any, data_dir: Path, tmp_path: Path) -> None:
    Path("curio-tracking.toml").write_text("enabled = false\n", encoding="utf-8")
    path = program(
        tmp_path,
        """
        from curio_tracking import feature_tracker, track_feature

        work = track_feature("work")(lambda: "done")
        print(work(), feature_tracker.flush(60), work(), feature_tracker.health()["recorded"])
        """,
    )
    assert run(path).stdout == "done True done 0\n"
    assert not data_dir.exists()
