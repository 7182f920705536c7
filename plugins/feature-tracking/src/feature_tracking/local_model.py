"""A language model's web interface in small, on this machine: what the examples talk to instead of a paid service.

It answers `POST /chat/completions` as OpenRouter and OpenAI do, with the sentence of the prompt that holds most of its
frequent words: no intelligence, but real work and a real answer.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL: Final = "local/key-sentence"
LONGEST_REQUEST: Final = 100_000
"""Bytes."""
_SENTENCE: Final = re.compile(r"[^.!?]+[.!?]?")
_WORD: Final = re.compile(r"\w{4,}")


def key_sentence(text: str) -> str:
    """Return the sentence whose words are, on average, the most frequent ones of the text.

    Raises:
        ValueError: the text holds no words.
    """
    frequency = Counter(_WORD.findall(text.lower()))
    sentences: list[str] = [part.strip() for part in _SENTENCE.findall(text) if _WORD.search(part)]
    if not sentences:
        raise ValueError("the prompt holds no words")

    def weight(sentence: str) -> float:
        words = _WORD.findall(sentence.lower())
        return sum(frequency[word] for word in words) / len(words)

    return max(sentences, key=weight)


class _Handler(BaseHTTPRequestHandler):
    """Answers chat completions and nothing else."""

    def do_POST(self) -> None:
        try:
            length = min(int(self.headers.get("Content-Length", "0")), LONGEST_REQUEST)
            request = json.loads(self.rfile.read(length))
            prompt = str(request["messages"][-1]["content"])
            answer = key_sentence(prompt)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            self._answer(400, {"error": {"message": str(error)}})
            return
        usage = {"prompt_tokens": len(prompt.split()), "completion_tokens": len(answer.split())}
        choice = {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
        self._answer(200, {"model": MODEL, "choices": [choice], "usage": usage})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Keep quiet: the examples print what matters."""


@contextmanager
def local_model() -> Iterator[str]:
    """Serve the model on a free port of this machine, and give the base URL to ask it under."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = Thread(target=server.serve_forever, name="local-model", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
