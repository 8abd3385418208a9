from datetime import UTC, datetime, timedelta, timezone

from server.kit.clock import iso, now


def test_the_present_is_aware_utc_in_whole_milliseconds():
    moment = now()
    assert moment.tzinfo is UTC
    assert moment.microsecond % 1000 == 0
    assert abs(moment - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_moment_is_written_in_utc_with_milliseconds():
    here = timezone(timedelta(hours=8))
    assert iso(datetime(2026, 3, 6, 10, 0, 0, 7999, tzinfo=here)) == "2026-03-06T02:00:00.007Z"


def test_what_is_written_can_be_read_back():
    moment = now()
    assert datetime.fromisoformat(iso(moment)) == moment
