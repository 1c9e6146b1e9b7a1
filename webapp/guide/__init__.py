"""The guide: the pages people read."""
