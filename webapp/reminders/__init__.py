"""Reminders: promises to ring, kept without knowing what they are for."""
