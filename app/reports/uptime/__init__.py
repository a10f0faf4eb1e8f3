"""The report on uptime: its windows, its ranges, its files."""
