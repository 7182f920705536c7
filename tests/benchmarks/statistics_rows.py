"""The rows of the statistics: ours with their budgets, and what others take for the same records beside them."""

from __future__ import annotations

from typing import Any

from table import Row

OTHERS = {
    "duckdb_store": "DuckDB, one table, all cores",
    "sqlite_store": "SQLite, indexed for it",
    "stock_store": "stock TinyFlux, folded in Python",
}


def statistics_rows(figures: dict[str, Any]) -> list[Row]:
    refresh = figures["refresh"] * 1e3
    return [
        *_answer_rows(figures["written"], figures["records"], ""),
        *_answer_rows(figures["own"], figures["records"], ", after `maintain`"),
        Row("next answer after 1,000 more records", "another process recorded them", refresh, None, "ms"),
        *(row for name, label in OTHERS.items() for row in _other_rows(label, figures[name], figures["own"])),
        *_newest_rows(figures),
        *_size_rows(figures),
    ]


def hundred_million_rows(part: dict[str, Any]) -> list[Row]:
    figures, records = part["figures"], part["records"]
    measured = f"{records:,} records, {part['days']} days of rollups"
    return [
        Row("statistics of 200 features, cold", measured, figures["cold"] * 1e3, 400, "ms"),
        Row("statistics of 200 features, warm", "asked again", figures["warm"] * 1e3, 5, "ms"),
        *_memory_rows(figures, ""),
    ]


def _answer_rows(answers: dict[str, float], records: int, suffix: str) -> list[Row]:
    return [
        Row(f"statistics of 200 features, cold{suffix}", f"{records:,} records", answers["cold"] * 1e3, 100, "ms"),
        Row(f"statistics of 200 features, warm{suffix}", "asked again", answers["warm"] * 1e3, 5, "ms"),
        Row(f"`curio-tracking list-features`{suffix}", "the whole command", answers["command"] * 1e3, None, "ms"),
        *_memory_rows(answers, suffix),
    ]


def _memory_rows(answers: dict[str, float], suffix: str) -> list[Row]:
    return [
        Row(f"peak memory of the reader{suffix}", "resident", answers["peak_mb"], 100, "MB"),
        Row(f"of it for the answer{suffix}", "less what is imported", answers["added_mb"], None, "MB"),
    ]


def _other_rows(label: str, answers: dict[str, float], ours: dict[str, float]) -> list[Row]:
    name = label.split(",")[0]
    return [
        Row(f"{label}: cold", f"adds {answers['added_mb']:.0f} MB of memory", answers["cold"] * 1e3, None, "ms"),
        Row(f"{label}: warm", "asked again", answers["warm"] * 1e3, None, "ms"),
        Row(f"ours over {name}, cold", "", ours["cold"] / answers["cold"]),
        Row(f"ours over {name}, warm", "", ours["warm"] / answers["warm"]),
    ]


def _newest_rows(figures: dict[str, Any]) -> list[Row]:
    what = "`list-records --limit 20`"

    def rows(count: int, found: dict[str, dict[str, float]], suffix: str = "") -> list[Row]:
        many, few = found["many"], found["few"]
        command = f"{many['command'] * 1e3:.0f} ms, of {figures['few']:,} records {few['command'] * 1e3:.0f} ms"
        reading = f"{many['seconds'] * 1e3:.2f} ms, of {figures['few']:,} records {few['seconds'] * 1e3:.2f} ms"
        return [
            Row(f"{what} of {count:,} records{suffix}", command, many["command"] / few["command"], 1.1),
            Row(f"of it reading, {count:,} records{suffix}", reading, many["seconds"] / few["seconds"]),
        ]

    found = [
        *rows(figures["records"], figures["newest"]),
        *rows(figures["records"], figures["maintained_newest"], ", after `maintain`"),
    ]
    if figures["many_newest"] is None:
        return [*found, Row(f"{what} of {figures['many']:,} records", "only with --large", None, 1.1)]
    return [*found, *rows(figures["many"], figures["many_newest"])]


def _size_rows(figures: dict[str, Any]) -> list[Row]:
    records = figures["records"]

    def rows(state: str, sizes: dict[str, int], budget: float | None) -> list[Row]:
        return [
            Row(f"disk per record, {state}", "rollups and indexes apart", sizes["records"] / records, budget, "B"),
            Row(f"rollups and indexes per record, {state}", "", sizes["apart"] / records, None, "B"),
        ]

    return [
        *rows("live", figures["live_bytes"], 334),
        *rows("sealed", figures["sealed_bytes"], None),
        *rows("sealed and compressed", figures["compressed_bytes"], 70),
        *(
            Row(f"disk per record, {label.split(',')[0]}", "", figures[name]["bytes"] / records, None, "B")
            for name, label in OTHERS.items()
        ),
    ]
