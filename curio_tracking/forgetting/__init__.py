"""Forgetting: one user's records leave every store of a data directory, and a receipt says what became of it.

`erasure` does it, with what `person` knows of the user's stored ids and `traces` finds in the files; `key_files` is for
the keys that such ids are made under. Prints nothing and knows no store but through its backend.
"""
