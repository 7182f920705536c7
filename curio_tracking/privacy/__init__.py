"""The built-in filters: exclude, redact, anonymize, selection (failures only, minimum duration, sampling) and size.

Each module registers itself through `curio_register_filters`, as a third party's filter would, and imports only public
names of the package. They run on the writer thread, lowest order first, before anything is stored.
"""
