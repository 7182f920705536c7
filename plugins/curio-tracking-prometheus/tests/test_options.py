from __future__ import annotations

import pytest

from curio_tracking.errors import SettingsError
from curio_tracking.settings import load_settings
from curio_tracking_prometheus.options import Options


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Options:
    for name, value in variables.items():
        monkeypatch.setenv(f"FEATURE_TRACKING_PROMETHEUS__{name}", value)
    return load_settings(strict=True).options("prometheus", Options)


def test_nothing_listens_by_default() -> None:
    assert Options().port is None


def test_port_is_for_this_machine_by_default() -> None:
    assert Options().address == "127.0.0.1"


def test_options_come_from_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(monkeypatch, MAX_FEATURES="7", BUCKETS="0.1, 1,60", PORT="9464", ADDRESS="::1", EXPORTER="false")
    assert found == Options(max_features=7, buckets=(0.1, 1.0, 60.0), port=9464, address="::1", exporter=False)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("MAX_FEATURES", "0"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("BUCKETS", "1,0.5"),
        ("BUCKETS", "1,1"),
        ("BUCKETS", "0,1"),
        ("BUCKETS", "nan"),
        ("BUCKETS", "1,inf"),
        ("BUCKETS", "fast"),
        ("BUCKETS", ","),
        ("BUCKETS", ",".join(map(str, range(1, 52)))),
    ],
)
def test_value_that_cannot_be_used_is_refused_under_its_variable(
    monkeypatch: pytest.MonkeyPatch, option: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=f"FEATURE_TRACKING_PROMETHEUS__{option}"):
        read(monkeypatch, **{option: value})


def test_misspelt_option_is_refused_with_those_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="max_features"):
        read(monkeypatch, MAX_FEATURE="7")


def test_every_option_is_described_in_the_readme(readme: str) -> None:
    for name in Options.model_fields:
        assert f"| `FEATURE_TRACKING_PROMETHEUS__{name.upper()}` |" in readme
