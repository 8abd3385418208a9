from server.citizens.model import Citizen, Tier
from server.notifications.model import inbox_of, inboxes_of

KEY, OTHER = b"k" * 32, b"o" * 32
DEVICE = Citizen("d" * 32, Tier.DEVICE, "a" * 64)
PHONE = Citizen("d" * 32, Tier.PHONE, "b" * 64)


def test_an_inbox_is_a_keyed_pseudonym_and_nothing_of_the_person():
    name = inbox_of(DEVICE, KEY)
    assert len(name) == 64
    assert name not in (DEVICE.device, DEVICE.identity)
    assert inbox_of(DEVICE, OTHER) != name


def test_who_is_known_better_now_still_reads_what_this_browser_was_told():
    assert inboxes_of(PHONE, KEY) == (inbox_of(PHONE, KEY), inbox_of(DEVICE, KEY))
    assert inboxes_of(DEVICE, KEY) == (inbox_of(DEVICE, KEY),)


def test_a_person_on_another_browser_has_the_same_inbox():
    elsewhere = Citizen("e" * 32, Tier.PHONE, PHONE.identity)
    assert inbox_of(elsewhere, KEY) == inbox_of(PHONE, KEY)
    assert inbox_of(DEVICE, KEY) not in inboxes_of(elsewhere, KEY)
