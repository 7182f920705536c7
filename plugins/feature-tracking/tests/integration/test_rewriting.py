"""How decorators and imports get into a file, and that nothing else changes."""

from __future__ import annotations

import ast
import codecs
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feature_tracking.integration.candidates import parse, survey
from feature_tracking.integration.rewriting import RewriteError, rewrite

IMPORT = "from feature_tracking.feature_tracker import FeatureCategory, track_feature"
AS_FILE = "FeatureCategory.FILE_OPERATION"


def check(rewritten, before: str, after: str) -> None:
    assert rewritten(dedent(before)).decode() == dedent(after)


def test_decorator_goes_above_the_function_and_the_import_below_the_imports(rewritten) -> None:
    check(
        rewritten,
        '''\
        """Doc."""

        import os
        from x import y


        def f(p):
            return open(p)
        ''',
        f'''\
        """Doc."""

        import os
        from x import y
        {IMPORT}


        @track_feature("app.f", {AS_FILE})
        def f(p):
            return open(p)
        ''',
    )


@pytest.mark.parametrize(
    "decorator", ["@app.route(path)", "@click.command()", "@staticmethod", "@classmethod", "@retry(times=3)"]
)
def test_decorator_goes_below_those_that_are_there(rewritten, decorator: str) -> None:
    check(
        rewritten,
        f"""\
        import os
        class A:
            {decorator}
            # about f
            def f(p): return open(p)
        """,
        f"""\
        import os
        {IMPORT}
        class A:
            {decorator}
            @track_feature("app.A.f", {AS_FILE})
            # about f
            def f(p): return open(p)
        """,
    )


def test_comment_above_a_function_stays_with_it(rewritten) -> None:
    check(
        rewritten,
        """\
        import os

        # about f
        def f(p): return open(p)
        """,
        f"""\
        import os
        {IMPORT}

        # about f
        @track_feature("app.f", {AS_FILE})
        def f(p): return open(p)
        """,
    )


HEADS = {
    "nothing above": ("", f"{IMPORT}\n\n\n"),
    "docstring": ('"""Doc."""\n\n\n', f'"""Doc."""\n\n{IMPORT}\n\n\n'),
    "docstring without a blank line": ('"""Doc."""\n', f'"""Doc."""\n\n{IMPORT}\n\n\n'),
    "future import": (
        "from __future__ import annotations\n\n\n",
        f"from __future__ import annotations\n\n{IMPORT}\n\n\n",
    ),
    "docstring and future import": (
        '"""Doc."""\nfrom __future__ import annotations\n\n\n',
        f'"""Doc."""\nfrom __future__ import annotations\n\n{IMPORT}\n\n\n',
    ),
    "shebang": ("#!/usr/bin/python\n", f"#!/usr/bin/python\n{IMPORT}\n\n\n"),
    "shebang, coding, licence": (
        "#!/usr/bin/python\n# coding: utf-8\n# Licence: mine\n\n",
        f"#!/usr/bin/python\n# coding: utf-8\n# Licence: mine\n\n{IMPORT}\n\n\n",
    ),
    "comment of the function": ("# about f\n", f"{IMPORT}\n\n\n# about f\n"),
    "licence, then comment of the function": (
        "# Licence\n\n# about f\n",
        f"# Licence\n\n{IMPORT}\n\n\n# about f\n",
    ),
    "imports on one line": ("import os; import sys\n", f"import os; import sys\n{IMPORT}\n"),
    "import in try": (
        "import os\ntry:\n    import x\nexcept ImportError:\n    x = None\n",
        f"import os\n{IMPORT}\ntry:\n    import x\nexcept ImportError:\n    x = None\n",
    ),
    "patching between imports": (
        "import a\na.patch()\nimport b\n",
        f"import a\na.patch()\nimport b\n{IMPORT}\n",
    ),
    "statements on one line": ("import os\na = 1; b = 2\n", f"import os\n{IMPORT}\na = 1; b = 2\n"),
    "text that is no docstring": ("import os\n'text'\n", f"import os\n{IMPORT}\n'text'\n"),
}


@pytest.mark.parametrize(("before", "after"), HEADS.values(), ids=HEADS)
def test_import_goes_where_it_belongs(rewritten, before: str, after: str) -> None:
    function = "def f(p): return open(p)\n"
    decorated = f'@track_feature("app.f", {AS_FILE})\n'
    assert rewritten(before + function).decode() == after + decorated + function


def test_import_stands_above_the_first_function_even_if_others_follow(rewritten) -> None:
    result = rewritten("import a\ndef f(p): return open(p)\nimport b\ndef g(p): return open(p)\n").decode()
    assert result.startswith(f"import a\n{IMPORT}\n@track_feature")
    assert result.count(IMPORT) == 1


REUSED = {
    "both names": (
        "from curio_tracking import FeatureCategory, track_feature\n",
        "",
        "track_feature",
        "FeatureCategory",
    ),
    "other names": (
        "from feature_tracking.feature_tracker import FeatureCategory as C, track_feature as t\n",
        "",
        "t",
        "C",
    ),
    "one name": (
        "from curio_tracking import track_feature\n",
        "from curio_tracking import FeatureCategory\n",
        "track_feature",
        "FeatureCategory",
    ),
    "where tracking is optional": (
        (
            "try:\n    from curio_tracking import track_feature, FeatureCategory\n"
            "except ImportError:\n    from .none import track_feature, FeatureCategory\n"
        ),
        "",
        "track_feature",
        "FeatureCategory",
    ),
}


@pytest.mark.parametrize(("head", "added", "decorator", "category"), REUSED.values(), ids=REUSED)
def test_import_that_is_there_is_used(rewritten, head: str, added: str, decorator: str, category: str) -> None:
    function = "def f(p): return open(p)\n"
    expected = f'{head}{added}@{decorator}("app.f", {category}.FILE_OPERATION)\n{function}'
    assert rewritten(head + function).decode() == expected


COLLISIONS = {
    "function": ("def track_feature(x): return x + 1\n", "curio_track_feature"),
    "variable": ("track_feature = 1\n", "curio_track_feature"),
    "parameter": ("def _g(track_feature): pass\n", "curio_track_feature"),
    "import": ("from .own import track_feature\n", "curio_track_feature"),
    "for type checkers only": (
        (
            "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from curio_tracking import track_feature, FeatureCategory\n"
        ),
        "curio_track_feature",
    ),
    "optional import of one name": (
        "try:\n    from curio_tracking import track_feature\nexcept ImportError:\n    track_feature = None\n",
        "curio_track_feature",
    ),
    "both names taken": ("track_feature = curio_track_feature = 1\n", "curio_track_feature_2"),
    "method of a class": (
        "from curio_tracking import track_feature\nclass A:\n    def track_feature(self): pass\n",
        "curio_track_feature",
    ),
}


@pytest.mark.parametrize(("head", "name"), COLLISIONS.values(), ids=COLLISIONS)
def test_name_that_means_something_else_is_left_to_it(found, head: str, name: str) -> None:
    source = (head + "def f(p): return open(p)\n").encode()
    result = rewrite(source, parse(source), found(source))
    assert f"track_feature as {name}" in result.decode()
    assert f'@{name}("app.f"'.encode() in result


def test_import_below_the_function_is_not_used(rewritten) -> None:
    result = rewritten("def f(p): return open(p)\nfrom curio_tracking import track_feature, FeatureCategory\n").decode()
    assert result.startswith("from feature_tracking.feature_tracker import")


NAMES = {
    "quotes": 'a"b',
    "both quotes": "a\"b'c",
    "backslash": "a\\b",
    "line end": "a\nb",
    "letters of the world": "żółw",
}


@pytest.mark.parametrize("module", NAMES.values(), ids=NAMES)
def test_any_module_name_becomes_a_literal_that_means_it(rewritten, module: str) -> None:
    tree = ast.parse(rewritten("def f(p): return open(p)\n", module=module))
    (decorator,) = tree.body[1].decorator_list
    assert decorator.args[0].value == f"{module}.f"


def test_name_that_the_encoding_cannot_hold_is_escaped(rewritten) -> None:
    source = "# coding: latin-1\n# é\n\ndef f(p): return open(p)\n".encode("latin-1")
    result = rewritten(source, module="żółw")
    assert ast.parse(result).body[1].decorator_list[0].args[0].value == "żółw.f"
    assert "é".encode("latin-1") in result


BYTES = {
    "CRLF": b"import os\r\n\r\ndef f(p):\r\n    return open(p)\r\n",
    "byte order mark": codecs.BOM_UTF8 + b"import os\n\ndef f(p):\n    return open(p)\n",
    "latin-1": b"# coding: latin-1\nimport os\nname = '\xe9'\ndef f(p):\n    return open(p)\n",
    "tabs": b"import os\nclass A:\n\tdef f(self, p):\n\t\treturn open(p)\n",
    "trailing white space": b"import os   \n\n  \ndef f(p):  \n    return open(p)\t\n   \n",
    "no line end at the end": b"import os\ndef f(p):\n    return open(p)",
    "form feed": b"import os\n\x0c\ndef f(p):\n    return open(p)\n",
    "form feed at the start": b"\x0cimport os\ndef f(p):\n    return open(p)\n",
    "blanks that libcst drops": b"import os\ndef f(p):\n    try: open(p)\n    except (OSError, TypeError) : pass\n",
    "mixed line ends": b"import os\r\nimport sys\ndef f(p):\r\n    return open(p)\n",
    "continued lines": b"import os, \\\n    sys\ndef f(p,\n      q=1):\n    return open(p)\n",
    "odd indents": b"import os\nif os:\n   class A:\n         def f(self, p): return open(p)\n",
}


@pytest.mark.parametrize("source", BYTES.values(), ids=BYTES)
def test_every_other_byte_stays(rewritten, source: bytes) -> None:
    assert without_added_lines(rewritten(source)) == source


@pytest.mark.parametrize(("source", "end"), [(BYTES["CRLF"], b"\r\n"), (BYTES["tabs"], b"\n")])
def test_new_lines_end_as_the_others_do(rewritten, source: bytes, end: bytes) -> None:
    assert all(line.endswith(end) for line in rewritten(source).splitlines(keepends=True))


def test_decorator_is_indented_as_its_function(rewritten) -> None:
    assert b'\n\t@track_feature("app.A.f", FeatureCategory.FILE_OPERATION)\n\tdef f' in rewritten(BYTES["tabs"])


def test_file_that_would_not_stay_the_same_is_refused(rewritten) -> None:
    with pytest.raises(RewriteError, match="lone CRs"):
        rewritten(b"import os\rdef f(p):\r    return open(p)\r")


def test_second_run_finds_nothing(rewritten, found) -> None:
    once = rewritten("import os\nclass A:\n    def f(self, p): return open(p)\ndef g(x): return x + 1\n")
    assert found(once, include_all=True) == []


def without_added_lines(source: bytes) -> bytes:
    return b"".join(line for line in source.splitlines(keepends=True) if b"track_feature" not in line)


BLANK = st.sampled_from(["", "\n", "\n\n", "# comment\n", "x = 1\n", "'text'\n"])
DECORATORS = st.lists(st.sampled_from(["@a\n", "@b(1)\n", "# between\n"]), max_size=3)
BODIES = st.sampled_from(["return open(p)", "yield p + 1", "def inner(): return p\n        return inner() + 1"])


@given(
    head=st.lists(
        st.sampled_from(["import os\n", "import a; import b\n", "# c\n", "\n", "x = 1; y = 2\n"]), max_size=4
    ),
    functions=st.lists(st.tuples(BLANK, DECORATORS, st.booleans(), st.booleans(), BODIES), min_size=1, max_size=4),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_only_whole_lines_are_added_and_the_code_stays_the_same(head, functions, end) -> None:
    text = "".join(head)
    for number, (blank, decorators, is_async, is_method, body) in enumerate(functions):
        indent = "    " if is_method else ""
        lines = [*decorators, f"{'async ' if is_async else ''}def f{number}(p):\n", f"    {body}\n"]
        if "yield" in body or "inner" in body:
            lines[-2] = f"def f{number}(p):\n"
        text += blank + (f"class C{number}:\n" if is_method else "") + "".join(indent + line for line in lines)
    text = (
        text.replace("        return inner", "            return inner") if any(one[3] for one in functions) else text
    )
    source = text.replace("\n", end).encode()
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    result = rewrite(source, parse(source), survey(source, parse(source), "app", include_all=True).candidates)
    left = iter(result.splitlines(keepends=True))
    assert all(any(line == other for other in left) for line in source.splitlines(keepends=True))
    assert len(ast.parse(result).body) == len(tree.body) + 1
    assert survey(result, parse(result), "app", include_all=True).candidates == []
