"""Code that this project did not write does the same after the change, and is tracked."""

from __future__ import annotations

import configparser
import json
import shutil
from pathlib import Path
from types import ModuleType

import bottle
import pytest
import tinyflux

from feature_tracking.setup_integration import main

BOTTLE = """
import copied_bottle as bottle, io, json
app = bottle.Bottle()

@app.route("/hello/<name>")
def hello(name):
    return bottle.template("<b>{{name}}</b>", name=name)

@app.post("/sum")
def total():
    return {"sum": sum(int(value) for value in bottle.request.forms.getall("n"))}

@app.route("/file/<name>")
def file(name):
    return bottle.static_file(name, root=FOLDER, mimetype="text/plain")

def ask(method, path, body=b""):
    answer = {}
    def start(status, headers, exc_info=None):
        answer["status"], answer["type"] = status, dict(headers).get("Content-Type")
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "SERVER_NAME": "x", "SERVER_PORT": "80",
               "CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body)),
               "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http"}
    answer["body"] = b"".join(app(environ, start)).decode()
    return answer

config = bottle.ConfigDict()
config.load_dict({"a": {"b": 1}})
results = [
    ask("GET", "/hello/<World>"), ask("POST", "/sum", b"n=1&n=2"), ask("GET", "/file/a.txt"), ask("GET", "/file/../x"),
    ask("GET", "/nowhere"), ask("PUT", "/sum"), config, bottle.html_escape("<a>"),
    bottle.SimpleTemplate("% for i in l:\\n{{i}}\\n% end").render(l=[1, "<"]),
    bottle.parse_date("Thu, 01 Jan 1970 00:00:00 GMT"),
]
"""

CONFIGPARSER = """
import copied_configparser as configparser, io, pickle
parser = configparser.ConfigParser(interpolation=configparser.ExtendedInterpolation())
read = parser.read([FOLDER + "/a.ini", FOLDER + "/missing.ini"])
parser.read_dict({"more": {"n": "5", "yes": "on"}})
parser.set("more", "path", "${one:home}/x")
target = io.StringIO()
parser.write(target)
errors = []
for call in (lambda: parser.get("none", "x"), lambda: parser.add_section("one"), lambda: parser.getint("one", "home"),
             lambda: parser.read_string("no section")):
    try:
        call()
    except Exception as error:
        errors.append(f"{type(error).__name__}: {error}")
results = [
    [path.replace(FOLDER, "") for path in read], target.getvalue(), parser.get("more", "path"),
    parser.getint("more", "n"), parser.getboolean("more", "yes"), parser.has_option("one", "home"),
    parser.items("one"), errors, pickle.loads(pickle.dumps(parser)).sections(),
    parser["more"].getint("n"), parser.remove_section("more"),
]
"""

JSON = """
import copied_json as json, copied_json.decoder, io
values = [{"a": [1, 2.5, None, True], "b": "\\u00e9"}, [], "x"]
errors = []
for text in ("{", "[1,]", '{"a" 1}'):
    try:
        json.loads(text)
    except ValueError as error:
        errors.append(str(error))
target = io.StringIO()
json.dump(values, target, indent=1)
results = [
    json.dumps(values, sort_keys=True), json.loads(json.dumps(values)), target.getvalue(),
    json.load(io.StringIO('{"x": [1, {"y": 2}]}')), errors,
    json.loads("[1.5]", parse_float=str), json.JSONEncoder(indent=2).encode({"k": 1}),
    list(json.JSONEncoder().iterencode([1])),
]
"""

TINYFLUX = """
from datetime import datetime, timedelta, timezone
from tinyflux import FieldQuery, Point, TagQuery, TimeQuery, TinyFlux
start = datetime(2026, 1, 1, tzinfo=timezone.utc)
with TinyFlux(FOLDER + "/points.csv") as db:
    for number in range(20):
        city = "LA" if number % 3 else "NY"
        db.insert(Point(time=start + timedelta(hours=number), tags={"city": city}, fields={"t": number}))
    results = [
        len(db), db.count(TagQuery().city == "LA"), [p.fields["t"] for p in db.search(FieldQuery().t > 15)],
        db.contains(TimeQuery() < start), str(db.get(FieldQuery().t == 3)), db.remove(FieldQuery().t < 5),
        db.update(TagQuery().city == "NY", tags={"city": "NYC"}), sorted(db.get_tag_values(["city"])["city"]), len(db),
        db.measurement("m").insert(Point(time=start)), db.get_measurements(),
    ]
results.append(open(FOLDER + "/points.csv").read())
"""

END = """
import json as plain_json
print(plain_json.dumps(results))
"""


def copy_of(module: ModuleType, folder: Path, name: str) -> None:
    source = Path(str(module.__file__))
    if source.name == "__init__.py":
        shutil.copytree(source.parent, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, folder / f"{name}.py")


PROGRAMS = {
    "bottle": (bottle, "copied_bottle", BOTTLE, ("copied_bottle.static_file", "copied_bottle.SimpleTemplate.render")),
    "configparser": (
        configparser,
        "copied_configparser",
        CONFIGPARSER,
        ("copied_configparser.RawConfigParser.read", "copied_configparser.RawConfigParser.write"),
    ),
    "json": (json, "copied_json", JSON, ("copied_json.loads", "copied_json.decoder.JSONDecoder.decode")),
    "tinyflux": (tinyflux, "tinyflux", TINYFLUX, ("tinyflux.database.TinyFlux.count", "tinyflux.storages.create_file")),
}


@pytest.mark.parametrize(("module", "name", "program", "features"), PROGRAMS.values(), ids=PROGRAMS)
def test_changed_code_gives_the_same_results_and_leaves_records(
    module: ModuleType, name: str, program: str, features: tuple[str, ...], tmp_path: Path, python, stored, monkeypatch
) -> None:
    # one of the changed libraries is what the default backend is built on: keep its records out of itself
    monkeypatch.setenv("FEATURE_TRACKING_BACKEND", "csv")
    answers = []
    for kind in ("original", "changed"):
        code, folder = tmp_path / kind, tmp_path / f"{kind}-data"
        code.mkdir()
        folder.mkdir()
        (folder / "a.txt").write_text("some text")
        (folder / "a.ini").write_text("[DEFAULT]\nk = v\n[one]\nhome = /h\n")
        copy_of(module, code, name)
        if kind == "changed":
            assert main([str(code), "--include-all", "--write"]) == 0
        finished = python("-c", f"FOLDER = {str(folder)!r}\n{program}{END}", variables={"PYTHONPATH": str(code)})
        assert (finished.returncode, finished.stderr) == (0, "")
        answers.append(finished.stdout)
    assert answers[0] == answers[1]
    assert set(features) <= {record.feature_name for record in stored()}
