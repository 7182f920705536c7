"""Unread records: the metadata of a call as long as nobody has looked at it.

Nearly all metadata is the shape of a call's parameters, and hardly anybody on the writer thread needs dictionaries of
it: filters judge names and types, the same for every call of a feature, and rows hold them as text. So a record starts
as an `UnreadRecord`, which keeps a reference to the `Signature`, the sizes and the custom keys. Reading or setting
`metadata` makes it an ordinary `FeatureRecord` for good: what nobody has read, nobody can have changed. Imports only
`records`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, SupportsIndex, TypeAlias

from curio_tracking.records import FeatureRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

PARAMETERS: Final = "parameters"
"""Where the shape stands in a record's metadata."""

LARGEST_SIZE: Final = 10**12
"""Sizes in unread records are smaller: larger numbers may be those of payment cards."""

Sizes: TypeAlias = "tuple[int | None, ...]"
"""One per parameter; None where the type has no size."""


class Signature:
    """Names and types of the parameters of a call; there are few per feature, so verdicts on them can be remembered.

    Attributes:
        names, types: in the order of the parameters.
        is_sized: for each parameter, whether its type has a size.
        unsized: how many have none.
    """

    __slots__ = ("is_sized", "names", "types", "unsized")

    def __init__(self, names: Sequence[str], types: Sequence[str], is_sized: Sequence[bool]) -> None:
        self.names = tuple(names)
        self.types = tuple(types)
        self.is_sized = tuple(is_sized)
        self.unsized = self.is_sized.count(False)

    def metadata(self, sizes: Sequence[int | None]) -> dict[str, Any]:
        """Return the metadata of a call with these sizes and no custom keys."""
        described = zip(self.names, self.types, sizes, strict=True)
        return {
            PARAMETERS: {
                name: {"type": kind} if size is None else {"type": kind, "size": size} for name, kind, size in described
            }
        }

    def example(self) -> dict[str, Any]:
        """Return the metadata of some call: a filter that leaves it as it is does so with those of all calls."""
        return self.metadata([1 if is_sized else None for is_sized in self.is_sized])


Unread: TypeAlias = "tuple[Signature, Sizes, dict[str, Any]]"
"""Custom keys are text, and none of them is `PARAMETERS`; the dictionary may be the host's, so it is not changed."""

NO_KEYS: Final[dict[str, Any]] = {}
"""Stands for no custom keys: spares a dictionary per record."""


class UnreadRecord(FeatureRecord):
    """A record whose metadata is `parameters` and perhaps custom keys, and that nobody has read as a whole.

    `type(record) is UnreadRecord` tells. Made by setting the class of a `FeatureRecord` that was built with an `Unread`
    for its metadata; becomes a `FeatureRecord` in the same way.

    Attributes:
        unread: an `Unread`, in the very slot that holds the metadata of an ordinary record. To change the custom keys,
            set another one.
    """

    __slots__ = ()

    unread: Any = vars(FeatureRecord)["metadata"]

    def read(self) -> FeatureRecord:
        """Make this an ordinary record, and return it."""
        unread = self.unread
        if type(unread) is tuple:  # or another thread was faster
            signature, sizes, custom = unread
            self.unread = signature.metadata(sizes) | custom
        self.__class__ = FeatureRecord  # type: ignore[assignment]
        return self

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata; from here on it is an ordinary dictionary of an ordinary record."""
        return self.read().metadata

    @metadata.setter
    def metadata(self, metadata: dict[str, Any]) -> None:
        self.unread = metadata
        self.__class__ = FeatureRecord  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self.read() == other

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self.read())

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return self.read().__reduce_ex__(protocol)  # copied and pickled as what it is from here on
