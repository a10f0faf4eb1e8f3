"""When weeks of polls are sealed, by whom, and what becomes of their files; how, is in app/series/sealed."""
