"""JSON of everything, as the API has it: every field that its schema requires, and those that collectors read."""
