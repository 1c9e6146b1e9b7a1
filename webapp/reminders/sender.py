"""The loop that rings: claims what is due, encrypts, hands over, writes down. One thread.

Encryption beside another busy Python thread costs tens of times more, so there is none. More
senders are more processes.
"""

import logging
import random
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from webapp.config import Settings
from webapp.db import now_ms, writing
from webapp.logs import Seldom
from webapp.reminders import due, forgetting, gone, watch
from webapp.reminders.due import Parcel
from webapp.reminders.endpoints import Endpoint, read_endpoint, service_of
from webapp.reminders.keys import Keys, KeysError, base64url
from webapp.reminders.pace import Lane, pause
from webapp.reminders.push import Tokens, encrypt, message
from webapp.reminders.receipts import receipt_of
from webapp.reminders.subscriptions import URGENT_TTL
from webapp.reminders.wire import LONGEST_RETRY_AFTER, Answer, Wire

TICK, BEAT, SWEEP = 1.0, 5.0, 60.0  # seconds
UNWRITTEN_FOR = 0.1  # seconds that an outcome waits for others to be written with
QUIET = 0.002  # seconds without an answer, after which there is time to write
IN_A_SLICE = 32  # messages encrypted before answers are read again: 5 ms
BATCH = 512
SECONDS_TO_LAND = 12.0
CROWDED = 2.0  # seconds after which what a slow push service has no room for is looked at again
LATER = frozenset({406, 408, 425, 429})
# What this machine has too little of, and no fault of a row: files, memory.
SHORT = (OSError, MemoryError)
# What one phone alone can bring about: a key that is not its own, more than its share.
PROVOKED = frozenset({401, 403, 429})

log = logging.getLogger(__name__)


def outcome_of(status: int) -> str:
    """Return what an answer of a push service means; status 0 is none at all."""
    if 200 <= status < 300:
        return "accepted"
    if status in {404, 410}:
        return "gone"
    if status == 0 or status >= 500 or status in LATER:
        return "later"
    return "refused"


class Letter(NamedTuple):
    """A push with all its words, still to be encrypted."""

    parcel: Parcel
    endpoint: Endpoint
    headers: list[str]
    plaintext: bytes


@dataclass
class Unwritten:
    """What has happened and is not in the database yet."""

    since: float = 0.0
    final: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    later: list[tuple[Parcel, int]] = field(default_factory=list)
    gone: list[Parcel] = field(default_factory=list)
    back: list[tuple[Parcel, int]] = field(default_factory=list)
    count: int = 0  # of all but those given back


class Sender:
    """One sender. `turn` is one round of the loop; `run` goes on until it is told to stop."""

    def __init__(
        self, settings: Settings, engine: Engine, keys: Keys, wire: Wire | None = None
    ) -> None:
        """Take what it works with; nothing is claimed yet."""
        self.id = secrets.token_urlsafe(16)
        self._settings, self._engine, self._keys = settings, engine, keys
        self._wire = Wire() if wire is None else wire
        self._tokens = Tokens(settings.contact)
        self._live: dict[str, str] = {}
        self._most = settings.push_in_flight
        # Some room is kept for a welcome or a test while everything else is slow.
        self._reserved = max(1, self._most // 16)
        self._batch = max(BATCH, 2 * self._most)
        self._lanes: dict[str, Lane] = {}
        self._took: dict[str, int] = {}
        self._urgent: deque[tuple[Parcel, float]] = deque()
        self._ready: dict[str, deque[tuple[Parcel, float]]] = {}
        self._letters: list[Letter] = []
        self._unwritten = Unwritten()
        self._counted: watch.Counted = Counter()
        self._chance = random.SystemRandom()
        self._more = False
        self._next = dict.fromkeys(("tick", "beat", "sweep", "database"), 0.0)
        self._seldom = Seldom()

    def run(self, stops: Callable[[], bool]) -> None:
        """Ring until told to stop; then finish what is in flight and give back the rest."""
        log.info("sender started", extra={"sender": self.id})
        while not stops():
            self.turn()
        self._give_back_all()
        deadline = time.monotonic() + SECONDS_TO_LAND
        while len(self._wire) and time.monotonic() < deadline:
            self._land(self._wire.wait(0.2))
        self._write()
        self._beat()
        self._wire.close()
        log.info("sender stopped", extra={"sender": self.id})

    def turn(self) -> None:
        """Do what is to be done now, then wait for answers, a second at most."""
        now = time.monotonic()
        if now >= self._next["database"]:
            self._keep_house(now)
        # The clock is read again: the house may have taken its time.
        more = self._fill(time.monotonic())
        patience = self._patience(more=more)
        answers = self._wire.wait(min(patience, QUIET))
        if not answers and patience > QUIET:
            # Nothing else to do: what is written now is room for others.
            if self._unwritten.count >= max(1, self._most // 16):
                self._write_if_it_answers()
            answers = self._wire.wait(patience - QUIET)
        self._land(answers)
        if self._is_time_to_write():
            self._write_if_it_answers()

    def _patience(self, *, more: bool) -> float:
        """Return for how many seconds there is nothing to do but wait for answers."""
        if more:
            return 0.0
        until_tick = max(0.0, self._next["tick"] - time.monotonic())
        # What stands ready waits for room or for the pace, and both come soon.
        soon = 0.02 if self._ready or self._urgent or self._more else UNWRITTEN_FOR
        waits = self._ready or self._urgent or self._more or self._unwritten.count
        return min(until_tick, soon) if waits else until_tick

    def _is_time_to_write(self) -> bool:
        unwritten = self._unwritten
        if not (unwritten.count or unwritten.back):
            return False
        idle = not (len(self._wire) or self._ready or self._urgent)
        waited = time.monotonic() - unwritten.since >= UNWRITTEN_FOR
        # Few enough writes, and yet room for what could leave meanwhile.
        enough = max(self._most // 4, (self._most - len(self._wire)) * 3 // 4)
        return idle or waited or bool(unwritten.back) or unwritten.count >= enough

    # --- the database ----------------------------------------------------------------------------

    def _keep_house(self, now: float) -> None:
        if now >= self._next["beat"]:
            self._next["beat"] = now + BEAT
            self._beat()
        if now >= self._next["sweep"]:
            self._next["sweep"] = now + SWEEP
            self._in_the_database(self._sweep)
        ticks = now >= self._next["tick"]
        if ticks:
            self._next["tick"] = now + TICK
        if ticks or (self._more and self._waiting(now) < self._batch // 4):
            self._claim()

    def _in_the_database(self, work: Callable[[], None]) -> bool:
        """Do what needs the database; when it does not answer, say so and go on without."""
        try:
            work()
        except DBAPIError as error:
            self._say("database", type(error.orig).__name__, "the database does not answer")
            self._next["database"] = time.monotonic() + TICK
            return False
        return True

    def _claim(self) -> None:
        self._more = False
        self._in_the_database(self._claim_some)

    def _claim_some(self) -> None:
        try:
            self._live = {each.public: each.private for each in self._keys.live()}
        except KeysError:
            self._say("keys", "file", "the keys cannot be read; those known are used on")
        room = self._batch - self._waiting(time.monotonic())
        with writing(self._engine) as db:
            now, send_by = now_ms(), time.monotonic() + due.SEND_WITHIN / 1000
            urgent = due.claim(db, now, self._most, urgent=True)
            usual = due.claim(db, now, room, urgent=False) if room > 0 else None
        for parcel in urgent.parcels:
            self._urgent.append((parcel, send_by))
        for parcel in usual.parcels if usual else ():
            mine = self._ready.setdefault(parcel.origin, deque())
            if len(mine) < self._batch:
                mine.append((parcel, send_by))
            else:
                self._put_back(parcel, CROWDED)
        self._more = bool(usual and usual.more)
        for claimed in (urgent, usual) if usual else (urgent,):
            self._counted["expired",] += claimed.expired
            if claimed.spoiled:
                self._say("row", "claim", "a stored reminder is not what it was written as")

    def _waiting(self, now: float) -> int:
        """Return how many stand ready and can be expected to leave within a second."""
        lanes = ((self._lane(origin), parcels) for origin, parcels in self._ready.items())
        pace = self._settings.push_pace
        return sum(min(len(parcels), pace) for lane, parcels in lanes if not lane.stalls(now))

    def _write(self) -> None:
        if self._in_the_database(self._write_all):
            self._unwritten = Unwritten()

    def _write_if_it_answers(self) -> None:
        if time.monotonic() >= self._next["database"]:
            self._write()

    def _write_all(self) -> None:
        unwritten = self._unwritten
        with writing(self._engine) as db:
            now = now_ms()
            # In the order of those who forget: services, then subscriptions, then reminders. Two that
            # lock the same rows in another order would wait for each other.
            by_origin: dict[str, list[Parcel]] = {}
            for parcel in unwritten.gone:
                by_origin.setdefault(parcel.origin, []).append(parcel)
            kept_aside: list[tuple[Parcel, int]] = []
            for origin, parcels in sorted(by_origin.items()):
                called_gone = {(each.subscription_id, each.endpoint) for each in parcels}
                if gone.believed(db, origin, called_gone, now, self._took.get(origin, 0)):
                    again = now + due.GONE_FOR + due.LEASE
                    kept_aside += [(each, min(again, each.until)) for each in parcels]
                else:
                    if not all(each.urgent for each in parcels):
                        self._lane(origin).failed(time.monotonic())
                    kept_aside += [(each, self._again_at(each, 0, now)) for each in parcels]
            for (fence, outcome), ids in sorted(unwritten.final.items()):
                due.finish(db, fence, ids, outcome)
            due.again(db, [*unwritten.later, *kept_aside])
            due.put_back(db, unwritten.back)

    def _beat(self) -> None:
        counted = self._counted

        def beat() -> None:
            with writing(self._engine) as db:
                watch.beat(db, self.id, +counted, now_ms())

        if self._in_the_database(beat):
            counted.clear()

    def _sweep(self) -> None:
        self._drop_the_idle(time.monotonic())
        with writing(self._engine) as db:
            gone.review(db, now_ms())
            rows = forgetting.forget_some(db, now_ms())
        self._counted["forgotten",] += rows
        if rows:
            # The rest goes soon, with reminders in between.
            self._next["sweep"] = time.monotonic() + TICK / 10

    def _drop_the_idle(self, now: float) -> None:
        """Forget the push services that nothing goes to: their names may be made up."""
        idle = {each for each, lane in self._lanes.items() if lane.is_idle(now)}
        for origin in idle - self._ready.keys():
            del self._lanes[origin]
            self._took.pop(origin, None)
        self._tokens.drop_old(now_ms() / 1000)

    # --- the road --------------------------------------------------------------------------------

    def _lane(self, origin: str) -> Lane:
        lane = self._lanes.get(origin)
        if lane is None:
            # A quarter is left to the others, should this one hang with all that it was given.
            most = self._most * 3 // 4
            lane = self._lanes[origin] = Lane(most, float(self._settings.push_pace))
        return lane

    def _room(self, reserved: int) -> int:
        taken = len(self._wire) + len(self._letters) + self._unwritten.count
        return self._most - reserved - taken

    def _fill(self, now: float) -> bool:
        """Let a slice of parcels leave; say whether some more could leave at once."""
        left = IN_A_SLICE
        while self._urgent and self._room(0) > 0:
            self._prepare(*self._urgent.popleft())
        for origin, parcels in list(self._ready.items()):
            lane = self._lane(origin)
            resumes_at = lane.resumes_at(now)
            if resumes_at is not None:
                self._give_back(parcels, resumes_at - now)
            while left and parcels and self._room(self._reserved) > 0 and lane.has_room(now):
                self._prepare(*parcels.popleft())
                left -= 1
            if not parcels:
                del self._ready[origin]
        self._leave()
        return not left and self._room(self._reserved) > 0

    def _prepare(self, parcel: Parcel, send_by: float) -> None:
        wall = now_ms()
        # Where the machine slept, the wall clock alone has gone on.
        if time.monotonic() > send_by or wall > parcel.held_until:
            self._put_back(parcel, 0)
        elif parcel.until - wall < due.LEAST_TTL:
            self._finish(parcel, "expired")
        elif parcel.key not in self._live:
            words = "a subscription was made with a key that is no longer here"
            self._say("key", parcel.key[:8], words)
            self._try_later(parcel, 0, wall)
        else:
            try:
                letter = self._write_letter(parcel, wall)
            except SHORT as error:
                self._wait_for_better(parcel, error)
            except Exception as error:  # noqa: BLE001  (one bad row must not stop the queue)
                self._refuse(parcel, error)
            else:
                self._lane(parcel.origin).leaves()
                self._letters.append(letter)

    def _leave(self) -> None:
        # Encryption and transport drive each other out of the processor's caches: one after the
        # other for a whole slice costs a tenth less than in turns.
        bodies = [self._seal(letter) for letter in self._letters]
        for (parcel, endpoint, headers, _), body in zip(self._letters, bodies, strict=True):
            if body:
                exempt = endpoint.origin in self._settings.push_services
                self._wire.post(parcel, endpoint.url, headers, body, exempt=exempt)
        self._letters.clear()

    def _seal(self, letter: Letter) -> bytes | None:
        parcel = letter.parcel
        try:
            return encrypt(parcel.p256dh, parcel.auth, letter.plaintext)
        except SHORT as error:
            self._lane(parcel.origin).lands()
            self._wait_for_better(parcel, error)
        except Exception as error:  # noqa: BLE001  (one bad row must not stop the queue)
            self._lane(parcel.origin).lands()
            self._refuse(parcel, error)
        return None

    def _wait_for_better(self, parcel: Parcel, error: Exception) -> None:
        self._say("machine", type(error).__name__, "this machine is short of something; later then")
        self._try_later(parcel, 0, now_ms())

    def _refuse(self, parcel: Parcel, error: Exception) -> None:
        self._say("row", type(error).__name__, "a stored subscription cannot be sent to")
        self._finish(parcel, "refused")

    def _write_letter(self, parcel: Parcel, wall: int) -> Letter:
        endpoint = read_endpoint(parcel.endpoint, self._settings.push_services)
        private = self._live[parcel.key]
        receipt = receipt_of(self._keys.secret, parcel.id, parcel.topic)
        plaintext = message(self._settings.origin, parcel.language, parcel.name, receipt)
        ttl = URGENT_TTL // 1000 if parcel.urgent else (parcel.until - wall) // 1000
        token = self._tokens.header(endpoint.origin, private, wall / 1000)
        headers = [
            f"TTL: {ttl}",
            "Urgency: high",
            f"Topic: {base64url(parcel.topic)}",
            "Content-Encoding: aes128gcm",
            "Content-Type: application/octet-stream",
            f"Authorization: {token}",
        ]
        return Letter(parcel, endpoint, headers, plaintext)

    def _land(self, answers: Iterable[Answer]) -> None:
        for answer in answers:
            self._take(answer.label, answer)

    def _take(self, parcel: Parcel, answer: Answer) -> None:
        lane = self._lane(parcel.origin)
        lane.lands()
        outcome = outcome_of(answer.status)
        now = time.monotonic()
        self._counted["pushes", service_of(parcel.origin), outcome] += 1
        if outcome == "later" or answer.status in {401, 403}:
            # A welcome goes to whatever somebody gave as an address: refused, it proves nothing.
            strange = parcel.urgent and answer.status in PROVOKED
            if not strange and lane.failed(now):
                words = "a push service does not take pushes; trying one every 30 s"
                self._say("circuit", parcel.origin, words, answer)
        elif outcome != "gone" and lane.succeeded():
            log.warning("a push service takes pushes again", extra={"origin": parcel.origin})
        wall = now_ms()
        if outcome == "accepted":
            self._count_lateness(parcel, wall)
            if not parcel.urgent:
                self._took[parcel.origin] = wall
        if outcome == "refused":
            self._say("refused", f"{parcel.origin} {answer.status}", "a push was refused", answer)
        if outcome == "later":
            self._try_later(parcel, answer.retry_after, wall)
        elif outcome == "gone":
            self._unwritten.gone.append(parcel)
            self._noted()
        else:
            self._finish(parcel, outcome)

    # --- what is to be written -------------------------------------------------------------------

    def _noted(self) -> None:
        if not self._unwritten.count:
            self._unwritten.since = time.monotonic()
        self._unwritten.count += 1

    def _finish(self, parcel: Parcel, outcome: str) -> None:
        self._unwritten.final.setdefault((parcel.fence, outcome), []).append(parcel.id)
        self._noted()

    def _try_later(self, parcel: Parcel, retry_after: int, wall: int) -> None:
        when = self._again_at(parcel, retry_after, wall)
        self._unwritten.later.append((parcel, when))
        self._noted()

    def _again_at(self, parcel: Parcel, retry_after: int, wall: int) -> int:
        # At its `until` it is claimed once more, and found to be too late.
        if retry_after >= LONGEST_RETRY_AFTER:
            return parcel.until
        seconds = pause(parcel.tries, retry_after, self._chance)
        return min(parcel.until, wall + int(seconds * 1000))

    def _put_back(self, parcel: Parcel, seconds: float) -> None:
        jitter = self._chance.uniform(0, seconds / 4)
        self._unwritten.back.append((parcel, now_ms() + int((seconds + jitter) * 1000)))

    def _give_back(self, parcels: deque[tuple[Parcel, float]], seconds: float) -> None:
        while parcels:
            self._put_back(parcels.popleft()[0], seconds)

    def _give_back_all(self) -> None:
        self._give_back(self._urgent, 0)
        for parcels in self._ready.values():
            self._give_back(parcels, 0)
        self._write()

    # --- the operator ----------------------------------------------------------------------------

    def _count_lateness(self, parcel: Parcel, wall: int) -> None:
        seconds = max(0, wall - parcel.at) / 1000
        bucket = next((each for each in watch.LATENESS if seconds <= each), 0)
        self._counted["lateness", str(bucket or "+Inf")] += 1

    def _say(self, kind: str, which: str, words: str, answer: Answer | None = None) -> None:
        """Tell the operator, once a minute for each thing."""
        if not self._seldom.lets((kind, which)):
            return
        extra: dict[str, object] = {"which": which}
        if answer:
            extra |= {"status": answer.status, "reason": answer.error}
        log.error(words, extra=extra)
