"""Addresses of servers: their parts, and what is wrong with one without a word of its password."""
