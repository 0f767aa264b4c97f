"""A run as Markdown, for the terminal and for bench/results/."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convert_bench.markdown import NOTHING, table
from soak.results import MEBIBYTE
from soak.verdict import promises

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator

    from soak.latency import Latency
    from soak.results import Event, Results
    from soak.verdict import Promise

VERDICTS = {True: "PASS", False: "FAIL"}


def report(results: Results) -> str:
    """Return the whole report."""
    sections = (head, verdict, memory, requests, failures, health, events)
    texts = ("\n".join(section(results)) for section in sections)
    return "\n\n".join(text for text in texts if text) + "\n"


def head(results: Results) -> Iterator[str]:
    """Say what ran where."""
    machine, plan = results.machine, results.plan
    yield f"# Soak, {results.date}"
    yield ""
    yield (
        f"{machine.cpus} × {machine.cpu} ({machine.cpu_family}), {machine.memory_gib} GiB, "
        f"{machine.system}, Linux {machine.kernel}; pixelferry {results.version}. The load is made "
        "on the same processors."
    )
    yield ""
    yield (
        f"{plan.seconds:g} s of load, {plan.idle_seconds:g} s of rest; {plan.workers} workers, a "
        f"budget of {plan.budget / MEBIBYTE:g} MiB, {plan.connections} connections that post "
        f"photos, {plan.idle} that idle, crowds of {plan.crowd}; seed {plan.seed}."
    )
    yield ""
    used = results.processors
    yield (
        f"Processor seconds under load: the service {used.service:.0f}, the load and measuring "
        f"{used.load:.0f}, everybody else on the machine {used.others:.0f}, none {used.idle:.0f}."
    )


def verdict(results: Results) -> Iterator[str]:
    """Show the promises."""
    yield "## Promises"
    yield ""
    yield from promise_table(promises(results))


def promise_table(judged: Iterable[Promise]) -> Iterator[str]:
    """Show what was promised and what was seen."""
    rows = [(one.what, one.bound, one.measured, VERDICTS[one.kept]) for one in judged]
    return table(("Promise", "Bound", "Measured", "Verdict"), rows)


def memory(results: Results) -> Iterator[str]:
    """Show what the processes took."""
    samples = results.samples
    rows = [
        ("idle, before", results.idle_rss),
        ("most", results.peak_rss),
        ("most, shared pages counted once", max(sample.pss for sample in samples)),
        ("30 s after", results.rss_after(30)),
        ("at the end", samples[-1].rss),
        ("constant needed for each worker", results.constant_needed),
    ]
    yield "## Memory of all processes"
    yield ""
    yield from table(("", "MiB"), [(name, f"{size / MEBIBYTE:.1f}") for name, size in rows])


def requests(results: Results) -> Iterator[str]:
    """Show what became of the requests."""
    seconds = results.ended - results.began
    received = sum(result.received for result in results.kinds.values())
    yield "## Requests"
    yield ""
    speed = f"{received / seconds / 1e6:.0f} MB/s"
    yield f"{speed} of right answers. Milliseconds are those of answers 200."
    yield ""
    rows = []
    for kind, result in sorted(results.kinds.items()):
        outcomes = ", ".join(
            f"{count} × {outcome}" for outcome, count in results.outcomes(kind).most_common()
        )
        per_second = f"{sum(result.outcomes.values()) / seconds:.1f}"
        rows.append((kind, per_second, *_milliseconds(result.latency), outcomes))
    yield from table(("Client", "per second", "p50", "p99", "most", "Outcomes"), rows)


def failures(results: Results) -> Iterator[str]:
    """Show what must not be."""
    return failure_table(results.unexcused)


def failure_table(times: Counter[str]) -> Iterator[str]:
    """Show what must not be and how often it was; nothing if there is nothing."""
    if times:
        yield "## Failures"
        yield ""
        yield from table(("What", "Times"), [(what, str(n)) for what, n in times.most_common()])


def health(results: Results) -> Iterator[str]:
    """Show how long health took."""
    rows = [
        (name, str(known.count if known else 0), *_milliseconds(known))
        for name, known in (
            ("new connections", results.health.new),
            ("a kept connection", results.health.kept),
            ("both", results.health.all),
            ("of that, asked too late", results.health.late),
        )
    ]
    yield "## Health, milliseconds"
    yield ""
    yield from table(("", "Answers", "p50", "p99", "most"), rows)


def events(results: Results) -> Iterator[str]:
    """Show the signals."""
    yield "## Signals"
    yield ""
    yield from (f"- {_told(results, event)}" for event in results.events)


def _told(results: Results, event: Event) -> str:
    begun = f"{event.signal} after {event.sent - results.began:.1f} s"
    done = (
        "not all workers came back"
        if event.done is None
        else (f"all workers were there again {event.done - event.sent:.1f} s later")
    )
    if not event.ports:
        return f"{begun}; {done}."
    lost = sum(map(results.excused, results.all_failures))
    return f"{begun}; {done}. {len(event.ports)} connections were open, {lost} requests were lost."


def _milliseconds(latency: Latency | None) -> tuple[str, str, str]:
    if latency is None:
        return NOTHING, NOTHING, NOTHING
    p50, p99, most = (f"{1e3 * value:.1f}" for value in (latency.p50, latency.p99, latency.most))
    return p50, p99, most
