/** link.js against links.json, which Python wrote (tests/plan/links.py); and what is no link of ours. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { linkOf, planOf } from "../../static/js/link.js";

const VECTORS = JSON.parse(readFileSync(new URL("../plan/links.json", import.meta.url), "utf8"));
const NOW = Date.parse("2026-11-26T12:00:00Z");
const DAY = 86_400_000;
const GUIDES = ["microneedling/draft/standard", "microneedling/1/rf"];
const [{ treatment, link }, { clinic }] = VECTORS;
const read = (text) => planOf(text, GUIDES, NOW);
const at = (instant) => linkOf({ ...treatment, at: new Date(instant).toISOString() }, null);

for (const vector of VECTORS) {
  test(`${vector.what}: written and read as Python has it`, () => {
    assert.equal(linkOf(vector.treatment, vector.clinic), vector.link);
    assert.deepEqual(read(vector.link), { treatment: vector.treatment, clinic: vector.clinic });
  });
}

test("a link is safe in any address, and a message that ends with it cuts nothing off", () => {
  for (const each of VECTORS) assert.match(each.link, /^[A-Za-z0-9._-]+[A-Za-z0-9]$/);
});

test("a link that lost its end, at whatever place, is refused", () => {
  for (const each of VECTORS) {
    for (let length = 0; length < each.link.length; length += 1) {
      assert.equal(read(each.link.slice(0, length)), null, `${each.what}, ${length} characters`);
    }
  }
});

test("whatever becomes of one character, what is read is a plan that can be, or nothing", () => {
  const [, full] = VECTORS;
  for (let place = 0; place < full.link.length; place += 1) {
    for (const other of "0zZ._-%\u0000 é") {
      const changed = full.link.slice(0, place) + other + full.link.slice(place + 1);
      const plan = read(changed);
      if (!plan) continue;
      assert.equal(linkOf(plan.treatment, plan.clinic), changed);
      assert.ok(GUIDES.includes(`${plan.treatment.protocol}/${plan.treatment.version}/${plan.treatment.variant}`));
      assert.ok(Date.parse(plan.treatment.at) <= NOW + DAY);
      assert.doesNotMatch(plan.clinic.name + plan.clinic.phone, /\p{C}/u);
    }
  }
});

test("a treatment, version or variant that this site does not have is refused", () => {
  for (const [name, other] of [["protocol", "peeling"], ["version", "2"], ["variant", "deep"], ["variant", ""]]) {
    assert.equal(read(linkOf({ ...treatment, [name]: other }, null)), null, `${name} ${other}`);
  }
  assert.ok(read(linkOf({ ...treatment, version: "1", variant: "rf" }, null)));
});

test("a treatment further ahead than clocks differ, or from before there was this app, is refused", () => {
  assert.ok(read(at(NOW + DAY)));
  assert.equal(read(at(NOW + DAY + 1)), null);
  assert.ok(read(at(Date.UTC(2020))));
  assert.equal(read(at(Date.UTC(2020) - 1)), null);
  assert.equal(read(link.replace(/\.m[0-9a-z]+\./, ".zzzzzzzzzz.")), null);
});

test("a zone that nobody knows is refused", () => {
  for (const zone of ["Mars/Olympus", "", "x".repeat(65), null, 5]) {
    assert.equal(read(linkOf({ ...treatment, zone }, null)), null, String(zone));
  }
});

test("waits are whole hours by the id of an activity, six weeks and twice that at most", () => {
  const waiting = (waits) => read(linkOf(treatment, { ...clinic, waits }));
  assert.deepEqual(waiting({ makeup: 2016 }).clinic.waits, { makeup: 2016 });
  for (const waits of [{ makeup: 2017 }, { makeup: -1 }, { makeup: 1.5 }, { makeup: "x" }, { __proto: 3 }, { "A b": 3 }]) {
    assert.equal(waiting(waits), null, JSON.stringify(waits));
  }
  const twice = linkOf(treatment, clinic).replace("makeup_48", "makeup_48_makeup_24");
  assert.equal(read(twice), null);
});

test("a clinic's words lose what cannot be seen in them when written, and are refused with it when read", () => {
  const written = linkOf(treatment, { ...clinic, name: " Cli\u0000ni\u202eque\n\ud800 ", phone: "5".repeat(99) });
  assert.deepEqual([read(written).clinic.name, read(written).clinic.phone], ["Clinique", "5".repeat(40)]);
  const text = (words) => link.replace(/[^.]+$/, Buffer.from(JSON.stringify(words)).toString("base64url"));
  assert.ok(read(text(["America/Toronto", "A", "1"])));
  for (const words of [
    ["America/Toronto", "A\u0007", "1"],
    ["America/Toronto", "A\u202e", "1"],
    ["America/Toronto", "A".repeat(81), "1"],
    ["America/Toronto", " A", "1"],
    ["America/Toronto", "A"],
    ["America/Toronto", "A", "1", "2"],
    ["America/Toronto", "A", 1],
    ["America/Toronto", { toString: "A" }, ""],
    "America/Toronto",
    null,
  ]) {
    assert.equal(read(text(words)), null, JSON.stringify(words));
  }
});

test("what is no link at all is refused, and quickly", () => {
  for (const text of ["", ".", "........", "1........", `2${link.slice(1)}`, ` ${link}`, `${link}.`, "%", "é", "A".repeat(1200)]) {
    assert.equal(read(text), null, text.slice(0, 20));
  }
  assert.equal(read(`${link}${"A".repeat(5_000_000)}`), null);
});

test("a clinic that sets every wait of the guide has a link, and what would be too long is not made", () => {
  const guide = readFileSync(new URL("../../protocols/microneedling/activities.yaml", import.meta.url), "utf8");
  const activities = [...guide.matchAll(/^  - id: (\S+)/gm)].map(([, id]) => id);
  assert.ok(activities.length > 60);
  const waits = Object.fromEntries(activities.map((id) => [id, 336]));
  assert.deepEqual(read(linkOf(treatment, { ...clinic, waits })).clinic.waits, waits);
  const twice = { ...waits, ...Object.fromEntries(activities.map((id) => [`${id}-too`, 336])) };
  assert.equal(linkOf(treatment, { ...clinic, waits: twice }), null);
});
