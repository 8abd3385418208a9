"""Words and numbers of the fictional city of 澄明市: nobody and nothing here exists."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from server.inspections.model import Result, Severity
from server.people.model import Role

CHECKLIST = Path(__file__).parent / "targets" / "checklists" / "catering.json"
DISTRICTS = ("城东区", "城西区", "湖心区", "云岭县")
STREETS = ("明理路", "清波街", "采薇巷", "听雨路", "知春街", "望湖大道", "织云路", "杏林街", "石桥巷", "长桥路")
FIRST = ("晨光", "小满", "青禾", "百味", "临湖", "老灶", "云上", "知味", "满庭", "竹里", "禾田", "半山", "清欢", "拾味")
SECOND = ("面馆", "小厨", "食堂", "火锅", "茶餐厅", "饺子馆", "烘焙坊", "粥铺", "烤肉店", "快餐店")
OTHER = (
    ("便民超市", "food_sales"),
    ("生鲜市场", "food_sales"),
    ("幼儿园食堂", "school_canteen"),
    ("养老院食堂", "care_canteen"),
)
GRADES = "ABBBBCCD"
TARGETS = 300


@dataclass(frozen=True)
class Given:
    """A person of the cast."""

    login: str
    role: Role
    name: str
    department: str = ""
    certificate: str = ""


PEOPLE = (
    Given("operator", Role.OPERATOR, "演示管理员", "澄明市市场监督管理局（虚构）"),
    Given("inspector", Role.INSPECTOR, "演示检查员甲", "澄明市市场监督管理局（虚构）", "演示证号 CM-001"),
    Given("partner", Role.INSPECTOR, "演示检查员乙", "澄明市市场监督管理局（虚构）", "演示证号 CM-002"),
    Given("deputy", Role.DEPUTY, "演示人大代表", "澄明市（虚构）"),
    Given("member", Role.DEPUTY, "演示政协委员", "澄明市（虚构）"),
)


@dataclass(frozen=True)
class Line:
    """What one item came to."""

    item: str
    result: Result
    severity: Severity
    words: str


def _pass(item: str, words: str = "") -> Line:
    return Line(item, Result.PASS, Severity.LOW, words)


def _fail(item: str, severity: Severity, words: str) -> Line:
    return Line(item, Result.FAIL, severity, words)


LIVE = (
    _pass("C01", "许可证挂在收银台上方，在有效期内。"),
    _pass("C02", "抽查 4 名员工，健康证明均有效。"),
    _fail("C07", Severity.MEDIUM, "二号冷藏柜温度计显示 11 ℃，高于 8 ℃ 上限。"),
    _pass("C05", "消毒柜运行正常，记录完整。"),
    _fail("C04", Severity.HIGH, "切配台上同一块案板先切生肉后切凉菜，没有生熟标识。"),
    _pass("C03", "抽查大米、食用油、鸡腿，进货凭证齐全。"),
    _pass("C06", "冰箱、货架、调料台逐一查看，未见过期食品。"),
    _fail("C11", Severity.LOW, "后门垃圾桶没有盖子。"),
    _pass("C08", "门缝、下水口挡板完好，未见鼠迹虫迹。"),
    _pass("C10"),
    Line("C09", Result.NOT_APPLICABLE, Severity.LOW, "本店不使用食品添加剂。"),
    _pass("C12", "食品安全管理人员在岗，自查记录完整。"),
)
FINISHED = (
    _fail("C01", Severity.LOW, "许可证贴在库房门后，顾客看不到。"),
    _fail("C02", Severity.MEDIUM, "一名新来的切配员没有健康证明。"),
    _fail("C03", Severity.MEDIUM, "当天送来的鸡肉没有进货凭证。"),
    _fail("C04", Severity.HIGH, "冰箱里生肉放在凉菜上层，没有隔开。"),
    _fail("C05", Severity.MEDIUM, "消毒柜插头没插，记录却写着“已消毒”。"),
    _fail("C06", Severity.HIGH, "调料台上一瓶蚝油已过保质期 12 天。"),
    _fail("C07", Severity.MEDIUM, "冷冻柜温度 −6 ℃，不够冷。"),
    _fail("C08", Severity.HIGH, "下水口没有防鼠网。"),
    _fail("C09", Severity.HIGH, "食品添加剂没有专柜，也没有使用记录。"),
    _fail("C11", Severity.LOW, "垃圾桶与食材挨在一起。"),
    _fail("C10", Severity.LOW, "一名厨师没有戴帽子。"),
    _pass("C12", "食品安全管理人员在岗。"),
)


def register() -> bytes:
    """Some 300 targets in the house's own format (docs/formats.md)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("name", "address", "district", "category", "code", "grade", "key"))
    for n in range(TARGETS):
        name, category = _named(n)
        district = DISTRICTS[n % len(DISTRICTS)]
        address = f"澄明市{district}{STREETS[n // 4 % len(STREETS)]}{n * 7 % 180 + 1}号"
        writer.writerow((name, address, district, category, "", GRADES[n % len(GRADES)], f"CM{n:04d}"))
    return out.getvalue().encode()


def _named(n: int) -> tuple[str, str]:
    first = FIRST[n % len(FIRST)]
    if n % 10 == 9:
        kind, category = OTHER[n // 10 % len(OTHER)]
        return f"{first}{kind}", category
    return f"{first}{SECOND[n // len(FIRST) % len(SECOND)]}", "catering"
