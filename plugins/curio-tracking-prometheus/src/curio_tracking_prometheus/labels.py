"""Labels: which label values a feature gets, so that their number and length stay bounded whatever features are called.

Every distinct label makes Prometheus keep series of its own, for as long as it keeps anything. Shared by the exporter
and the page; knows neither.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final

OTHER: Final = "_other"
LONGEST: Final = 128
"""Characters of a label value."""
MOST_OTHER_CATEGORIES: Final = 50
"""Categories that keep their name beside `_other`: as many as all plugins together may register, and no more."""
NAMES: Final = ("feature", "category")

_DIGEST_BYTES: Final = 4
_KEPT: Final = LONGEST - 2 * _DIGEST_BYTES - 1
# C0 and C1 controls, marks that reorder text, line separators, halves of surrogate pairs: what has no place in UTF-8 or
# in a line of text, or could not be told apart on a dashboard
_INVISIBLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def label_value(text: str) -> str:
    r"""Return text as a label value: `\x1b` for what is invisible, shortened with a digest so that it stays unique."""
    shown = _INVISIBLE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
    if len(shown) <= LONGEST:
        return shown
    digest = blake2b(shown.encode(), digest_size=_DIGEST_BYTES).hexdigest()
    return f"{shown[:_KEPT]}~{digest}"


class LabelBudget:
    """Hands out labels to the features that come first, and `_other` to those that come later."""

    def __init__(self, most_features: int) -> None:
        """Args: how many features (a feature in two categories counts twice) get labels of their own."""
        self._left = most_features
        self._known: dict[tuple[str, str], tuple[str, str]] = {}
        self._other_categories: dict[str, str] = {}

    def labels(self, feature_name: str, category: str) -> tuple[str, str]:
        """Return the values of the labels `feature` and `category`.

        The same feature always gets the same ones. Different features may share some; their calls then add up.
        """
        known = self._known.get((feature_name, category))
        if known is not None:
            return known
        if self._left > 0:
            self._left -= 1
            found = label_value(feature_name), label_value(category)
            self._known[feature_name, category] = found
            return found
        return OTHER, self._other_category(category)

    def has_own(self, feature_name: str, category: str) -> bool:
        """Whether the feature was among the first ones."""
        return (feature_name, category) in self._known

    def _other_category(self, category: str) -> str:
        known = self._other_categories.get(category)
        if known is not None:
            return known
        if len(self._other_categories) >= MOST_OTHER_CATEGORIES:
            return OTHER
        self._other_categories[category] = label_value(category)
        return self._other_categories[category]
