"""Every error that Curio Tracking raises on purpose.

Nothing here reaches a tracked application: the host is told by one log line. The surfaces (CLI, dashboard) print
the message and end with `exit_code`. This module imports nothing of the project.
"""

from __future__ import annotations


class CurioError(Exception):
    """Base of all errors; the message says what is wrong, where, and what to do.

    Attributes:
        exit_code: what a command ends with when this error stops it (1 failure, 2 usage or settings).
    """

    exit_code = 1


class SettingsError(CurioError):
    """A setting, settings file or command option has a value that cannot be used."""

    exit_code = 2


class UnknownNameError(CurioError):
    """A backend, category, status, format or feature was named that does not exist."""

    exit_code = 2


class QueryError(CurioError):
    """A question to the store makes no sense, for example a time range that ends before it starts."""

    exit_code = 2


class PluginError(CurioError):
    """A plugin cannot be imported or its hook raised, and STRICT_PLUGINS asked to hear of it."""

    exit_code = 2


class InstallerError(CurioError):
    """pip or uv could not install or uninstall a distribution, or there is neither."""


class StorageError(CurioError):
    """A backend cannot read or write its files."""


class DataDirError(StorageError):
    """The data directory cannot be created, read or written by this user."""

    exit_code = 2
