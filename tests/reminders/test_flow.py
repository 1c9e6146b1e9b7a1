"""From subscribing to ringing, as a phone lives it."""

from tests.reminders.site import HOUR, MINUTE, Site, ring


def test_a_welcome_comes_and_its_receipt_confirms(site: Site) -> None:
    mine = site.subscribe(ring(at=HOUR), language="fr")
    site.send_until(lambda: len(mine.phone.pushes) == 1)
    (welcome,) = mine.phone.pushes
    assert welcome.faults == []
    assert welcome.message["notification"]["title"] == "Les rappels sont activés"
    assert site.told(mine)["confirmed"] is False
    site.acknowledge(welcome.message["notification"]["data"]["receipt"])
    assert site.told(mine)["confirmed"] is True


def test_a_reminder_rings_once_at_its_moment(site: Site) -> None:
    mine = site.confirmed(ring("soon", at=1.5), ring("tomorrow", at=20 * HOUR))
    site.send_until(lambda: len(mine.phone.pushes) == 1)
    site.send_for(1.5)
    (push,) = mine.phone.pushes
    assert push.faults == []
    assert push.message["notification"]["data"]["id"] == "soon"
    assert site.outcomes(mine) == {"soon": "accepted", "tomorrow": None}


def test_what_came_too_late_never_rings(site: Site) -> None:
    mine = site.confirmed(ring("missed", at=-2 * HOUR, lasts=HOUR), ring("on", at=-MINUTE))
    site.send_until(lambda: len(mine.phone.pushes) == 1)
    assert site.outcomes(mine) == {"missed": "expired", "on": "accepted"}
