"""Texts that something stumbles over: storage formats, HTML pages, terminals. Every suite puts them into records.

Names come from applications and their users, so each of these arrives one day. Imports nothing.
"""

from __future__ import annotations

from typing import Final

STORAGE_TEXTS: Final = (
    "",
    "_none",
    "\\_none",
    "'",
    "'\\",
    "=1+1",
    "-1",
    "+cmd|' /C calc'!A0",
    "@sum(a1)",
    "\ttab",
    "\rreturn",
    "a\nb",
    "a\r\nb",
    "line\n",
    'quoted "text", with commas',
    '"',
    ",t_c,other,",
    '",f_d,1.0',
    "back\\slash\\n",
    "c:\\new",
    "\x00\x1b[31m\x7f",
    "\u2028\u2029\x85\xa0",
    "\ud800",
    "\udc00\ud800",
    "\ufeff",
    "naïve 名前 😀",
    "None",
    "nan",
    " leading and trailing ",
    "a;b,c",
)
"""What files and databases take for something else: quotes, breaks, escapes, formulas, half surrogate pairs."""

CANARY: Final = "canary"
"""The name of every element and attribute that `MARKUP_TEXTS` try to smuggle into a page."""

MARKUP_TEXTS: Final = (
    "<canary-element>",
    "<script>canary()</script>",
    '"><canary-element canary="',
    "'><canary-element canary='",
    '" canary="',
    "' canary='",
    " canary=1 onmouseover=canary()",
    "</title></textarea></style></script><canary-element>",
    "</table></section></div>",
    "<!-- canary",
    "--><canary-element>",
    "<![CDATA[<canary-element>]]>",
    "<?canary ?>",
    "&lt;canary-element&gt; &amp; &#60;canary-element&#62;",
    "%3Ccanary-element%3E",
    "{{canary}} % import canary {{!canary}} ${canary} {% canary %}",
    "javascript:canary()",
    "JaVa\nScRiPt:canary()",
    "//canary.example/",
    "https://canary.example/?a=b#c",
    "data:text/html,<canary-element>",
    "url(https://canary.example/)",
    "../../canary?a=b&c=d;e#f",
)
"""What a page must show as text, and never hand on as an element, an attribute or an address."""

TERMINAL_TEXTS: Final = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[1;1H",
    "\x9b31m",
    "over\rwritten",
    "two\nlines",
    "tab\tbed",
    "nul\x00 bell\x07 delete\x7f",
    "right to \u202etfel",
    "\u2066isolated\u2069",
    "[bold]marked up[/bold]",
    "[/closed]",
    "[link=https://canary.example]here[/link]",
    "[red",
    "\\[escaped]",
    "half \ud800 pair",
    "wide 名前 😀",
)
"""What a terminal, or the library that draws on it, would act upon."""
