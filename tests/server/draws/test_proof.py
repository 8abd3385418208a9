import pytest

from server.draws.proof import QUICKNET, CannotTell, Record, Wrong, moment
from tests.draw_cases import inspectors, targets


def test_a_source_is_out_when_the_first_of_it_could_be_known():
    record = Record(targets().proof, "dr_1")
    assert [f"{record.out_at(source):%H:%M:%S}" for source in record.sources] == ["15:55:00", "15:59:24"]
    assert record.first_out() == record.out_at(record.sources[0])


def test_a_draw_from_another_draw_is_out_with_the_other():
    record = Record(inspectors().proof, "dr_2")
    assert f"{record.first_out():%H:%M}" == "15:55"


def test_drands_chain_is_known_and_no_key_that_is_given_replaces_it():
    case = targets()
    case.extra["chain"] = {"hash": QUICKNET.hash, "key": "00" * 96, "genesis": 0, "period": 1}
    record = Record(case.proof, "dr_1")
    assert record.chain(record.sources[1]) is QUICKNET


def test_what_was_not_given_cannot_be_told():
    case = inspectors()
    case.extra.clear()
    record = Record(case.proof, "dr_2")
    with pytest.raises(CannotTell):
        record.first_out()


def test_a_source_decided_twice_is_wrong():
    case = targets()
    case.facts.append(case.of("draw.sourced"))
    with pytest.raises(Wrong):
        _ = Record(case.proof, "dr_1").values


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00+08:00", "2026-01-01T00:00:00"])
def test_a_moment_is_written_in_utc(text):
    with pytest.raises(Wrong):
        moment(text)
