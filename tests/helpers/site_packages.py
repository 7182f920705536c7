"""A folder that stands for site-packages: distributions in it are installed for every interpreter that has its path."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

EntryPoints = Mapping[str, Mapping[str, str]]


def describe(site: Path, name: str, entry_points: EntryPoints) -> None:
    """Write the metadata of version 1.5 of a distribution; its entry points are given by group and name."""
    info = site / f"{name.replace('-', '_')}-1.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n", "utf-8")
    groups = [
        f"[{group}]\n" + "".join(f"{key} = {place}\n" for key, place in found.items())
        for group, found in entry_points.items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups), "utf-8")


def install_module(site: Path, name: str, source: str, group: str = "curio_tracking") -> None:
    """Install a distribution of one module, which is a plugin of the same name."""
    module = name.replace("-", "_")
    (site / f"{module}.py").write_text(textwrap.dedent(source), "utf-8")
    describe(site, name, {group: {name: module}})
