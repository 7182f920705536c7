"""MCP_SERVER: a tool server that speaks JSON-RPC 2.0, one message per line, over a pair of sockets.

It knows the two calls that tool servers are asked most, `tools/list` and `tools/call`; everything else is an error.
"""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from itertools import count
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from curio_tracking import FeatureCategory, track_feature, tracking_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedRWPair
    from pathlib import Path

    from curio_tracking.demo.tally import Tally

METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
TOOLS: Final[dict[str, Callable[[str], Any]]] = {
    "count_words": lambda text: len(text.split()),
    "reverse_text": lambda text: text[::-1],
}


class RpcError(Exception):
    """An answer that says no; `code` is JSON-RPC's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@track_feature("list_tools", FeatureCategory.MCP_SERVER)
def list_tools() -> list[dict[str, str]]:
    """Answer `tools/list`."""
    return [{"name": name} for name in TOOLS]


@track_feature("call_tool", FeatureCategory.MCP_SERVER, ignore=("text",))
def call_tool(name: str, text: str) -> dict[str, Any]:
    """Answer `tools/call`; the text is the user's business and stays out of the record.

    Raises:
        RpcError: there is no such tool.
    """
    if name not in TOOLS:
        raise RpcError(INVALID_PARAMS, f"unknown tool {name}")
    return {"content": [{"type": "text", "text": str(TOOLS[name](text))}]}


@track_feature("handle_message", FeatureCategory.MCP_SERVER, target_seconds=0.005)
def handle_message(method: str, params: dict[str, str]) -> Any:
    """Find who answers a method.

    Raises:
        RpcError: nobody does, or the answer is no.
    """
    if method == "tools/list":
        return list_tools()
    if method == "tools/call":
        return call_tool(params["name"], params["text"])
    raise RpcError(METHOD_NOT_FOUND, f"unknown method {method}")


def send(stream: BufferedRWPair, message: dict[str, Any]) -> None:
    """Write one message as one line."""
    stream.write(json.dumps(message).encode("ascii") + b"\n")
    stream.flush()


def serve(stream: BufferedRWPair, user_id: str) -> None:
    """Answer messages until the client hangs up."""
    with tracking_context(user_id=user_id, transport="socketpair"):
        for line in stream:
            message = json.loads(line)
            answer = {"jsonrpc": "2.0", "id": message["id"]}
            try:
                answer["result"] = handle_message(message["method"], message.get("params", {}))
            except RpcError as error:
                answer["error"] = {"code": error.code, "message": str(error)}
            send(stream, answer)


class Client:
    """The other end of the line."""

    def __init__(self, stream: BufferedRWPair) -> None:
        self._stream = stream
        self._numbers = count(1)

    @track_feature("ask_server", FeatureCategory.MCP_SERVER)
    def ask(self, method: str, **params: str) -> Any:
        """Send a request and return its result.

        Raises:
            RpcError: the server answered with an error.
        """
        message = {"jsonrpc": "2.0", "id": next(self._numbers), "method": method, "params": params}
        send(self._stream, message)
        answer = json.loads(self._stream.readline())
        if "error" in answer:
            raise RpcError(answer["error"]["code"], answer["error"]["message"])
        return answer["result"]


@contextmanager
def connected_client(user_id: str) -> Iterator[Client]:
    """Start a server in a thread and give a client that is connected to it."""
    ours, theirs = socket.socketpair()
    with theirs, theirs.makefile("rwb") as server_stream:
        thread = Thread(target=serve, args=(server_stream, user_id), daemon=True)
        thread.start()
        with ours, ours.makefile("rwb") as client_stream:
            yield Client(client_stream)
        thread.join()


def use(folder: Path, tally: Tally) -> None:
    """List the tools, call them, then ask for a tool and a method that do not exist."""
    with connected_client(folder.name) as client:
        client.ask("tools/list")
        count_answer(tally, "list_tools")
        for name in TOOLS:
            client.ask("tools/call", name=name, text="which feature is used by how many")
            count_answer(tally, "call_tool")
        with tally.failing("ask_server", RpcError):
            client.ask("tools/call", name="boil_water", text="")
        tally.count("call_tool", "failed")
        with tally.failing("ask_server", RpcError):
            client.ask("tools/vanish")
        tally.count("handle_message", "failed", times=2)


def count_answer(tally: Tally, feature: str) -> None:
    """Note a request that was answered: the feature itself and the two it runs in."""
    for name in (feature, "handle_message", "ask_server"):
        tally.count(name)
