"""How each agent is installed in a program, with all that it can collect."""

from __future__ import annotations

import contextlib
import os
import urllib.request
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

# Agents are imported where they are installed: a program has one of them.
# ruff: noqa: PLC0415


class Agent(Protocol):
    """An agent that is at work in this process."""

    def transaction(self) -> AbstractContextManager[object]:
        """Return a context whose requests belong together."""

    def report(self, error: BaseException) -> None:
        """Report an error that the program has caught."""

    def close(self) -> None:
        """Send what is left."""


class Elastic:
    """elastic-apm, which hides no field by its name here.

    Local variables are sent with errors, as its default is. It could send those of running
    functions too, of aiohttp's among them, where no library can hide anything.
    """

    def __init__(self, url: str) -> None:
        import elasticapm

        self._client = elasticapm.Client(
            server_url=url,
            service_name="tests",
            central_config=False,
            metrics_interval="0ms",
            cloud_provider="none",
            local_var_max_length=10_000,
            capture_body="all",
            capture_headers=True,
            sanitize_field_names=[],
        )
        elasticapm.instrument()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Return a context whose requests belong together."""
        self._client.begin_transaction("test")
        yield
        self._client.end_transaction("work", "success")

    def report(self, error: BaseException) -> None:
        """Report an error with the local variables of its frames."""
        self._client.capture_exception((type(error), error, error.__traceback__))

    def close(self) -> None:
        """Send what is left."""
        self._client.close()


class Sentry:
    """sentry-sdk, which hides no field by its name here."""

    def __init__(self, url: str) -> None:
        import sentry_sdk
        from sentry_sdk.integrations.aiohttp import AioHttpIntegration
        from sentry_sdk.integrations.asyncio import AsyncioIntegration
        from sentry_sdk.scrubber import EventScrubber

        self._sdk = sentry_sdk
        sentry_sdk.init(
            dsn=url.replace("http://", "http://key@") + "/1",
            traces_sample_rate=1.0,
            send_default_pii=True,
            include_local_variables=True,
            max_request_body_size="always",
            max_value_length=100_000,
            enable_logs=True,
            event_scrubber=EventScrubber(denylist=[], pii_denylist=[]),
            integrations=[AioHttpIntegration(), AsyncioIntegration()],
        )

    def transaction(self) -> AbstractContextManager[object]:
        """Return a context whose requests belong together."""
        started: AbstractContextManager[object] = self._sdk.start_transaction(name="test")
        return started

    def report(self, error: BaseException) -> None:
        """Report an error with the local variables of its frames."""
        self._sdk.capture_exception(error)

    def close(self) -> None:
        """Send what is left."""
        self._sdk.flush(5)


class _Posted:
    """A file whose text is posted to a URL."""

    def __init__(self, url: str) -> None:
        self._url = url

    def write(self, text: str) -> None:
        """Post a text."""
        request = urllib.request.Request(self._url, text.encode(), method="POST")  # noqa: S310
        urllib.request.urlopen(request).close()  # noqa: S310 - it is on loopback

    def flush(self) -> None:
        """Do nothing: all is posted."""


class OpenTelemetry:
    """opentelemetry-instrumentation-aiohttp-client."""

    def __init__(self, url: str) -> None:
        from opentelemetry import trace
        from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

        provider = TracerProvider()
        exporter = ConsoleSpanExporter(out=_Posted(url))
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        trace.set_tracer_provider(provider)
        AioHttpClientInstrumentor().instrument()
        self._trace = trace

    def transaction(self) -> AbstractContextManager[object]:
        """Return a context whose requests belong together."""
        started: AbstractContextManager[object] = self._trace.get_tracer(
            "tests"
        ).start_as_current_span("test")
        return started

    def report(self, error: BaseException) -> None:
        """Record an error with its traceback in a span."""
        with self._trace.get_tracer("tests").start_as_current_span("error") as span:
            span.record_exception(error)

    def close(self) -> None:
        """Do nothing: spans are sent when they end."""


class Datadog:
    """ddtrace, with the local variables of errors."""

    def __init__(self, url: str) -> None:
        os.environ.update(
            DD_TRACE_AGENT_URL=url,
            DD_TRACE_API_VERSION="v0.4",
            DD_INSTRUMENTATION_TELEMETRY_ENABLED="false",
            DD_REMOTE_CONFIGURATION_ENABLED="false",
            DD_CRASHTRACKING_ENABLED="false",
            DD_TRACE_HTTP_CLIENT_TAG_QUERY_STRING="true",
        )
        import ddtrace
        from ddtrace.trace import tracer

        ddtrace.patch(aiohttp=True, botocore=True, asyncio=True)
        self._tracer: Any = tracer

    def transaction(self) -> AbstractContextManager[object]:
        """Return a context whose requests belong together."""
        started: AbstractContextManager[object] = self._tracer.trace("test")
        return started

    def report(self, error: BaseException) -> None:
        """Record an error with its traceback in a span."""
        with self._tracer.trace("error") as span:
            span.set_exc_info(type(error), error, error.__traceback__)

    def close(self) -> None:
        """Send what is left."""
        self._tracer.flush()
        self._tracer.shutdown()


AGENTS: dict[str, Callable[[str], Agent]] = {
    "elasticapm": Elastic,
    "sentry_sdk": Sentry,
    "opentelemetry": OpenTelemetry,
    "ddtrace": Datadog,
}
