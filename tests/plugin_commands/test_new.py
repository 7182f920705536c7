"""`plugins new` writes a distribution whose tests pass at once, or says why not and leaves everything as it was."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from curio_tracking.cli.plugins.scaffolding import KINDS

if TYPE_CHECKING:
    from conftest import Site

STAND_INS = re.compile(r"example[_-](?:part|module|distribution)|Example ?[Pp]art", re.IGNORECASE)


def write(site: Site, kind: str, name: str = "curio-tracking-shelf") -> Path:
    done = site.command("new", kind, name)
    assert done.returncode == 0, done.stderr
    return site.work / name


@pytest.mark.parametrize("kind", KINDS)
def test_tests_of_a_new_distribution_pass_at_once(site: Site, kind: str) -> None:
    folder = write(site, kind)
    site.install_tree(folder)
    done = site.python("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder)
    assert done.returncode == 0, done.stdout
    assert re.search(r"\b[1-9]\d* passed", done.stdout)


@pytest.mark.parametrize("kind", KINDS)
def test_new_distribution_passes_the_check(site: Site, kind: str) -> None:
    site.install_tree(write(site, kind))
    code, rows = site.check()
    assert code == 0
    assert {row["kind"]: row["state"] for row in rows} == {"plugin": "passed"} | (
        {} if kind == "instrument" else {kind: "passed"}
    )


@pytest.mark.parametrize("kind", KINDS)
def test_no_stand_in_is_left(site: Site, kind: str) -> None:
    folder = write(site, kind)
    for path in folder.rglob("*"):
        assert not STAND_INS.search(str(path.relative_to(folder)))
        assert path.is_dir() or not STAND_INS.search(path.read_text("utf-8"))


def test_every_file_is_named(site: Site) -> None:
    done = site.command("new", "filter", "my-filter")
    written = {str(path.relative_to(site.work)) for path in (site.work / "my-filter").rglob("*") if path.is_file()}
    assert set(done.stdout.split()) == written
    assert {"my-filter/pyproject.toml", "my-filter/README.md", "my-filter/src/my_filter/plugin.py"} <= written


def test_part_goes_without_the_prefix_of_the_distribution(site: Site) -> None:
    folder = write(site, "backend", "curio-tracking-shelf")
    assert 'register("shelf", make_backend' in (folder / "src/curio_tracking_shelf/plugin.py").read_text("utf-8")
    assert "class ShelfBackend(" in (folder / "src/curio_tracking_shelf/backend.py").read_text("utf-8")


def test_another_folder_can_be_named(site: Site) -> None:
    assert site.command("new", "page", "my-page", "--into", "deep/down").returncode == 0
    assert (site.work / "deep/down/my-page/pyproject.toml").is_file()


BAD = {
    "an unknown kind": (("backnd", "x"), 'unknown kind "backnd"; known: backend, filter, exporter'),
    "a path": (("filter", "a/b"), '"a/b" cannot be a distribution'),
    "a number": (("filter", "9lives"), '"9lives" cannot be a distribution'),
    "a module of Python": (("filter", "json"), 'there is a module "json" already; choose another name'),
    "a word of Python": (("filter", "lambda"), '"lambda" makes no name of a Python module'),
    "an installed package": (("filter", "bottle"), 'there is a module "bottle" already'),
    "a backend of ours": (("backend", "curio-tracking-csv"), 'curio-tracking has a backend "csv" of its own'),
    "a filter of ours": (("filter", "redact"), 'curio-tracking has a filter "redact" of its own'),
    "a command of ours": (("command", "list-records"), 'curio-tracking has a command "list_records" of its own'),
    "no name": (("command",), "missing argument 'NAME'"),
}


@pytest.mark.parametrize("fault", BAD)
def test_bad_name_is_refused_with_one_message(site: Site, fault: str) -> None:
    words, message = BAD[fault]
    done = site.command("new", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {message}")
    assert len(done.stderr.splitlines()) == 1
    assert list(site.work.iterdir()) == []


def test_what_is_there_already_stays_as_it_is(site: Site) -> None:
    (site.work / "my-filter").mkdir()
    (site.work / "my-filter" / "notes").write_text("mine")
    done = site.command("new", "filter", "my-filter")
    assert done.returncode == 2
    assert done.stderr == ("error: my-filter is there already; choose another name, or another place by --into\n")
    assert [path.name for path in site.work.rglob("*")] == ["my-filter", "notes"]


def test_place_that_cannot_be_written_is_named(site: Site) -> None:
    (site.work / "file").write_text("")
    done = site.command("new", "filter", "my-filter", "--into", "file")
    assert done.returncode == 1
    assert done.stderr.startswith("error: file")
