from datetime import UTC, datetime, timedelta

import pytest

from server.kit.errors import Invalid, NotAllowed
from server.people.model import (
    COMMON_PASSWORDS,
    MAY,
    PASSWORD_LENGTH,
    SENTENCES,
    SYSTEM,
    VIEWER,
    Account,
    BadPassword,
    Deed,
    Invitation,
    Person,
    Role,
    Session,
    check_password,
    is_own_path,
    mark_of,
    normal_login,
    normal_password,
    permit,
    require,
    start_page,
)

NOW = datetime(2026, 3, 6, 2, 0, tzinfo=UTC)
OPEN = {
    Deed.READ,
    Deed.WATCH,
    Deed.METRICS,
    Deed.HEALTH,
    Deed.SIGN_IN,
    Deed.PUBLISH_WHIP,
    Deed.BUSINESS_LINK,
    Deed.IDENTIFY,
    Deed.NOMINATE,
    Deed.VOTE,
}
THEIRS = {
    Role.VIEWER: set(),
    Role.BUSINESS: {Deed.OWN_ACCOUNT},
    Role.DEPUTY: {Deed.OWN_ACCOUNT, Deed.MONITOR, Deed.WITNESS},
    Role.INSPECTOR: {
        Deed.OWN_ACCOUNT,
        Deed.MONITOR,
        Deed.BROADCAST_TOKEN,
        Deed.INSPECT,
        Deed.PUBLISH_FINDING,
        Deed.WITHDRAW_FINDING,
        Deed.MOVE_RECTIFICATION,
        Deed.RECUSE,
    },
    Role.OPERATOR: {
        Deed.OWN_ACCOUNT,
        Deed.MONITOR,
        Deed.PLAN,
        Deed.DRAW,
        Deed.ASSIGN,
        Deed.CONDUCT,
        Deed.CUT,
        Deed.MOVE_RECTIFICATION,
        Deed.INVITE,
        Deed.IMPORT_TARGETS,
        Deed.CURATE,
        Deed.HOLD_BALLOT,
        Deed.RECUSE,
    },
}


def somebody(role):
    return Person("ac_1", "王", role, "mark")


@pytest.mark.parametrize("role", THEIRS)
def test_each_role_may_do_this_and_nothing_else(role):
    assert {deed for deed in Deed if somebody(role).may(deed)} == OPEN | THEIRS[role]


def test_the_system_may_everything():
    assert all(SYSTEM.may(deed) for deed in Deed)


def test_every_deed_has_its_row_and_its_sentence():
    assert set(MAY) == set(SENTENCES) == set(Deed)


@pytest.mark.parametrize("deed", sorted(set(Deed) - OPEN))
def test_somebody_unknown_is_told_who_may(deed):
    with pytest.raises(NotAllowed) as told:
        require(None, deed)
    assert str(told.value) == SENTENCES[deed]
    assert "sign in" in str(told.value)


def test_who_may_is_handed_back():
    inspector = somebody(Role.INSPECTOR)
    assert require(inspector, Deed.INSPECT) is inspector
    assert require(None, Deed.READ) is VIEWER


def test_the_doors_take_only_a_person_for_a_person():
    permit(somebody(Role.OPERATOR), "plan")
    for who in (None, "operator", object()):
        permit(who, "read")
        with pytest.raises(NotAllowed):
            permit(who, "plan")


def test_a_deed_that_does_not_exist_is_our_own_mistake():
    with pytest.raises(ValueError, match="dance"):
        permit(SYSTEM, "dance")


def test_a_mark_says_nothing_without_its_salt():
    mark = mark_of("ac_1", b"0123456789abcdef")
    # printf 0123456789abcdefac_1 | sha256sum
    assert mark == "772349c6db27a96e53e4e93bea04cef0ae70bfc3cd4002c6f9a23068fecaed7e"
    assert mark != mark_of("ac_1", b"0123456789abcdeg")
    assert mark != mark_of("ac_2", b"0123456789abcdef")


def test_an_account_shows_as_its_person_without_secrets():
    account = Account(
        "ac_1", "王", Role.INSPECTOR, "wang", "$argon2id$…", b"salt", NOW, "局", "T-001", ("east",), ("catering",)
    )
    person = account.person()
    assert person == Person(
        "ac_1",
        "王",
        Role.INSPECTOR,
        mark_of("ac_1", b"salt"),
        "wang",
        "局",
        "T-001",
        frozenset({"east"}),
        frozenset({"catering"}),
    )
    assert person.roles == {Role.INSPECTOR}
    assert "argon2" not in repr(account)
    assert "salt" not in repr(account)


@pytest.mark.parametrize(
    ("idle", "ends", "over"),
    [(1, 2, False), (0, 2, True), (1, 0, True), (-1, 2, True)],
    ids=["in use", "unused until this moment", "at its end", "long unused"],
)
def test_a_session_ends_unused_or_old(idle, ends, over):
    hour = timedelta(hours=1)
    session = Session("se_1", "ac_1", "", NOW, NOW, NOW + idle * hour, NOW + ends * hour)
    assert session.is_over(NOW) is over


def test_an_invitation_is_open_until_used_or_expired():
    expires = NOW + timedelta(hours=1)
    assert Invitation("iv_1", "", Role.DEPUTY, "李", NOW, expires).is_open(NOW)
    assert not Invitation("iv_1", "", Role.DEPUTY, "李", NOW, expires).is_open(expires)
    assert not Invitation("iv_1", "", Role.DEPUTY, "李", NOW, expires, used_at=NOW).is_open(NOW)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("wang", "wang"),
        ("  Wang.Wei@Bureau ", "wang.wei@bureau"),
        ("ＷＡＮＧ", "wang"),  # full width, as a Chinese keyboard may write
        ("王小明", "王小明"),
        ("wang\n", "wang"),  # as pasted
        ("Straße", "strasse"),
        ("e\u0301va", "\u00e9va"),  # composed or not, the same name
        ("a" * 64, "a" * 64),
    ],
)
def test_a_login_is_the_same_however_it_is_typed(typed, kept):
    assert normal_login(typed) == kept
    assert normal_login(kept) == kept


@pytest.mark.parametrize("typed", ["", "ab", " ab ", "a" * 65, "a b c", "wang<b>", "wa\x00ng", "wang\ud800"])
def test_what_cannot_be_a_login_is_refused(typed):
    with pytest.raises(Invalid) as told:
        normal_login(typed)
    assert told.value.where == "login"


@pytest.mark.parametrize(
    "password", ["correct horse 1", "十二个字符的密码也可以用啊", "a" * 6 + "b" * 250, "  spaces count  "]
)
def test_a_long_password_is_good(password):
    check_password(password, "wang")


@pytest.mark.parametrize(
    ("password", "part"),
    [
        ("", "this one has 0"),
        ("elevenchars", "12 to 256 characters; this one has 11"),
        ("ab" * 128 + "c", "this one has 257"),
        ("e\u0301" * 11, "this one has 11"),  # 22 as typed, 11 as hashed
        ("\ufdfa" * 100, "this one has 1800"),
        ("Wang.Wei@Bureau", "same as the login"),
        ("ＷＡＮＧ.wei@bureau", "same as the login"),
        ("Password1234", "commonest"),
        ("ｐａｓｓｗｏｒｄ1234", "commonest"),
        ("z" * 40, "commonest"),
    ],
)
def test_a_password_that_is_guessed_first_is_refused(password, part):
    with pytest.raises(BadPassword) as told:
        check_password(password, "wang.wei@bureau")
    assert part in str(told.value)
    assert told.value.where == "password"


def test_the_commonest_passwords_are_listed_as_they_are_compared():
    least, most = PASSWORD_LENGTH
    for password in COMMON_PASSWORDS:
        assert least <= len(password) <= most
        assert password == normal_password(password).casefold()


@pytest.mark.parametrize("path", ["/", "/console", "/targets?q=%E9%9D%A2&page=2", "/a//b", "/episodes/ep_1#findings"])
def test_an_own_path_may_follow_a_sign_in(path):
    assert is_own_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "console",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "/x\r\nSet-Cookie: session=theirs",
        " //evil.example",
        "/console\n",
        "/\u0000",
        "/\ud800",
    ],
)
def test_another_sites_address_may_not(path):
    assert not is_own_path(path)


def test_everybody_starts_where_their_work_is():
    assert {role: start_page(role) for role in THEIRS} == {
        Role.VIEWER: "/",
        Role.BUSINESS: "/",
        Role.DEPUTY: "/deputy",
        Role.INSPECTOR: "/console",
        Role.OPERATOR: "/operator",
    }
