"""The canaries: texts that nobody but this test knows, so that wherever one is found, it has leaked.

Made of what secrets really look like; put together here, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

from typing import Final

TEXTS: Final = {
    "user": "bird-user-7204419",
    "session": "bird-session-zq81",
    "email": "bird.canary+news@nest.example",
    "password": "Kanar1en/Vogel?Zw1tscher",
    "token": "ghp_" + "b1RdC4nArY" * 4,
    "card": "4539" + "578763621486",
    "private_key": "-----BEGIN PRIVATE KEY-----\n{}\n{}\n-----END PRIVATE KEY-----".format(
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCB" + "KcwggSjAgEAAoIBAQCanaryBirdNestOn",
        "3eTreeTop" + "QbVx7Lk2RwP9aYcNcD5eGh1JmS4uTxVzQoBirdSong8Zt3vXfHw",
    ),
    "excluded": "bird_hush_feature",
}
"""`excluded` is the name of a feature in EXCLUDE."""

RECOGNISED: Final = ("email", "token", "card", "private_key")
"""Found by what they look like, under any name."""

PIECE: Final = 12
STEP: Final = 4
"""Characters. Whatever has 15 of a secret in a row has one of the pieces, and no text has one by chance."""


def pieces() -> dict[str, str]:
    """Return parts of the texts that are known by their look, with what each is a part of."""
    bodies = {"email": TEXTS["email"], "token": TEXTS["token"], "card": TEXTS["card"]}
    bodies |= {f"private_key {number}": line for number, line in enumerate(TEXTS["private_key"].splitlines()[1:-1])}
    parts = (
        (kind, text[start : start + PIECE])
        for kind, text in bodies.items()
        for start in range(0, len(text) - PIECE + 1, STEP)
    )
    return {part: f"part of {kind.split()[0]}" for kind, part in parts}
