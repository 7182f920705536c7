"""Facts: what the writer thread works out once per feature instead of once per record, and the shapes of its calls.

Used by `assemble` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from curio_tracking.collecting.capture import UNKNOWN, name_of_type
from curio_tracking.collecting.guard import is_interrupt
from curio_tracking.unread import LARGEST_SIZE, NO_KEYS, PARAMETERS, Signature

if TYPE_CHECKING:
    from curio_tracking.collecting.assemble import Assembler
    from curio_tracking.collecting.capture import Shape
    from curio_tracking.efficiency import Targets
    from curio_tracking.unread import Sizes

_BUILT_IN: Final[dict[Any, str]] = {
    kind: kind.__name__
    for kind in (
        *(str, bytes, bytearray, memoryview, int, float, bool, complex, type(None), type),
        *(list, tuple, dict, set, frozenset, range, slice, object),
    )
}
_MOST_SIGNATURES: Final = 64


class SiteFacts:
    """What is the same for every record of a site under one assembler.

    Attributes:
        owner: the assembler whose facts these are.
        category: as stored; None for an unknown one, which is reported with every record.
        targets: those of the site over the default ones.
        full_score_seconds: successes of at most this duration score 1.0; below 0 where the formula must be asked.
        names: of the captured parameters.
    """

    __slots__ = ("_by_name", "_by_type", "category", "full_score_seconds", "names", "owner", "targets")

    def __init__(
        self,
        owner: Assembler,
        category: str | None,
        targets: Targets,
        full_score_seconds: float,
        names: tuple[str, ...],
    ) -> None:
        self.owner = owner
        self.category = category
        self.targets = targets
        self.full_score_seconds = full_score_seconds
        self.names = names
        self._by_type: dict[tuple[Any, ...], Signature] = {}
        self._by_name: dict[tuple[Any, ...], Signature] = {}

    def metadata(self, shape: Shape, custom: dict[str, Any] | None) -> tuple[Any, int | None]:
        """Return what a call's shape and custom keys make of it.

        Returns:
            (the metadata, or the `Unread` of an `UnreadRecord`; the sum of the known sizes)
        """
        if len(shape) == 2 * len(self.names) and (not custom or _are_plain(custom)):
            types, sizes = shape[::2], shape[1::2]
            try:
                signature = self._by_type.get(types) or self._learn(types, sizes)
            except BaseException as odd:  # a metaclass decides how its types are hashed
                if is_interrupt(odd):
                    raise
                signature = None
            if signature is not None and sizes.count(None) == signature.unsized:
                total = sum(sizes) if not signature.unsized else _total(sizes)
                if total is None or total < LARGEST_SIZE:
                    return (signature, sizes, custom or NO_KEYS), total
        parameters, total = described(self.names, shape)
        return {PARAMETERS: parameters, **(custom or {})}, total

    def _learn(self, types: tuple[Any, ...], sizes: Sizes) -> Signature | None:
        names = tuple([_BUILT_IN.get(kind) or name_of(kind) for kind in types])
        if not all(type(name) is str for name in names):
            return None
        is_sized = tuple([size is not None for size in sizes])
        key = names, is_sized
        known = self._by_name.get(key)
        if known is None:
            if len(self._by_name) >= _MOST_SIGNATURES:  # types made up at run time must not fill the memory
                self._by_name.clear()
                self._by_type.clear()
            known = self._by_name[key] = Signature(self.names, names, is_sized)
        if all(kind in _BUILT_IN for kind in types):  # a class of the host must not live longer because of this
            self._by_type[types] = known
        return known


def described(names: tuple[str, ...], shape: Shape) -> tuple[dict[str, dict[str, Any]], int | None]:
    """Return (what is known of each parameter, the sum of the known sizes)."""
    parameters: dict[str, dict[str, Any]] = {}
    total = None
    step = len(shape) // len(names)
    for name, position in zip(names, range(0, len(shape), step), strict=True):
        size = shape[position + 1]
        parameter: dict[str, Any] = {"type": name_of(shape[position])}
        if size is not None:
            parameter["size"] = size
            total = size if total is None else total + size
        if step == 3 and shape[position + 2] is not UNKNOWN:
            parameter["value"] = shape[position + 2]
        parameters[name] = parameter
    return parameters, total


def name_of(kind: Any) -> Any:
    """Return the name of a type, without asking its metaclass; `kind` is None where the type could not be kept."""
    return "unknown" if kind is None else name_of_type(kind)


def _are_plain(custom: dict[Any, Any]) -> bool:
    return PARAMETERS not in custom and all(type(key) is str for key in custom)


def _total(sizes: Sizes) -> int | None:
    known = [size for size in sizes if size is not None]
    return sum(known) if known else None
