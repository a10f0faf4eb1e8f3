"""Messages to the outside: who may be told, what waits to be sent, and what became of it."""
