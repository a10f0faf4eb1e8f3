"""Programs of the tests: forked from a process that has imported the application, which is what takes them longest."""
