from server.events.whispers import MOST, Whispers


def test_only_the_newest_value_is_kept():
    whispers = Whispers()
    assert whispers.put("ep_1", "watching", 1)
    assert whispers.put("ep_1", "watching", 2)
    assert whispers.since(0, "ep_1") == [b"event: watching\ndata: 2\n\n"]


def test_the_same_value_again_is_no_change():
    whispers = Whispers()
    whispers.put("ep_1", "watching", 1)
    version = whispers.version
    assert not whispers.put("ep_1", "watching", 1)
    assert whispers.version == version


def test_a_viewer_hears_what_changed_since_it_last_listened():
    whispers = Whispers()
    whispers.put("ep_1", "watching", 1)
    heard = whispers.version
    whispers.put("ep_1", "picture", "cut")
    assert whispers.since(heard, "ep_1") == [b'event: picture\ndata: "cut"\n\n']
    assert not whispers.since(whispers.version, "ep_1")


def test_each_episode_hears_its_own_and_who_asks_for_all_hears_all():
    whispers = Whispers()
    whispers.put("ep_1", "watching", 1)
    whispers.put("ep_2", "watching", 2)
    assert whispers.since(0, "ep_2") == [b"event: watching\ndata: 2\n\n"]
    assert len(whispers.since(0, None)) == 2


def test_the_values_that_did_not_change_for_longest_are_forgotten_first():
    whispers = Whispers()
    for number in range(MOST):
        whispers.put(f"ep_{number}", "watching", number)
    whispers.put("ep_0", "watching", -1)
    whispers.put("ep_new", "watching", 1)
    assert len(whispers.since(0, None)) == MOST
    assert whispers.since(0, "ep_0")
    assert not whispers.since(0, "ep_1")
