"""What `setup_integration` is made of: find files, find functions worth tracking, decorate them, write them back.

The way of one file: `sources` -> `candidates` (with `names`, `rules`, `evidence`, `eligibility`) -> `rewriting` ->
`writing`; `report` shows it. Only `rewriting` imports libcst. Nothing here runs or imports the code it looks at.
"""
