"""Erasure: finds a user in every store of a data directory, deletes the records, and reads back whether they are gone.

The store that the settings name, and those that other installed backends have there (a migration leaves its source).
What comes in meanwhile is found by the next look, a few times over. Killed in the middle, it completes when it is run
again: each deletion is whole by itself. Used by the command `forget` and by `FeatureTracker.forget`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from curio_tracking.collecting.guard import is_interrupt, one_line
from curio_tracking.errors import CurioError, SettingsError
from curio_tracking.forgetting.person import Person
from curio_tracking.forgetting.receipt import Receipt, StoreReceipt
from curio_tracking.forgetting.traces import traces_of
from curio_tracking.queries import RecordQuery, SummaryQuery
from curio_tracking.queues import await_queues
from curio_tracking.records import from_microseconds
from curio_tracking.runtime import make_backend

if TYPE_CHECKING:
    from curio_tracking.interfaces import StorageBackend
    from curio_tracking.plugins import PluginHost
    from curio_tracking.records import FeatureRecord
    from curio_tracking.settings import Settings

EPHEMERAL: Final = "memory"
"""Lives in one process: only that process can erase from it."""
NOT_HERE: Final = "its records are in the memory of the process that tracks: call feature_tracker.forget there"
FORGET_AGAIN: Final = "forget the user again"
MOST_PASSES: Final = 3
_EVERYTHING: Final = RecordQuery()


def forget(
    user_id: str, settings: Settings, host: PluginHost, *, is_rehearsal: bool = False, tracks_here: bool = False
) -> Receipt:
    """Erase a user, under all keys and by the plain id.

    Args:
        user_id: as the application knows it. settings: which store. host: the loaded plugins.
        is_rehearsal: count, and change nothing.
        tracks_here: whether it is this process that records into the store.

    Raises:
        SettingsError: the id is empty. UnknownNameError, PluginError: there is no such backend.
        StorageError: the keys, or the health files, cannot be read.
    """
    if not user_id:
        raise SettingsError("the id of the user is empty; nothing was changed")
    person = Person(user_id, settings, host)
    receipt = Receipt(_now(), str(settings.data_dir), is_rehearsal, person.key_numbers, person.unusable_keys)
    receipt.not_reached += await_queues(settings.data_dir, FORGET_AGAIN)
    stores = [_Store(settings.backend, make_backend(settings, host), person, receipt)]
    stores += _further_stores(settings, host, person, receipt)
    try:
        for store in stores:
            store.look()
        if not is_rehearsal:
            _erase(stores, person, receipt, settings)
    finally:
        for store in stores:
            store.backend.close()
    if not (tracks_here or getattr(stores[0].backend, "serves_processes", True)):
        stores[0].receipt.problem = NOT_HERE  # an empty store of our own would pass for one without the user
    receipt.stores = [store.receipt for store in stores]
    receipt.ended = _now()
    return receipt


def forget_here(user_id: str, settings: Settings, host: PluginHost, *, is_written: bool) -> dict[str, Any]:
    """Erase a user in the process that records it; return the receipt.

    Args:
        user_id, settings, host: as `forget`. is_written: whether all that this process had buffered is in the store.

    Raises: as `forget`.
    """
    values = forget(user_id, settings, host, tracks_here=True).as_dict()
    if not is_written:
        values["complete"] = False
        values["problems"].append("this process could not write what it had buffered; forget the user again later")
    return values


def _erase(stores: list[_Store], person: Person, receipt: Receipt, settings: Settings) -> None:
    for _pass in range(MOST_PASSES):
        for store in stores:
            store.erase()
        receipt.traces = traces_of(person.pseudonyms.values(), settings.data_dir)
        if not receipt.traces and not any(store.receipt.remaining for store in stores):
            return


def _further_stores(settings: Settings, host: PluginHost, person: Person, receipt: Receipt) -> list[_Store]:
    """Return the stores of other backends that have records in this data directory."""
    stores = []
    for name in sorted(host.all_backends().keys() - {settings.backend, EPHEMERAL}):
        try:
            backend = make_backend(settings.model_copy(update={"backend": name}), host)
            is_used = next(iter(backend.records(RecordQuery(limit=1))), None) is not None
        except BaseException as error:
            if is_interrupt(error):
                raise
            # no failure: most likely it is installed for something else and has no options here
            receipt.not_reached.append(person.hidden(f'what the backend "{name}" may have: {one_line(error)}'))
            continue
        if is_used:
            stores.append(_Store(name, backend, person, receipt))
        else:
            backend.close()
    return stores


class _Store:
    """One store while a user is erased from it."""

    def __init__(self, name: str, backend: StorageBackend, person: Person, whole: Receipt) -> None:
        self.backend = backend
        self.receipt = StoreReceipt(name)
        self._person = person
        self._whole = whole
        self._mentions: list[str] = []

    def look(self) -> None:
        """Count what there is, before anything is done."""
        try:
            # totals first: what comes in between must not look like totals without records
            weight = sum(part.weight for part in self.backend.summaries(SummaryQuery(_EVERYTHING, ())))
            self.receipt.totals_only = max(0, round(weight - self._read(is_first=True)))
        except BaseException as error:
            self._fail(error)
        self.receipt.found = self.receipt.remaining

    def _read(self, *, is_first: bool = False) -> float:
        """Read every record, note which are the user's, and return how many calls all of them stand for."""
        self._mentions = []
        weight, remaining = 0.0, 0
        for record in self.backend.records(_EVERYTHING):
            weight += record.sample_weight
            place = self._person.place_of(record)
            if place is not None:
                remaining += 1
                if record.user_id not in self._person.ids:
                    self._mentions.append(record.record_id)
            if is_first:
                self._note(record, place)
        self.receipt.remaining = remaining
        return weight

    def _note(self, record: FeatureRecord, place: str | None) -> None:
        if place is not None:
            self._whole.by_key[place] += 1
            self._whole.by_day[from_microseconds(record.start_us).date().isoformat()] += 1
        elif self._person.is_under_unknown_key(record):
            self._whole.unknown_key_records += 1

    def erase(self) -> None:
        """Delete what was seen and what came since, then read everything again."""
        self.receipt.problem = None
        before = self.receipt.remaining
        deleted = 0
        try:
            deleted = self.backend.delete(RecordQuery(user_ids=self._person.ids))
            if self._mentions:
                deleted += self.backend.delete(RecordQuery(record_ids=frozenset(self._mentions)))
        except BaseException as error:
            self._fail(error)
        try:
            self._read()
        except BaseException as error:
            self._fail(error)
        # a deletion that failed in the middle does not say how far it came
        self.receipt.erased += deleted or max(0, before - self.receipt.remaining)

    def _fail(self, error: BaseException) -> None:
        if is_interrupt(error):
            raise error
        text = str(error) if isinstance(error, CurioError | OSError) else one_line(error)
        self.receipt.problem = self._person.hidden(text)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
