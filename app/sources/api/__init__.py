"""How an API is asked: one request after the other, within its limits, for as long as a whole answer takes."""
