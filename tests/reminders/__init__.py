"""Reminders, on real databases and with a push service that really decrypts."""
