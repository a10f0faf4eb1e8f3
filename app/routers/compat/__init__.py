"""The founding systems' own interfaces, for their clients: each module is one system's, thin over the services."""
