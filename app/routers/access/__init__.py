"""Routes about users, keys, sessions, logins and the audit, and the pages of logins."""
