"""The report on the four pillars: its parameters, its files, its charts."""
