"""The gate: who asks is known by headers alone, before a byte of a body is read, and may do what the route needs."""
