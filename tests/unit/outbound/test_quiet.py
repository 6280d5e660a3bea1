"""Libraries do not log what a server sent."""

import logging
import threading

from pulp_notifiers.outbound import quiet_library


def test_a_library_is_quiet_within_the_block_only(caplog):
    """That includes its loggers for single modules."""
    caplog.set_level(logging.DEBUG)
    loggers = [logging.getLogger(name) for name in ("quietlib", "quietlib.pool", "quietlibrary")]

    for logger in loggers:
        logger.warning("before")
    with quiet_library("quietlib"), quiet_library("quietlib"):
        for logger in loggers:
            logger.error("within")
    for logger in loggers:
        logger.warning("after")

    logged = [(record.name, record.getMessage()) for record in caplog.records]
    assert [("quietlibrary", "within")] == [each for each in logged if each[1] == "within"]
    assert 3 == len([each for each in logged if each[1] == "after"])


def test_other_threads_log_as_before(caplog):
    """They may use the library for something else."""
    logger = logging.getLogger("quietlib.pool")
    thread = threading.Thread(target=logger.warning, args=("of another thread",))

    with quiet_library("quietlib"):
        thread.start()
        thread.join()

    assert ["of another thread"] == [record.getMessage() for record in caplog.records]
