"""A plugin of pytest for runs in which a fault is known: finding it is enough, the smallest example takes a minute."""

from hypothesis import Phase, settings

settings.register_profile("find only", phases=(Phase.generate,), derandomize=True)
settings.load_profile("find only")
