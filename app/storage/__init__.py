"""The three servers: Postgres, Redis and the object store; built once, pinged, closed in reverse."""
