"""Who may do what: users, keys, sessions, roles; what a request may do is a Principal."""
