"""Plan: what would be changed in which file, before anything is written.

Brings the steps together: `sources`, `candidates`, `rewriting`. A file that cannot be handled becomes one message and
the rest goes on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from curio_tracking.errors import CurioError
from curio_tracking.records import FeatureCategory
from feature_tracking.integration.candidates import Candidate, Survey, parse, survey
from feature_tracking.integration.rewriting import rewrite
from feature_tracking.integration.sources import Folders, SourceFile, is_generated
from feature_tracking.integration.writing import read_source, replace_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for.

    Attributes:
        categories: only these; empty for all.
        include_all: also public functions that nothing in particular speaks for.
        exclude: globs of paths that are left out.
        limit: at most so many functions, those with the weightiest reasons first; 0 for all.
    """

    categories: frozenset[FeatureCategory] = frozenset()
    include_all: bool = False
    exclude: tuple[str, ...] = ()
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """A file with functions to decorate.

    Attributes:
        file: which.
        source: its bytes as they were read.
        candidates: the functions, in source order.
    """

    file: SourceFile
    source: bytes
    candidates: tuple[Candidate, ...]

    def result(self) -> bytes:
        """Return the bytes of the file with the functions decorated.

        Raises:
            RewriteError: that is not possible byte for byte.
        """
        return rewrite(self.source, parse(self.source), self.candidates)

    def write(self) -> None:
        """Change the file.

        Raises:
            RewriteError, SourceError: the file stays as it is; the message says why.
        """
        replace_source(self.file.path, self.source, self.result())


@dataclass(slots=True)
class Plan:
    """All that would be done.

    Attributes:
        targets: files with something to change, in the order of their paths.
        looked_at: how many files were read.
        left_out: how many functions were not chosen, by reason.
        failures: one message per file or folder that could not be handled.
    """

    targets: list[Target] = field(default_factory=list)
    looked_at: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def candidates(self) -> list[tuple[SourceFile, Candidate]]:
        """Every function that would be tracked, with its file."""
        return [(target.file, candidate) for target in self.targets for candidate in target.candidates]

    def perform(self, act: Callable[[Target], None]) -> None:
        """Do something with each target; those that fail leave the plan and become failures."""
        done = []
        for target in self.targets:
            try:
                act(target)
            except CurioError as error:
                self.failures.append(f"{target.file.shown}: {error}")
            else:
                done.append(target)
        self.targets = done


def make_plan(
    root: Path, wishes: Wishes, *, watch: Callable[[Sequence[SourceFile]], Iterable[SourceFile]] = iter
) -> Plan:
    """Look at the Python files of a code base and choose the functions to track.

    Args:
        root: a folder, or one file.
        wishes: what was asked for.
        watch: sees the files pass, for a progress bar.
    """
    plan = Plan()
    folders = Folders(root, wishes.exclude)
    for file in watch(folders.files()):
        try:
            _look_at(file, plan, wishes, is_asked_for=file.path == folders.root)
        except SyntaxError as error:
            plan.failures.append(f"{file.shown}: cannot be parsed: {error.msg}{_line(error)}")
        except CurioError as error:
            plan.failures.append(f"{file.shown}: {error}")
    plan.failures[:0] = folders.problems
    _limit(plan, wishes.limit)
    return plan


def _look_at(file: SourceFile, plan: Plan, wishes: Wishes, *, is_asked_for: bool) -> None:
    source = read_source(file.path)
    if is_generated(source) and not is_asked_for:
        return
    plan.looked_at += 1
    found = _surveyed(source, file.module, include_all=wishes.include_all)
    plan.left_out.update(found.left_out)
    wanted = wishes.categories or frozenset(FeatureCategory)
    chosen = tuple(candidate for candidate in found.candidates if candidate.category in wanted)
    plan.left_out["of another category"] += len(found.candidates) - len(chosen)
    if chosen:
        plan.targets.append(Target(file, source, chosen))


def _surveyed(source: bytes, module: str, *, include_all: bool) -> Survey:
    try:
        return survey(source, parse(source), module, include_all=include_all)
    except RecursionError:
        raise SyntaxError("nested too deeply") from None


def _line(error: SyntaxError) -> str:
    return f" (line {error.lineno})" if error.lineno else ""


def _limit(plan: Plan, limit: int) -> None:
    """Keep the functions with the weightiest reasons; among equals the first in the order of paths."""
    everything = [(target, candidate) for target in plan.targets for candidate in target.candidates]
    if not limit or len(everything) <= limit:
        return
    ranked = sorted(everything, key=lambda pair: -pair[1].strength)[:limit]
    kept = {(target.file, candidate) for target, candidate in ranked}
    plan.left_out["beyond the limit"] += len(everything) - limit
    plan.targets = [
        Target(target.file, target.source, tuple(one for one in target.candidates if (target.file, one) in kept))
        for target in plan.targets
        if any((target.file, one) in kept for one in target.candidates)
    ]
