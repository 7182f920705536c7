"""Upkeep: what keeps a store small, quick and whole. Everything here that changes sealed files holds one lock.

`recovery` mends what killed processes left, `merging` makes the rollups of days and months, `compaction` compresses,
`retention` removes old records, `deletion` removes wanted ones; `rounds` decides what is due. Readers never come here.
"""
