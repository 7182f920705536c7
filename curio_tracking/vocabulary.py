"""The two closed lists of the vocabulary: how an execution ended, and what kinds of features there are; and a bound.

Apart from `records`, because a tracked application needs these names at import, and dataclasses cost it 10 ms.
"""

from __future__ import annotations

from enum import StrEnum

LONGEST_ID = 512
"""Characters of a user or session id; what is beyond them is no part of it, neither in a record nor in a question."""


class FeatureStatus(StrEnum):
    """How one execution ended."""

    SUCCESS = "success"
    FAILED = "failed"
    PARTIAL = "partial"
    TIMEOUT = "timeout"


class FeatureCategory(StrEnum):
    """The ten built-in groups of features; plugins may register further names."""

    AI_PROVIDER = "ai_provider"
    MCP_SERVER = "mcp_server"
    SYSMON = "sysmon"
    CONFIG_EDITOR = "config_editor"
    AGENT_PLATFORM = "agent_platform"
    WEB_INTERFACE = "web_interface"
    TERMINAL_TOOL = "terminal_tool"
    FILE_OPERATION = "file_operation"
    DATABASE_OPERATION = "database_operation"
    OTHER = "other"
