"""Every way in which an application hands something to the tracker; each is a feature named after the place.

An application calls its parameters by what they hold (`password`), or by something that says nothing (`value`). In the
second case secrets are known by their look alone, so a password is not: nothing of the sort is put there.
"""

from __future__ import annotations

import asyncio
import contextlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from curio_tracking import feature_tracker, track, track_feature, tracking_context

Place = Callable[["Birds"], object]


@dataclass(frozen=True)
class Birds:
    """The canaries."""

    user: str
    session: str
    email: str
    password: str
    token: str
    card: str
    private_key: str
    excluded: str

    def named(self) -> dict[str, Any]:
        """Return them under the names that an application would give them."""
        return {
            "user_id": self.user,
            "session_id": self.session,
            "email": self.email,
            "password": self.password,
            "access_token": self.token,
            "card_number": self.card,
            "private_key": self.private_key,
        }

    def recognised(self) -> list[str]:
        """Return those that are known by their look."""
        return [self.email, self.token, self.card, self.private_key]

    def url(self) -> str:
        """Return an address with credentials and a query."""
        query = urlencode({"token": self.token, "mail": self.email, "card": self.card, "private_key": self.private_key})
        return f"https://{quote(self.email, safe='')}:{quote(self.password, safe='')}@api.nest.example/v1/find?{query}"

    def headers(self) -> dict[str, str]:
        """Return the headers of a request."""
        basic = b64encode(f"{self.email}:{self.password}".encode()).decode()
        return {
            "Authorization": f"Bearer {self.token}",
            "Proxy-Authorization": f"Basic {basic}",
            "Cookie": f"session={self.session}; password={self.password}",
            "X-Api-Key": self.token,
            "X-User-Id": self.user,
            "From": self.email,
        }

    def told(self) -> str:
        """Return what an exception says of them."""
        return (
            f"login of {self.user} in {self.session} failed: {self.email}, password={self.password}, "
            f"card {self.card}, Authorization: Bearer {self.token}, url {self.url()}, key {self.private_key}"
        )


def positional(birds: Birds) -> None:
    @track_feature("positional")
    def sign_in(
        user_id: str, session_id: str, email: str, password: str, access_token: str, card_number: str, private_key: str
    ) -> None: ...

    sign_in(*birds.named().values())


def keyword(birds: Birds) -> None:
    @track_feature("keyword")
    def sign_in(**parameters: str) -> None: ...

    @track_feature("keyword only")
    def sign_up(*, user_id: str, email: str, password: str, card_number: int, access_token: str) -> None: ...

    sign_in(**birds.named())
    sign_up(
        user_id=birds.user, email=birds.email, password=birds.password, card_number=int(birds.card),
        access_token=birds.token,
    )  # fmt: skip


def default(birds: Birds) -> None:
    @track_feature("default")
    def sign_in(
        user_id: str = birds.user, email: str = birds.email, password: str = birds.password,
        access_token: str = birds.token, card_number: str = birds.card, private_key: str = birds.private_key,
    ) -> None: ...  # fmt: skip

    sign_in()


def unnamed(birds: Birds) -> None:
    @track_feature("unnamed")
    def keep(value: object, *more: object) -> None: ...

    for value in birds.recognised():
        keep(value, value)
        keep(f"see {value} there")


def unnamed_user(birds: Birds) -> None:
    @track_feature("unnamed user")
    def keep(value: object) -> None: ...

    with tracking_context(user_id=birds.user, session_id=birds.session):
        keep(birds.user)
        keep(f"of {birds.user}/{birds.session}")


def cut_short(birds: Birds) -> None:
    """Values longer than what is kept of them: half of a secret is one, too."""

    @track_feature("cut short")
    def keep(value: str) -> None: ...

    for value in birds.recognised():
        for left in range(7, len(value), 5):
            keep("." * (255 - left) + " " + value)


def nested(birds: Birds) -> None:
    @track_feature("nested")
    def keep(value: object, password: object) -> None: ...

    keep({"request": {"body": [birds.named()]}}, {"old": [birds.password]})
    keep([birds, birds.named()], (birds.password,))


def url(birds: Birds) -> None:
    @track_feature("url")
    def fetch(url: str, target: str = "") -> None: ...

    fetch(birds.url())
    fetch(f"postgresql://{birds.email}:{birds.password}@db/x", target=f"redis://:{birds.password}@cache/0")
    for start in range(0, len(birds.url()), 40):  # what is kept of a long one begins anywhere
        fetch(birds.url()[:start])


def headers(birds: Birds) -> None:
    @track_feature("headers")
    def send(headers: dict[str, str]) -> None: ...

    send(birds.headers())
    with tracking_context(user_id=birds.user), track("headers in metadata", headers=birds.headers()) as run:
        run.add_metadata(pairs=list(birds.headers().items()), sent=[f"{k}: {v}" for k, v in birds.headers().items()])


def exception_text(birds: Birds) -> None:
    @track_feature("exception text")
    def fail() -> None:
        raise ValueError(birds.told())

    with tracking_context(user_id=birds.user, session_id=birds.session), contextlib.suppress(ValueError):
        fail()
    people = tracking_context(user_id=birds.user, session_id=birds.session)
    with people, contextlib.suppress(KeyError), track("exception text in a block"):
        raise KeyError(birds.told(), birds.headers())


def long_exception_text(birds: Birds) -> None:
    """Messages longer than what is kept of them."""
    for value in birds.recognised():
        for left in range(7, len(value), 5):
            with contextlib.suppress(ValueError), track("long exception text"):
                raise ValueError("." * (1999 - left) + " " + value)


def cause(birds: Birds) -> None:
    @track_feature("cause")
    def fail() -> None:
        try:
            raise KeyError(*birds.named().values())
        except KeyError as error:
            failure = RuntimeError("it failed")
            failure.add_note(birds.told())
            raise failure from error

    with contextlib.suppress(RuntimeError):
        fail()


def context(birds: Birds) -> None:
    @track_feature("context")
    def work(text: str) -> None: ...

    with tracking_context(user_id=birds.user, session_id=birds.session):
        work("x")
    with tracking_context(user_id=birds.email, session_id=birds.token):
        work("y")


def context_metadata(birds: Birds) -> None:
    @track_feature("context metadata")
    def work() -> None: ...

    with tracking_context(**birds.named(), profile=birds.named(), note=" ".join(birds.recognised())):
        work()


def added_metadata(birds: Birds) -> None:
    with tracking_context(user_id=birds.user, session_id=birds.session), track("added metadata") as run:
        run.add_metadata(**birds.named())
        run.add_metadata(body={"profile": birds.named()}, rows=[birds.named()], seen=birds.recognised())
        run.add_metadata(who=birds.user, number=int(birds.card), **{birds.email: 1, birds.token: {birds.card: 2}})
        run.add_metadata(address=birds.url(), query=quote(birds.email, safe=""))
        run.partial(birds.told())


def feature_metadata(birds: Birds) -> None:
    for_birds = {**birds.named(), "nested": {"request": birds.headers()}}
    one = feature_tracker.start_custom_tracking(
        "feature metadata", "other", user_id=birds.user, session_id=birds.session, metadata=for_birds
    )
    feature_tracker.complete_custom_tracking(one, status="failed", error_message=birds.told())


def generator(birds: Birds) -> None:
    @track_feature("generator")
    def pages(access_token: str, email: str) -> Iterator[str]:
        yield access_token
        raise RuntimeError(f"token={access_token} of {email}")

    with contextlib.suppress(RuntimeError):
        list(pages(birds.token, birds.email))


def coroutine(birds: Birds) -> None:
    @track_feature("coroutine")
    async def fetch(password: str, email: str = birds.email) -> str:
        raise TimeoutError(f"password={password} of {email}")

    with tracking_context(user_id=birds.user), contextlib.suppress(TimeoutError):
        asyncio.run(fetch(birds.password))


def plugin_that_raises(birds: Birds) -> None:
    """The plugin of the test raises with the text of the record that it is shown."""
    with tracking_context(user_id=birds.user, session_id=birds.session):
        with track("plugin raises in a filter", note=birds.told(), **birds.named()):
            pass
        with track("plugin raises in the formula", note=birds.told(), **birds.named()):
            pass


def misused(birds: Birds) -> None:
    """What the tracker warns of in the log, without a word of what it was given."""
    feature_tracker.complete_custom_tracking(birds.token)
    feature_tracker.complete_custom_tracking(birds.email, status=birds.password)  # type: ignore[arg-type]
    with tracking_context(user_id=[birds.password]), track("misused"):
        pass


PLACES: Final[tuple[Place, ...]] = (
    positional, keyword, default, unnamed, unnamed_user, cut_short, nested, url, headers, exception_text,
    long_exception_text, cause, context, context_metadata, added_metadata, feature_metadata, generator, coroutine,
    plugin_that_raises, misused,
)  # fmt: skip
