"""Settings: what holds when nothing is set, and a plain word about each that is wrong."""

import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from webapp import create_app
from webapp.config import Settings, SettingsError, read_settings

ROOT = Path(__file__).resolve().parent.parent


def online(**settings: str) -> dict[str, str]:
    """Return the environment of a site that people reach by https, with everything it needs."""
    return {
        "WEBAPP_ORIGIN": "https://lendemain.example.org",
        "WEBAPP_CONTACT": "mailto:push@example.org",
        "WEBAPP_RESPONSIBLE": "Ana Tremblay, ana@example.org",
        **settings,
    }


def faults(environ: Mapping[str, str]) -> list[str]:
    """Return what is said of an environment, one line a fault."""
    try:
        read_settings(environ)
    except SettingsError as error:
        return str(error).splitlines()
    return []


def browser_of(settings: Settings) -> FlaskClient:
    return create_app(settings).test_client()


# --- reading -------------------------------------------------------------------------------------


def test_nothing_needs_to_be_set_on_ones_own_machine() -> None:
    assert read_settings({}) == Settings(
        host="127.0.0.1",
        port=8000,
        origin="http://127.0.0.1:8000",
        proxies=0,
        contact="mailto:dev@example.com",
        responsible=None,
    )


def test_an_empty_setting_is_as_good_as_none() -> None:
    names = ("PORT", "HOST", "WEBAPP_ORIGIN", "WEBAPP_PROXIES", "WEBAPP_CONTACT")
    assert read_settings(dict.fromkeys([*names, "WEBAPP_RESPONSIBLE"], "")) == Settings()


def test_the_origin_follows_the_port() -> None:
    settings = read_settings({"PORT": "5000"})
    assert (settings.port, settings.origin) == (5000, "http://127.0.0.1:5000")


def test_every_setting_is_taken_as_given() -> None:
    environ = online(PORT="8080", HOST="0.0.0.0", WEBAPP_PROXIES="2")
    assert read_settings(environ) == Settings(
        host="0.0.0.0",
        port=8080,
        origin="https://lendemain.example.org",
        proxies=2,
        contact="mailto:push@example.org",
        responsible="Ana Tremblay, ana@example.org",
    )


@pytest.mark.parametrize("name", ["PORT", "WEBAPP_PROXIES"])
@pytest.mark.parametrize("value", ["many", "-1", "80.5", "0x50", "65536", "1e3", "٨٠", " 80", "²"])
def test_what_is_no_whole_number_is_named(name: str, value: str) -> None:
    (fault,) = faults({name: value})
    assert fault.startswith(f"{name} is {value!r}")


@pytest.mark.parametrize(
    "origin",
    [
        "lendemain.example.org",
        "//lendemain.example.org",
        "ftp://lendemain.example.org",
        "https://",
        "https:lendemain.example.org",
        "javascript:alert(1)",
        "https://lendemain.example.org/app",
        "https://lendemain.example.org/?a=b",
        "https://lendemain.example.org#top",
        "https://ana@lendemain.example.org",
        "https://ana:secret@lendemain.example.org",
        "http://lendemain.example.org",
        "http://192.168.1.20:8000",
        "http://localhost.example.org",
        "http://127.0.0.1.example.org",
        "https://lendemain.example.org?",
        "https://lendemain.example.org#",
        "https://lendemain.example.org//",
        "https://lendemain.example.org:",
        "https://lendemain.example.org:0",
        "https://lendemain.example.org:٨٠",
        "https://lendemain.example.org\n",
        " https://lendemain.example.org",
        "https://lendemain.example.org ",
        "https://lendemain .example.org",
        '"https://lendemain.example.org"',
        "https://'lendemain.example.org'",
        "https://*.example.org",
        "https://a.example.org,b.example.org",
        "https://a.example.org,https://b.example.org",
        "https://lendemain..example.org",
        "https://lendemain_.example.org",
        "https://lendemain.example.org\\",
        "https://[:::1]",
    ],
)
def test_an_origin_that_would_not_work_is_named(origin: str) -> None:
    found = faults(online(WEBAPP_ORIGIN=origin))
    assert len(found) == 1
    assert found[0].startswith("WEBAPP_ORIGIN ")


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:port", "https://lendemain.example.org:99999", "https://[::1"]
)
def test_an_origin_that_cannot_be_read_is_named(origin: str) -> None:
    found = faults(online(WEBAPP_ORIGIN=origin))
    assert len(found) == 1
    assert found[0].startswith("WEBAPP_ORIGIN ")


@pytest.mark.parametrize(
    ("origin", "spelled"),
    [
        ("https://lendemain.québec", "https://lendemain.xn--qubec-csa"),
        ("https://Beauté.example.org:8443/", "https://xn--beaut-fsa.example.org:8443"),
    ],
)
def test_a_name_with_accents_is_given_as_browsers_send_it(origin: str, spelled: str) -> None:
    # Accepted as it stands, it starts, and then refuses every browser.
    (fault,) = faults(online(WEBAPP_ORIGIN=origin))
    assert fault.endswith(f" {spelled}")
    client = browser_of(read_settings(online(WEBAPP_ORIGIN=spelled)))
    host = {"Host": spelled.removeprefix("https://")}
    assert client.get("/fr/", headers=host).status_code == 200


def test_an_origin_in_capitals_is_as_good() -> None:
    settings = read_settings(online(WEBAPP_ORIGIN="HTTPS://Lendemain.Example.org:443"))
    assert settings.origin == "https://lendemain.example.org"
    client = browser_of(settings)
    for host in ("lendemain.example.org", "Lendemain.Example.org:443"):
        answer = client.get("/fr/", headers={"Host": host})
        assert answer.status_code == 200
        assert "Strict-Transport-Security" in answer.headers


def test_a_blank_is_nobody_who_answers_for_a_site() -> None:
    (fault,) = faults(online(WEBAPP_RESPONSIBLE=" \t"))
    assert fault.startswith("WEBAPP_RESPONSIBLE must ")


def test_a_port_that_nobody_can_ask_for_is_named() -> None:
    (fault,) = faults({"PORT": "0"})
    assert fault.startswith("PORT is '0'")


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:8000", "https://localhost:8443"],
)
def test_ones_own_machine_needs_neither_contact_nor_responsible(origin: str) -> None:
    assert read_settings({"WEBAPP_ORIGIN": origin}).origin == origin


def test_an_origin_may_end_in_a_slash() -> None:
    settings = read_settings(online(WEBAPP_ORIGIN="https://lendemain.example.org/"))
    assert settings.origin == "https://lendemain.example.org"


@pytest.mark.parametrize("name", ["WEBAPP_CONTACT", "WEBAPP_RESPONSIBLE"])
def test_a_site_for_others_says_who_answers_for_it(name: str) -> None:
    environ = online()
    del environ[name]
    (fault,) = faults(environ)
    assert fault.startswith(f"{name} must ")


@pytest.mark.parametrize(
    "contact",
    ["push@example.org", "mailto:", "mailto:push", "mailto:push@localhost", "http://example.org",
     "mailto:push@example.org, ana@example.org", "tel:+15145550100", "https://"],
)  # fmt: skip
def test_a_contact_that_push_services_cannot_write_to_is_named(contact: str) -> None:
    for environ in (online(WEBAPP_CONTACT=contact), {"WEBAPP_CONTACT": contact}):
        (fault,) = faults(environ)
        assert fault.startswith("WEBAPP_CONTACT ")


@pytest.mark.parametrize("contact", ["mailto:push@example.org", "https://example.org/contact"])
def test_a_contact_is_an_e_mail_address_or_a_page(contact: str) -> None:
    assert read_settings(online(WEBAPP_CONTACT=contact)).contact == contact


@pytest.mark.parametrize(
    "contact",
    ["mailto:push@lendemain.local", "mailto:push@lendemain.invalid", "mailto:push@site.test",
     "https://localhost/contact", "https://10.0.0.1/", "mailto: <push@example.org>"],
)  # fmt: skip
def test_a_contact_that_apple_would_refuse_is_refused_before_any_iphone_is(contact: str) -> None:
    (fault,) = faults(online(WEBAPP_CONTACT=contact))
    assert fault.startswith("WEBAPP_CONTACT ")


def test_push_services_are_origins_written_anew() -> None:
    given = "http://127.0.0.1:9000, HTTPS://Push.Example.org:443,https://[::1]:8443"
    wanted = ("http://127.0.0.1:9000", "https://push.example.org", "https://[::1]:8443")
    assert read_settings({"WEBAPP_PUSH_SERVICES": given}).push_services == wanted


@pytest.mark.parametrize(
    "origin",
    ["push.example.org", "ftp://push.example.org", "https://push.example.org/x", "https://a@b.org",
     "https://push.example.org:99999", "https://", "https://*.example.org", "https://é.example.org"],
)  # fmt: skip
def test_a_push_service_that_is_no_origin_is_named(origin: str) -> None:
    (fault,) = faults({"WEBAPP_PUSH_SERVICES": f"http://127.0.0.1:9000,{origin}"})
    assert fault.startswith("WEBAPP_PUSH_SERVICES ")


def test_metrics_have_a_host_and_a_port() -> None:
    assert read_settings({"WEBAPP_METRICS": "127.0.0.1:9100"}).metrics == ("127.0.0.1", 9100)
    assert read_settings({"WEBAPP_METRICS": "[::1]:9100"}).metrics == ("::1", 9100)
    for wrong in ("9100", ":9100", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:http"):
        (fault,) = faults({"WEBAPP_METRICS": wrong})
        assert fault.startswith("WEBAPP_METRICS ")


def test_the_sender_is_a_child_or_off() -> None:
    assert read_settings({"WEBAPP_SENDER": "off"}).sender == "off"
    (fault,) = faults({"WEBAPP_SENDER": "yes"})
    assert fault.startswith("WEBAPP_SENDER ")


@pytest.mark.parametrize(
    ("name", "wrong"), [("WEBAPP_PUSH_IN_FLIGHT", "7"), ("WEBAPP_PUSH_PACE", "0")]
)
def test_a_pace_that_would_stand_still_is_named(name: str, wrong: str) -> None:
    (fault,) = faults({name: wrong})
    assert fault.startswith(f"{name} is '{wrong}'")


def test_the_database_is_sqlite_in_the_data_folder_unless_told(tmp_path: Path) -> None:
    settings = read_settings({"WEBAPP_DATA": str(tmp_path)})
    assert settings.database == f"sqlite:///{tmp_path}/lendemain.sqlite"
    assert settings.sqlite_file == tmp_path / "lendemain.sqlite"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgresql_goes_by_both_of_its_names(scheme: str) -> None:
    settings = read_settings({"WEBAPP_DATABASE_URL": f"{scheme}://ana@db/lendemain"})
    assert settings.database == "postgresql+psycopg://ana@db/lendemain"
    assert settings.sqlite_file is None


@pytest.mark.parametrize("url", ["mysql://db/x", "lendemain.sqlite", "postgresql:", "sqlite://"])
def test_a_database_of_another_kind_is_named(url: str) -> None:
    (fault,) = faults({"WEBAPP_DATABASE_URL": url})
    assert fault.startswith("WEBAPP_DATABASE_URL ")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = faults({"PORT": "many", "WEBAPP_PROXIES": "-1", "WEBAPP_ORIGIN": "http://example.org"})
    said = {line.split()[0] for line in found}
    wanted = {"PORT", "PROXIES", "ORIGIN", "CONTACT", "RESPONSIBLE"}
    assert said == {each if each == "PORT" else f"WEBAPP_{each}" for each in wanted}
    assert len(found) == 5


def test_a_misspelt_setting_is_noticed(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        read_settings({"WEBAPP_ORIGINS": "https://example.org", "PATH": "/bin"})
    (line,) = caplog.messages
    assert "WEBAPP_ORIGINS" in line


def test_the_command_says_what_is_wrong_and_does_not_start() -> None:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")}
    environ = {**outside, "PORT": "many", "WEBAPP_PROXIES": "-1"}
    command = [sys.executable, "-m", "webapp.cli", "serve"]
    answer = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=30
    )
    assert answer.returncode == 2
    assert [line.split()[0] for line in answer.stderr.splitlines()] == ["PORT", "WEBAPP_PROXIES"]


# --- what they do --------------------------------------------------------------------------------


def test_only_its_own_host_is_answered() -> None:
    client = browser_of(read_settings(online()))
    for host, status in (
        ("lendemain.example.org", 200),
        ("LENDEMAIN.example.org", 200),
        ("127.0.0.1:8000", 400),
        ("localhost", 400),
        ("www.lendemain.example.org", 400),
        ("lendemain.example.org.evil.example", 400),
    ):
        assert (host, client.get("/fr/", headers={"Host": host}).status_code) == (host, status)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://lendemain.example.org:443", "lendemain.example.org"),
        ("https://lendemain.example.org", "lendemain.example.org:443"),
        ("https://lendemain.example.org:8443", "lendemain.example.org:8443"),
    ],
)
def test_the_usual_port_may_be_written_or_left_out(origin: str, host: str) -> None:
    client = browser_of(read_settings(online(WEBAPP_ORIGIN=origin)))
    assert client.get("/fr/", headers={"Host": host}).status_code == 200


def test_every_absolute_address_is_of_the_origin() -> None:
    client = browser_of(read_settings(online()))
    headers = {"Host": "lendemain.example.org"}
    for path in ("/fr/", "/en/guide", "/sitemap.xml", "/robots.txt"):
        body = client.get(path, headers=headers).text
        assert "https://lendemain.example.org/" in body
        assert "127.0.0.1" not in body


@pytest.mark.parametrize("proxies", ["0", "1"])
def test_a_slash_that_is_missing_sends_nobody_over_http(proxies: str) -> None:
    client = browser_of(read_settings(online(WEBAPP_PROXIES=proxies)))
    headers = {"Host": "lendemain.example.org", "X-Forwarded-Proto": "http"}
    answer = client.get("/en?plan=1.abc", headers=headers)
    assert answer.status_code == 308
    assert answer.headers["Location"] == "https://lendemain.example.org/en/?plan=1.abc"


def test_even_another_host_is_answered_with_care() -> None:
    client = browser_of(read_settings(online()))
    answer = client.get("/fr/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    # A promise to stay with https would bind a name that is not this site's.
    assert "Strict-Transport-Security" not in answer.headers


def test_https_stays_https() -> None:
    client = browser_of(read_settings(online()))
    headers = {"Host": "lendemain.example.org"}
    for path in ("/", "/fr/", "/fr/nowhere", "/static/icons/favicon.svg", "/sw.js", "/healthz"):
        with client.get(path, headers=headers) as answer:
            rule = answer.headers["Strict-Transport-Security"]
            assert rule.startswith("max-age=31536000"), path


def test_plain_http_on_ones_own_machine_stays_possible() -> None:
    client = browser_of(Settings())
    for path in ("/", "/fr/", "/static/icons/favicon.svg", "/sw.js"):
        with client.get(path) as answer:
            assert "Strict-Transport-Security" not in answer.headers


def test_the_page_says_who_is_responsible() -> None:
    client = browser_of(read_settings(online(WEBAPP_RESPONSIBLE="Ana <b>Tremblay</b>")))
    page = client.get("/fr/privacy", headers={"Host": "lendemain.example.org"}).text
    assert "Ana &lt;b&gt;Tremblay&lt;/b&gt;" in page


FORWARDED = {
    "Host": "10.0.0.2:8000",
    "X-Forwarded-Host": "lendemain.example.org",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "203.0.113.9",
}


def test_a_trusted_proxy_may_say_which_host_was_asked_for() -> None:
    client = browser_of(read_settings(online(WEBAPP_PROXIES="1")))
    assert client.get("/fr/", headers=FORWARDED).status_code == 200
    evil = {**FORWARDED, "X-Forwarded-Host": "evil.example"}
    assert client.get("/fr/", headers=evil).status_code == 400


def test_a_visitor_cannot_speak_for_a_proxy() -> None:
    client = browser_of(read_settings(online()))
    assert client.get("/fr/", headers=FORWARDED).status_code == 400
    trusting = browser_of(read_settings(online(WEBAPP_PROXIES="1")))
    # The proxy appends what it saw; what the visitor wrote stands before it.
    forged = {**FORWARDED, "X-Forwarded-Host": "lendemain.example.org, evil.example"}
    assert trusting.get("/fr/", headers=forged).status_code == 400
    behind_two = browser_of(read_settings(online(WEBAPP_PROXIES="2")))
    chain = {**FORWARDED, "X-Forwarded-Host": "lendemain.example.org, 10.0.0.1"}
    assert behind_two.get("/fr/", headers=chain).status_code == 200
