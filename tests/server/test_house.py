from server.config import Settings
from server.house import House
from tests.fakes import FakeClock


async def test_every_room_is_built_once_and_shares_the_ledger(database, tmp_path) -> None:
    house = House(Settings(data_dir=tmp_path), clock=FakeClock(), database=database)
    assert house.findings.store is house.inspections.store
    assert (tmp_path / "ledger.key").stat().st_mode & 0o777 == 0o600
    await house.tasks.close()


async def test_two_houses_on_one_directory_sign_with_one_key(database, tmp_path) -> None:
    one, other = (House(Settings(data_dir=tmp_path), clock=FakeClock(), database=database) for _ in range(2))
    assert one.ledger.verifier_key == other.ledger.verifier_key


async def test_what_settles_the_last_rectification_closes_its_episode(database, tmp_path) -> None:
    house = House(Settings(data_dir=tmp_path), clock=FakeClock(), database=database)
    assert house.rectifications.on_settled == house.inspections.close_if_done
