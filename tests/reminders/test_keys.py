"""The keys of a site: made once, rotated, and never silently replaced by something else."""

import json
import os
import resource
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.push.service import unb64url
from tests.reminders.site import ROOT, Site, ring
from webapp.reminders.keys import FILE, LIVE, SECRET, Keys, KeysError, is_public_key

WRITE_KEYS = """
import sys
from pathlib import Path
from webapp.reminders.keys import Keys
sys.stdin.readline()
keys = Keys(Path(sys.argv[1]))
print(keys.current().public, keys.secret.decode())
"""


def mode(path: Path) -> int:
    """Return who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


# --- making --------------------------------------------------------------------------------------


def test_keys_are_made_at_the_first_start_and_stay(tmp_path: Path) -> None:
    first, second = Keys(tmp_path / "data"), Keys(tmp_path / "data")
    assert first.live() == second.live()
    assert first.secret == second.secret
    assert len(first.live()) == 1
    assert is_public_key(unb64url(first.current().public))
    assert len(unb64url(first.secret.decode())) == 32


def test_nobody_else_on_the_machine_can_read_the_keys(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        keys = Keys(tmp_path / "data")
        keys.rotate()
    finally:
        os.umask(before)
    assert mode(keys.folder) == 0o700
    assert mode(keys.folder / FILE) == 0o600
    assert mode(keys.folder / SECRET) == 0o600


def test_nothing_is_left_beside_the_keys(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "data")
    Keys(tmp_path / "data").rotate()
    assert sorted(each.name for each in keys.folder.iterdir()) == sorted([FILE, SECRET])


def test_two_sites_never_have_the_same_keys(tmp_path: Path) -> None:
    one, other = Keys(tmp_path / "one"), Keys(tmp_path / "other")
    assert one.current().private != other.current().private
    assert one.secret != other.secret


def test_programs_that_start_at_once_have_the_same_keys(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE_KEYS, str(folder)], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    for each in programs:
        assert each.stdin
        each.stdin.write("go\n")
        each.stdin.flush()
    found = [each.communicate(timeout=20)[0] for each in programs]
    keys = Keys(folder)
    assert found == [f"{keys.current().public} {keys.secret.decode()}\n"] * 2


def test_a_crowd_that_starts_at_once_has_the_same_keys(tmp_path: Path) -> None:
    for number in range(10):
        folder = tmp_path / str(number)
        with ThreadPoolExecutor(8) as crowd:
            keys = list(crowd.map(Keys, [folder] * 8))
        assert len({each.current().private for each in keys}) == 1
        assert len({each.secret for each in keys}) == 1


# --- rotating ------------------------------------------------------------------------------------


def test_the_key_before_stays_live_and_the_third_is_dropped(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    first = keys.current()
    assert keys.rotate() == []
    second = keys.current()
    assert [each.public for each in keys.live()] == [second.public, first.public]
    assert keys.rotate() == [first]
    third = keys.current()
    assert [each.public for each in keys.live()] == [third.public, second.public]
    assert len({first.public, second.public, third.public}) == 3
    assert len(keys.live()) == LIVE == 2
    assert keys.private_of(first.public) is None
    assert keys.private_of(second.public) == second.private


def test_keys_that_do_not_fit_on_the_disk_are_said_and_leave_nothing(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "data")
    before = keys.live()
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, most[1]))
    try:
        with pytest.raises(KeysError, match="cannot be written"):
            keys.rotate()
        with pytest.raises(KeysError, match="cannot be written"):
            Keys(tmp_path / "other")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert Keys(keys.folder).live() == before
    assert {each.name for each in keys.folder.iterdir()} == {FILE, SECRET}
    assert not [*(tmp_path / "other").iterdir()]


def test_rotating_leaves_the_secret_of_the_receipts(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    before = keys.secret
    keys.rotate()
    assert Keys(tmp_path).secret == before


def test_a_running_program_sees_keys_that_another_one_rotated(tmp_path: Path) -> None:
    running = Keys(tmp_path)
    for _ in range(20):
        other = Keys(tmp_path)
        other.rotate()
        assert running.current() == other.current()


def test_the_api_gives_the_new_key_without_a_restart(small_site: Site) -> None:
    def told() -> str:
        return str(small_site.client.get("/api/push-key").json["applicationServerKey"])  # type: ignore[index]

    old = told()
    Keys(small_site.settings.data).rotate()
    new = told()
    assert new != old
    assert new == Keys(small_site.settings.data).current().public


def test_a_phone_with_the_key_before_still_rings_with_that_key(small_site: Site) -> None:
    mine = small_site.confirmed(ring())
    old = small_site.keys.current().public
    Keys(small_site.settings.data).rotate()
    other = small_site.confirmed(ring())
    small_site.send_until(lambda: bool(mine.phone.pushes and other.phone.pushes))
    (push,), (newer,) = mine.phone.pushes, other.phone.pushes
    assert push.faults == newer.faults == []
    assert push.key == old
    assert newer.key == small_site.keys.current().public != old


def test_a_phone_may_still_subscribe_with_the_key_before_but_not_the_third(
    small_site: Site,
) -> None:
    phone = small_site.service.subscribe()
    asked = small_site.asked(phone)
    Keys(small_site.settings.data).rotate()
    assert small_site.client.post("/api/subscriptions", json=asked).status_code == 201
    Keys(small_site.settings.data).rotate()
    refused = small_site.client.post("/api/subscriptions", json=asked)
    assert refused.status_code == 409
    assert refused.json is not None
    assert refused.json["current"] == small_site.keys.current().public


def test_a_phone_whose_key_was_dropped_is_neither_deleted_nor_refused(small_site: Site) -> None:
    mine = small_site.confirmed(ring())
    for _ in range(LIVE):
        Keys(small_site.settings.data).rotate()
    small_site.send_for(0.3)
    assert mine.phone.pushes == []
    assert small_site.outcomes(mine) == {"evening": "later"}


# --- what is broken ------------------------------------------------------------------------------

GOOD = "A" * 42 + "E"
BROKEN = {
    "empty": "",
    "cut off": '{"keys": [{"made_at": "2026-11-22", "pri',
    "not JSON": "keys",
    "a list": "[]",
    "a number": "7",
    "nothing in it": "{}",
    "no list of keys": '{"keys": null}',
    "no key": '{"keys": []}',
    "a key that is text": '{"keys": ["key"]}',
    "no private half": '{"keys": [{"made_at": "2026-11-22"}]}',
    "no date": json.dumps({"keys": [{"private": GOOD}]}),
    **{
        f"private half {name}": json.dumps({"keys": [{"made_at": "2026-11-22", "private": given}]})
        for name, given in {
            "null": None, "empty": "", "cut off": "abcd", "zero": "A" * 43, "over the order": "_" * 43,
            "too long": GOOD * 2, "not base64": "\u00e9" * 43, "a list": [1], "a number": 12,
        }.items()
    },
}  # fmt: skip


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_named_and_never_replaced(tmp_path: Path, content: str) -> None:
    Keys(tmp_path)
    file = tmp_path / FILE
    file.write_text(content)
    with pytest.raises(KeysError, match=r"keys\.json"):
        Keys(tmp_path)
    assert file.read_text() == content


def test_a_file_of_other_bytes_is_named(tmp_path: Path) -> None:
    Keys(tmp_path)
    (tmp_path / FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(KeysError, match=r"keys\.json"):
        Keys(tmp_path)


def test_a_folder_in_the_place_of_the_keys_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(KeysError, match=r"keys\.json"):
        Keys(tmp_path)


def test_keys_that_break_while_the_program_runs_are_named(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    (tmp_path / FILE).write_text("{}")
    with pytest.raises(KeysError, match=r"keys\.json"):
        keys.current()
    shutil.rmtree(tmp_path)
    with pytest.raises(KeysError, match=r"keys\.json"):
        keys.current()


def test_keys_that_are_put_back_are_good_again(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    before, content = keys.current(), (tmp_path / FILE).read_text()
    (tmp_path / FILE).write_text("{}")
    with pytest.raises(KeysError):
        keys.current()
    (tmp_path / FILE).write_text(content)
    assert keys.current() == before


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b"\xff" * 43, b"A" * 20])
def test_a_broken_secret_is_named_because_anyone_could_make_receipts_with_it(
    tmp_path: Path, content: bytes
) -> None:
    Keys(tmp_path)
    (tmp_path / SECRET).write_bytes(content)
    with pytest.raises(KeysError, match="secret"):
        Keys(tmp_path)
    assert (tmp_path / SECRET).read_bytes() == content


def test_a_secret_that_cannot_be_read_is_named_and_why(tmp_path: Path) -> None:
    Keys(tmp_path)
    (tmp_path / SECRET).unlink()
    (tmp_path / SECRET).mkdir()
    with pytest.raises(KeysError, match=r"secret cannot be read \(Is a directory\)"):
        Keys(tmp_path)


def test_what_is_said_of_broken_keys_does_not_tell_them(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    private = keys.current().private
    (tmp_path / FILE).write_text(f'{{"keys": [{{"private": "{private}"}}]}}')
    with pytest.raises(KeysError) as caught:
        Keys(tmp_path)
    assert private not in str(caught.value)
