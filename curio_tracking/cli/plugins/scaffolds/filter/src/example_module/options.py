"""The options, read from `FEATURE_TRACKING_EXAMPLE_PART__...`."""

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """What can be set; anything else is refused, so that a misspelt option does not go unnoticed."""

    model_config = ConfigDict(extra="forbid")

    length: int = Field(200, ge=1, description="How many characters of an error message are kept.")
