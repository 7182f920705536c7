import app  # noqa: F401 - its features are known, none is called


def test_nothing():
    pass
