// What ical.js, a reader that shares no code with us, finds in calendar files: texts on standard
// input as a JSON list; out comes what it made of each. Zones are those of the file only.
import ICAL from "ical.js";

const texts = JSON.parse(await new Response(process.stdin).text());

function read(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const events = calendar.getAllSubcomponents("vevent").map((vevent) => {
    const event = new ICAL.Event(vevent);
    const alarms = vevent.getAllSubcomponents("valarm");
    return {
      uid: event.uid,
      sequence: event.sequence,
      title: event.summary,
      begins: event.startDate.toUnixTime(),
      ends: event.endDate.toUnixTime(),
      wall: event.startDate.toString(),
      zone: event.startDate.zone.tzid,
      alarms: alarms.map((alarm) => [
        alarm.getFirstPropertyValue("action"),
        alarm.getFirstPropertyValue("trigger").toSeconds(),
        alarm.getFirstPropertyValue("description"),
      ]),
    };
  });
  const told = (name) => calendar.getFirstPropertyValue(name);
  return {
    version: told("version"),
    method: told("method"),
    name: told("x-wr-calname"),
    zones: calendar.getAllSubcomponents("vtimezone").map((each) => each.getFirstPropertyValue("tzid")),
    events,
  };
}

console.log(JSON.stringify(texts.map(read)));
