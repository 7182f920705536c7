"""The privacy options of the specification, seen from outside: what reaches the disk, and who may read it."""

from __future__ import annotations

import stat

APPLICATION = """
from curio_tracking import track_feature, tracking_context

@track_feature("sign_in", "web_interface")
def sign_in(name, password):
    return f"{name} is welcome"

@track_feature("passwords")
def passwords():
    pass

with tracking_context(user_id="ada-lovelace"):
    sign_in("ada", "correct horse battery staple")
    passwords()
with tracking_context(user_id="grace-hopper"):
    sign_in("grace", "hunter2hunter2")
"""

OFFLINE = """
import socket
def refuse(*args, **kwargs):
    raise AssertionError("the network was used")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refuse
"""


def test_users_are_stored_under_pseudonyms_that_tell_them_apart(world) -> None:
    world.run(APPLICATION)
    stored = {record["user_id"] for record in world.records()}
    assert len(stored) == 2
    assert b"lovelace" not in world.contents()
    assert b"hopper" not in world.contents()


def test_a_user_is_still_found_by_the_plain_id(world) -> None:
    world.run(APPLICATION)
    found = world.json("list-records", "--user", "grace-hopper")
    assert [record["feature_name"] for record in found] == ["sign_in"]


def test_sensitive_features_can_be_excluded(world) -> None:
    world.run(APPLICATION, EXCLUDE="PASS*")
    assert {record["feature_name"] for record in world.records()} == {"sign_in"}


def test_secret_parameters_are_redacted_even_when_values_are_kept(world) -> None:
    world.run(APPLICATION, CAPTURE_ARGS="values")
    parameters = world.records()[0]["metadata"]["parameters"]
    assert parameters["name"]["value"] == "ada"
    assert b"battery" not in world.contents()
    assert b"hunter2" not in world.contents()


def test_data_stays_in_the_data_directory_for_its_owner_alone(world) -> None:
    before = {path for path in world.folder.rglob("*") if path.is_file()}
    world.run(APPLICATION)
    written = {path for path in world.folder.rglob("*") if path.is_file()} - before
    written = {path for path in written if path.name != "application.py" and "__pycache__" not in path.parts}
    assert written
    assert all(world.data_dir in path.parents for path in written)
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
    folders = {path for path in world.data_dir.rglob("*") if path.is_dir()} | {world.data_dir}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


def test_nothing_goes_to_the_network(world) -> None:
    world.run(OFFLINE + APPLICATION)
    assert len(world.records()) == 3


def test_further_names_can_be_declared_secret(world) -> None:
    world.run(APPLICATION, CAPTURE_ARGS="values", REDACT="name")
    assert "ada" not in str(world.records()[0]["metadata"])


def test_capture_of_parameters_can_be_turned_off(world) -> None:
    world.run(APPLICATION, CAPTURE_ARGS="off")
    assert all("parameters" not in record["metadata"] for record in world.records())
