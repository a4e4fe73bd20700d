import io
import logging

import pytest

from kobune.component_base import logs


@pytest.mark.parametrize(
    ("logger", "message", "shown"),
    [
        ("kobune.kube_proxy.backends", "bound a", "INFO kube-proxy: bound a"),
        ("kobune.kube_proxy.backends", "kube-proxy: bound a", "INFO kube-proxy: bound a"),
    ],
)
def test_a_line_names_its_component_once(logger: str, message: str, shown: str) -> None:
    record = logging.LogRecord(logger, logging.INFO, "", 0, message, None, None)
    assert logs.LineFormatter().format(record).partition("Z ")[2] == shown


def test_shared_code_logs_for_the_component_that_runs_it() -> None:
    stream = io.StringIO()
    handler = logs.configure(stream)
    try:
        with logs.component_log("scheduler"):
            logging.getLogger("kobune.client.informer").info("lost the apiserver")
    finally:
        logging.getLogger("kobune").removeHandler(handler)
    assert stream.getvalue().endswith("INFO scheduler: lost the apiserver\n")


def test_only_errors_are_remembered_and_only_the_first_line() -> None:
    with logs.component_log("scheduler") as log:
        logging.getLogger("kobune.scheduler").warning("a warning")
        assert log.last_error == ""
        logging.getLogger("kobune.scheduler").error("first line\nsecond line")
    assert log.last_error == "first line"
