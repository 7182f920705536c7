"""Rollups: totals that are kept so that questions need not read the records. A cache: they can be made again.

`cells` folds records, `table` is their form in bytes, `checkpoint` keeps those of one segment beside it (`growing`
while it is written), `history` those of days and months; `container` is the file of both. Nothing opens a segment.
"""
