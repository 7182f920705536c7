"""The options of the backend: `FEATURE_TRACKING_SQLITE__<OPTION>`, or the table `[sqlite]` of the settings file."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

LONGEST_WAIT_SECONDS = 600.0


class Options(BaseModel):
    """Where the file is, and how long to wait for other processes that use it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    path: Path = Field(
        Path("records.sqlite"), description="The database file; a relative path begins at FEATURE_TRACKING_DATA_DIR."
    )
    busy_seconds: float = Field(
        5.0,
        ge=0,
        le=LONGEST_WAIT_SECONDS,
        allow_inf_nan=False,
        description="Longest time in seconds that one question or batch waits for another process that locks the file.",
    )

    @field_validator("path")
    @classmethod
    def _is_file(cls, path: Path) -> Path:
        """Read `~` as the home directory, and take no directory for a file."""
        if path.name in ("", "..") or "\0" in str(path):
            raise ValueError("not a path of a file")
        return path.expanduser()
