"""Migrating: the records of one backend into another, checked on arrival; used by the command `migrate`.

`survey` looks at what the source holds, `pages` gives it piece by piece, `migration` copies what the target does not
hold and reads it back, `checksum` and `statistics` compare, `outcome` says what became of it and `remarks` what that
means, `keys` brings along what pseudonyms were made with. Asks both sides through `StorageBackend` alone; knows no
surface, prints nothing.
"""
