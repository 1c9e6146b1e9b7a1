"""The reminders, seen from the other end: a push service that the tests run themselves."""
