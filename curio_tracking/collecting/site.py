"""Site: what is known of a feature before it is called; one per decorated function and one per `track(...)` block."""

from __future__ import annotations

from types import CodeType, MethodType

from curio_tracking.collecting.capture import MAX_PARAMETERS
from curio_tracking.collecting.context import text_of
from curio_tracking.vocabulary import FeatureCategory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Final

    from curio_tracking.collecting.collector import Collector
    from curio_tracking.collecting.facts import SiteFacts
    from curio_tracking.efficiency import Targets

MAX_NAME_LENGTH: Final = 200
_CATEGORIES_BY_NAME: Final = {category.name.lower(): category.value for category in FeatureCategory}


class Site:
    """One place in the host that produces records.

    Attributes:
        collector: where its calls go.
        feature_name, category: as stored; the category is checked on the writer thread, where plugins are known.
        targets: the feature's own efficiency targets, if it has any.
        partial_if: whether a result means PARTIAL.
        positional: names of all parameters that can be passed by position, in order.
        parameters: names of the captured parameters, in the order of the shape.
        defaults: values of parameters that were not passed.
        location: `module:qualname` of the decorated callable.
        facts: what the writer thread has worked out from all this; None before the first record.
        state: what the generated wrapper does now, as (kind, capture); see `hotpath.code_for`.
    """

    __slots__ = (
        "category",
        "collector",
        "defaults",
        "facts",
        "feature_name",
        "location",
        "parameters",
        "partial_if",
        "positional",
        "state",
        "targets",
    )

    def __init__(
        self,
        collector: Collector,
        feature_name: object,
        category: object,
        *,
        targets: Targets | None = None,
        partial_if: Callable[[Any], bool] | None = None,
    ) -> None:
        self.collector = collector
        self.feature_name = (text_of(feature_name) or type(feature_name).__name__)[:MAX_NAME_LENGTH]
        self.category = category_text(category)
        self.targets = targets
        self.partial_if = partial_if
        self.positional: tuple[str, ...] = ()
        self.parameters: tuple[str, ...] = ()
        self.defaults: dict[str, object] = {}
        self.location: str | None = None
        self.facts: SiteFacts | None = None
        self.state: tuple[str, str] | None = None

    def describe(self, function: Callable[..., Any], ignore: Iterable[str]) -> None:
        """Learn the parameters of a function; `self`, `cls` and the names in `ignore` are never captured."""
        code = getattr(function, "__code__", None)
        if not isinstance(code, CodeType):
            return
        names: tuple[str, ...] = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self.positional = names[: code.co_argcount]
        values = getattr(function, "__defaults__", None) or ()
        self.defaults = dict(zip(self.positional[len(self.positional) - len(values) :], values, strict=True))
        self.defaults.update(getattr(function, "__kwdefaults__", None) or {})
        if isinstance(function, MethodType):  # the first parameter is bound already, whatever its name
            self.positional, names = self.positional[1:], names[1:]
        left_out = {"self", "cls", *ignore}
        self.parameters = tuple([name for name in names if name not in left_out][:MAX_PARAMETERS])


def category_text(category: object) -> str:
    """Return the lower-case value of a category given as member, value, name or a plugin's name."""
    if isinstance(category, FeatureCategory):
        return category.value
    text = (text_of(category) or FeatureCategory.OTHER.value).strip().lower()[:MAX_NAME_LENGTH]
    return _CATEGORIES_BY_NAME.get(text, text)
