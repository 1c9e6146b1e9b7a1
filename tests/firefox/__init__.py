"""A real Firefox, rung by real Web Push over a loopback address."""
