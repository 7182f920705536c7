"""The options, read from `FEATURE_TRACKING_EXAMPLE_PART__...`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """What can be set; anything else is refused, so that a misspelt option does not go unnoticed."""

    model_config = ConfigDict(extra="forbid")

    file: Path | None = Field(None, description="Where the records go; by default into the data directory.")
