"""CONFIG_EDITOR: settings files are read, changed and checked; one of them is malformed."""

from __future__ import annotations

import tomllib
from configparser import ConfigParser
from typing import TYPE_CHECKING, Any, Final

from curio_tracking import FeatureCategory, track_feature

if TYPE_CHECKING:
    from pathlib import Path

    from curio_tracking.demo.tally import Tally

PROFILE_TEXT: Final = '[window]\nwidth = 1280\nheight = 800\n\n[editor]\nfont = "monospace"\ntab = 4\n'
BROKEN_TEXT: Final = "[window]\nwidth = = 1280\n"
KNOWN_OPTIONS: Final = {"window.width", "window.height", "editor.font", "editor.tab"}


@track_feature("load_profile", FeatureCategory.CONFIG_EDITOR)
def load_profile(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        tomllib.TOMLDecodeError: it is none.
    """
    with path.open("rb") as stream:
        return tomllib.load(stream)


@track_feature("change_option", FeatureCategory.CONFIG_EDITOR, target_seconds=0.01)
def change_option(path: Path, name: str, value: str) -> None:
    """Set the option `section.option` of an INI file and leave every other one as it was."""
    section, _, option = name.partition(".")
    parser = ConfigParser(interpolation=None)
    parser.read(path, encoding="utf-8")
    if not parser.has_section(section):
        parser.add_section(section)
    parser.set(section, option, value)
    with path.open("w", encoding="utf-8") as stream:
        parser.write(stream)


@track_feature("apply_profile", FeatureCategory.CONFIG_EDITOR, partial_if=bool)
def apply_profile(profile: dict[str, Any], path: Path) -> list[str]:
    """Write a profile into an INI file and return the options that were left out because nobody knows them."""
    unknown = []
    for section, options in profile.items():
        for option, value in options.items():
            name = f"{section}.{option}"
            if name in KNOWN_OPTIONS:
                change_option(path, name, str(value))
            else:
                unknown.append(name)
    return unknown


def use(folder: Path, tally: Tally) -> None:
    """Apply a profile, change single options, apply one with an unknown option, and read a broken file."""
    settings, profile, broken = folder / "settings.ini", folder / "profile.toml", folder / "broken.toml"
    profile.write_text(PROFILE_TEXT, "utf-8")
    broken.write_text(BROKEN_TEXT, "utf-8")
    loaded = load_profile(profile)
    tally.count("load_profile")
    apply_profile(loaded, settings)
    tally.count("apply_profile")
    tally.count("change_option", times=len(KNOWN_OPTIONS))
    for width in ("1024", "1920"):
        change_option(settings, "window.width", width)
        tally.count("change_option")
    apply_profile({"editor": {"tab": 2, "smell": "lavender"}}, settings)
    tally.count("change_option")
    tally.count("apply_profile", "partial")
    with tally.failing("load_profile", tomllib.TOMLDecodeError):
        load_profile(broken)
