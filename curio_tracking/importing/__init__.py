"""Importing: records out of files, checked line by line, into a store; used by the command `import`.

`sources` gives lines, a reader of `formats` makes rows of them, `draft` keeps the good ones aside, `delivery` stores
what is not there yet. Knows no surface, prints nothing.
"""
