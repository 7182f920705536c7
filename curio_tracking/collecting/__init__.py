"""The host's side: everything that runs inside a tracked call, and the writer thread that takes over from there.

Reads in the order of a call: decorator -> hotpath (or run) -> buffer -> writer -> assemble -> chain. May import neither
storage nor any surface; what is slow to import (pydantic, pluggy) comes in through a callable that the tracker passes.
"""
