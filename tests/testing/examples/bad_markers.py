import pytest


@pytest.mark.curio_tracking(sample_rat=0.1)
def test_unknown_setting():
    pass


@pytest.mark.curio_tracking(sample_rate=7)
def test_bad_value():
    pass


@pytest.mark.curio_tracking(0.1)
def test_positional():
    pass


def test_next_one_runs(tracked):
    assert len(tracked) == 0
