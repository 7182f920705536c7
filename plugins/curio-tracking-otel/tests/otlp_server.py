"""A real OTLP endpoint, in a process of its own: the official services over gRPC, or the official messages over HTTP.

Prints its port, and appends every request that it has accepted to a file before it answers. Which requests it refuses,
and how slowly it answers, is said on the command line.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

MESSAGES = {
    "traces": (trace_service_pb2.ExportTraceServiceRequest, trace_service_pb2.ExportTraceServiceResponse),
    "metrics": (metrics_service_pb2.ExportMetricsServiceRequest, metrics_service_pb2.ExportMetricsServiceResponse),
}


class Endpoint:
    """What both protocols share: the file, and what is refused."""

    def __init__(self, wanted: argparse.Namespace) -> None:
        self.wanted = wanted
        self.lock = threading.Lock()
        self.refused = 0

    def take(self, signal: str, headers: dict[str, str], body: bytes) -> bool:
        """Keep a request; False: refuse it."""
        time.sleep(self.wanted.delay)
        with self.lock, Path(self.wanted.file).open("a", encoding="utf-8") as file:
            is_refused = self.refused < self.wanted.refuse
            self.refused += is_refused
            line = {"signal": signal, "headers": headers, "body": base64.b64encode(body).decode(), "ok": not is_refused}
            file.write(json.dumps(line) + "\n")
            return not is_refused


def serve_grpc(endpoint: Endpoint) -> int:
    code = grpc.StatusCode.UNAVAILABLE if endpoint.wanted.transient else grpc.StatusCode.INVALID_ARGUMENT

    def answer(signal: str, request: object, context: grpc.ServicerContext) -> object:
        headers = {name: str(value) for name, value in context.invocation_metadata()}
        if not endpoint.take(signal, headers, request.SerializeToString()):
            context.abort(code, "not now")
        return MESSAGES[signal][1]()

    class Traces(trace_service_pb2_grpc.TraceServiceServicer):
        def Export(self, request: object, context: grpc.ServicerContext) -> object:
            return answer("traces", request, context)

    class Metrics(metrics_service_pb2_grpc.MetricsServiceServicer):
        def Export(self, request: object, context: grpc.ServicerContext) -> object:
            return answer("metrics", request, context)

    server = grpc.server(ThreadPoolExecutor(8))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Traces(), server)
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(Metrics(), server)
    port = server.add_insecure_port(f"127.0.0.1:{endpoint.wanted.port}")
    server.start()
    endpoint.server = server
    return port


def serve_http(endpoint: Endpoint) -> int:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            signal = self.path.rpartition("/")[2]
            if signal not in MESSAGES or self.headers["Content-Type"] != "application/x-protobuf":
                self.send_error(404)
                return
            request, response = MESSAGES[signal]
            request.FromString(body)
            headers = {name.lower(): value for name, value in self.headers.items()}
            is_taken = endpoint.take(signal, headers | {":path": self.path}, body)
            answer = response().SerializeToString()
            self.send_response(200 if is_taken else 503 if endpoint.wanted.transient else 400)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that has gone is no error here."""

    server = Server(("127.0.0.1", endpoint.wanted.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("protocol", choices=["grpc", "http/protobuf"])
    parser.add_argument("file")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--refuse", type=int, default=0, help="how many of the first requests")
    parser.add_argument("--transient", action="store_true", help="refuse as one does for a moment")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    endpoint = Endpoint(parser.parse_args())
    print((serve_grpc if endpoint.wanted.protocol == "grpc" else serve_http)(endpoint), flush=True)
    threading.Event().wait()
