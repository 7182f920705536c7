"""`python -m feature_tracking.setup_integration`: what it shows, what it changes, how it ends."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from feature_tracking.setup_integration import main

STORE = "import sqlite3\n\n\ndef load(path):\n    return sqlite3.connect(path)\n\n\ndef plain(a):\n    return a + 1\n"
FILES = "def read(path):\n    return open(path).read()\n"
DIFF = """\
# pkg.store.load: database_operation, calls sqlite3.connect
--- a/pkg/store.py
+++ b/pkg/store.py
@@ -1,6 +1,8 @@
 import sqlite3
+from feature_tracking.feature_tracker import FeatureCategory, track_feature
~
~
+@track_feature("pkg.store.load", FeatureCategory.DATABASE_OPERATION)
 def load(path):
     return sqlite3.connect(path)
~
""".replace("~", " ")  # as editors take blanks at line ends away


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "pkg").mkdir(parents=True)
    (root / "pkg" / "__init__.py").write_text("")
    (root / "pkg" / "store.py").write_text(STORE)
    (root / "pkg" / "files.py").write_text(FILES)
    return root


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def listed(capsys, *arguments: str) -> list[str]:
    assert main([*arguments, "--format", "json"]) == 0
    return [row["feature_name"] for row in json.loads(capsys.readouterr().out)]


def test_diff_shows_the_change_with_the_reason(project: Path, capsys) -> None:
    assert main([str(project), "--category", "database_operation"]) == 0
    assert capsys.readouterr().out == DIFF


def test_without_write_nothing_is_touched(project: Path) -> None:
    before = contents(project)
    for options in ([], ["--list"], ["--include-all"], ["--format", "csv"]):
        assert main([str(project), *options]) == 0
    assert contents(project) == before


def test_write_makes_the_change_that_the_diff_showed(project: Path) -> None:
    assert main([str(project), "--write"]) == 0
    added = [line[1:] for line in DIFF.splitlines() if line.startswith("+") and not line.startswith("+++")]
    lines = (project / "pkg" / "store.py").read_text().splitlines()
    assert [line for line in lines if line not in STORE.splitlines()] == added


def test_second_run_has_nothing_to_do(project: Path, capsys) -> None:
    main([str(project), "--write", "--include-all"])
    before = contents(project)
    capsys.readouterr()
    assert main([str(project), "--write", "--include-all"]) == 0
    assert (contents(project), capsys.readouterr().out) == (before, "feature_name\tcategory\tpath\tline\treason\n")


def test_second_run_shows_no_diff(project: Path, capsys) -> None:
    main([str(project), "--write"])
    capsys.readouterr()
    assert main([str(project)]) == 0
    assert capsys.readouterr() == (
        "",
        "functions left out: already tracked (2), nothing points to a category (1)\nnothing to track in 3 files\n",
    )


def test_list_shows_a_table_instead_of_the_diff(project: Path, capsys) -> None:
    assert main([str(project), "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "feature_name\tcategory\tpath\tline\treason",
        "pkg.files.read\tfile_operation\tpkg/files.py\t1\tcalls open",
        "pkg.store.load\tdatabase_operation\tpkg/store.py\t4\tcalls sqlite3.connect",
    ]


def test_include_all_adds_public_functions_without_a_reason(project: Path, capsys) -> None:
    assert "pkg.store.plain" in listed(capsys, str(project), "--include-all")


@pytest.mark.parametrize("name", ["file_operation", "FILE-OPERATION"])
def test_category_keeps_to_its_functions(project: Path, capsys, name: str) -> None:
    assert listed(capsys, str(project), "--category", name) == ["pkg.files.read"]


def test_category_may_be_repeated(project: Path, capsys) -> None:
    both = ["--category", "file_operation", "--category", "database_operation"]
    assert len(listed(capsys, str(project), *both)) == 2


def test_exclude_leaves_files_out(project: Path, capsys) -> None:
    assert listed(capsys, str(project), "--exclude", "pkg/s*") == ["pkg.files.read"]


def test_limit_keeps_the_functions_with_the_weightiest_reasons(project: Path, capsys) -> None:
    assert listed(capsys, str(project), "--limit", "1") == ["pkg.store.load"]


def test_one_file_can_be_changed_alone(project: Path) -> None:
    assert main([str(project / "pkg" / "files.py"), "--write"]) == 0
    assert b"pkg.files.read" in (project / "pkg" / "files.py").read_bytes()
    assert (project / "pkg" / "store.py").read_text() == STORE


def test_generated_file_is_changed_only_when_it_is_named(project: Path, capsys) -> None:
    path = project / "pkg" / "files.py"
    path.write_text("# @generated\n" + FILES)
    assert listed(capsys, str(project)) == ["pkg.store.load"]
    assert listed(capsys, str(path)) == ["pkg.files.read"]


BROKEN = {
    "no Python": (b"def f(:\n", "cannot be parsed"),
    "Python 2": (b"print 'x'\n", "cannot be parsed"),
    "no text": (b"\xff\xfe\x00", "cannot be parsed"),
    "zero bytes": (b"x = 1\0\n", "cannot be parsed"),
    "unknown encoding": (b"# coding: klingon\n", "cannot be parsed"),
    "endless nesting": (b"x = " + b"(" * 5000 + b")" * 5000 + b"\n", "cannot be parsed"),
    "lone CRs": (b"import os\rdef f(p):\r    return open(p)\r", "lone CRs"),
}


@pytest.mark.parametrize(("source", "message"), BROKEN.values(), ids=BROKEN)
def test_file_that_cannot_be_handled_is_one_message_and_the_rest_goes_on(
    project: Path, capsys, source: bytes, message: str
) -> None:
    (project / "pkg" / "bad.py").write_bytes(source)
    assert main([str(project), "--write"]) == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert errors[0].startswith("error: pkg/bad.py: ")
    assert message in errors[0]
    assert (project / "pkg" / "bad.py").read_bytes() == source
    assert b"track_feature" in (project / "pkg" / "store.py").read_bytes()


def test_read_only_file_is_one_message_and_the_rest_goes_on(project: Path, capsys) -> None:
    (project / "pkg" / "files.py").chmod(0o444)
    assert main([str(project), "--write"]) == 1
    captured = capsys.readouterr()
    assert "error: pkg/files.py: is read-only" in captured.err
    assert "pkg.files.read" not in captured.out
    assert b"track_feature" in (project / "pkg" / "store.py").read_bytes()


USAGE = {
    "no such path": (["nowhere"], 'there is no folder or file "nowhere"'),
    "no such category": ([".", "--category", "databases"], 'unknown category "databases"'),
    "no such option": ([".", "--force"], "--force"),
    "both": ([".", "--write", "--list"], "exclude each other"),
    "limit below zero": ([".", "--limit", "-1"], "--limit"),
    "no such format": ([".", "--format", "xml"], 'unknown format "xml"'),
}


@pytest.mark.parametrize(("arguments", "message"), USAGE.values(), ids=USAGE)
def test_usage_error_is_one_line_and_code_2(capsys, arguments: list[str], message: str) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert (captured.out, len(captured.err.splitlines())) == ("", 1)
    assert message in captured.err


def test_nothing_given_shows_the_help(capsys) -> None:
    assert main([]) == 2
    assert "Usage: python -m feature_tracking.setup_integration" in capsys.readouterr().err


def test_empty_folder_is_no_error(tmp_path: Path, capsys) -> None:
    assert main([str(tmp_path / "work")]) == 0
    assert capsys.readouterr() == ("", "nothing to track in 0 files\n")


def test_pipe_that_was_closed_is_no_error(project: Path, python) -> None:
    for number in range(300):
        (project / "pkg" / f"m{number}.py").write_text(FILES)
    script = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'feature_tracking.setup_integration', sys.argv[1]],"
        " stdout=subprocess.PIPE, stderr=subprocess.PIPE)\n"
        "child.stdout.readline(); child.stdout.close()\n"
        "print(child.stderr.read().decode(), child.wait())"
    )
    finished = python("-c", script, str(project))
    assert "Traceback" not in finished.stdout
    assert finished.stdout.split()[-1] == "0"


def test_diff_in_a_pipe_holds_the_bytes_of_the_lines(project: Path, python) -> None:
    (project / "pkg" / "files.py").write_bytes(FILES.replace("\n", "\r\n").encode())
    finished = python(
        "-c",
        "import subprocess, sys; print(subprocess.run([sys.executable, '-m', "
        "'feature_tracking.setup_integration', sys.argv[1]], stdout=subprocess.PIPE).stdout)",
        str(project),
    )
    assert r"\n+@track_feature(\"pkg.files.read\", FeatureCategory.FILE_OPERATION)\r\n def read(path):\r\n" in (
        finished.stdout.replace('"', r"\"")
    )


def test_diff_says_where_a_file_ends_without_a_line_end(project: Path, capsys) -> None:
    (project / "pkg" / "files.py").write_text(FILES.rstrip("\n"))
    main([str(project / "pkg" / "files.py")])
    assert capsys.readouterr().out.endswith("     return open(path).read()\n\\ No newline at end of file\n")


def test_control_characters_in_names_are_made_visible(project: Path, capsys) -> None:
    (project / "pkg" / "a\x1b[31m.py").write_text(FILES)
    main([str(project), "--list"])
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
    assert r"a\x1b[31m.py" in captured.out


def test_own_data_is_not_made_by_looking(project: Path, tmp_path: Path) -> None:
    main([str(project)])
    assert not (tmp_path / "data").exists()
    assert os.listdir(tmp_path / "home") == []


def test_readme_describes_every_option(capsys) -> None:
    assert main(["--help"]) == 0
    offered = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert {option for option in offered if f"`{option}" not in readme} == set()
