"""Processes, threads, pools and ends: every call is in the store exactly once, and the host never notices."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from curio_tracking import FeatureTracker

PATIENT = """
from curio_tracking.collecting import lifecycle, threads as _threads

lifecycle.LONGEST_FORK_DELAY = lifecycle.LONGEST_WRITE_DELAY = 60.0
_threads.LONGEST_LINGERING = 5.0
"""
"""A fork gives up waiting for the writer after a while, which a busy machine may need to import or write anything."""
HEAD = f"""
import os, sys, threading, multiprocessing, signal, time
from concurrent.futures import ProcessPoolExecutor
from curio_tracking import feature_tracker, track_feature
{PATIENT}
@track_feature("work", "other")
def work(number):
    if number % 10 == 9:
        raise ValueError(f"number {{number}}")
    return number

def many(start, count):
    for number in range(start, start + count):
        try:
            work(number)
        except ValueError:
            pass
    return start
"""


def run(data_dir: Path, body: str, *, tracked: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a program that has `work` and `many`, as a user would: from a file, with settings in the environment."""
    program = data_dir.parent / "program.py"
    program.write_text(HEAD + textwrap.dedent(body), encoding="utf-8")
    environment = {
        **os.environ,
        "FEATURE_TRACKING_DATA_DIR": str(data_dir),
        "FEATURE_TRACKING_ENABLED": str(tracked).lower(),
        # a machine that is busy with other things must not make the exit lose what it had time to write
        "FEATURE_TRACKING_EXIT_TIMEOUT": "60",
    }
    return subprocess.run(
        [sys.executable, str(program)], env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def stored(data_dir: Path) -> list[Any]:
    """Return all records, having checked that no id is there twice."""
    tracker = FeatureTracker(data_dir=data_dir)
    records = tracker.records("work", limit=0)
    tracker.close()
    twice = [key for key, count in Counter(record.record_id for record in records).items() if count > 1]
    assert not twice
    return records


def calls(records: list[Any]) -> int:
    """Return how many calls the records stand for: under overload one may stand for many."""
    return round(sum(record.sample_weight for record in records))


def test_eight_processes_of_500_calls(data_dir: Path) -> None:
    body = """
    if __name__ == "__main__":
        many(int(sys.argv[1]) if len(sys.argv) > 1 else 0, 500)
    """
    program = data_dir.parent / "program.py"
    program.write_text(HEAD + textwrap.dedent(body), encoding="utf-8")
    environment = {
        **os.environ,
        "FEATURE_TRACKING_DATA_DIR": str(data_dir),
        "FEATURE_TRACKING_EXIT_TIMEOUT": "60",
        "FEATURE_TRACKING_CAPTURE_ARGS": "values",
    }
    running = [
        subprocess.Popen([sys.executable, str(program), str(index * 500)], env=environment) for index in range(8)
    ]
    assert [process.wait(timeout=300) for process in running] == [0] * 8
    records = stored(data_dir)
    numbers = Counter(record.metadata["parameters"]["number"]["value"] for record in records)
    assert numbers == Counter(range(4000))


def test_sixteen_threads_of_2000_calls(data_dir: Path) -> None:
    result = run(
        data_dir,
        """
        threads = [threading.Thread(target=many, args=(index * 2000, 2000)) for index in range(16)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        """,
    )
    assert (result.returncode, result.stderr) == (0, "")
    records = stored(data_dir)
    assert calls(records) == 32_000
    assert calls([record for record in records if record.status == "failed"]) == 3_200


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("ending", ["close", "terminate"])
def test_pool_of_each_start_method(data_dir: Path, method: str, ending: str) -> None:
    finish = "pool.close(); pool.join()" if ending == "close" else "pool.terminate(); pool.join()"
    result = run(
        data_dir,
        f"""
        if __name__ == "__main__":
            work(0)
            pool = multiprocessing.get_context("{method}").Pool(3)
            pool.starmap(many, [(index * 50, 50) for index in range(12)], chunksize=1)
            {finish}
        """,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert calls(stored(data_dir)) == 601


def test_process_pool_executor(data_dir: Path) -> None:
    result = run(
        data_dir,
        """
        if __name__ == "__main__":
            with ProcessPoolExecutor(2) as pool:
                list(pool.map(many, range(0, 400, 100), [100] * 4))
        """,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert calls(stored(data_dir)) == 400


def test_raw_fork_with_a_writer_running_on_both_sides(data_dir: Path) -> None:
    result = run(
        data_dir,
        """
        many(0, 250)
        child = os.fork()
        many(1000 if child == 0 else 500, 250)
        if child == 0:
            sys.exit(5)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "5\n", "")
    records = stored(data_dir)
    assert calls(records) == 750
    assert len({record.process_id for record in records}) == 2


def test_forks_right_after_calls_never_find_a_thread(data_dir: Path) -> None:
    """Since 3.12 the interpreter warns of it, and counts a thread that has ended and is not yet gone."""
    result = run(
        data_dir,
        """
        for start in range(300):
            work(0)
            child = os.fork()
            if child == 0:
                os._exit(0)
            os.waitpid(child, 0)
        """,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert calls(stored(data_dir)) == 300


def test_forks_while_the_first_writer_still_starts_lose_nothing(data_dir: Path) -> None:
    # without the modules that HEAD imports: an application that has no need of `logging` lets the writer import it
    program = """
    import os
    from curio_tracking import track_feature

    @track_feature("work", "other")
    def work():
        pass

    work()
    children = []
    for number in range(3):
        child = os.fork()
        work()
        if child == 0:
            raise SystemExit
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    """
    environment = {
        **os.environ,
        "FEATURE_TRACKING_DATA_DIR": str(data_dir),
        "FEATURE_TRACKING_EXIT_TIMEOUT": "60",
    }
    command = [sys.executable, "-c", PATIENT + textwrap.dedent(program)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    assert calls(stored(data_dir)) == 7


def test_fork_inside_a_tracked_call_leaves_one_record_of_it(data_dir: Path) -> None:
    result = run(
        data_dir,
        """
        @track_feature("work")
        def forks():
            child = os.fork()
            if child:
                os.waitpid(child, 0)
            return child

        if forks() == 0:
            sys.exit(0)
        """,
    )
    assert result.returncode == 0
    assert calls(stored(data_dir)) == 1


@pytest.mark.parametrize(
    "ending",
    [
        "pass",
        "sys.exit(7)",
        "sys.exit('a message')",
        "raise RuntimeError('uncaught')",
        "os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)",
        "os.kill(os.getpid(), signal.SIGINT); time.sleep(60)",
        "threading.Thread(target=many, args=(100, 50)).start()",
    ],
)
def test_every_end_keeps_the_records_the_exit_code_and_the_streams(data_dir: Path, ending: str) -> None:
    body = f"""
    many(0, 100)
    print("out")
    print("err", file=sys.stderr)
    sys.stdout.flush()
    {ending}
    """
    without = run(data_dir, body, tracked=False)
    assert not data_dir.exists()
    result = run(data_dir, body)
    assert (result.returncode, result.stdout, result.stderr) == (without.returncode, without.stdout, without.stderr)
    assert calls(stored(data_dir)) == (150 if "Thread" in ending else 100)


def test_calls_of_a_program_that_ends_at_once_are_kept(data_dir: Path) -> None:
    assert run(data_dir, "work(1)").returncode == 0
    assert calls(stored(data_dir)) == 1


def test_own_sigterm_handler_of_the_host_is_left_alone(data_dir: Path) -> None:
    result = run(
        data_dir,
        """
        def goodbye(number, frame):
            print("handled")
            sys.exit(3)

        signal.signal(signal.SIGTERM, goodbye)
        many(0, 100)
        assert feature_tracker.flush(60)
        os.kill(os.getpid(), signal.SIGTERM)
        """,
    )
    assert (result.returncode, result.stdout) == (3, "handled\n")
    assert calls(stored(data_dir)) == 100


def test_sigterm_still_kills_with_its_own_status(data_dir: Path) -> None:
    result = run(data_dir, "many(0, 10)\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)")
    assert result.returncode == -signal.SIGTERM


def test_tracking_off_leaves_no_thread_no_file_and_no_import_of_the_engine(data_dir: Path) -> None:
    result = run(
        data_dir,
        """
        many(0, 100)
        heavy = {"pluggy", "pydantic", "tinyflux", "typer", "bottle"} & set(sys.modules)
        print(threading.active_count(), sorted(heavy))
        """,
        tracked=False,
    )
    assert (result.stdout, result.stderr) == ("1 []\n", "")
    assert not data_dir.exists()


def test_do_not_track_turns_everything_off(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    result = run(data_dir, "many(0, 100)\nprint(threading.active_count())")
    assert result.stdout == "1\n"
    assert not data_dir.exists()


def test_import_pulls_in_nothing_heavy() -> None:
    heavy = "pluggy pydantic pydantic_settings tinyflux typer bottle rich platformdirs inspect typing dataclasses"
    code = (
        "import sys; before = set(sys.modules)\n"
        "from curio_tracking import track_feature, track, tracking_context, feature_tracker, FeatureTracker\n"
        "from curio_tracking import FeatureCategory, FeatureStatus\n"
        "track_feature('f')(lambda: None)\n"
        f"print(sorted(set({heavy!r}.split()) & (set(sys.modules) - before)))"
    )
    result = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"],
                            capture_output=True, text=True, check=True)  # fmt: skip
    assert result.stdout == "[]\n"


def test_overload_keeps_totals_exact_and_memory_bounded(data_dir: Path) -> None:
    result = run(
        data_dir,
        """
        @track_feature("work")
        def quick(number):
            return number

        longest = 0
        rows = feature_tracker._collector.buffer.rows
        for number in range(300_000):
            quick(number)
            if len(rows) > longest:
                longest = len(rows)
        print(longest)
        assert feature_tracker.flush(180)
        health = feature_tracker.health()
        assert health["recorded"] == 300_000 == health["written"] + health["folded"], health
        assert not health["dropped"] and not health["errors"], health
        """,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert int(result.stdout) <= 10_001
    records = stored(data_dir)
    assert calls(records) == 300_000


def test_no_warning_without_a_reason(data_dir: Path) -> None:
    result = run(data_dir, "many(0, 30)")
    assert (result.stdout, result.stderr) == ("", "")


def test_second_interpreter_of_a_process_works_untracked_and_is_warned_of_once(data_dir: Path) -> None:
    result = run(
        data_dir,
        """
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters

        many(0, 30)
        assert feature_tracker.flush(60)
        second = interpreters.create()
        failure = interpreters.run_string(second, '''
        from curio_tracking import feature_tracker, track_feature
        print([track_feature("second")(lambda: 1)() for _ in range(30)], feature_tracker.flush(60), flush=True)
        '''.replace("        ", ""))
        interpreters.destroy(second)
        many(30, 30)
        print(failure)
        """,
    )
    assert (result.returncode, result.stdout) == (0, f"{[1] * 30} False\nNone\n")
    (line,) = result.stderr.splitlines()
    assert line.startswith("start-up: ImportError: ")
    records = stored(data_dir)
    assert {record.feature_name for record in records} == {"work"}
    assert calls(records) == 60
