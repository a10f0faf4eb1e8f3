"""Routes of access: users, keys, sessions, who one is, logins, and the pages of these."""
