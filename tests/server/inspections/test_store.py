from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.inspections.model import Finding, Inspection, Photo, Result, Severity, State
from server.inspections.store import InspectionStore
from server.kit.mongo import ChangedMeanwhile, Duplicate

AT = datetime(2026, 3, 6, 2, tzinfo=UTC)
INSPECTION = Inspection("in_1", "ep_1", "ta_1", ("ac_1", "ac_2"), "catering", 1, State.LIVE, AT)
FINDING = Finding(
    "fi_1",
    "in_1",
    "ep_1",
    "ta_1",
    "C01",
    Result.FAIL,
    Severity.HIGH,
    "词",
    (Photo("00", 1, 2),),
    "ac_1",
    AT,
    "s",
    "k1",
    "fact_1",
)


@pytest.fixture
async def store(database):
    store = InspectionStore(database)
    await store.prepare()
    await database.transact(lambda tx: store.insert(INSPECTION, tx))
    await database.transact(lambda tx: store.insert_finding(FINDING, tx))
    return store


async def test_nouns_come_back_as_they_went(store) -> None:
    assert await store.get("in_1") == INSPECTION
    assert await store.finding("fi_1") == FINDING
    assert await store.finding_by_key("in_1", "k1") == FINDING
    assert await store.findings_with(["fi_1", "fi_2"]) == {"fi_1": FINDING}


async def test_inspections_are_found_by_member_target_and_state(store) -> None:
    assert await store.find(member="ac_2") == [INSPECTION]
    assert await store.find(member="ac_3") == []
    assert await store.find(target="ta_1", state=State.LIVE) == [INSPECTION]
    assert await store.find(state=State.CONCLUDED) == []


async def test_a_key_names_one_finding_of_an_inspection(store, database) -> None:
    with pytest.raises(Duplicate):
        await database.transact(lambda tx: store.insert_finding(replace(FINDING, id="fi_2"), tx))
    await database.transact(lambda tx: store.insert_finding(replace(FINDING, id="fi_3", inspection="in_2"), tx))


async def test_withdrawn_findings_are_not_counted(store, database) -> None:
    assert await store.count_findings(["ep_1"]) == {"ep_1": (1, 1)}
    assert await store.totals() == (1, 1)
    await database.transact(lambda tx: store.save_finding(replace(FINDING, withdrawn_at=AT), tx))
    assert await store.count_findings(["ep_1"]) == {}
    assert await store.totals() == (0, 0)


async def test_a_finding_is_counted_while_its_inspection_is_live(store, database) -> None:
    assert await database.transact(lambda tx: store.count_one("in_1", tx)) == 1
    kept = await store.get("in_1")
    assert kept.findings == 1
    await database.transact(lambda tx: store.save(replace(kept, state=State.CONCLUDED), tx))
    assert await database.transact(lambda tx: store.count_one("in_1", tx)) == 0


async def test_what_changed_meanwhile_is_not_overwritten(store, database) -> None:
    await database.transact(lambda tx: store.save(replace(INSPECTION, cut_at=AT), tx))
    with pytest.raises(ChangedMeanwhile):
        await database.transact(lambda tx: store.save(INSPECTION, tx))


async def test_a_token_is_valid_until_its_moment_and_until_it_is_forgotten(store) -> None:
    await store.keep_token("d1", "in_1", "ac_1", "mark", AT + timedelta(minutes=10))
    assert (await store.token("d1", AT))["person"] == "ac_1"
    assert await store.token("d1", AT + timedelta(minutes=10)) is None
    assert await store.token("d2", AT) is None
    await store.forget_tokens("in_1")
    assert await store.token("d1", AT) is None


async def test_findings_read_in_a_transaction_are_those_of_its_moment(store, database) -> None:
    async def work(tx):
        await store.get("in_1", tx)
        await database.transact(lambda other: store.insert_finding(replace(FINDING, id="fi_2", key="k2"), other))
        return await store.findings(tx, inspection="in_1")

    assert await database.transact(work) == [FINDING]
    assert len(await store.findings(inspection="in_1")) == 2


async def test_visits_are_counted_per_target_once_they_began(store, database) -> None:
    assert await store.visits(["ta_1", "ta_2"]) == {}
    later = AT + timedelta(days=1)
    for n, started_at in enumerate((AT, later)):
        visit = replace(INSPECTION, id=f"in_v{n}", started_at=started_at)
        await database.transact(lambda tx, visit=visit: store.insert(visit, tx))
    assert await store.visits(["ta_1", "ta_2"]) == {"ta_1": (2, later)}
