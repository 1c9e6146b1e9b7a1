"""What a treatment's aftercare says. Nothing here knows Flask, a database or a clock."""
