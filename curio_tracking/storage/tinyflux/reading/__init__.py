"""Reading: what a store holds now, and answers from it. Never writes, never waits for a writer.

`snapshot` finds out what there is, `view` is one segment of it, `listing` finds records, `totals` answers from rollups.
"""
