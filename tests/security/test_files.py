"""What the whole program leaves on the disk under umask 0, and what it does with what it finds there."""

from __future__ import annotations

import re
import stat
import tempfile
from pathlib import Path

import pytest
from all_commands import command_lines
from watched_program import PWNED, Story, tell


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """An application, and every command of the program, watched."""
    return tell(tmp_path_factory.mktemp("story"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def is_project(path: Path) -> bool:
    """Whether it is source code that `plugins new` wrote for a person, to be shared."""
    return "projects" in path.parts


def test_every_command_did_its_work(story: Story) -> None:
    assert set(story.codes) == {*command_lines({}), "application"}
    # they tell by their codes that lines were rejected, and that nobody can look under a key that is none
    assert {name: code for name, code in story.codes.items() if code} == {"import": 1, "forget": 1}
    data = story.home / ".local" / "share" / "curio-tracking"
    parts = {path.relative_to(data).parts[0] for path in story.made if data in path.parents}
    assert {"raw", "rollups", "keys", "quarantine", "csv"} <= parts
    assert [path for path in story.made if path.name.endswith(".rejected")]


def test_files_are_for_their_owner_alone(story: Story) -> None:
    files = [path for path in story.made if not path.is_dir() and not is_project(path)]
    assert len(files) > 10
    assert {path: oct(mode(path)) for path in files if mode(path) & 0o177} == {}


def test_directories_are_for_their_owner_alone(story: Story) -> None:
    folders = [path for path in story.made if path.is_dir() and not is_project(path)]
    assert len(folders) > 5
    assert {path: oct(mode(path)) for path in folders if mode(path) != 0o700} == {}


def test_code_that_was_written_for_a_person_can_be_changed_by_nobody_else(story: Story) -> None:
    projects = [path for path in story.made if is_project(path)]
    assert len(projects) > 5
    assert {path: oct(mode(path)) for path in projects if mode(path) & 0o022} == {}
    assert {mode(path) & 0o600 for path in projects} == {0o600}


def test_nothing_is_left_behind(story: Story) -> None:
    assert list(story.temporary.iterdir()) == []
    assert list(story.work.iterdir()) == []
    assert [path for path in story.made if path.name.endswith((".tmp", ".part"))] == []


def test_temporary_directories_that_all_share_get_no_file(story: Story) -> None:
    shared = [story.temporary, *map(Path, (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm", "/run/shm"))]
    # the demonstration and the trial of a plugin work in a directory for one user and one run, with data of their own,
    # which is removed; and there is the empty file by which Python finds out that it can write there
    expected = re.compile(r"curio-demo-.*|curio-tracking-check-.*|[a-z0-9_]{8}")
    found = []
    for event, arguments in story.events:
        if event in ("open", "os.mkdir", "os.rename", "os.link", "os.symlink", "tempfile.mkstemp"):
            path = story.work / arguments[0]  # relative to where it ran, or the number of a descriptor
            place = next((folder for folder in shared if folder in path.parents), None)
            if place and (story.folder not in path.parents or place == story.temporary):
                found.append(path.relative_to(place).parts[0])
    assert [name for name in found if not expected.fullmatch(name)] == []


def test_nothing_is_unpickled_compiled_or_handed_to_a_shell(story: Story) -> None:
    seen = {event for event, _arguments in story.events}
    assert seen & {"open", "os.mkdir", "compile"}, "the hook was at work"
    assert not seen & {"pickle.find_class", "os.system", "os.exec"}
    poisoned = [(event, arguments) for event, arguments in story.events if event in ("compile", "subprocess.Popen")]
    assert [found for found in poisoned if any(PWNED in argument for argument in found[1][:2])] == []
    assert list(story.folder.rglob(PWNED)) == []


def test_no_connection_leaves_the_machine(story: Story) -> None:
    reached = {arguments[1] for event, arguments in story.events if event in ("socket.connect", "socket.bind")}
    assert {address for address in reached if not address.startswith("('127.0.0.1', ")} == set()
