import pytest

from server.nominations.similar import LEAST, SHOWN, Named, alike, searches, suggested


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("张记面馆", "张记面馆"),
        ("张记面馆", "张记面馆（人民路店）"),
        ("张记面馆", "城东张记面馆"),
        ("KFC 肯德基", "ｋｆｃ肯德基"),
        ("Golden Gate Cafe", "The Golden Gate Café"),
    ],
)
def test_names_of_the_same_place_are_alike(one, other):
    assert alike(one, other) >= LEAST
    assert alike(one, other) == alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("张记面馆", "李家饺子"), ("张记面馆", ""), ("", ""), ("面", "馆"), ("张记面馆", "王府火锅面馆城")],
)
def test_other_names_are_not(one, other):
    assert alike(one, other) < LEAST


def test_the_same_target_is_certain_and_comes_first():
    of = Named("no_1", "张记面馆", "人民路1号", "ta_1")
    others = [Named("no_2", "张记面馆", "人民路1号", "ta_2"), Named("no_3", "全不同", "", "ta_1"), of]
    found = suggested(of, others)
    assert [(s.id, s.likeness) for s in found] == [("no_2", 1.0), ("no_3", 1.0)]


def test_an_address_breaks_the_tie_but_does_not_decide_alone():
    of = Named("no_1", "张记面馆", "人民路农贸市场12号")
    near, far = Named("no_2", "张记面馆", "人民路农贸市场12号"), Named("no_3", "张记面馆", "解放路300号")
    neighbour = Named("no_4", "李家饺子", "人民路农贸市场12号")
    assert [s.id for s in suggested(of, [far, near, neighbour])] == ["no_2", "no_3"]


def test_at_most_a_handful_is_shown_and_two_unregistered_ones_are_not_the_same_target():
    many = [Named(f"no_{n}", "张记面馆", "") for n in range(20)]
    assert len(suggested(Named("no_x", "张记面馆", ""), many)) == SHOWN
    assert suggested(Named("no_x", "甲", ""), [Named("no_y", "乙", "")]) == []


def test_a_name_is_looked_up_whole_plain_and_in_halves():
    assert searches("张记面馆（人民路店）") == ["张记面馆（人民路店）", "张记面馆", "张记", "面馆"]
    assert searches("面") == ["面"]
    assert searches("（）") == ["（）"]
