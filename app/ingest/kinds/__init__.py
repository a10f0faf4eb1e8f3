"""One file per dataset kind."""
