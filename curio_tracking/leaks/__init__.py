"""Leaks: the search for private texts in a store and in whatever else was written.

`canaries` finds given texts in any encoding, `layers` opens what is compressed, `secrets` finds what looks like a
secret, `scanning` asks them about a whole store. Prints nothing, and never hands on what it found; the command
`privacy scan` shows where that is.
"""
