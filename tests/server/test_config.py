from pathlib import Path

import pytest

from server.config import BadSetting, Settings


def test_without_variables_everything_has_its_default() -> None:
    settings = Settings.from_environment({"PATH": "/bin"})
    assert settings == Settings()
    assert settings.host == "127.0.0.1"
    assert settings.base_url == "http://127.0.0.1:8080"
    assert not settings.secure


def test_variables_are_read_as_their_kind() -> None:
    settings = Settings.from_environment(
        {
            "SEETHROUGH_PORT": "9000",
            "SEETHROUGH_DATA_DIR": "/srv/city",
            "SEETHROUGH_WEEKLY": "yes",
            "SEETHROUGH_SAFETY_DELAY_SECONDS": "7.5",
            "SEETHROUGH_PUBLIC_URL": "https://inspect.example/",
        }
    )
    assert settings.port == 9000
    assert settings.data_dir == Path("/srv/city")
    assert settings.weekly is True
    assert settings.safety_delay_seconds == 7.5
    assert settings.base_url == "https://inspect.example"
    assert settings.secure


def test_an_empty_variable_is_none() -> None:
    assert Settings.from_environment({"SEETHROUGH_PORT": ""}).port == 8080


def test_variables_for_tests_are_not_ours() -> None:
    assert Settings.from_environment({"SEETHROUGH_TEST_MONGODB_URI": "mongodb://localhost"}) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "http", "SEETHROUGH_PORT is “http”; it must be a whole number."),
        ("PORT", "70000", "SEETHROUGH_PORT is 70000; it must lie between 0 and 65535."),
        ("SAFETY_DELAY_SECONDS", "soon", "SEETHROUGH_SAFETY_DELAY_SECONDS is “soon”; it must be a number."),
        (
            "SAFETY_DELAY_SECONDS",
            "121",
            "SEETHROUGH_SAFETY_DELAY_SECONDS is 121.0; it must lie between 0 and 120.",
        ),
        ("SAFETY_DELAY_SECONDS", "nan", "SEETHROUGH_SAFETY_DELAY_SECONDS is nan; it must lie between 0 and 120."),
        ("SMS_URL", "gateway", "SEETHROUGH_SMS_URL is “gateway”; it begins with http:// or https://."),
        ("SMS_COUNTRIES", "+86", "SEETHROUGH_SMS_COUNTRIES is “+86”; write calling codes such as 86 852."),
        ("OIDC_ISSUER", "id.example", "SEETHROUGH_OIDC_ISSUER is “id.example”; it begins with http:// or https://."),
        (
            "OIDC_ISSUER",
            "https://id.example",
            "SEETHROUGH_OIDC_ISSUER is set, but SEETHROUGH_OIDC_CLIENT_ID is not; the provider gives you one.",
        ),
        ("CHALLENGE_NUMBERS", "0", "SEETHROUGH_CHALLENGE_NUMBERS is 0; it must lie between 1 and 100000000."),
        ("RECTIFICATION_DAYS", "0", "SEETHROUGH_RECTIFICATION_DAYS is 0; it must lie between 1 and 365."),
        ("MAX_UPLOAD_MB", "513", "SEETHROUGH_MAX_UPLOAD_MB is 513; it must lie between 1 and 512."),
        ("WEEKLY", "maybe", "SEETHROUGH_WEEKLY is “maybe”; it must be yes or no."),
        ("TIMEZONE", "Asia/Chengming", "SEETHROUGH_TIMEZONE is “Asia/Chengming”; use a name such as Asia/Shanghai."),
        ("TIMEZONE", "../UTC", "SEETHROUGH_TIMEZONE is “../UTC”; use a name such as Asia/Shanghai."),
        (
            "PUBLIC_URL",
            "ftp://a.example",
            "SEETHROUGH_PUBLIC_URL is “ftp://a.example”; it begins with http:// or https://.",
        ),
        (
            "PUBLIC_URL",
            "inspect.example",
            "SEETHROUGH_PUBLIC_URL is “inspect.example”; it begins with http:// or https://.",
        ),
        ("TIMEZONE", "Asia", "SEETHROUGH_TIMEZONE is “Asia”; use a name such as Asia/Shanghai."),
        ("PUBLIC_URL", "https://", "SEETHROUGH_PUBLIC_URL is “https://”; it begins with http:// or https://."),
        ("PUBLIC_URL", "https://[", "SEETHROUGH_PUBLIC_URL is “https://[”; it begins with http:// or https://."),
        ("SESSION_DAYS", "0", "SEETHROUGH_SESSION_DAYS is 0; it must lie between 1 and 3650."),
        ("SLOW_VIEWER_SECONDS", "nan", "SEETHROUGH_SLOW_VIEWER_SECONDS is nan; it must lie between 0.1 and 3600."),
        ("LOG_LEVEL", "loud", "SEETHROUGH_LOG_LEVEL is “loud”; use debug, info, warning or error."),
        ("WEEKLY_METHOD", "dice", "SEETHROUGH_WEEKLY_METHOD is “dice”; use one of: draw, vote, shortlist."),
        ("WEEKLY_TITLE", "{day}", "SEETHROUGH_WEEKLY_TITLE is “{day}”; only {year} and {week} can be filled in."),
        ("HOLIDAY_RULE", "work", "SEETHROUGH_HOLIDAY_RULE is “work”; use one of: skip, next."),
        ("STEP_WINDOW_HOURS", "0", "SEETHROUGH_STEP_WINDOW_HOURS is 0.0; it must lie between 0.1 and 144."),
        ("PORTT", "1", "There is no setting SEETHROUGH_PORTT. docs/settings.md lists them all."),
    ],
)
def test_a_bad_setting_is_one_sentence_that_names_it(name: str, value: str, said: str) -> None:
    with pytest.raises(BadSetting) as refused:
        Settings.from_environment({f"SEETHROUGH_{name}": value})
    assert str(refused.value) == said
